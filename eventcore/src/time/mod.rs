//! Instants, wall clocks, durations and time zones.

mod clock;
mod duration;
mod input;
mod span;
mod wall_clock;

pub use clock::{Clock, ManualClock, ParseTimestampError, SystemClock, Timestamp};
pub use duration::{IsoDuration, ParseDurationError};
pub use input::TimeInput;
pub(crate) use span::{Span, Timing, window};
pub use wall_clock::{Gap, Moment, ParseMomentError, resolve, resolve_leniently, start_of_day};
pub(crate) use wall_clock::{LOCAL_FORMAT, end_of, read_wall_clock, wall_clock, whole_days};
