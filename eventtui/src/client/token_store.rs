//! Tokens, stored between runs in a file that only its owner can read, and that several programs share.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::files;

/// The longest wait for the lock. A program holds it for one exchange with the server, which has a shorter
/// time limit; only a suspended one holds it longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time between two attempts to take the lock.
const PAUSE: Duration = Duration::from_millis(20);

/// What is stored for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "StoredForms")]
pub(super) struct StoredTokens {
    /// The name by which the user signed in.
    pub(super) login: String,
    pub(super) refresh: String,
    /// The access token that came with it, so that a script after the other needs no new one.
    pub(super) access: Option<String>,
    /// When the access token expires, in seconds since 1970.
    pub(super) expires_at: i64,
}

/// The stored forms: also the refresh token alone, which earlier versions stored.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum StoredForms {
    Refresh(String),
    All {
        login: String,
        refresh: String,
        access: Option<String>,
        #[serde(default)]
        expires_at: i64,
    },
}

impl From<StoredForms> for StoredTokens {
    fn from(form: StoredForms) -> Self {
        match form {
            StoredForms::Refresh(refresh) => Self { refresh, ..Self::default() },
            StoredForms::All { login, refresh, access, expires_at } => {
                Self { login, refresh, access, expires_at }
            }
        }
    }
}

/// The file of tokens by the address of their server. Without a file, nothing is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenStore {
    file: Option<PathBuf>,
}

/// The right to change the file, until it is dropped. The lock is that of another file, because this one is
/// replaced by each change.
#[derive(Debug)]
pub(super) struct StoreLock {
    /// Closing it releases the lock.
    _file: fs::File,
}

impl TokenStore {
    /// `$XDG_STATE_HOME/eventtui/sign-in.json`, by default below `~/.local/state`; no file if neither is set.
    pub(super) fn of_user() -> Self {
        let folder = files::of_user("XDG_STATE_HOME", ".local/state");
        Self { file: folder.map(|folder| folder.join("sign-in.json")) }
    }

    #[cfg(test)]
    pub(super) fn at(file: PathBuf) -> Self {
        Self { file: Some(file) }
    }

    fn all(&self) -> BTreeMap<String, StoredTokens> {
        let text = self.file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Needs no lock: the file is replaced atomically.
    pub(super) fn get(&self, server: &str) -> Option<StoredTokens> {
        self.all().remove(server)
    }

    /// Waits for the lock that a change needs. `None` without a file.
    ///
    /// # Errors
    /// `TimedOut` if another program holds it for long; others if the file cannot be made.
    pub(super) async fn lock(&self) -> io::Result<Option<StoreLock>> {
        let Some(file) = &self.file else { return Ok(None) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let lock = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(file.with_extension("lock"))?;
        let taken = async {
            loop {
                match lock.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(fs::TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                    Err(fs::TryLockError::Error(error)) => return Err(error),
                }
            }
        };
        tokio::time::timeout(PATIENCE, taken).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Some(StoreLock { _file: lock }))
    }

    /// Stores the tokens of a server; `None` removes them.
    pub(super) fn set(&self, server: &str, tokens: Option<&StoredTokens>, _: &StoreLock) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut all = self.all();
        match tokens {
            Some(tokens) => all.insert(server.to_owned(), tokens.clone()),
            None => all.remove(server),
        };
        files::write(file, &serde_json::to_string(&all)?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn tokens(refresh: &str) -> StoredTokens {
        StoredTokens { login: "ada".to_owned(), refresh: refresh.to_owned(), ..StoredTokens::default() }
    }

    #[tokio::test]
    async fn only_its_owner_can_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = TokenStore::at(folder.path().join("deep/sign-in.json"));
        assert_eq!(store.get("http://a"), None);
        let lock = store.lock().await.unwrap().unwrap();
        store.set("http://a", Some(&tokens("one")), &lock).unwrap();
        store.set("http://b", Some(&tokens("two")), &lock).unwrap();
        store.set("http://a", None, &lock).unwrap();
        assert_eq!((store.get("http://a"), store.get("http://b")), (None, Some(tokens("two"))));
        for name in ["sign-in.json", "sign-in.lock"] {
            let mode = fs::metadata(folder.path().join("deep").join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[tokio::test]
    async fn one_program_at_a_time_changes_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = TokenStore::at(folder.path().join("sign-in.json"));
        let changes = (0..20).map(|number: i32| {
            let store = store.clone();
            tokio::spawn(async move {
                let lock = store.lock().await.unwrap().unwrap();
                tokio::task::yield_now().await;
                store.set(&format!("http://{number}"), Some(&tokens("x")), &lock).unwrap();
            })
        });
        for change in changes.collect::<Vec<_>>() {
            change.await.unwrap();
        }
        assert_eq!(store.all().len(), 20);
        // Nothing but the file and its lock is left.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn tokens_of_earlier_versions_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = TokenStore::at(folder.path().join("sign-in.json"));
        fs::write(folder.path().join("sign-in.json"), r#"{"http://a": "one"}"#).unwrap();
        let expected = StoredTokens { refresh: "one".to_owned(), ..StoredTokens::default() };
        assert_eq!(store.get("http://a"), Some(expected));
    }
}
