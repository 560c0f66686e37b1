//! Recurrence: RFC 5545's RRULE, RDATE and EXDATE, exact, and bounded in work. The room is pure: no database, no clock; usable by itself.
//!
//! [`Rule`] is one RRULE, [`Recurrence`] is what a person writes (rule, dates added, dates taken away), [`Series`] joins it with a [`Start`] in a
//! time zone and answers [`Series::between`], [`Series::first`] and [`Series::schedule`]. [`realign()`] plans what a changed rule does to the dates that
//! an event has, [`Series::split`] cuts a series in two, and [`Series::to_english`] and [`Rule::from_english`] speak with people.
//!
//! # How it expands
//!
//! Every part about days (BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYDAY) is a set of bits over the days of a month or year, and the days of a
//! period are what these sets have in common: what the table of RFC 5545, 3.3.10 calls Expand and Limit is the same thing then. Times of day
//! are a set of hours and a list of seconds after each. Periods follow one another by INTERVAL, so that the one near a date is found by division;
//! months and days in which nothing fits are passed over by the bits.
//!
//! Wall-clock times become instants by a table of the zone's clock changes. A time in a gap takes the offset from before it, a time in a fold is the
//! first; times after a gap are sorted again, and two on one instant are one. Then come COUNT and UNTIL, RDATE, and last EXDATE.
//!
//! The calendar repeats every 400 years, and the steps of INTERVAL with it: a rule that had nothing for so long never has. Work is counted all
//! the same, and a rule past its budget is refused.
//!
//! # Readings, where RFC 5545 leaves more than one
//!
//! - DTSTART is always the first instance and counts towards COUNT, also when it is off the rule.
//! - BYSETPOS counts in the whole period, which DTSTART then cuts.
//! - YEARLY with BYMONTHDAY and no BYMONTH means every month; BYWEEKNO without a day takes DTSTART's weekday.
//! - A year is a calendar year for INTERVAL and BYSETPOS, also with BYWEEKNO: 1 January in week 53 is of the year that it begins.
//! - BYHOUR, BYMINUTE and BYSECOND are ignored where DTSTART is a day; the second 60 is the second 59 (3.3.12).
//! - UNTIL may be a day, a local time or an instant whatever DTSTART is: a day means the whole of it in the series' time zone.
//! - An EXDATE that is a day takes away what takes place on it; an RDATE that is a day is that day at DTSTART's time; none lies before DTSTART.
//! - What cannot be before DTSTART is decided by instants, and so are the order that COUNT counts in and UNTIL.
//!
//! # The `rrule` crate
//!
//! `rrule` 0.14 was measured against the same vectors and refused as the engine: 366 of 383 right; BYWEEKNO without BYDAY, days of week 52 and 53 in
//! January, WEEKLY with BYSETPOS, and `3MO,WE,FR` are wrong; clock changes at midnight lose dates; it always starts from DTSTART, and
//! `FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2` kept it busy for ten seconds. It is right about everything plain, so the tests ask it for a second opinion there,
//! and the benchmarks run against it (`benches/README.md`).

mod calendar;
mod date_value;
mod definition;
mod english;
mod error;
mod exceptions;
mod expand;
mod parse;
mod phrase;
mod print;
mod realign;
mod rule;
mod schedule;
mod series;
mod shift;
mod split;
mod validate;
mod zone;

pub use date_value::{DateValue, NotADate};
pub use definition::Recurrence;
pub use error::{Result, RuleError};
pub use realign::{Existing, Realignment, Removal, realign};
pub use rule::{ByDay, Freq, Rule};
pub use schedule::{First, Limits};
pub use series::{Instance, Instances, Series, Start};
pub use split::Split;
pub(crate) use zone::{Change, clock_changes};
