//! Expansion of an event's start and rule to planned occurrences, without a database.

use std::time::Duration;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use crate::recurrence::{Instance, Recurrence, RuleResult, ScheduleLimits, Series, SeriesStart};
use crate::time::{self, Span, Timestamp};

/// How far and to how many occurrences a rule is expanded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    /// The end of the expansion of unbounded rules, exclusive.
    pub(crate) until: Timestamp,
    pub(crate) limits: ScheduleLimits,
}

impl Horizon {
    /// A horizon `length` after `now`, with the usual limits of a rule.
    pub(crate) fn after(now: Timestamp, length: Duration) -> Self {
        Self { until: now.plus(length), limits: ScheduleLimits::for_horizon(length) }
    }

    /// A horizon at `until`, without limits, for rules that are stored already.
    pub(crate) const fn unlimited(until: Timestamp) -> Self {
        Self { until, limits: ScheduleLimits { bounded: usize::MAX, unbounded: usize::MAX } }
    }
}

/// An occurrence as the rule plans it, without overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlannedOccurrence {
    pub(crate) original_start: Timestamp,
    /// The nominal local start: that of the rule, even where the clocks skip it.
    pub(crate) local: NaiveDateTime,
    pub(crate) ends_at: Timestamp,
}

impl PlannedOccurrence {
    /// An instance of the rule of an event with the length of `span`.
    pub(crate) fn from_instance(instance: &Instance, span: &Span, tz: Tz) -> Self {
        let original_start = instance.original_start();
        let ends_at = time::end_of(instance.local(), original_start, span.seconds, span.all_day, tz);
        Self { original_start, local: instance.nominal(), ends_at }
    }
}

/// The recurrence series of an event whose first occurrence is `span`.
pub(crate) fn series(span: &Span, tz: Tz, recurrence: &Recurrence) -> RuleResult<Series> {
    Series::new(series_start(span, tz), recurrence.clone())
}

fn series_start(span: &Span, tz: Tz) -> SeriesStart {
    SeriesStart { local: span.local, tz, all_day: span.all_day, instant: Some(span.starts_at) }
}

/// Expands an event: to all occurrences of a bounded rule, or to those of an unbounded rule from `from` to
/// the horizon.
///
/// If an unbounded rule has none before the horizon, the result is its next one, so that every event has an
/// occurrence.
pub(crate) fn expand(
    span: &Span,
    tz: Tz,
    recurrence: Option<&Recurrence>,
    from: Timestamp,
    horizon: &Horizon,
) -> RuleResult<Vec<PlannedOccurrence>> {
    let Some(recurrence) = recurrence else {
        let Span { starts_at, local, ends_at, .. } = *span;
        return Ok(vec![PlannedOccurrence { original_start: starts_at, local, ends_at }]);
    };
    let series = series(span, tz, recurrence)?;
    let mut instances = series.schedule(from, horizon.until, horizon.limits)?;
    if instances.is_empty() {
        instances = series.first(1, Some(from))?.instances;
    }
    Ok(instances.iter().map(|instance| PlannedOccurrence::from_instance(instance, span, tz)).collect())
}

/// The recurrence of an event whose first occurrence moves: see [`Recurrence::shifted`].
///
/// # Errors
/// `too_much_work`, and what is wrong with the rule at the new start.
pub(crate) fn shifted(recurrence: &Recurrence, from: (&Span, Tz), to: (&Span, Tz)) -> RuleResult<Recurrence> {
    recurrence.shifted(series_start(from.0, from.1), series_start(to.0, to.1))
}
