//! [`TimeInput`]: times in requests.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SubsecRound};

use super::wall_clock::LOCAL_FORMAT;

/// A time in a request: an instant, a local time, or a date.
///
/// Times are whole seconds. A fraction, as in what JavaScript prints (`2027-03-04T18:30:00.000Z`), is
/// dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeInput {
    /// A time with an offset: `2027-03-04T18:30:00+01:00`.
    Instant(DateTime<FixedOffset>),
    /// A local time in the event's time zone: `2027-03-04T18:30:00`; the seconds may be omitted.
    Local(NaiveDateTime),
    /// A date, for all-day events: `2027-03-04`.
    Day(NaiveDate),
}

impl std::str::FromStr for TimeInput {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Instant(instant.trunc_subsecs(0)));
        }
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|local| Self::Local(local.trunc_subsecs(0)))
            .ok_or(
                "must be a time such as 2027-03-04T18:30:00, with or without an offset, \
                 or a date such as 2027-03-04 for all-day events",
            )
    }
}

impl std::fmt::Display for TimeInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instant(instant) => f.write_str(&instant.to_rfc3339()),
            Self::Local(local) => write!(f, "{}", local.format(LOCAL_FORMAT)),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_second_are_dropped() {
        for (text, read) in [
            ("2027-03-04T18:30:00.000Z", "2027-03-04T18:30:00+00:00"),
            ("2027-03-04T18:30:00.999+01:00", "2027-03-04T18:30:00+01:00"),
            ("2027-03-04T18:30:00.5", "2027-03-04T18:30:00"),
            ("2027-03-04T18:30:00", "2027-03-04T18:30:00"),
            ("2027-03-04T18:30", "2027-03-04T18:30:00"),
        ] {
            assert_eq!(text.parse::<TimeInput>().unwrap().to_string(), read, "{text}");
        }
        for text in ["2027-03-04T18:30:00.", "2027-03-04T18:30.5", "2027-03-04.000Z", "18:30:00.000Z"] {
            assert!(text.parse::<TimeInput>().is_err(), "{text}");
        }
    }
}
