//! Time: instants, local times, durations, time zones, and the clock.

mod array_element;
mod clock;
mod duration;
mod input;
mod lead_time;
mod moment;
mod span;
mod zones;

pub use clock::{Clock, ManualClock, SystemClock};
pub use duration::{IsoDuration, ParseDurationError};
pub(crate) use eventcore_recurrence::support::LOCAL_FORMAT;
pub(crate) use eventcore_recurrence::time::{
    ClockChange, LocalOffset, Zone, ZoneFiles, adopt, files_in_force, occurs_once, zone_of,
};
pub use eventcore_recurrence::time::{
    Gap, Holiday, ParseTimestampError, ParseZoneEditionError, Timestamp, ZoneEdition, ZoneOrigin, ZoneSource,
    ZonesInForce, resolve, resolve_leniently, start_of_day, zones_in_force,
};
pub use input::TimeInput;
pub use lead_time::LeadTime;
pub use moment::{Moment, ParseMomentError};
pub(crate) use moment::{end_of, format_local, parse_local, round_to_days};
pub(crate) use span::{Span, SpanInput, instant_or_day, instant_or_end_of_day};
pub use zones::use_zones;
pub(crate) use zones::{zones_from_json, zones_to_json};
