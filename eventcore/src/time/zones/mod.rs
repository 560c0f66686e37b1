//! Time-zone data: the offsets of all zones, from the newest edition of the IANA tz database that this
//! process knows.
//!
//! A [`Tz`](chrono_tz::Tz) is only the name of a zone. Its offsets are read from compiled zones (`TZif`, RFC
//! 9636), which jiff parses:
//!
//! - an edition is built in;
//! - a folder of the machine, such as `/usr/share/zoneinfo`, has another one ([`ZoneSource`]);
//! - a database may have a third, which another process brought: see [`EventCore::follow_zone_edition`].
//!
//! The data is the same for the whole process, because values such as [`Moment`](super::Moment) have no
//! access to a database. It is replaced only by a newer edition, and as a whole: a folder with a file that
//! is damaged is not used at all. A zone that a folder lacks is taken from a zone of the same folder that
//! is built in as a link of it, and only without one from the built-in edition. Zones that are newer than
//! the names in this program are not known.
//!
//! [`EventCore::follow_zone_edition`]: crate::EventCore::follow_zone_edition

mod edition;
mod files;
mod folder;
mod source;
mod table;
mod zone;

pub use edition::{ParseZoneEditionError, ZoneEdition};
pub(crate) use files::ZoneFiles;
pub use source::{ZoneSource, use_zones};
pub use table::{ZoneOrigin, ZonesInForce, zones_in_force};
pub(crate) use table::{adopt, files_in_force, offset_at, zone_of};
pub(crate) use zone::{ClockChange, LocalOffset, LocalTime, Zone};
