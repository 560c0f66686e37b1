//! Local times: their instants in a time zone, and the times of JSON responses ([`Moment`]).

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::range::{LOCAL_FORMAT, clamp, parse_day, parse_instant};
use super::timestamp::{Timestamp, write_rfc3339};
use super::zones::{LocalTime, zone_of};
use crate::error::{Error, Result};
use crate::serde_as_string::serde_as_string;

/// A time in JSON: an instant with the UTC offset of the event's time zone, or a date of an all-day event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// `2027-03-04T18:30:00+01:00`
    At(DateTime<FixedOffset>),
    /// `2027-03-04`
    Day(NaiveDate),
}

impl Timestamp {
    /// RFC 3339 text with the UTC offset of `tz`.
    pub fn to_rfc3339_in(self, tz: Tz) -> String {
        Moment::at(self, tz).to_string()
    }
}

impl Moment {
    /// `instant` with the UTC offset of `tz`.
    pub fn at(instant: Timestamp, tz: Tz) -> Self {
        Self::At(instant.in_zone(tz))
    }

    /// The date of `instant` in `tz`.
    pub fn day(instant: Timestamp, tz: Tz) -> Self {
        Self::Day(instant.in_zone(tz).date_naive())
    }

    /// The start and the end of an event; for an all-day event its first and its last day, both inclusive.
    pub fn span(starts_at: Timestamp, ends_at: Timestamp, tz: Tz, all_day: bool) -> (Self, Self) {
        if !all_day {
            return (Self::at(starts_at, tz), Self::at(ends_at, tz));
        }
        let first = starts_at.in_zone(tz).date_naive();
        // An all-day event ends at the midnight after its last day.
        let after_last = ends_at.in_zone(tz).date_naive();
        (Self::Day(first), Self::Day(after_last.pred_opt().unwrap_or(after_last).max(first)))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(instant) => write_rfc3339(f, instant.naive_local(), *instant.offset()),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

/// The error of parsing text that is neither an RFC 3339 instant nor a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an RFC 3339 instant nor a date")]
pub struct ParseMomentError;

impl std::str::FromStr for Moment {
    type Err = ParseMomentError;

    fn from_str(text: &str) -> Result<Self, ParseMomentError> {
        if let Ok(day) = parse_day(text) {
            return Ok(Self::Day(day));
        }
        parse_instant(text).map(Self::At).map_err(|_| ParseMomentError)
    }
}

serde_as_string!(Moment);

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("RFC 3339 with the event's own offset; a plain date for all-day events"))
            .examples(["2027-03-04T18:30:00+01:00"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Moment {}

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
pub(crate) fn occurs_once(local: NaiveDateTime, tz: Tz) -> bool {
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

/// The end of something that starts at `local`: `seconds` of elapsed time later, or for an all-day event the
/// midnight after its last day, where `seconds` counts days of 24 hours.
pub(crate) fn end_of(
    local: NaiveDateTime,
    starts_at: Timestamp,
    seconds: i64,
    all_day: bool,
    tz: Tz,
) -> Timestamp {
    if all_day {
        let days = Days::new((seconds / 86_400).max(1).unsigned_abs());
        return local.date().checked_add_days(days).map_or(Timestamp::MAX, |day| start_of_day(day, tz));
    }
    Timestamp::from_micros(starts_at.as_micros().saturating_add(seconds.saturating_mul(1_000_000)))
}

/// For an all-day event, rounds an elapsed time to days of 24 hours, as a clock change makes a day 23 or 25
/// hours long. Returns any other length unchanged.
pub(crate) const fn round_to_days(seconds: i64, all_day: bool) -> i64 {
    if all_day { (seconds + 43_200) / 86_400 * 86_400 } else { seconds }
}

/// Formats a local time for the database.
pub(crate) fn format_local(local: NaiveDateTime) -> String {
    local.format(LOCAL_FORMAT).to_string()
}

/// Parses a local time from the database.
pub(crate) fn parse_local(text: &str) -> Result<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, LOCAL_FORMAT).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn all_day_spans_end_after_their_last_day() {
        let tz = Tz::Europe__Berlin;
        let start = local("2027-03-27T00:00:00");
        let starts_at = start_of_day(start.date(), tz);
        let ends_at = end_of(start, starts_at, 2 * 86_400, true, tz);
        assert_eq!(ends_at.to_rfc3339_in(tz), "2027-03-29T00:00:00+02:00");
        let (first, last) = Moment::span(starts_at, ends_at, tz, true);
        assert_eq!((first.to_string().as_str(), last.to_string().as_str()), ("2027-03-27", "2027-03-28"));
    }

    #[test]
    fn moments_parse_their_own_text() {
        for text in ["2027-03-04T18:30:00+01:00", "2027-03-04T17:30:00Z", "2027-03-04"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
    }
}
