//! Single instances of a series, and all of them.

use super::date_value::{seconds, timestamp};
use super::error::{RuleError, RuleResult};
use super::instance::Instance;
use super::series::Series;
use crate::time::Timestamp;

/// The period before a time in which [`Series::before`] searches first, in seconds.
const FIRST_PERIOD: i64 = 86_400;

impl Series {
    /// All instances, in order.
    ///
    /// # Errors
    /// `too_many_occurrences` if there are more than `limit`, as a series without COUNT or UNTIL has;
    /// `too_much_work`.
    ///
    /// ```
    /// # use eventcore_recurrence::Series;
    /// let daily: Series = "DTSTART:20270325T183000\nRRULE:FREQ=DAILY".parse()?;
    /// assert_eq!(daily.all(1_000).unwrap_err().code(), "too_many_occurrences");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn all(&self, limit: usize) -> RuleResult<Vec<Instance>> {
        let instances = self.iter().take(limit.saturating_add(1)).collect::<RuleResult<Vec<_>>>()?;
        if instances.len() > limit {
            let message = format!("the rule has more than {limit} occurrences: end it with COUNT or UNTIL");
            return Err(RuleError::in_rule("too_many_occurrences", message));
        }
        Ok(instances)
    }

    /// The instance whose original start is `instant`, if there is one.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn at(&self, instant: Timestamp) -> RuleResult<Option<Instance>> {
        let next = Timestamp::from_micros(instant.as_micros().saturating_add(1));
        self.between(instant, next).next().transpose()
    }

    /// The first instance after `instant`. One at `instant` itself is not meant: see [`Series::at`].
    ///
    /// # Errors
    /// `too_much_work`.
    ///
    /// ```
    /// # use eventcore_recurrence::Series;
    /// let weekly: Series = "DTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY".parse()?;
    /// let thursday = "2027-03-25T17:30:00Z".parse().unwrap();
    /// let next = "2027-04-01T16:30:00Z".parse().unwrap();
    /// assert_eq!(weekly.after(thursday)?.map(|instance| instance.original_start()), Some(next));
    /// assert_eq!(weekly.before(next)?.map(|instance| instance.original_start()), Some(thursday));
    /// assert_eq!(weekly.before(thursday)?, None);
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn after(&self, instant: Timestamp) -> RuleResult<Option<Instance>> {
        let next = Timestamp::from_micros(instant.as_micros().saturating_add(1));
        self.between(next, Timestamp::MAX).next().transpose()
    }

    /// The last instance before `instant`.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn before(&self, instant: Timestamp) -> RuleResult<Option<Instance>> {
        let first = self.bounds.start.instant;
        // Instances are on whole seconds.
        let mut to = seconds(Timestamp::from_micros(instant.as_micros().saturating_add(999_999)));
        let mut length = FIRST_PERIOD;
        // Periods before it, each twice as long as the one after it, until one has an instance.
        let mut from = loop {
            if to <= first {
                return Ok(None);
            }
            let from = to.saturating_sub(length).max(first);
            if self.first_in(from, to)?.is_some() {
                break from;
            }
            (to, length) = (from, length.saturating_mul(2));
        };
        // The half of it that has the last instance, until one second is left.
        while to - from > 1 {
            let middle = from + (to - from) / 2;
            if self.first_in(middle, to)?.is_some() {
                from = middle;
            } else {
                to = middle;
            }
        }
        self.first_in(from, to)
    }

    /// The first instance in `from..to`, in seconds since 1970.
    fn first_in(&self, from: i64, to: i64) -> RuleResult<Option<Instance>> {
        self.between(timestamp(from), timestamp(to)).next().transpose()
    }
}
