//! [`LeadTime`]: how long before the start of an occurrence something happens.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDateTime};
use chrono_tz::Tz;

use super::duration::{ParseDurationError, days_and_seconds, write_duration};
use super::{Timestamp, resolve_leniently};

/// A time before the start of an occurrence, written as an ISO 8601 duration of at most 3,660 days.
///
/// Weeks and days are calendar days in the time zone of the event: `P1D` before 18:30 is 18:30 of the day
/// before, also over a clock change. Hours, minutes and seconds are exact: `PT24H` before may be 17:30 or
/// 19:30.
///
/// ```
/// use chrono_tz::Europe::Berlin;
/// use eventcore::time::LeadTime;
///
/// let start = "2027-03-28T18:30:00+02:00".parse()?;
/// let (day, hours): (LeadTime, LeadTime) = ("P1D".parse()?, "PT24H".parse()?);
/// assert_eq!(day.before(start, Berlin).to_rfc3339_in(Berlin), "2027-03-27T18:30:00+01:00");
/// assert_eq!(hours.before(start, Berlin).to_rfc3339_in(Berlin), "2027-03-27T17:30:00+01:00");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeadTime {
    days: i64,
    seconds: i64,
}

impl LeadTime {
    /// The days, weeks included.
    pub const fn days(self) -> i64 {
        self.days
    }

    /// The seconds of hours, minutes and seconds together, which may be more than a day.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The instant that is this long before `start` in `tz`.
    ///
    /// A local time that the clocks skip takes the offset from before the gap; of two equal local times the
    /// first is meant.
    pub fn before(self, start: Timestamp, tz: Tz) -> Timestamp {
        self.before_local(start, start.in_zone(tz).naive_local(), tz)
    }

    /// [`LeadTime::before`] for a start with a nominal local time, such as midnight where the clocks skip it.
    pub(crate) fn before_local(self, start: Timestamp, local: NaiveDateTime, tz: Tz) -> Timestamp {
        let earlier = match self.days.unsigned_abs() {
            // Not by the local time: it may be the second of two equal ones.
            0 => start,
            days => local
                .checked_sub_days(Days::new(days))
                .map_or(Timestamp::MIN, |local| resolve_leniently(local, tz)),
        };
        Timestamp::from_micros(earlier.as_micros().saturating_sub(self.seconds.saturating_mul(1_000_000)))
    }
}

impl FromStr for LeadTime {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        let (days, seconds) = days_and_seconds(text)?;
        Ok(Self { days, seconds })
    }
}

impl fmt::Display for LeadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The hours of a time of day part may exceed a day: `PT36H` is not `P1DT12H`.
        write_duration(f, self.days, self.seconds)
    }
}

eventcore_recurrence::serde_as_string!(LeadTime);

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::*;
    use crate::time::IsoDuration;

    fn before(lead: &str, start: &str, tz: Tz) -> String {
        let lead: LeadTime = lead.parse().unwrap();
        lead.before(start.parse().unwrap(), tz).to_rfc3339_in(tz)
    }

    #[test]
    fn days_keep_the_wall_clock_and_hours_are_exact() {
        let berlin = Tz::Europe__Berlin;
        for (lead, start, expected) in [
            // The clocks went forward in the night before.
            ("P1D", "2027-03-28T18:30:00+02:00", "2027-03-27T18:30:00+01:00"),
            ("PT24H", "2027-03-28T18:30:00+02:00", "2027-03-27T17:30:00+01:00"),
            ("P1DT1H", "2027-03-28T18:30:00+02:00", "2027-03-27T17:30:00+01:00"),
            // They went back.
            ("P1W", "2027-10-31T18:30:00+01:00", "2027-10-24T18:30:00+02:00"),
            ("PT168H", "2027-10-31T18:30:00+01:00", "2027-10-24T19:30:00+02:00"),
            // 02:30 is skipped on the day before, and happens twice on the day before.
            ("P1D", "2027-03-29T02:30:00+02:00", "2027-03-28T03:30:00+02:00"),
            ("P1D", "2027-11-01T02:30:00+01:00", "2027-10-31T02:30:00+02:00"),
            // The second 02:30 itself.
            ("PT0S", "2027-10-31T02:30:00+01:00", "2027-10-31T02:30:00+01:00"),
            ("PT1H", "2027-10-31T02:30:00+01:00", "2027-10-31T02:30:00+02:00"),
        ] {
            assert_eq!(before(lead, start, berlin), expected, "{lead} before {start}");
        }
    }

    #[test]
    fn a_skipped_midnight_counts_as_midnight() {
        // In Cairo the clocks went from 00:00 to 01:00 on 2027-04-30.
        let (tz, start) = (Tz::Africa__Cairo, "2027-04-30T01:00:00+03:00".parse().unwrap());
        let midnight = NaiveDateTime::parse_from_str("2027-04-30T00:00:00", "%Y-%m-%dT%H:%M:%S").unwrap();
        let day: LeadTime = "P1D".parse().unwrap();
        let opens = day.before_local(start, midnight, tz).to_rfc3339_in(tz);
        assert_eq!(opens, "2027-04-29T00:00:00+02:00");
    }

    #[test]
    fn refuses_what_is_no_duration_or_too_long() {
        for text in ["", "P", "2 hours", "P-1D", "-P1D", "P1M", "PT1.5H", "P3661D", "P3660DT1S"] {
            assert!(text.parse::<LeadTime>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parses_its_own_text(days in 0..3_000_i64, seconds in 0..50_000_000_i64) {
            let lead = LeadTime { days, seconds };
            prop_assert_eq!(lead.to_string().parse(), Ok(lead));
        }

        /// Nothing opens after the start, and a longer time before it is never later.
        #[test]
        fn a_longer_lead_time_is_not_later(
            start in 0..4_000_000_000_i64,
            zone in proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            days in 0..3_600_i64,
            more in 0..60_i64,
            seconds in 0..100_000_i64,
            longer in 0..100_000_i64,
        ) {
            let start = Timestamp::from_micros(start * 1_000_000);
            let short = LeadTime { days, seconds }.before(start, zone);
            prop_assert!(short <= start);
            let long = LeadTime { days: days + more, seconds: seconds + longer }.before(start, zone);
            prop_assert!(long <= short);
        }

        /// Days keep the wall clock, unless the clocks skip it; hours are elapsed time.
        #[test]
        fn days_are_those_of_the_calendar(
            start in 0..4_000_000_000_i64,
            zone in proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            days in 1..3_600_i64,
            seconds in 0..100_000_i64,
        ) {
            let start = Timestamp::from_micros(start * 1_000_000);
            let wanted = start.in_zone(zone).naive_local() - chrono::TimeDelta::days(days);
            let reached = LeadTime { days, seconds: 0 }.before(start, zone);
            if let Ok(at) = crate::time::resolve(wanted, zone) {
                prop_assert_eq!(at, reached);
                prop_assert_eq!(reached.in_zone(zone).naive_local(), wanted);
            }
            let exact = LeadTime { days, seconds }.before(start, zone);
            prop_assert_eq!(reached.as_micros() - exact.as_micros(), seconds * 1_000_000);
            let hours: LeadTime = IsoDuration::from_seconds(seconds % 86_400).to_string().parse().unwrap();
            let elapsed = start.since(hours.before(start, zone)).as_secs();
            prop_assert_eq!(elapsed, (seconds % 86_400).unsigned_abs());
        }
    }
}
