//! [`Moment`]: the times of JSON responses; and the ends of events.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use eventcore_recurrence::support::{LOCAL_FORMAT, Rfc3339, parse_day, parse_instant};

use super::{Timestamp, start_of_day};
use crate::error::{Error, Result};

/// A time in JSON: an instant with the UTC offset of the event's time zone, or a date of an all-day event.
/// Moments are ordered by their instants, a date by its beginning in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// `2027-03-04T18:30:00+01:00`
    At(DateTime<FixedOffset>),
    /// `2027-03-04`
    Day(NaiveDate),
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

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |moment: &Self| match moment {
            Self::Day(day) => (day.and_time(NaiveTime::MIN), false),
            Self::At(instant) => (instant.naive_utc(), true),
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(instant) => Rfc3339(*instant).fmt(f),
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

eventcore_recurrence::serde_as_string!(Moment);

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

    #[test]
    fn moments_are_ordered_by_their_instants() {
        let in_order = [
            "2027-03-03T23:30:00Z",
            "2027-03-04",
            "2027-03-04T00:00:00Z",
            "2027-03-04T18:30:00+01:00",
            "2027-03-04T18:00:00Z",
            "2027-03-05",
            "2027-03-05T09:00:00+09:00",
        ];
        let moments = in_order.map(|text| text.parse::<Moment>().unwrap());
        assert!(moments.is_sorted_by(|one, next| one < next), "{moments:?}");
    }

    #[test]
    fn all_day_spans_end_after_their_last_day() {
        let tz = Tz::Europe__Berlin;
        let start = parse_local("2027-03-27T00:00:00").unwrap();
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
