//! The dates that an event gets from its series, and the first few for whoever wants to see before saving.

use super::error::{Result, RuleError};
use super::series::{Instance, Series};
use crate::time::Timestamp;
use std::time::Duration;

/// How many instances are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a series that ends.
    pub bounded: usize,
    /// Of one that goes on for ever, up to the horizon.
    pub ahead: usize,
}

impl Limits {
    /// Room for a date every hour, and a little more, so far ahead.
    pub fn ahead(by: Duration) -> Self {
        let hours = usize::try_from(by.as_secs() / 3_600).unwrap_or(usize::MAX);
        Self { ahead: hours.saturating_add(480), ..Self::default() }
    }
}

impl Default for Limits {
    /// 2,000 of a series that ends; 18,000 up to the horizon: the 17,520 hours of the usual 730 days, and little more.
    fn default() -> Self {
        Self { bounded: 2_000, ahead: 18_000 }
    }
}

/// The first instances of a series, and whether there are more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// In order.
    pub instances: Vec<Instance>,
    /// Whether these are all.
    pub complete: bool,
}

impl Series {
    /// Every instance of a series that ends, or those from `from` on and before `horizon` of one that doesn't.
    ///
    /// # Errors
    /// `too_many_occurrences`, `nothing_left` if every one is excluded, `too_much_work`.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore::Timestamp;
    /// # use eventcore::recurrence::{Limits, Recurrence, Series, Start};
    /// # let start = Start::on(NaiveDate::from_ymd_opt(2027, 1, 1).unwrap(), chrono_tz::Europe::Berlin);
    /// let daily = Series::new(start, Recurrence::of("FREQ=DAILY;COUNT=3000".parse()?))?;
    /// let error = daily.schedule(Timestamp::MIN, "2029-01-01T00:00:00Z".parse().unwrap(), Limits::default()).unwrap_err();
    /// assert_eq!(error.code(), "too_many_occurrences");
    /// # Ok::<(), eventcore::recurrence::RuleError>(())
    /// ```
    pub fn schedule(&self, from: Timestamp, horizon: Timestamp, limits: Limits) -> Result<Vec<Instance>> {
        let bounded = self.is_bounded();
        let (instances, limit) =
            if bounded { (self.all(), limits.bounded) } else { (self.between(from, horizon), limits.ahead) };
        let kept = instances.take(limit.saturating_add(1)).collect::<Result<Vec<_>>>()?;
        if kept.len() > limit {
            let until = if bounded { "" } else { " before the horizon" };
            let message = format!(
                "the rule has more than {limit} occurrences{until}: end it earlier with COUNT or UNTIL, or make it rarer"
            );
            return Err(RuleError::in_rule("too_many_occurrences", message));
        }
        if kept.is_empty() && (bounded || self.between(horizon, Timestamp::MAX).next().transpose()?.is_none())
        {
            return Err(RuleError::at("/exdate", "nothing_left", "EXDATE takes away every date of the rule"));
        }
        Ok(kept)
    }

    /// The first `count` instances, from `from` on where it is given, and whether they are all: for a preview of a rule of any length.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn first(&self, count: usize, from: Option<Timestamp>) -> Result<First> {
        let mut rest = self.between(from.unwrap_or(Timestamp::MIN), Timestamp::MAX);
        let instances = rest.by_ref().take(count).collect::<Result<Vec<_>>>()?;
        // Where it takes too much work to find another, there may be one.
        let complete = rest.next().is_none();
        Ok(First { instances, complete })
    }
}
