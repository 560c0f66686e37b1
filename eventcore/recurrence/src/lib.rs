//! Recurrence rules of iCalendar (RFC 5545): RRULE, RDATE and EXDATE, expanded in any time zone, without a
//! database or a clock.
//!
//! A [`Series`] is a start (DTSTART) with a [`Rule`] (RRULE), dates that are added (RDATE) and dates that are
//! excluded (EXDATE). Its elements are [`Instance`]s.
//!
//! ```
//! use eventcore_recurrence::Series;
//!
//! let series: Series = "DTSTART;TZID=Europe/Berlin:20270325T183000\n\
//!                       RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=4\n\
//!                       EXDATE;TZID=Europe/Berlin:20270401T183000".parse()?;
//! let instances = series.all(100)?;
//! let starts: Vec<_> = instances.iter().map(|at| at.original_start().to_string()).collect();
//! // The clocks went forward in between.
//! assert_eq!(starts, ["2027-03-25T17:30:00Z", "2027-04-08T16:30:00Z", "2027-04-15T16:30:00Z"]);
//! # Ok::<(), eventcore_recurrence::RuleError>(())
//! ```
//!
//! # Making a series
//!
//! A series is read from lines of a calendar file, as above, and written as such by `Display`. Or it is built
//! part by part:
//!
//! ```
//! use chrono::{NaiveDate, Weekday};
//! use eventcore_recurrence::{ByDay, Freq, Rule, Series, SeriesStart};
//!
//! let start = NaiveDate::from_ymd_opt(2027, 3, 26).unwrap().and_hms_opt(18, 30, 0).unwrap();
//! let last_friday = Rule::builder(Freq::Monthly).by_day([ByDay::nth(-1, Weekday::Fri)]).build()?;
//! let start = SeriesStart::at(start, chrono_tz::Europe::Berlin);
//! let series = Series::builder(start).rule(last_friday).build()?;
//! let lines = "DTSTART;TZID=Europe/Berlin:20270326T183000\nRRULE:FREQ=MONTHLY;BYDAY=-1FR";
//! assert_eq!(series.to_string(), lines);
//! # Ok::<(), eventcore_recurrence::RuleError>(())
//! ```
//!
//! A start is at a time ([`SeriesStart::at`]) or on a day ([`SeriesStart::on`]) of a time zone, or has no
//! time zone ([`SeriesStart::floating`]). [`Rule::from_english`] reads "last friday of the month", and
//! [`Series::to_english`] says it.
//!
//! # Instances
//!
//! | | |
//! | --- | --- |
//! | [`Series::iter`], [`Series::between`] | instances one by one, from any time on |
//! | [`Series::after`], [`Series::before`], [`Series::at`] | one instance |
//! | [`Series::all`] | all of them, up to a limit |
//! | [`Series::first`] | a preview: the first few, and whether there are more |
//! | [`Series::schedule`] | those that become occurrences of an event: all, or up to a horizon |
//!
//! ```
//! # use eventcore_recurrence::Series;
//! let daily: Series = "DTSTART;VALUE=DATE:20270325\nRRULE:FREQ=DAILY".parse()?;
//! let next = daily.after("2031-01-01T12:00:00Z".parse().unwrap())?.unwrap();
//! assert_eq!(next.date().to_string(), "2031-01-02");
//! # Ok::<(), eventcore_recurrence::RuleError>(())
//! ```
//!
//! # Errors and limits
//!
//! A [`RuleError`] has a stable [code](RuleError::code) and a message for the user. Whoever accepts rules
//! from strangers needs no time limit: work is counted, and a rule that takes too much of it is refused with
//! `too_much_work`, on every machine alike. A rule has at most 1,000 characters, a series at most 2,000
//! RDATEs and as many EXDATEs.
//!
//! ```
//! # use eventcore_recurrence::{Rule, Series};
//! let refused = "FREQ=MONTHLY;BYMONTHDAY=32".parse::<Rule>().unwrap_err();
//! assert_eq!((refused.code(), refused.pointer()), ("invalid_rule", "/rrule"));
//! let never = "DTSTART:20270325T183000\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".parse::<Series>();
//! assert_eq!(never.unwrap_err().code(), "never_matches");
//! ```
//!
//! # Changing a series
//!
//! [`Series::without`] and [`Series::with`] exclude and add one instance, [`Series::split`] cuts a series in
//! two ("this and following"), and [`Recurrence::shifted`] moves RDATE, EXDATE and UNTIL along with the
//! start. [`ScheduleDiff`] says what a change does to the occurrences of an event: which move, which end,
//! which are new. [`Series::for_calendars`] rewrites rules on whose interpretation other programs differ.
//!
//! # Time zones
//!
//! The offsets are those of a built-in edition of the IANA tz database. [`time::use_zones`] replaces it by a
//! newer one of the system: see [`time`].
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | |
//! | --- | --- |
//! | `serde` | JSON: texts for rules, dates and instants, and an object for [`Recurrence`] |
//! | `rrule` | conversions from and to the types of `rrule` 0.14, with reasons where there is none |
//! | `jiff` | conversions from and to the types of `jiff` 1 |
//! | `sqlx09` | [`Timestamp`] as a parameter and a column of sqlx 0.9, on SQLite and PostgreSQL |
//! | `openapi` | `utoipa::ToSchema` |
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

#![deny(missing_docs)]

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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
