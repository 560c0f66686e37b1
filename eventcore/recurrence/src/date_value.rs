//! [`DateValue`]: the value of UNTIL, RDATE or EXDATE.

use std::fmt::{self, Display, Write};
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SubsecRound, Timelike};

use crate::time::{TimeParser, Timestamp, Zone, first_of, parse_day, parse_instant, parse_wall_clock};

/// A date, a local time in the zone of the series, or an instant.
///
/// `Display` writes the extended format (`2028-05-03`, `2028-05-03T18:30:00`, `2028-05-03T16:30:00Z`).
/// `FromStr` reads this format, less fractions of a second, and the basic one of RFC 5545.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateValue {
    /// A date. As UNTIL it includes the whole day, as EXDATE it excludes all instances on the day, as RDATE
    /// it adds an instance on the day at the time of the start.
    Date(NaiveDate),
    /// A local time in the zone of the series. An all-day series uses its date.
    Local(NaiveDateTime),
    /// An instant. An all-day series uses its date in the zone of the series.
    Utc(Timestamp),
}

impl DateValue {
    /// Reads a DATE or DATE-TIME of RFC 5545: `20280503`, `20280503T183000`, `20280503T163000Z`.
    pub fn from_basic(text: &str) -> Option<Self> {
        match text.strip_suffix('Z') {
            Some(text) => Some(Self::Utc(basic_time(text)?.and_utc().into())),
            None if text.len() == 8 => basic_date(text).map(Self::Date),
            None => basic_time(text).map(Self::Local),
        }
    }

    /// Writes it as RFC 5545 does.
    pub fn to_basic(self) -> String {
        struct Basic(DateValue);
        impl Display for Basic {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write_basic(f)
            }
        }
        Basic(self).to_string()
    }

    pub(super) fn write_basic(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write_basic_date(f, date),
            Self::Local(local) => write_basic_time(f, local),
            Self::Utc(instant) => {
                write_basic_time(f, instant.to_utc().naive_utc())?;
                f.write_char('Z')
            }
        }
    }

    /// The wall-clock time in seconds since 1970. `None` for a date.
    pub(super) fn wall(self, zone: &Zone) -> Option<i64> {
        match self {
            Self::Date(_) => None,
            Self::Local(local) => Some(local.and_utc().timestamp()),
            Self::Utc(instant) => Some(zone.local(seconds(instant))),
        }
    }

    /// An instant as its local time in UTC, for series without a time zone.
    pub(super) fn floating(self) -> Self {
        match self {
            Self::Utc(instant) => Self::Local(naive(seconds(instant))),
            value => value,
        }
    }

    /// The date in days since 1970.
    pub(super) fn day(self, zone: &Zone) -> i64 {
        match self {
            Self::Date(date) => i64::from(date.to_epoch_days()),
            Self::Local(_) | Self::Utc(_) => self.wall(zone).unwrap_or_default().div_euclid(86_400),
        }
    }
}

/// Whole seconds since 1970, rounded down: RFC 5545 has no fractions.
pub(super) const fn seconds(instant: Timestamp) -> i64 {
    instant.as_micros().div_euclid(1_000_000)
}

/// The instant of whole seconds since 1970.
pub(super) const fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

/// The wall-clock time of seconds since 1970.
pub(super) fn naive(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc()
}

/// Parses a number of digits only. Rust's own parser also accepts a sign.
pub(super) fn digits<T: FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn basic_date(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 {
        return None;
    }
    let year = digits::<i32>(text.get(..4)?).filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, digits(text.get(4..6)?)?, digits(text.get(6..)?)?)
}

/// A leap second is read as the second before it (RFC 5545, 3.3.12).
fn basic_time(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once('T')?;
    if time.len() != 6 {
        return None;
    }
    let second = digits::<u32>(time.get(4..)?).map(|second| if second == 60 { 59 } else { second })?;
    basic_date(date)?.and_hms_opt(digits(time.get(..2)?)?, digits(time.get(2..4)?)?, second)
}

fn write_basic_date(f: &mut fmt::Formatter<'_>, date: NaiveDate) -> fmt::Result {
    write!(f, "{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn write_basic_time(f: &mut fmt::Formatter<'_>, local: NaiveDateTime) -> fmt::Result {
    write_basic_date(f, local.date())?;
    write!(f, "T{:02}{:02}{:02}", local.hour(), local.minute(), local.second())
}

impl From<NaiveDate> for DateValue {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

impl From<NaiveDateTime> for DateValue {
    fn from(local: NaiveDateTime) -> Self {
        Self::Local(local)
    }
}

impl From<Timestamp> for DateValue {
    fn from(instant: Timestamp) -> Self {
        Self::Utc(instant)
    }
}

impl Display for DateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(f),
            Self::Local(local) => local.format("%Y-%m-%dT%H:%M:%S").fmt(f),
            Self::Utc(instant) => instant.fmt(f),
        }
    }
}

/// The text is not a date, local time or instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a date (2028-05-03), a local time (2028-05-03T18:30:00) or an instant (2028-05-03T16:30:00Z), \
     between the years 1 and 9999"
)]
pub struct ParseDateError;

impl FromStr for DateValue {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        if let Some(value) = Self::from_basic(text) {
            return Ok(value);
        }
        let parsers: [TimeParser<Self>; 3] = [
            |text| parse_day(text).map(Self::Date),
            |text| parse_instant(text).map(|instant| Self::Utc(instant.trunc_subsecs(0).into())),
            |text| parse_wall_clock(text).map(Self::Local),
        ];
        first_of(text, &parsers).map_err(|_| ParseDateError)
    }
}

#[cfg(feature = "serde")]
crate::serde_as_string!(DateValue);
