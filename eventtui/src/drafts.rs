//! What was typed into forms and not saved, kept between runs in a file that only its owner can read.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::backend::Source;
use crate::files;

/// Bytes of a file that is read: no person types as much.
const LARGEST: u64 = 4 << 20;

/// What was typed into one form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    /// What differs from what was there at first, by the names of the fields.
    pub(crate) typed: BTreeMap<String, String>,
    /// The field in which one typed last.
    pub(crate) at: String,
}

/// The drafts of one source, by what they are of.
pub(crate) type Drafts = BTreeMap<String, Draft>;

/// Where the drafts of one source are kept.
#[derive(Debug, Default)]
pub(crate) struct Store {
    file: Option<PathBuf>,
    source: String,
    /// The last change that was made to each: they come on several threads.
    made: Mutex<HashMap<String, u64>>,
    turn: AtomicU64,
}

impl Store {
    /// `$XDG_STATE_HOME/eventtui/drafts.json`, or below `~/.local/state`; nowhere for who has no home.
    pub(crate) fn of_user(source: &Source<'_>) -> Self {
        let folder = files::of_user("XDG_STATE_HOME", ".local/state");
        let file = folder.map(|folder| folder.join("drafts.json"));
        Self { file, source: known_as(source), ..Self::default() }
    }

    /// Whether there is a place to keep anything.
    pub(crate) const fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// The drafts of all sources. A file that makes no sense holds none: it must not hinder anyone.
    fn all(&self) -> Map<String, Value> {
        let file = self
            .file
            .as_ref()
            .filter(|file| fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() <= LARGEST));
        let text = file.and_then(|file| fs::read_to_string(file).ok());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// The drafts of this source.
    pub(crate) fn open(&self) -> Drafts {
        let Some(Value::Object(mine)) = self.all().remove(&self.source) else { return Drafts::new() };
        let read = |(of, draft)| Some((of, serde_json::from_value(draft).ok()?));
        mine.into_iter().filter_map(read).collect()
    }

    /// The number of a change, in the order in which they are made.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps a draft, or none any more, unless that was changed after this turn. What others keep in the file stays there.
    pub(crate) fn set(&self, turn: u64, of: &str, draft: Option<&Draft>) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.get(of).is_some_and(|last| *last > turn) {
            return Ok(());
        }
        made.insert(of.to_owned(), turn);
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
        let kept = files::write(file, &Value::Object(all).to_string());
        kept.map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }
}

/// What a source is called in the file: without a password, and the same from whichever folder it is opened.
fn known_as(source: &Source<'_>) -> String {
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

    fn store(file: PathBuf, source: &str) -> Store {
        Store { file: Some(file), source: source.to_owned(), ..Store::default() }
    }

    fn draft(title: &str) -> Draft {
        let typed = BTreeMap::from([("title".to_owned(), title.to_owned())]);
        Draft { typed, at: "title".to_owned() }
    }

    #[test]
    fn each_source_has_its_own_and_only_its_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/drafts.json");
        let (one, other) = (store(file.clone(), "http://a"), store(file.clone(), "http://b"));
        assert_eq!(one.open(), Drafts::new());
        one.set(one.turn(), "new", Some(&draft("Tea"))).unwrap();
        other.set(other.turn(), "new", Some(&draft("Chess"))).unwrap();
        one.set(one.turn(), "event/1", Some(&draft("Cake"))).unwrap();
        assert_eq!(one.open().keys().collect::<Vec<_>>(), ["event/1", "new"]);
        assert_eq!(other.open()["new"], draft("Chess"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        one.set(one.turn(), "new", None).unwrap();
        one.set(one.turn(), "event/1", None).unwrap();
        assert_eq!(fs::read_to_string(file).unwrap().matches("http://").count(), 1, "nothing is left of it");
    }

    #[test]
    fn an_older_change_that_comes_late_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path().join("drafts.json"), "http://a");
        let (first, second) = (store.turn(), store.turn());
        store.set(second, "new", Some(&draft("Tea, please"))).unwrap();
        store.set(first, "new", Some(&draft("Tea"))).unwrap();
        assert_eq!(store.open()["new"], draft("Tea, please"));
    }

    #[test]
    fn a_file_that_makes_no_sense_hinders_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("drafts.json");
        let store = store(file.clone(), "http://a");
        for text in ["", "{", "[1]", r#"{"http://a": 7}"#, r#"{"http://a": {"new": [1]}}"#, "\u{0}"] {
            fs::write(&file, text).unwrap();
            assert_eq!(store.open(), Drafts::new(), "{text}");
            store.set(store.turn(), "new", Some(&draft("Tea"))).unwrap();
            assert_eq!(store.open()["new"], draft("Tea"), "{text}");
        }
        // One that makes none beside another.
        fs::write(&file, r#"{"http://a": {"new": {"typed": {"title": "Tea"}}, "event/1": {"typed": 7}}}"#)
            .unwrap();
        assert_eq!(store.open().keys().collect::<Vec<_>>(), ["new"]);
        // Neither what is no file, nor a folder that is none.
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(store.open(), Drafts::new());
        let why = store.set(store.turn(), "new", Some(&draft("Tea"))).unwrap_err();
        assert!(why.contains("drafts.json cannot be written: "), "{why}");
        assert_eq!(
            Store::default().set(0, "new", Some(&draft("Tea"))),
            Ok(()),
            "who has no home has no file"
        );
    }

    #[test]
    fn sources_are_known_without_their_passwords() {
        let database = |url| known_as(&Source { database: Some(url), ..Source::default() });
        assert_eq!(
            database("postgres://ada:secret@db.example:5432/events?sslmode=require"),
            "postgres://db.example:5432/events"
        );
        assert_eq!(database("postgres:///events"), "postgres:///events");
        assert_eq!(database("sqlite:none.db"), database("sqlite://none.db"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(database("sqlite://none.db?mode=rwc"), format!("sqlite://{}/none.db", here.display()));
        let server = known_as(&Source { server: Some("https://events.example.org/"), ..Source::default() });
        assert_eq!(server, "https://events.example.org");
    }
}
