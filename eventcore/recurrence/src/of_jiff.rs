//! Conversions from and to the types of the crate `jiff` 1.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use jiff::ZonedDateTime;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::error::{RuleError, RuleResult};
use super::instance::Instance;
use super::start::SeriesStart;
use crate::time::{Timestamp, jiff_zone};

/// With the feature `jiff`. Instants before the year 1 become its beginning, and nanoseconds are dropped.
impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self::from_micros(instant.as_microsecond())
    }
}

/// With the feature `jiff`.
impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = jiff::Error;

    /// # Errors
    /// Those of jiff in the last hours of the year 9999, which it does not have.
    fn try_from(instant: Timestamp) -> Result<Self, jiff::Error> {
        Self::from_microsecond(instant.as_micros())
    }
}

impl Timestamp {
    /// This instant in a time zone, as the type of jiff, by the time-zone data of this process. With the
    /// feature `jiff`.
    ///
    /// # Errors
    /// Those of jiff in the last hours of the year 9999, which it does not have.
    pub fn to_zoned(self, tz: Tz) -> Result<ZonedDateTime, jiff::Error> {
        Ok(ZonedDateTime::new(self.try_into()?, jiff_zone(tz)))
    }
}

impl Instance {
    /// [`Instance::original_start`] in a time zone, as the type of jiff. With the feature `jiff`.
    ///
    /// # Errors
    /// Those of jiff in the last hours of the year 9999, which it does not have.
    pub fn to_zoned(&self, tz: Tz) -> Result<ZonedDateTime, jiff::Error> {
        self.original_start().to_zoned(tz)
    }
}

/// With the feature `jiff`.
impl TryFrom<&ZonedDateTime> for SeriesStart {
    type Error = RuleError;

    /// # Errors
    /// `unknown_zone` if the zone has no name in the IANA database, `invalid_date` before the year 1.
    fn try_from(start: &ZonedDateTime) -> RuleResult<Self> {
        let tz = zone_named(start.time_zone())?;
        Ok(Self::at(naive(start.datetime())?, tz).with_instant(start.timestamp().into()))
    }
}

/// With the feature `jiff`. A start without a time zone.
impl TryFrom<DateTime> for SeriesStart {
    type Error = RuleError;

    /// # Errors
    /// `invalid_date` before the year 1.
    fn try_from(start: DateTime) -> RuleResult<Self> {
        naive(start).map(Self::floating)
    }
}

/// With the feature `jiff`. A start of whole days without a time zone.
impl TryFrom<Date> for SeriesStart {
    type Error = RuleError;

    /// # Errors
    /// `invalid_date` before the year 1.
    fn try_from(start: Date) -> RuleResult<Self> {
        naive(start.at(0, 0, 0, 0)).map(|local| Self::floating_on(local.date()))
    }
}

fn zone_named(zone: &TimeZone) -> RuleResult<Tz> {
    zone.iana_name().and_then(|name| name.parse().ok()).ok_or_else(|| {
        let message = "the time zone of the start has no name in the IANA database";
        RuleError::at("/dtstart", "unknown_zone", message)
    })
}

fn naive(local: DateTime) -> RuleResult<NaiveDateTime> {
    let small = |part: i8| u32::try_from(part).ok();
    let date = || {
        let year = i32::from(local.year());
        NaiveDate::from_ymd_opt(year, small(local.month())?, small(local.day())?).filter(|_| year >= 1)
    };
    let time = |date: NaiveDate| {
        date.and_hms_opt(small(local.hour())?, small(local.minute())?, small(local.second())?)
    };
    date().and_then(time).ok_or_else(|| {
        RuleError::at("/dtstart", "invalid_date", format!("{local} is not between the years 1 and 9999"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recurrence, Series};

    #[test]
    fn instants_and_starts_come_and_go() {
        let tz = Tz::Europe__Berlin;
        let second: Timestamp = "2027-10-31T01:30:00Z".parse().unwrap();
        let zoned = second.to_zoned(tz).unwrap();
        assert_eq!(zoned.to_string(), "2027-10-31T02:30:00+01:00[Europe/Berlin]");
        assert_eq!(Timestamp::from(zoned.timestamp()), second);
        let start = SeriesStart::try_from(&zoned).unwrap();
        let daily = Recurrence::of("FREQ=DAILY;COUNT=2".parse().unwrap());
        let series = Series::new(start, daily).unwrap();
        let shown: Vec<_> =
            series.iter().map(|instance| instance.unwrap().to_zoned(tz).unwrap().to_string()).collect();
        assert_eq!(
            shown,
            ["2027-10-31T02:30:00+01:00[Europe/Berlin]", "2027-11-01T02:30:00+01:00[Europe/Berlin]"]
        );
    }

    #[test]
    fn civil_times_float() {
        let local = jiff::civil::date(2027, 3, 25).at(18, 30, 0, 0);
        let start = SeriesStart::try_from(local).unwrap();
        assert!(start.floating && !start.all_day);
        assert_eq!(start.local.to_string(), "2027-03-25 18:30:00");
        assert!(SeriesStart::try_from(local.date()).unwrap().all_day);
        let early = SeriesStart::try_from(jiff::civil::date(-5, 1, 1)).unwrap_err();
        assert_eq!(early.code(), "invalid_date");
        let fixed = jiff::Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(3)));
        assert_eq!(SeriesStart::try_from(&fixed).unwrap_err().code(), "unknown_zone");
    }
}
