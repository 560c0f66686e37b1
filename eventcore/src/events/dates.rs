//! The dates that an event has by its start and its rule, without a database.

use std::time::Duration;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use super::timing::Span;
use super::when;
use crate::clock::Timestamp;
use crate::recurrence::{Instance, Limits, Recurrence, Result, Series, Start};

/// How far ahead dates are made, and how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    /// Dates of rules that go on for ever are made before this instant.
    pub(crate) until: Timestamp,
    pub(crate) limits: Limits,
}

impl Horizon {
    /// So much ahead of `now`.
    pub(crate) fn ahead(now: Timestamp, by: Duration) -> Self {
        Self { until: now.plus(by), limits: Limits::ahead(by) }
    }

    /// Before `until`, however many.
    pub(crate) const fn unlimited(until: Timestamp) -> Self {
        Self { until, limits: Limits { bounded: usize::MAX, ahead: usize::MAX } }
    }
}

/// One date, where the rule places it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) original_start: Timestamp,
    /// What the rule says that the clocks show, even where they skip it.
    pub(crate) local: NaiveDateTime,
    pub(crate) ends_at: Timestamp,
}

impl Date {
    /// The date that a rule makes of an event that lasts as long as `span`.
    pub(crate) fn of(instance: &Instance, span: &Span, tz: Tz) -> Self {
        let original_start = instance.original_start();
        let ends_at = when::end_of(instance.local(), original_start, span.seconds, span.all_day, tz);
        Self { original_start, local: instance.nominal(), ends_at }
    }
}

/// The series of something that takes place at `span` first.
pub(crate) fn series(span: &Span, tz: Tz, recurrence: &Recurrence) -> Result<Series> {
    Series::new(start(span, tz), recurrence.clone())
}

fn start(span: &Span, tz: Tz) -> Start {
    Start { local: span.local, tz, all_day: span.all_day, instant: Some(span.starts_at) }
}

/// The dates of an event: all of a rule that ends, those from `from` to the horizon of one that doesn't.
pub(crate) fn dates(
    span: &Span,
    tz: Tz,
    recurrence: Option<&Recurrence>,
    from: Timestamp,
    horizon: &Horizon,
) -> Result<Vec<Date>> {
    let Some(recurrence) = recurrence else {
        return Ok(vec![Date { original_start: span.starts_at, local: span.local, ends_at: span.ends_at }]);
    };
    let series = series(span, tz, recurrence)?;
    let mut instances = series.schedule(from, horizon.until, horizon.limits)?;
    if instances.is_empty() {
        // The next is beyond the horizon, and the only one that people can see.
        instances = series.first(1, Some(from))?.instances;
    }
    Ok(instances.iter().map(|instance| Date::of(instance, span, tz)).collect())
}

/// The same recurrence for an event whose first occurrence moves: see [`Recurrence::shifted`].
///
/// # Errors
/// `too_much_work`, and what is wrong with the rule at the new start.
pub(crate) fn shifted(recurrence: &Recurrence, from: (&Span, Tz), to: (&Span, Tz)) -> Result<Recurrence> {
    recurrence.shifted(start(from.0, from.1), start(to.0, to.1))
}
