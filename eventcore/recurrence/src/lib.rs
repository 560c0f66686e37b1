//! Recurrence by RFC 5545: RRULE, RDATE and EXDATE, without a database or a clock.
//!
//! - [`Rule`] is one RRULE, [`Recurrence`] a rule with RDATE and EXDATE.
//! - [`Series`] is a recurrence with a [`SeriesStart`] (DTSTART and its time zone). [`Series::iter`],
//!   [`Series::between`], [`Series::after`], [`Series::before`] and [`Series::all`] give its [`Instance`]s.
//!   RFC 5545 calls them recurrence instances; each becomes an occurrence of an event.
//! - [`ScheduleDiff`] compares the occurrences of an event with a changed schedule. [`Series::split`] cuts a
//!   series in two.
//! - [`Series::to_english`] and [`Recurrence::from_english`] convert rules to and from English.
//!
//! # Expansion
//!
//! Each part about days (BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYDAY) is a bit set over the days of a
//! month or year, and the days of a period are the intersection of these sets. "Expand" and "Limit" in the
//! table of RFC 5545, 3.3.10 are then the same operation. Times of day are a bit set of hours and a list of
//! seconds within the hour. Periods follow each other by INTERVAL: a division finds the one near a date, and
//! months and days that cannot match are skipped by the bits.
//!
//! A table of the zone's clock changes maps wall-clock times to instants. A time in a gap takes the offset
//! from before the gap; a time in a fold is the first of the two. Times after a gap are sorted again, and of
//! two times on the same instant one is dropped. COUNT and UNTIL apply next, then RDATE, and last EXDATE.
//!
//! The calendar repeats every 400 years, and with it the steps of INTERVAL. A rule without an instance in
//! such a cycle has none at all. In addition each step of work is counted, and a rule that exceeds its budget
//! is refused.
//!
//! # Interpretation of RFC 5545 where it is ambiguous
//!
//! - DTSTART is always the first instance and counts towards COUNT, even if the rule does not match it.
//! - BYSETPOS counts in the whole period, including the part before DTSTART.
//! - YEARLY with BYMONTHDAY and without BYMONTH applies to every month. BYWEEKNO without a day takes the
//!   weekday of DTSTART.
//! - For INTERVAL and BYSETPOS a year is a calendar year, also with BYWEEKNO: 1 January in week 53 belongs to
//!   the year that it begins.
//! - BYHOUR, BYMINUTE and BYSECOND are ignored if DTSTART is a date. Second 60 is read as 59 (3.3.12).
//! - UNTIL may be a date, a local time or an instant, whatever DTSTART is. A date includes the whole day in
//!   the zone of the series.
//! - An EXDATE that is a date excludes all instances on that day. An RDATE that is a date adds an instance on
//!   that day at the time of DTSTART. An RDATE before DTSTART is refused.
//! - Instants, not wall-clock times, decide what is before DTSTART, the order for COUNT, and UNTIL.
//!
//! # Why not the `rrule` crate
//!
//! `rrule` 0.14 was measured against the same vectors: 366 of 383 were right. Wrong were BYWEEKNO without
//! BYDAY, days of weeks 52 and 53 in January, WEEKLY with BYSETPOS, and `3MO,WE,FR`. It loses instances at
//! clock changes at midnight and always expands from DTSTART; `FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2` took it ten
//! seconds. It is right for simple rules: there the tests compare with it, and the benchmarks measure it too
//! (`benches/README.md`).

mod builder;
mod checks;
mod date_value;
mod definition;
mod diff;
mod english;
mod error;
mod exceptions;
mod expand;
mod instance;
mod lines;
mod matching;
#[cfg(feature = "jiff")]
mod of_jiff;
#[cfg(feature = "rrule")]
mod of_rrule;
mod offset_span;
mod parse;
mod portable;
mod print;
mod query;
mod rule;
mod schedule;
#[cfg(feature = "serde")]
mod serde_as_string;
mod series;
mod shift;
mod split;
mod start;
pub mod time;
mod validate;

pub use builder::{RuleBuilder, SeriesBuilder};
pub use date_value::{DateValue, ParseDateError};
pub use definition::Recurrence;
pub use diff::{ExistingOccurrence, ExistingState, NominalStart, Removal, ScheduleChange, ScheduleDiff};
pub use error::{RuleError, RuleResult};
pub use instance::Instance;
pub use rule::{ByDay, Freq, Rule};
pub use schedule::{FirstInstances, ScheduleLimits};
pub use series::{Instances, Series};
pub use split::Split;
pub use start::SeriesStart;
pub use time::Timestamp;

/// Parsers and texts that eventcore shares. They may change in any version.
#[doc(hidden)]
pub mod support {
    pub use crate::time::{
        LOCAL_FORMAT, OUT_OF_RANGE, Rfc3339, TimeFault, TimeParser, first_of, parse_day, parse_instant,
        parse_wall_clock,
    };
}
