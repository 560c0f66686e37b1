//! The instances of a series that become occurrences of an event, and the first few of them for a preview.

use std::time::Duration;

use super::error::{RuleError, RuleResult};
use super::instance::Instance;
use super::series::Series;
use crate::time::Timestamp;

/// The greatest numbers of instances that [`Series::schedule`] accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleLimits {
    /// Greatest number of instances of a series that ends.
    pub bounded: usize,
    /// Greatest number of instances before the horizon, for a series without an end.
    pub unbounded: usize,
}

impl ScheduleLimits {
    /// Limits for a horizon that lies `length` ahead: an unbounded series may have an instance every hour,
    /// and 480 more.
    pub fn for_horizon(length: Duration) -> Self {
        let hours = usize::try_from(length.as_secs() / 3_600).unwrap_or(usize::MAX);
        Self { unbounded: hours.saturating_add(480), ..Self::default() }
    }
}

impl Default for ScheduleLimits {
    /// 2,000 and 18,000: the default horizon of 730 days has 17,520 hours.
    fn default() -> Self {
        Self { bounded: 2_000, unbounded: 18_000 }
    }
}

/// The first instances of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstInstances {
    /// In order.
    pub instances: Vec<Instance>,
    /// Whether the series has no further instance.
    pub complete: bool,
}

impl Series {
    /// All instances of a series that ends, or the instances in `from..horizon` of one without an end.
    ///
    /// # Errors
    /// `too_many_occurrences` beyond `limits`, `nothing_left` if EXDATE excludes every instance,
    /// `too_much_work`.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore_recurrence::Timestamp;
    /// # use eventcore_recurrence::{Recurrence, ScheduleLimits, Series, SeriesStart};
    /// # let date = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
    /// # let start = SeriesStart::on(date, chrono_tz::Europe::Berlin);
    /// let daily = Series::new(start, Recurrence::of("FREQ=DAILY;COUNT=3000".parse()?))?;
    /// let horizon = "2029-01-01T00:00:00Z".parse().unwrap();
    /// let error = daily.schedule(Timestamp::MIN, horizon, ScheduleLimits::default()).unwrap_err();
    /// assert_eq!(error.code(), "too_many_occurrences");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn schedule(
        &self,
        from: Timestamp,
        horizon: Timestamp,
        limits: ScheduleLimits,
    ) -> RuleResult<Vec<Instance>> {
        let bounded = self.is_bounded();
        let (instances, limit) = if bounded {
            (self.iter(), limits.bounded)
        } else {
            (self.between(from, horizon), limits.unbounded)
        };
        let taken = instances.take(limit.saturating_add(1)).collect::<RuleResult<Vec<_>>>()?;
        if taken.len() > limit {
            let until = if bounded { "" } else { " before the horizon" };
            let message = format!(
                "the rule has more than {limit} occurrences{until}: \
                 end it earlier with COUNT or UNTIL, or make it less frequent"
            );
            return Err(RuleError::in_rule("too_many_occurrences", message));
        }
        if taken.is_empty()
            && (bounded || self.between(horizon, Timestamp::MAX).next().transpose()?.is_none())
        {
            return Err(RuleError::at("/exdate", "nothing_left", "EXDATE excludes every occurrence"));
        }
        Ok(taken)
    }

    /// The first `count` instances, counted from `from` if it is given: a preview of a rule of any length.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn first(&self, count: usize, from: Option<Timestamp>) -> RuleResult<FirstInstances> {
        let mut rest = self.between(from.unwrap_or(Timestamp::MIN), Timestamp::MAX);
        let instances = rest.by_ref().take(count).collect::<RuleResult<Vec<_>>>()?;
        // An error means that the search for another instance was given up: there may be one.
        let complete = rest.next().is_none();
        Ok(FirstInstances { instances, complete })
    }
}
