//! Downloads: files saved for the user, which never overwrite another.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Maximum number of numbered names that are tried: `tea.ics`, `tea-2.ics`, …
const MAX_NUMBER: u32 = 1_000;

/// Saves the text under this name, or under a numbered one if it is taken. Returns the path, with `~` for the
/// home folder.
pub(crate) fn save(name: &str, text: &str) -> Result<String, String> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let folder = folder(std::env::var_os("XDG_DOWNLOAD_DIR").map(PathBuf::from), home.as_deref());
    let path = save_in(&folder, name, text)
        .map_err(|error| format!("{name} cannot be saved in {}: {error}", shown(&folder, home.as_deref())))?;
    Ok(shown(&path, home.as_deref()))
}

/// A portable name for a file about something with this title, without the risks of a title that others
/// wrote.
pub(crate) fn file_name(title: &str, kind: &str) -> String {
    let calendar = eventcore::calendars::file_name(title);
    let stem = calendar.strip_suffix(".ics").unwrap_or(&calendar);
    format!("{stem}.{kind}")
}

/// The download folder: `$XDG_DOWNLOAD_DIR`, `~/Downloads`, or the current folder; the first that exists.
fn folder(downloads: Option<PathBuf>, home: Option<&Path>) -> PathBuf {
    let named = downloads.filter(|folder| folder.is_absolute());
    let usual = home.map(|home| home.join("Downloads"));
    named
        .into_iter()
        .chain(usual)
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")))
}

fn save_in(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, "ics"));
    let names =
        std::iter::once(name.to_owned()).chain((2..=MAX_NUMBER).map(|n| format!("{stem}-{n}.{kind}")));
    for name in names {
        let path = folder.join(name);
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                // An incomplete file would look like a complete one.
                return match file.write_all(text.as_bytes()) {
                    Ok(()) => Ok(path),
                    Err(error) => {
                        let _ = std::fs::remove_file(&path);
                        Err(error)
                    }
                };
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::from(ErrorKind::AlreadyExists))
}

/// The path, with `~` for the home folder.
fn shown(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(below) if !below.as_os_str().is_empty() => format!("~/{}", below.display()),
        _ => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_portable() {
        assert_eq!(file_name("../Köln: attendees", "csv"), "koln-attendees.csv");
    }

    #[test]
    fn no_file_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        for (text, name) in [("one", "tea.ics"), ("two", "tea-2.ics"), ("three", "tea-3.ics")] {
            assert_eq!(save_in(folder.path(), "tea.ics", text).unwrap(), folder.path().join(name));
        }
        // A dangling link is a taken name, too.
        #[cfg(unix)]
        std::os::unix::fs::symlink("/nowhere/else", folder.path().join("tea-4.ics")).unwrap();
        assert_eq!(save_in(folder.path(), "tea.ics", "four").unwrap(), folder.path().join("tea-5.ics"));
        assert_eq!(std::fs::read_to_string(folder.path().join("tea.ics")).unwrap(), "one");
        assert!(save_in(&folder.path().join("none"), "tea.ics", "x").is_err());
    }

    #[test]
    fn files_go_to_the_download_folder() {
        let home = tempfile::tempdir().unwrap();
        let here = std::env::current_dir().unwrap();
        assert_eq!(folder(None, Some(home.path())), here);
        std::fs::create_dir(home.path().join("Downloads")).unwrap();
        assert_eq!(folder(None, Some(home.path())), home.path().join("Downloads"));
        std::fs::create_dir(home.path().join("mine")).unwrap();
        assert_eq!(folder(Some(home.path().join("mine")), Some(home.path())), home.path().join("mine"));
        assert_eq!(folder(Some(PathBuf::from("mine")), Some(home.path())), home.path().join("Downloads"));
        let path = home.path().join("Downloads/tea.ics");
        assert_eq!(shown(&path, Some(home.path())), "~/Downloads/tea.ics");
        assert_eq!(shown(Path::new("/srv/tea.ics"), Some(home.path())), "/srv/tea.ics");
    }
}
