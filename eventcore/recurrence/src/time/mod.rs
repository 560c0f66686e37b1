//! Time: instants, local times, and time zones.

#[cfg(feature = "sqlx09")]
mod database;
mod holiday;
mod range;
mod timestamp;
mod wall_clock;
mod zones;

pub use holiday::Holiday;
#[doc(hidden)]
pub use range::{
    LOCAL_FORMAT, OUT_OF_RANGE, TimeFault, TimeParser, first_of, parse_day, parse_instant, parse_wall_clock,
};
#[doc(hidden)]
pub use timestamp::Rfc3339;
pub use timestamp::{ParseTimestampError, Timestamp};
pub use wall_clock::{Gap, occurs_once, resolve, resolve_leniently, start_of_day};
#[cfg(feature = "jiff")]
pub(crate) use zones::jiff_zone;
pub use zones::{
    ClockChange, LocalOffset, ParseZoneEditionError, Zone, ZoneEdition, ZoneError, ZoneFiles, ZoneOrigin,
    ZoneSource, ZonesInForce, adopt, files_in_force, use_zones, zone_of, zones_in_force,
};
