//! [`SeriesStart`]: where a series begins.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::date_value::seconds;
use super::expand::{DAY, Point};
use crate::time::{Timestamp, Zone};

/// The first instance of a series (DTSTART).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeriesStart {
    /// Local time in `tz`. Fractions of a second are dropped: RFC 5545 has none.
    pub local: NaiveDateTime,
    /// Time zone of the series; UTC if it is `floating`.
    pub tz: Tz,
    /// Whether the series has no time zone: it takes place at its local times, wherever its reader is.
    pub floating: bool,
    /// Whether the series consists of whole days.
    pub all_day: bool,
    /// The instant, for a local time that occurs twice. `None` means the first of the two.
    pub instant: Option<Timestamp>,
}

impl SeriesStart {
    /// A start at a local time in `tz`.
    pub const fn at(local: NaiveDateTime, tz: Tz) -> Self {
        Self { local, tz, floating: false, all_day: false, instant: None }
    }

    /// A start of an all-day series.
    pub const fn on(date: NaiveDate, tz: Tz) -> Self {
        let local = NaiveDateTime::new(date, chrono::NaiveTime::MIN);
        Self { local, tz, floating: false, all_day: true, instant: None }
    }

    /// A start without a time zone (RFC 5545, 3.3.5): at this local time, wherever one is.
    ///
    /// Instances are computed as if it was in UTC: [`Instance::local`](crate::Instance::local) is their local
    /// time. [`Series::in_zone`](crate::Series::in_zone) has their instants in a time zone.
    pub const fn floating(local: NaiveDateTime) -> Self {
        Self { floating: true, ..Self::at(local, Tz::UTC) }
    }

    /// A start of an all-day series without a time zone.
    pub const fn floating_on(date: NaiveDate) -> Self {
        Self { floating: true, ..Self::on(date, Tz::UTC) }
    }

    /// The start at `instant`, if that is one of two at this local time. Other instants are ignored.
    #[must_use]
    pub const fn with_instant(mut self, instant: Timestamp) -> Self {
        self.instant = Some(instant);
        self
    }

    pub(super) fn point(self, zone: &Zone) -> Point {
        let mut nominal = self.local.and_utc().timestamp();
        if self.all_day {
            nominal = nominal.div_euclid(DAY) * DAY;
        }
        let point = zone.point(nominal);
        match self.instant.map(seconds) {
            // An instant with another local time contradicts `local` and is ignored.
            Some(instant) if !self.all_day && zone.local(instant) == nominal => Point { instant, ..point },
            _ => point,
        }
    }
}
