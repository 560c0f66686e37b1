//! The file that an SQLite URL names, and the reasons why it cannot be opened.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;

use super::super::url::hide_passwords;
use crate::error::{Cause, Error, Result};

/// The file that an SQLite URL names.
#[derive(Debug, Clone)]
pub(in crate::db) struct DatabaseFile {
    /// As parsed from the URL.
    pub(in crate::db) options: SqliteConnectOptions,
    path: PathBuf,
    /// Whether the URL permits to create it: not with `mode=ro` and `mode=rw`.
    may_be_created: bool,
}

impl DatabaseFile {
    /// Parses a URL.
    pub(in crate::db) fn parse(url: &str) -> Result<Self> {
        let shown = hide_passwords(url);
        let options: SqliteConnectOptions = url
            .parse()
            .map_err(|error| wrong_url(format!("the database URL {shown} is not valid: {error}")))?;
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let mode = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "mode");
        let mode = mode.as_ref().map(|(_, mode)| mode.as_ref());
        if url.contains(":memory:") || mode == Some("memory") {
            return Err(wrong_url(
                "in-memory databases are not supported: name a file, such as sqlite://events.db".to_owned(),
            ));
        }
        let path = options.get_filename().to_owned();
        if path.as_os_str().is_empty() {
            return Err(wrong_url(format!(
                "the database URL {shown} names no file: name one, such as sqlite://events.db"
            )));
        }
        Ok(Self { options, path, may_be_created: !matches!(mode, Some("ro" | "rw")) })
    }

    /// A file by its path.
    pub(in crate::db) fn at(path: PathBuf) -> Self {
        Self { options: SqliteConnectOptions::new().filename(&path), path, may_be_created: true }
    }

    pub(in crate::db) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the file can be opened, or created if `create`.
    pub(in crate::db) fn must_be_usable(&self, create: bool) -> Result<()> {
        let file = self.path.display();
        let error = match std::fs::metadata(&self.path) {
            Ok(found) if found.is_dir() => {
                return Err(refused(format!("{file} is a folder: name a file in it")));
            }
            Ok(_) => std::fs::File::open(&self.path).err(),
            Err(error) => Some(error),
        };
        let Some(error) = error else { return Ok(()) };
        if error.kind() != ErrorKind::NotFound {
            return Err(refused(format!("{file} cannot be read: {error}")));
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.exists() => {
                Err(refused(format!("{} does not exist: create the folder first", folder.display())))
            }
            _ if create && self.may_be_created => Ok(()),
            _ => Err(refused(format!(
                "{file} does not exist: name another file, or create it with `eventd migrate`"
            ))),
        }
    }

    /// The error for a failure to open the file.
    pub(in crate::db) fn cannot_open(&self, error: sqlx::Error) -> Error {
        unreadable(&self.path, error)
    }
}

/// The error for a file that cannot be read as an SQLite database.
pub(in crate::db) fn unreadable(file: &Path, error: sqlx::Error) -> Error {
    match Error::from(error) {
        Error::Unavailable { cause, message } => {
            Error::unavailable(cause, format!("{}: {message}", file.display()))
        }
        other => other,
    }
}

fn wrong_url(why: String) -> Error {
    Error::unavailable(Cause::WrongUrl, why)
}

fn refused(why: String) -> Error {
    Error::unavailable(Cause::File, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_lasting_file_is_refused() {
        for (url, says) in [
            ("sqlite://", "names no file"),
            ("sqlite:?mode=rwc", "names no file"),
            ("sqlite::memory:", "in-memory databases are not supported"),
            ("sqlite://x.db?mode=memory", "in-memory databases are not supported"),
            ("sqlite://x.db?mode=fast", "is not valid"),
            ("sqlite://x.db?colour=red", "is not valid"),
        ] {
            let error = DatabaseFile::parse(url).unwrap_err().to_string();
            assert!(error.contains(says), "{url}: {error}");
        }
    }

    #[test]
    fn a_mode_that_does_not_create_is_respected() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, creates) in [("", true), ("?mode=rwc", true), ("?mode=rw", false), ("?mode=ro", false)] {
            let url = format!("sqlite://{}/x.db{mode}", folder.path().display());
            assert_eq!(DatabaseFile::parse(&url).unwrap().must_be_usable(true).is_ok(), creates, "{mode}");
        }
    }
}
