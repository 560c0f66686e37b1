//! Unsaved text of forms, stored between runs in a file that only its owner can read.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::backend::Source;
use crate::files;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 4 << 20;

/// The unsaved text of one form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    /// The changed fields, by name.
    pub(crate) typed: BTreeMap<String, String>,
    /// The name of the focused field.
    pub(crate) at: String,
}

/// The drafts of one source, by the key of their form.
pub(crate) type Drafts = BTreeMap<String, Draft>;

/// The file of drafts, as seen from one source. Without a file, nothing is stored.
#[derive(Debug, Default)]
pub(crate) struct DraftStore {
    file: Option<PathBuf>,
    source: String,
    /// The number of the last change to each draft. Changes are written on several threads, in any order.
    written: Mutex<HashMap<String, u64>>,
    next_change: AtomicU64,
}

impl DraftStore {
    /// `$XDG_STATE_HOME/eventtui/drafts.json`, by default below `~/.local/state`; no file if neither is set.
    pub(crate) fn of_user(source: &Source<'_>) -> Self {
        let folder = files::of_user("XDG_STATE_HOME", ".local/state");
        let file = folder.map(|folder| folder.join("drafts.json"));
        Self { file, source: key(source), ..Self::default() }
    }

    /// Whether drafts can be stored.
    pub(crate) const fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// The drafts of all sources; none if the file cannot be read or parsed.
    fn all(&self) -> Map<String, Value> {
        let file = self
            .file
            .as_ref()
            .filter(|file| fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() <= MAX_FILE));
        let text = file.and_then(|file| fs::read_to_string(file).ok());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// The drafts of this source.
    pub(crate) fn open(&self) -> Drafts {
        let Some(Value::Object(mine)) = self.all().remove(&self.source) else { return Drafts::new() };
        let read = |(of, draft)| Some((of, serde_json::from_value(draft).ok()?));
        mine.into_iter().filter_map(read).collect()
    }

    /// The number of a change; call it in the order of the changes.
    pub(crate) fn next_change(&self) -> u64 {
        self.next_change.fetch_add(1, Ordering::Relaxed)
    }

    /// Stores a draft; `None` removes it. Does nothing if a later change is written already. Drafts of other
    /// sources are preserved.
    pub(crate) fn set(&self, change: u64, of: &str, draft: Option<&Draft>) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(of).is_some_and(|last| *last > change) {
            return Ok(());
        }
        written.insert(of.to_owned(), change);
        let mut all = self.all();
        let mut mine = match all.remove(&self.source) {
            Some(Value::Object(mine)) => mine,
            _ => Map::new(),
        };
        match draft.and_then(|draft| serde_json::to_value(draft).ok()) {
            Some(draft) => _ = mine.insert(of.to_owned(), draft),
            None => _ = mine.remove(of),
        }
        if !mine.is_empty() {
            all.insert(self.source.clone(), Value::Object(mine));
        }
        let saved = files::write(file, &Value::Object(all).to_string());
        saved.map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }
}

/// The key of a source in the file: its URL without password and parameters, with an absolute path.
fn key(source: &Source<'_>) -> String {
    let Some(url) = source.server.or(source.database) else { return String::new() };
    let url = url.split('?').next().unwrap_or(url).trim_end_matches('/');
    let Some((scheme, rest)) = url.split_once(':') else { return url.to_owned() };
    let rest = rest.trim_start_matches("//");
    if scheme == "sqlite" {
        let path = fs::canonicalize(rest).or_else(|_| std::path::absolute(rest));
        return path.map_or_else(|_| url.to_owned(), |path| format!("sqlite://{}", path.display()));
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}/{path}").trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn store(file: PathBuf, source: &str) -> DraftStore {
        DraftStore { file: Some(file), source: source.to_owned(), ..DraftStore::default() }
    }

    fn draft(title: &str) -> Draft {
        let typed = BTreeMap::from([("title".to_owned(), title.to_owned())]);
        Draft { typed, at: "title".to_owned() }
    }

    #[test]
    fn each_source_has_its_own_drafts_and_only_the_owner_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/drafts.json");
        let (one, other) = (store(file.clone(), "http://a"), store(file.clone(), "http://b"));
        assert_eq!(one.open(), Drafts::new());
        one.set(one.next_change(), "new", Some(&draft("Tea"))).unwrap();
        other.set(other.next_change(), "new", Some(&draft("Chess"))).unwrap();
        one.set(one.next_change(), "event/1", Some(&draft("Cake"))).unwrap();
        assert_eq!(one.open().keys().collect::<Vec<_>>(), ["event/1", "new"]);
        assert_eq!(other.open()["new"], draft("Chess"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        one.set(one.next_change(), "new", None).unwrap();
        one.set(one.next_change(), "event/1", None).unwrap();
        assert_eq!(
            fs::read_to_string(file).unwrap().matches("http://").count(),
            1,
            "the other source is removed from the file"
        );
    }

    #[test]
    fn an_older_change_that_comes_late_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path().join("drafts.json"), "http://a");
        let (first, second) = (store.next_change(), store.next_change());
        store.set(second, "new", Some(&draft("Tea, please"))).unwrap();
        store.set(first, "new", Some(&draft("Tea"))).unwrap();
        assert_eq!(store.open()["new"], draft("Tea, please"));
    }

    #[test]
    fn an_unreadable_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("drafts.json");
        let store = store(file.clone(), "http://a");
        for text in ["", "{", "[1]", r#"{"http://a": 7}"#, r#"{"http://a": {"new": [1]}}"#, "\u{0}"] {
            fs::write(&file, text).unwrap();
            assert_eq!(store.open(), Drafts::new(), "{text}");
            store.set(store.next_change(), "new", Some(&draft("Tea"))).unwrap();
            assert_eq!(store.open()["new"], draft("Tea"), "{text}");
        }
        // A valid draft beside an invalid one.
        fs::write(&file, r#"{"http://a": {"new": {"typed": {"title": "Tea"}}, "event/1": {"typed": 7}}}"#)
            .unwrap();
        assert_eq!(store.open().keys().collect::<Vec<_>>(), ["new"]);
        // A folder in its place.
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(store.open(), Drafts::new());
        let why = store.set(store.next_change(), "new", Some(&draft("Tea"))).unwrap_err();
        assert!(why.contains("drafts.json cannot be written: "), "{why}");
        assert_eq!(
            DraftStore::default().set(0, "new", Some(&draft("Tea"))),
            Ok(()),
            "without a file nothing is stored"
        );
    }

    #[test]
    fn keys_have_no_passwords() {
        let database = |url| key(&Source { database: Some(url), ..Source::default() });
        assert_eq!(
            database("postgres://ada:secret@db.example:5432/events?sslmode=require"),
            "postgres://db.example:5432/events"
        );
        assert_eq!(database("postgres:///events"), "postgres:///events");
        assert_eq!(database("sqlite:none.db"), database("sqlite://none.db"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(database("sqlite://none.db?mode=rwc"), format!("sqlite://{}/none.db", here.display()));
        let server = key(&Source { server: Some("https://events.example.org/"), ..Source::default() });
        assert_eq!(server, "https://events.example.org");
    }
}
