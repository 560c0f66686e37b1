//! What was said: a start, its length, or why a text is neither.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, Timelike};

use super::order::DayOrder;

/// What spoken times refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateContext {
    /// The current local time.
    pub(crate) now: NaiveDateTime,
    /// How `12/24` is read.
    pub(crate) order: DayOrder,
}

/// A start: a local time, or a whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(NaiveDateTime),
    AllDay(NaiveDate),
}

/// A start, and its length in seconds if an end or a duration was said with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) start: When,
    pub(crate) length: Option<i64>,
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DateFault {
    Empty,
    /// A part that is not understood, as it was typed.
    Unknown(String),
    /// A second day, time or end.
    Second(String),
    /// Something is not said.
    Missing(&'static str),
    /// A day or time that does not exist.
    Impossible(String),
}

impl fmt::Display for DateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("day and time, such as: fri 18:30"),
            Self::Unknown(part) => {
                write!(f, "“{part}” is not understood: try fri 18:30, 4 dec 7pm, in 3 days 19:00")
            }
            Self::Second(message) | Self::Impossible(message) => f.write_str(message),
            Self::Missing(message) => f.write_str(message),
        }
    }
}

impl When {
    pub(crate) const fn date(self) -> NaiveDate {
        match self {
            Self::At(at) => at.date(),
            Self::AllDay(day) => day,
        }
    }

    /// The text for a field: `2027-03-04 18:30`, `2027-03-04`.
    pub(crate) fn write(self) -> String {
        match self {
            Self::At(at) => format!("{} {}", at.date(), clock_of(at)),
            Self::AllDay(day) => day.to_string(),
        }
    }
}

/// `Thu 4 March 2027, 18:30`, `Thu 4 March 2027, all day`.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "{}, {}", at.format(DAY), clock_of(*at)),
            Self::AllDay(day) => write!(f, "{}, all day", day.format(DAY)),
        }
    }
}

/// The start, with the end if it was said: `Sat 28 November 2026, 19:00–21:00`.
impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.start, self.end()) {
            (When::At(start), Some(When::At(end))) if start.date() == end.date() => {
                write!(f, "{}–{}", self.start, clock_of(end))
            }
            (When::At(_), Some(end)) => write!(f, "{} – {end}", self.start),
            (When::AllDay(first), Some(When::AllDay(last))) if last > first => {
                write!(f, "{} – {}, all day", first.format(DAY), last.format(DAY))
            }
            _ => self.start.fmt(f),
        }
    }
}

impl Spoken {
    /// The end; of whole days the last one.
    fn end(self) -> Option<When> {
        let length = chrono::TimeDelta::try_seconds(self.length?)?;
        Some(match self.start {
            When::At(start) => When::At(start.checked_add_signed(length)?),
            When::AllDay(first) => When::AllDay(first.checked_add_signed(length)?.pred_opt()?),
        })
    }
}

const DAY: &str = "%a %-d %B %Y";

fn clock_of(at: NaiveDateTime) -> String {
    at.format(if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}
