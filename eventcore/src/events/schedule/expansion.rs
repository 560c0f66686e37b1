//! Expansion of an event's start and rule to planned occurrences, without a database.

use std::time::Duration;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use crate::quotas::Quotas;
use crate::recurrence::{Instance, NominalStart, Recurrence, RuleResult, ScheduleLimits, Series};
use crate::time::{self, Span, Timestamp};

/// Greatest number of occurrences of an unbounded rule that one transaction inserts. Others can write before
/// the next one.
pub(crate) const STEP: usize = 500;

/// How far and to how many occurrences a rule is expanded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    /// The end of the expansion of unbounded rules, exclusive.
    pub(crate) until: Timestamp,
    pub(crate) limits: ScheduleLimits,
    /// The greatest number of occurrences of an unbounded rule. If it has more, its horizon is nearer.
    at_most: usize,
    /// The quotas of the actor.
    pub(crate) quotas: Quotas,
}

impl Horizon {
    /// A horizon `length` after `now`, with the usual limits of a rule.
    pub(crate) fn after(now: Timestamp, length: Duration) -> Self {
        let limits = ScheduleLimits::for_horizon(length);
        Self { until: now.plus(length), limits, at_most: usize::MAX, quotas: Quotas::UNLIMITED }
    }

    /// A horizon at `until`, without limits, for rules that are stored already.
    pub(crate) const fn unlimited(until: Timestamp) -> Self {
        let limits = ScheduleLimits { bounded: usize::MAX, unbounded: usize::MAX };
        Self { until, limits, at_most: usize::MAX, quotas: Quotas::UNLIMITED }
    }

    /// This horizon for an actor with these quotas.
    pub(crate) fn with_quotas(self, quotas: Quotas) -> Self {
        let at_most = quotas.occurrences_per_event.map_or(usize::MAX, |limit| limit.try_into().unwrap_or(1));
        Self { at_most, quotas, ..self }
    }

    /// This horizon with at most so many occurrences of an unbounded rule, and at most one [`STEP`].
    pub(crate) fn step(self, at_most: usize) -> Self {
        Self { at_most: self.at_most.min(at_most).min(STEP), ..self }
    }

    /// How many of `planned` occurrences of an unbounded rule the quota of an event allows.
    pub(crate) fn at_most_per_event(&self, planned: usize) -> usize {
        let limit = self.quotas.occurrences_per_event.and_then(|limit| usize::try_from(limit).ok());
        limit.map_or(planned, |limit| planned.min(limit.max(1)))
    }

    /// Leaves out the occurrences of an unbounded rule that are too many; returns the end of the expansion.
    /// One always stays, as every event has an occurrence.
    pub(crate) fn cut(&self, occurrences: &mut Vec<PlannedOccurrence>) -> Timestamp {
        let at_most = self.at_most.max(1);
        let Some(first_left_out) = occurrences.get(at_most) else { return self.until };
        let until = first_left_out.original_start;
        occurrences.truncate(at_most);
        until
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
    /// Its start, for comparison with those of another schedule.
    pub(crate) const fn start(&self) -> NominalStart {
        NominalStart { at: self.original_start, nominal: self.local }
    }

    /// An instance of the rule of an event with the length of `span`.
    pub(crate) fn from_instance(instance: &Instance, span: &Span, tz: Tz) -> Self {
        let original_start = instance.original_start();
        let ends_at = time::end_of(instance.local(), original_start, span.seconds, span.all_day, tz);
        Self { original_start, local: instance.nominal(), ends_at }
    }
}

/// The recurrence series of an event whose first occurrence is `span`.
pub(crate) fn series(span: &Span, tz: Tz, recurrence: &Recurrence) -> RuleResult<Series> {
    Series::new(span.series_start(tz), recurrence.clone())
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
    recurrence.shifted(from.0.series_start(from.1), to.0.series_start(to.1))
}
