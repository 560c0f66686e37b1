//! Wall clocks: what a local time means in a time zone, and how times look on the wire.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::clock::{self, Timestamp};
use crate::as_text::as_text;

/// A time as JSON gives it: an instant with the offset of the event's time zone, or a day of an all-day event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// `2027-03-04T18:30:00+01:00`
    At(DateTime<FixedOffset>),
    /// `2027-03-04`
    Day(NaiveDate),
}

impl Timestamp {
    /// RFC 3339 with the offset of `tz`, as JSON gives the times of an event.
    pub fn to_rfc3339_in(self, tz: Tz) -> String {
        Moment::at(self, tz).to_string()
    }
}

impl Moment {
    /// `instant` by the clocks of `tz`.
    pub fn at(instant: Timestamp, tz: Tz) -> Self {
        Self::At(instant.in_zone(tz).fixed_offset())
    }

    /// The day on which `instant` lies in `tz`.
    pub fn day(instant: Timestamp, tz: Tz) -> Self {
        Self::Day(instant.in_zone(tz).date_naive())
    }

    /// The start and the end of something: for all-day things the first and the last day.
    pub fn span(starts_at: Timestamp, ends_at: Timestamp, tz: Tz, all_day: bool) -> (Self, Self) {
        if !all_day {
            return (Self::at(starts_at, tz), Self::at(ends_at, tz));
        }
        let first = starts_at.in_zone(tz).date_naive();
        let after = ends_at.in_zone(tz).date_naive();
        (Self::Day(first), Self::Day(after.pred_opt().unwrap_or(after).max(first)))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(instant) => clock::write_rfc3339(f, instant.naive_local(), *instant.offset()),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

/// The text is neither an RFC 3339 instant nor a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an RFC 3339 instant nor a date")]
pub struct ParseMomentError;

impl std::str::FromStr for Moment {
    type Err = ParseMomentError;

    fn from_str(text: &str) -> Result<Self, ParseMomentError> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        DateTime::parse_from_rfc3339(text).map(Self::At).map_err(|_| ParseMomentError)
    }
}

as_text!(Moment);

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

/// A local time that the clocks of a zone skip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{local} does not exist in {tz}: the clocks go forward from {from} to {to}")]
pub struct Gap {
    local: NaiveDateTime,
    tz: Tz,
    /// The wall clock at which the gap begins.
    from: NaiveDateTime,
    /// The wall clock at which it ends.
    to: NaiveDateTime,
}

/// The instant that a person means by `local` in `tz`: the first, where the clock shows it twice; none, where it never does.
pub fn resolve(local: NaiveDateTime, tz: Tz) -> Result<Timestamp, Gap> {
    match tz.from_local_datetime(&local) {
        chrono::LocalResult::Single(instant) => Ok(instant.into()),
        chrono::LocalResult::Ambiguous(one, other) => Ok(one.min(other).into()),
        chrono::LocalResult::None => {
            let (from, to) = gap_around(local, tz);
            Err(Gap { local, tz, from, to })
        }
    }
}

/// As [`resolve`], but a time in a gap takes the offset from before it (RFC 5545 3.3.5): what rules and the days of all-day events do.
pub fn resolve_leniently(local: NaiveDateTime, tz: Tz) -> Timestamp {
    resolve(local, tz).unwrap_or_else(|gap| {
        // Before the gap, `from` was shown: what is so much later by the old clocks is so much later in truth.
        let before = gap.from - chrono::TimeDelta::seconds(1);
        let offset = tz
            .offset_from_local_datetime(&before)
            .earliest()
            .map_or(0, |offset| offset.fix().local_minus_utc());
        Timestamp::from((local - chrono::TimeDelta::seconds(i64::from(offset))).and_utc())
    })
}

/// The first and the last wall clock around the gap that holds `local`, found by halving.
fn gap_around(local: NaiveDateTime, tz: Tz) -> (NaiveDateTime, NaiveDateTime) {
    let exists = |at: NaiveDateTime| !matches!(tz.offset_from_local_datetime(&at), chrono::LocalResult::None);
    // No gap is longer than the day that Samoa left out.
    let edge = |direction: i64| {
        let (mut inside, mut outside) = (0_i64, 49 * 3600);
        while outside - inside > 1 {
            let middle = i64::midpoint(inside, outside);
            if exists(local + chrono::TimeDelta::seconds(direction * middle)) {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        (inside, outside)
    };
    let (back, _) = edge(-1);
    let (_, forward) = edge(1);
    (local - chrono::TimeDelta::seconds(back), local + chrono::TimeDelta::seconds(forward))
}

/// Midnight at the beginning of `day`, or the first time that day has.
pub fn start_of_day(day: NaiveDate, tz: Tz) -> Timestamp {
    resolve_leniently(day.and_time(NaiveTime::MIN), tz)
}

/// When something that starts at `local` ends: after `seconds` of real time, or, all-day, at the end of its last day.
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

/// The length of an all-day thing in days of 24 hours, whatever the clocks did meanwhile; of any other as it is.
pub(crate) const fn whole_days(seconds: i64, all_day: bool) -> i64 {
    if all_day { (seconds + 43_200) / 86_400 * 86_400 } else { seconds }
}

/// How wall clocks are stored and read back: `2027-03-04T18:30:00`.
pub(crate) const LOCAL_FORMAT: &str = "%Y-%m-%dT%H:%M:%S";

/// A wall clock as it is stored.
pub(crate) fn wall_clock(local: NaiveDateTime) -> String {
    local.format(LOCAL_FORMAT).to_string()
}

/// A wall clock from how it is stored.
pub(crate) fn read_wall_clock(text: &str) -> crate::error::Result<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, LOCAL_FORMAT).map_err(crate::error::Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, LOCAL_FORMAT).unwrap()
    }

    #[test]
    fn the_first_of_two_times_is_meant() {
        let instant = resolve(local("2027-10-31T02:30:00"), Tz::Europe__Berlin).unwrap();
        assert_eq!(instant.to_rfc3339_in(Tz::Europe__Berlin), "2027-10-31T02:30:00+02:00");
    }

    #[test]
    fn a_gap_is_named() {
        let gap = resolve(local("2027-03-28T02:30:00"), Tz::Europe__Berlin).unwrap_err();
        assert_eq!(
            gap.to_string(),
            "2027-03-28 02:30:00 does not exist in Europe/Berlin: the clocks go forward from 2027-03-28 02:00:00 to 2027-03-28 03:00:00"
        );
        let whole_day = resolve(local("2011-12-30T12:00:00"), Tz::Pacific__Apia).unwrap_err();
        assert_eq!(
            (whole_day.from, whole_day.to),
            (local("2011-12-30T00:00:00"), local("2011-12-31T00:00:00"))
        );
    }

    #[test]
    fn a_rule_shifts_over_the_gap() {
        for (text, tz, expected) in [
            ("2027-03-28T02:30:00", Tz::Europe__Berlin, "2027-03-28T03:30:00+02:00"),
            ("2018-11-04T00:00:00", Tz::America__Sao_Paulo, "2018-11-04T01:00:00-02:00"),
            ("2027-03-28T12:00:00", Tz::Europe__Berlin, "2027-03-28T12:00:00+02:00"),
        ] {
            assert_eq!(resolve_leniently(local(text), tz).to_rfc3339_in(tz), expected);
        }
    }

    #[test]
    fn all_day_things_span_whole_days() {
        let tz = Tz::Europe__Berlin;
        let start = local("2027-03-27T00:00:00");
        let starts_at = start_of_day(start.date(), tz);
        let ends_at = end_of(start, starts_at, 2 * 86_400, true, tz);
        assert_eq!(ends_at.to_rfc3339_in(tz), "2027-03-29T00:00:00+02:00");
        let (first, last) = Moment::span(starts_at, ends_at, tz, true);
        assert_eq!((first.to_string().as_str(), last.to_string().as_str()), ("2027-03-27", "2027-03-28"));
    }

    #[test]
    fn moments_read_what_they_write() {
        for text in ["2027-03-04T18:30:00+01:00", "2027-03-04T17:30:00Z", "2027-03-04"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
    }
}
