//! Time: instants, local times, durations, time zones, and the clock.

mod clock;
mod duration;
mod holiday;
mod input;
mod lead_time;
mod range;
mod span;
mod timestamp;
mod wall_clock;
mod zones;

pub use clock::{Clock, ManualClock, SystemClock};
pub use duration::{IsoDuration, ParseDurationError};
pub use holiday::Holiday;
pub use input::TimeInput;
pub use lead_time::LeadTime;
pub(crate) use range::{LOCAL_FORMAT, TimeParser, first_of, parse_day, parse_instant, parse_wall_clock};
pub(crate) use span::{Span, SpanInput, instant_or_day, instant_or_end_of_day};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use wall_clock::{Gap, Moment, ParseMomentError, resolve, resolve_leniently, start_of_day};
pub(crate) use wall_clock::{end_of, format_local, occurs_once, parse_local, round_to_days};
pub(crate) use zones::{ClockChange, LocalOffset, Zone, ZoneFiles, adopt, files_in_force, zone_of};
pub use zones::{
    ParseZoneEditionError, ZoneEdition, ZoneOrigin, ZoneSource, ZonesInForce, use_zones, zones_in_force,
};
