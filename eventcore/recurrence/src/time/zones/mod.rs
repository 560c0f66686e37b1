//! Time-zone data: the offsets of all zones, from the newest edition of the IANA tz database that this
//! process knows.
//!
//! A [`Tz`](chrono_tz::Tz) is only the name of a zone. Its offsets are read from compiled zones (`TZif`, RFC
//! 9636), which jiff parses:
//!
//! - an edition is built in;
//! - a folder of the machine, such as `/usr/share/zoneinfo`, has another one ([`ZoneSource`]);
//! - a program may bring a third, from wherever it keeps one ([`adopt`]).
//!
//! The data is the same for the whole process. It is replaced only by a newer edition, and as a whole: a
//! folder with a file that is damaged is not used at all. A zone that a folder lacks is taken from a zone of
//! the same folder that is built in as a link of it, and only without one from the built-in edition. Zones
//! that are newer than the names in this program are not known.

mod edition;
mod error;
mod files;
mod folder;
mod source;
mod table;
mod zone;

pub use edition::{ParseZoneEditionError, ZoneEdition};
pub use error::ZoneError;
pub use files::ZoneFiles;
pub use source::{ZoneSource, use_zones};
#[cfg(feature = "jiff")]
pub(crate) use table::jiff_zone;
pub(crate) use table::offset_at;
pub use table::{ZoneOrigin, ZonesInForce, adopt, files_in_force, zone_of, zones_in_force};
pub(crate) use zone::LocalTime;
pub use zone::{ClockChange, LocalOffset, Zone};
