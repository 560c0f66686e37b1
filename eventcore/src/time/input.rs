//! [`TimeInput`]: times in requests.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SubsecRound};

use eventcore_recurrence::support::{
    LOCAL_FORMAT, OUT_OF_RANGE, TimeFault, TimeParser, first_of, parse_day, parse_instant, parse_wall_clock,
};

/// A time in a request: an instant, a local time, or a date.
///
/// Times are whole seconds. A fraction, as in what JavaScript prints (`2027-03-04T18:30:00.000Z`), is
/// dropped.
///
/// Parsing refuses years other than 1 to 9999.
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
        let parsers: [TimeParser<Self>; 3] = [
            |text| parse_day(text).map(Self::Day),
            |text| parse_instant(text).map(|instant| Self::Instant(instant.trunc_subsecs(0))),
            |text| parse_wall_clock(text).map(Self::Local),
        ];
        first_of(text, &parsers).map_err(|fault| match fault {
            TimeFault::Range => OUT_OF_RANGE,
            TimeFault::Form => {
                "must be a time such as 2027-03-04T18:30:00, with or without an offset, \
                 or a date such as 2027-03-04 for all-day events"
            }
        })
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
