//! What calendar programs know of the occurrences of an unbounded rule.

use super::expansion::PlannedOccurrence;
use crate::error::{Error, Result};
use crate::events::event::zone;
use crate::events::rows::EventRow;
use crate::recurrence::{RuleResult, Series};

/// Whether the calendar file of an event changes by these new occurrences: not if they are what programs
/// compute from the exported rule.
pub(super) fn misses_any(event: &EventRow, occurrences: &[PlannedOccurrence]) -> Result<bool> {
    Ok(!is_exported(event)? || occurrences.iter().any(|occurrence| is_irregular(event, occurrence)))
}

/// Whether the file has the rule. Otherwise it lists the occurrences.
fn is_exported(event: &EventRow) -> Result<bool> {
    let (span, tz) = (event.span()?, zone(&event.timezone));
    let start = span.series_start(tz);
    let exported = |recurrence| -> RuleResult<bool> {
        Ok(Series::new(start, recurrence)?.for_calendars()?.recurrence().rrule.is_some())
    };
    exported(event.recurrence()?.unwrap_or_default()).map_err(Error::internal)
}

/// Whether an occurrence starts in a gap of the clocks or spans one of their changes, so that the file has an
/// entry for it.
fn is_irregular(event: &EventRow, occurrence: &PlannedOccurrence) -> bool {
    let tz = zone(&event.timezone);
    let local = |at: crate::time::Timestamp| at.in_zone(tz).naive_local();
    let (starts, ends) = (local(occurrence.original_start), local(occurrence.ends_at));
    !event.all_day && (starts != occurrence.local || (ends - starts).num_seconds() != event.duration_seconds)
}
