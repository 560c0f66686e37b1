//! [`Instance`]: one element of a series.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};

use super::date_value::{naive, timestamp};
use super::expand::Point;
use crate::time::Timestamp;

/// A recurrence instance (RFC 5545): one element of a series.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Instance(Point);

impl Instance {
    /// The instant at which the rule places it. It identifies the instance within the series (RECURRENCE-ID).
    pub const fn original_start(&self) -> Timestamp {
        timestamp(self.0.instant)
    }

    /// The local time of [`Self::original_start`].
    pub fn local(&self) -> NaiveDateTime {
        naive(self.0.local)
    }

    /// The local time of the rule. It differs from [`Self::local`] only in a gap: 02:30 takes place at 03:30.
    pub fn nominal(&self) -> NaiveDateTime {
        naive(self.0.nominal)
    }

    pub(super) const fn point(&self) -> Point {
        self.0
    }

    pub(super) const fn at_point(point: Point) -> Self {
        Self(point)
    }

    /// The local date on which it starts.
    pub fn date(&self) -> NaiveDate {
        self.local().date()
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Instance");
        fields.field("original_start", &self.original_start()).field("local", &self.local());
        if self.nominal() != self.local() {
            fields.field("nominal", &self.nominal());
        }
        fields.finish()
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use crate::{Recurrence, Series, SeriesStart};

    #[test]
    fn what_is_debugged_can_be_read() {
        let start = SeriesStart::at("2027-03-27T02:30:00".parse().unwrap(), Tz::Europe__Berlin);
        let series = Series::new(start, Recurrence::of("FREQ=DAILY;COUNT=2".parse().unwrap())).unwrap();
        let shown: Vec<String> = series.iter().map(|instance| format!("{:?}", instance.unwrap())).collect();
        assert_eq!(
            shown,
            [
                "Instance { original_start: 2027-03-27T01:30:00Z, local: 2027-03-27T02:30:00 }",
                "Instance { original_start: 2027-03-28T01:30:00Z, local: 2027-03-28T03:30:00, \
                 nominal: 2027-03-28T02:30:00 }"
            ]
        );
    }
}
