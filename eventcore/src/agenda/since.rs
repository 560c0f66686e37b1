//! The beginning of the period of a list: what starts from then on, and what began before and is not over.

use std::time::Duration;

use super::filter::{AgendaFilter, Bound};
use crate::phase::SHORT;
use crate::time::Timestamp;

/// The largest difference between the starts of one calendar day in two time zones: UTC+14 to UTC-12.
pub(super) const MAX_DAY_SHIFT: Duration = Duration::from_hours(26);

/// The beginning of the period of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    /// What starts from here on is listed.
    pub(super) from: Bound,
    /// What is listed besides.
    pub(super) earlier: Earlier,
    pub(super) now: Timestamp,
}

/// What is listed although it started before the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    Nothing,
    /// All-day occurrences that have begun and are not over, which are upcoming; only those that started
    /// from the bound on, if there is one.
    AllDay(Option<Timestamp>),
    /// All that takes place now.
    Current,
    /// All that is not over at this bound. Of what starts later, too, only that is listed.
    Overlapping(Bound),
}

impl Since {
    pub(super) fn new(filter: &AgendaFilter, now: Timestamp) -> Self {
        if filter.overlaps {
            return Self::overlapping(filter.from.unwrap_or(Bound::At(now)), now);
        }
        let after_now = next_instant(now);
        let (from, earlier) = match filter.from {
            None if filter.current && !filter.available => (Bound::At(after_now), Earlier::Current),
            None => (Bound::At(after_now), Earlier::AllDay(None)),
            Some(Bound::At(from)) if filter.available => {
                let earlier = if from <= now { Earlier::AllDay(Some(from)) } else { Earlier::Nothing };
                (Bound::At(from.max(after_now)), earlier)
            }
            Some(from) if filter.current && !filter.available => (from, Earlier::Current),
            Some(from) => (from, Earlier::Nothing),
        };
        Self { from, earlier, now }
    }

    /// Starts so long before the bound that timed occurrences without a length class are over by then.
    fn overlapping(bound: Bound, now: Timestamp) -> Self {
        let before = match bound {
            Bound::At(_) => SHORT,
            Bound::Day(..) => MAX_DAY_SHIFT,
        };
        let from = Bound::At(next_instant(bound.instant().minus(before)));
        Self { from, earlier: Earlier::Overlapping(bound), now }
    }

    /// Whether all that is listed is upcoming.
    pub(super) fn is_upcoming(&self) -> bool {
        self.lowest_start() > self.now && matches!(self.earlier, Earlier::Nothing | Earlier::AllDay(_))
    }

    /// The instant by which all has begun that is listed although it started before the period.
    pub(super) fn begun_by(&self) -> Timestamp {
        match self.earlier {
            Earlier::Overlapping(_) => self.lowest_start(),
            _ => self.now,
        }
    }

    /// Whether all that started before the period has earlier starts than what starts within it. Days of
    /// different time zones overlap.
    pub(super) fn is_ordered(&self) -> bool {
        self.earlier != Earlier::Current || matches!(self.from, Bound::At(_))
    }

    /// No later than any start from `from` on.
    pub(super) fn lowest_start(&self) -> Timestamp {
        match self.from {
            Bound::At(from) => from,
            day @ Bound::Day(..) => day.instant().minus(MAX_DAY_SHIFT),
        }
    }
}

/// The next instant: they have a precision of microseconds.
pub(super) fn next_instant(at: Timestamp) -> Timestamp {
    at.plus(Duration::from_micros(1))
}
