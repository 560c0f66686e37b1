//! The range of times, the years 1 to 9999, and the parsers of all texts that give a time.
//!
//! RFC 3339 writes years with four digits. chrono reads and computes with years from -262143 to 262142, and
//! fails beyond: arithmetic near its limits panics. No time from outside may therefore have another year.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Timelike, Utc,
};

/// The format of local times in the database: `2027-03-04T18:30:00`.
pub const LOCAL_FORMAT: &str = "%Y-%m-%dT%H:%M:%S";

/// The message for times outside the range.
pub const OUT_OF_RANGE: &str = "must be between the years 1 and 9999";

/// Why a text gives no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFault {
    /// It has another form.
    Form,
    /// Its year is outside the range.
    Range,
}

fn in_range(date: &impl Datelike) -> Result<(), TimeFault> {
    if (1..=9999).contains(&date.year()) { Ok(()) } else { Err(TimeFault::Range) }
}

/// Parses a date: `2027-03-04`.
pub fn parse_day(text: &str) -> Result<NaiveDate, TimeFault> {
    let day: NaiveDate = text.parse().map_err(|_| TimeFault::Form)?;
    in_range(&day)?;
    // chrono also reads signs and numbers of fewer digits.
    if text.len() == 10 { Ok(day) } else { Err(TimeFault::Form) }
}

/// Parses an instant (RFC 3339): `2027-03-04T18:30:00+01:00`. It is in range both in UTC and with its offset.
pub fn parse_instant(text: &str) -> Result<DateTime<FixedOffset>, TimeFault> {
    let instant = DateTime::parse_from_rfc3339(text).map_err(|_| TimeFault::Form)?;
    in_range(&instant)?;
    in_range(&instant.with_timezone(&Utc))?;
    Ok(instant)
}

/// Parses a local time: `2027-03-04T18:30:00`, where the seconds may be omitted, and a fraction is dropped.
pub fn parse_wall_clock(text: &str) -> Result<NaiveDateTime, TimeFault> {
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .ok_or(TimeFault::Form)?;
    in_range(&local)?;
    // A leap second has more nanoseconds.
    if local.nanosecond() < 1_000_000_000 { Ok(local.trunc_subsecs(0)) } else { Err(TimeFault::Form) }
}

/// One of the parsers above, with its result converted.
pub type TimeParser<T> = fn(&str) -> Result<T, TimeFault>;

/// The first successful outcome, or the fault that says most.
pub fn first_of<T>(text: &str, parsers: &[TimeParser<T>]) -> Result<T, TimeFault> {
    let mut fault = TimeFault::Form;
    for parse in parsers {
        match parse(text) {
            Ok(value) => return Ok(value),
            Err(TimeFault::Range) => fault = TimeFault::Range,
            Err(TimeFault::Form) => {}
        }
    }
    Err(fault)
}

/// The nearest local time in range, for times that no parser has checked.
pub(super) fn clamp(local: NaiveDateTime) -> NaiveDateTime {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let (first, last) = (day(1, 1, 1), day(9999, 12, 31));
    match local.date() {
        date if date < first => first.and_time(NaiveTime::MIN),
        date if date > last => last.and_time(local.time()),
        _ => local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_years_of_four_digits() {
        for (text, outcome) in [
            ("0001-01-01", Ok(())),
            ("9999-12-31", Ok(())),
            ("0000-12-31", Err(TimeFault::Range)),
            ("-0001-01-01", Err(TimeFault::Range)),
            ("-262143-01-01", Err(TimeFault::Range)),
            ("+262142-12-31", Err(TimeFault::Range)),
            ("10000-01-01", Err(TimeFault::Range)),
            ("+2027-03-04", Err(TimeFault::Form)),
            ("2027-3-4", Err(TimeFault::Form)),
            ("27-03-04", Err(TimeFault::Form)),
            ("2027-02-30", Err(TimeFault::Form)),
        ] {
            let found = parse_day(text).map(drop);
            // chrono reads some of them in no form.
            assert!(found == outcome || (outcome.is_err() && found.is_err()), "{text}: {found:?}");
            let local = parse_wall_clock(&format!("{text}T18:30:00")).map(drop);
            assert!(
                local.is_ok() == outcome.is_ok() || text.len() < 10 || text.starts_with('+'),
                "{text}: {local:?}"
            );
        }
        for text in ["-262143-01-01T00:00:00", "+262142-12-31T23:59:59", "+262142-12-31T23:59"] {
            assert_eq!(parse_wall_clock(text), Err(TimeFault::Range), "{text}");
        }
    }

    #[test]
    fn instants_are_in_range_in_utc_and_with_their_offset() {
        for (text, accepted) in [
            ("0001-01-01T00:00:00Z", true),
            ("0001-01-01T00:00:00-12:00", true),
            ("0001-01-01T00:00:00+14:00", false),
            ("0001-01-01T14:00:00+14:00", true),
            ("9999-12-31T23:59:59Z", true),
            ("9999-12-31T23:59:59+14:00", true),
            ("9999-12-31T23:59:59-12:00", false),
            ("0000-12-31T23:00:00-12:00", false),
        ] {
            assert_eq!(parse_instant(text).is_ok(), accepted, "{text}");
        }
    }
}
