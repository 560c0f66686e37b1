//! Refresh tokens, stored between runs in a file that only its owner can read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::files;

/// Refresh tokens by the address of their server.
type RefreshTokens = BTreeMap<String, String>;

/// The file of refresh tokens. Without a file, nothing is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenStore {
    file: Option<PathBuf>,
}

impl TokenStore {
    /// `$XDG_STATE_HOME/eventtui/sign-in.json`, by default below `~/.local/state`; no file if neither is set.
    pub(super) fn of_user() -> Self {
        let folder = files::of_user("XDG_STATE_HOME", ".local/state");
        Self { file: folder.map(|folder| folder.join("sign-in.json")) }
    }

    fn tokens(&self) -> RefreshTokens {
        let text = self.file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    pub(super) fn get(&self, server: &str) -> Option<String> {
        self.tokens().remove(server)
    }

    /// Stores the token of a server; `None` removes it.
    pub(super) fn set(&self, server: &str, token: Option<&str>) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut tokens = self.tokens();
        match token {
            Some(token) => tokens.insert(server.to_owned(), token.to_owned()),
            None => tokens.remove(server),
        };
        files::write(file, &serde_json::to_string(&tokens)?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_its_owner_can_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = TokenStore { file: Some(folder.path().join("deep/sign-in.json")) };
        assert_eq!(store.get("http://a"), None);
        store.set("http://a", Some("one")).unwrap();
        store.set("http://b", Some("two")).unwrap();
        store.set("http://a", None).unwrap();
        assert_eq!((store.get("http://a"), store.get("http://b").as_deref()), (None, Some("two")));
        let mode = fs::metadata(store.file.unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
