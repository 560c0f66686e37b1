//! Local times: their instants in a time zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::range::clamp;
use super::timestamp::{Rfc3339, Timestamp};
use super::zones::{LocalTime, zone_of};

impl Timestamp {
    /// RFC 3339 text with the UTC offset of `tz`.
    pub fn to_rfc3339_in(self, tz: Tz) -> String {
        Rfc3339(self.in_zone(tz)).to_string()
    }
}

/// The error for a local time that does not exist because the clocks go forward over it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{local} does not exist in {tz}: the clocks go forward from {from} to {to}")]
pub struct Gap {
    local: NaiveDateTime,
    tz: Tz,
    /// The local time at which the clocks are changed.
    from: NaiveDateTime,
    /// The local time to which they are set.
    to: NaiveDateTime,
}

/// The instant of a local time in `tz`; the first of two, if the clocks go back over it. A time outside the
/// years 1 to 9999 saturates.
///
/// # Errors
/// [`Gap`] if the local time does not exist.
pub fn resolve(local: NaiveDateTime, tz: Tz) -> Result<Timestamp, Gap> {
    let local = clamp(local);
    match zone_of(tz).local_time(local.and_utc().timestamp()) {
        LocalTime::Occurs { offset, .. } => Ok(at_offset(local, offset)),
        LocalTime::Skipped(change) => {
            let by =
                |offset: i64| DateTime::from_timestamp(change.at + offset, 0).unwrap_or_default().naive_utc();
            Err(Gap { local, tz, from: by(change.before), to: by(change.after) })
        }
    }
}

/// The instant of a local time in `tz`, where a time in a gap takes the UTC offset from before the gap (RFC
/// 5545 3.3.5): 02:30 becomes 03:30. For recurrence rules and all-day events; see [`resolve`] for user input.
pub fn resolve_leniently(local: NaiveDateTime, tz: Tz) -> Timestamp {
    let local = clamp(local);
    let zone = zone_of(tz);
    at_offset(local, zone.offset(zone.span_at(local.and_utc().timestamp())))
}

/// Whether a local time exists in `tz`, and not twice.
pub fn occurs_once(local: NaiveDateTime, tz: Tz) -> bool {
    let meaning = zone_of(tz).local_time(clamp(local).and_utc().timestamp());
    matches!(meaning, LocalTime::Occurs { twice: false, .. })
}

/// The instant of a local time with a UTC offset in seconds.
fn at_offset(local: NaiveDateTime, offset: i64) -> Timestamp {
    Timestamp::from_micros(
        local.and_utc().timestamp_micros().saturating_sub(offset.saturating_mul(1_000_000)),
    )
}

/// The instant at which `day` begins in `tz`: midnight, or the first time after a gap that contains midnight.
pub fn start_of_day(day: NaiveDate, tz: Tz) -> Timestamp {
    resolve_leniently(day.and_time(NaiveTime::MIN), tz)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::range::LOCAL_FORMAT;

    const DAY: std::time::Duration = std::time::Duration::from_hours(24);

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, LOCAL_FORMAT).unwrap()
    }

    #[test]
    fn an_ambiguous_time_is_the_first_of_two() {
        let instant = resolve(local("2027-10-31T02:30:00"), Tz::Europe__Berlin).unwrap();
        assert_eq!(instant.to_rfc3339_in(Tz::Europe__Berlin), "2027-10-31T02:30:00+02:00");
    }

    #[test]
    fn the_error_names_the_gap() {
        let gap = resolve(local("2027-03-28T02:30:00"), Tz::Europe__Berlin).unwrap_err();
        assert_eq!(
            gap.to_string(),
            "2027-03-28 02:30:00 does not exist in Europe/Berlin: \
             the clocks go forward from 2027-03-28 02:00:00 to 2027-03-28 03:00:00"
        );
        let whole_day = resolve(local("2011-12-30T12:00:00"), Tz::Pacific__Apia).unwrap_err();
        assert_eq!(
            (whole_day.from, whole_day.to),
            (local("2011-12-30T00:00:00"), local("2011-12-31T00:00:00"))
        );
    }

    #[test]
    fn lenient_resolution_shifts_over_the_gap() {
        for (text, tz, expected) in [
            ("2027-03-28T02:30:00", Tz::Europe__Berlin, "2027-03-28T03:30:00+02:00"),
            ("2018-11-04T00:00:00", Tz::America__Sao_Paulo, "2018-11-04T01:00:00-02:00"),
            ("2027-03-28T12:00:00", Tz::Europe__Berlin, "2027-03-28T12:00:00+02:00"),
            // By an edition of 2026: each was an hour off with one of 2025.
            ("2027-01-15T18:30:00", Tz::America__Vancouver, "2027-01-15T18:30:00-07:00"),
            ("2027-01-15T18:30:00", Tz::America__Edmonton, "2027-01-15T18:30:00-06:00"),
            ("2027-01-15T18:30:00", Tz::America__Winnipeg, "2027-01-15T18:30:00-05:00"),
            ("2027-01-15T18:30:00", Tz::America__Havana, "2027-01-15T18:30:00-04:00"),
            ("2027-01-15T18:30:00", Tz::Africa__Casablanca, "2027-01-15T18:30:00Z"),
        ] {
            assert_eq!(resolve_leniently(local(text), tz).to_rfc3339_in(tz), expected);
        }
    }

    #[test]
    fn local_times_of_all_years_have_an_instant() {
        for tz in [Tz::UTC, Tz::Pacific__Apia, Tz::America__New_York, Tz::Pacific__Kiritimati] {
            for (local, expected) in [
                (NaiveDateTime::MIN, Timestamp::MIN..=Timestamp::MIN.plus(DAY)),
                (NaiveDateTime::MAX, Timestamp::MAX.minus(DAY)..=Timestamp::MAX),
            ] {
                assert!(expected.contains(&resolve(local, tz).unwrap()), "{tz}");
                assert!(expected.contains(&resolve_leniently(local, tz)), "{tz}");
            }
            assert!(start_of_day(NaiveDate::MIN, tz) < start_of_day(NaiveDate::MAX, tz));
        }
    }
}
