//! What happens to the occurrences of an event whose start, time zone or rule changes.

use std::collections::HashSet;

use super::expansion::{Horizon, PlannedOccurrence};
use crate::db::{Dialect, Queries, RowList, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::events::event::OccurrenceStatus;
use crate::events::input::ValidEvent;
use crate::events::occurrence::state::OccurrenceState;
use crate::events::rows::EventRow;
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{
    ExistingOccurrence, ExistingState, NominalStart, Removal, ScheduleChange, ScheduleDiff,
};
use crate::search;
use crate::time::{Timestamp, format_local, parse_local, start_of_day};

/// Locks all occurrences of an event in the order of their ids.
///
/// Call it after locking the event and before writing to more than one of its occurrences: see the
/// [lock order](crate::db::lock_order).
pub(crate) async fn lock_occurrences(tx: &mut Tx, event: EventId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let lock = tx.query(sql!("SELECT id FROM occurrences WHERE event_id = $1 ORDER BY id", for update));
        let _: Vec<(OccurrenceId,)> = lock.bind(event).all().await?;
    }
    Ok(())
}

/// What a new schedule does to the remaining occurrences of an event.
pub(crate) fn diff(
    old: &EventRow,
    new: &ValidEvent,
    remaining: &[OccurrenceState],
    now: Timestamp,
) -> Result<ScheduleDiff> {
    let off_rule = cancelled_off_rule(old, remaining)?;
    let existing = remaining.iter().map(|occurrence| {
        let nominal = parse_local(&occurrence.original_local)?;
        Ok(ExistingOccurrence {
            start: NominalStart { at: occurrence.original_start, nominal },
            state: state_of(occurrence, off_rule.contains(&occurrence.id), now),
            has_registrations: occurrence.registered,
        })
    });
    let existing = existing.collect::<Result<Vec<_>>>()?;
    let recurrence = old.recurrence()?;
    Ok(ScheduleDiff::between(&ScheduleChange {
        existing: &existing,
        rule: recurrence.as_ref().and_then(|recurrence| recurrence.rrule.as_ref()),
        new: &new.occurrences.iter().map(PlannedOccurrence::start).collect::<Vec<_>>(),
        was_all_day: old.all_day,
        all_day: new.span.all_day,
        from: if new.span.all_day { start_of_day(now.in_zone(new.tz).date_naive(), new.tz) } else { now },
    }))
}

/// What a change of schedule can do to an occurrence; `is_record`: it is cancelled, and off the rule.
fn state_of(occurrence: &OccurrenceState, is_record: bool, now: Timestamp) -> ExistingState {
    match occurrence.status {
        _ if occurrence.has_begun(now) => ExistingState::Begun,
        OccurrenceStatus::Cancelled if occurrence.cancelled_by_rule => ExistingState::CancelledByRule,
        OccurrenceStatus::Cancelled if is_record => ExistingState::Record,
        OccurrenceStatus::Cancelled => ExistingState::Cancelled,
        OccurrenceStatus::Scheduled => ExistingState::Scheduled,
    }
}

/// The occurrences that an organizer cancelled and the current rule no longer has. They remain as records and
/// are not matched to new starts.
fn cancelled_off_rule(event: &EventRow, remaining: &[OccurrenceState]) -> Result<HashSet<OccurrenceId>> {
    let by_organizer = |occurrence: &&OccurrenceState| {
        occurrence.status == OccurrenceStatus::Cancelled && !occurrence.cancelled_by_rule
    };
    let cancelled = || remaining.iter().filter(by_organizer);
    let starts = || cancelled().map(|occurrence| occurrence.original_start);
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
        return Ok(HashSet::new());
    };
    let horizon = Horizon::unlimited(Timestamp::from_micros(last.as_micros() + 1));
    let planned: HashSet<Timestamp> =
        event.expand(first, &horizon)?.iter().map(|planned| planned.original_start).collect();
    Ok(cancelled()
        .filter(|occurrence| !planned.contains(&occurrence.original_start))
        .map(|occurrence| occurrence.id)
        .collect())
}

/// Moves the remaining occurrences to where the new schedule places them, restores those that it has again,
/// and cancels those with registrations that it does not have. `status` is that of a new occurrence.
pub(crate) fn follow_schedule(
    remaining: &mut [OccurrenceState],
    planned: &[PlannedOccurrence],
    diff: &ScheduleDiff,
    status: OccurrenceStatus,
    now: Timestamp,
) {
    for (occurrence, removal) in &diff.removed {
        let occurrence = &mut remaining[*occurrence];
        if *removal == Removal::Cancel && occurrence.status != OccurrenceStatus::Cancelled {
            (occurrence.status, occurrence.cancelled_by_rule) = (OccurrenceStatus::Cancelled, true);
        }
    }
    for (occurrence, _) in &diff.restored {
        let occurrence = &mut remaining[*occurrence];
        (occurrence.status, occurrence.cancelled_by_rule) = (status, false);
    }
    vacate_starts(remaining, planned, diff);
    for (from, to) in diff.matched.iter().chain(&diff.restored) {
        let (occurrence, planned) = (&mut remaining[*from], &planned[*to]);
        occurrence.original_start = planned.original_start;
        occurrence.original_local = format_local(planned.local);
        if !occurrence.moved {
            (occurrence.starts_at, occurrence.ends_at) = (planned.original_start, planned.ends_at);
        }
    }
    // Those that have begun keep their start. `unchanged` also holds cancelled occurrences of the future that
    // are off the rule.
    for occurrence in &diff.unchanged {
        let occurrence = &mut remaining[*occurrence];
        let same_start = |start: Timestamp| start == occurrence.original_start;
        let planned = planned.iter().find(|planned| same_start(planned.original_start));
        if let Some(planned) = planned
            && occurrence.has_begun(now)
            && !occurrence.is_over(now)
            && !occurrence.moved
        {
            occurrence.ends_at = planned.ends_at;
        }
    }
}

/// Moves the original starts of cancelled occurrences that others take by fractions of a second, where no
/// rule places an occurrence: original starts are unique within an event. The nominal local start stays, by
/// which a later change of the rule finds the occurrence.
fn vacate_starts(remaining: &mut [OccurrenceState], planned: &[PlannedOccurrence], diff: &ScheduleDiff) {
    let pairs = diff.matched.iter().chain(&diff.restored);
    let starts = pairs.map(|(_, to)| to).chain(&diff.added).map(|to| planned[*to].original_start);
    let starts: HashSet<Timestamp> = starts.collect();
    let mut taken: HashSet<Timestamp> =
        remaining.iter().map(|occurrence| occurrence.original_start).collect();
    let cancelled = diff.removed.iter().filter(|(_, removal)| *removal == Removal::Cancel);
    for i in cancelled.map(|(i, _)| i).chain(&diff.unchanged) {
        let occurrence = &mut remaining[*i];
        if !starts.contains(&occurrence.original_start) {
            continue;
        }
        while !taken.insert(occurrence.original_start) {
            occurrence.original_start = Timestamp::from_micros(occurrence.original_start.as_micros() + 1);
        }
    }
}

/// Deletes an occurrence without registrations, and its search document if that is not the event's own.
pub(crate) async fn delete_occurrence(tx: &mut Tx, event: EventId, id: OccurrenceId) -> Result<()> {
    let document: Option<(i64,)> = tx
        .query(sql!("DELETE FROM occurrences WHERE id = $1 RETURNING document_id"))
        .bind(id)
        .optional()
        .await?;
    let shared = search::own_document(tx, event).await?;
    let own = document.into_iter().map(|(document,)| document).filter(|document| *document != shared);
    search::delete_unused(tx, own.collect()).await
}

/// Fails if a change of the recurrence has left the event without occurrences.
pub(crate) async fn must_have_an_occurrence(tx: &mut Tx, id: EventId) -> Result<()> {
    let has_one: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1)"))
        .bind(id)
        .scalar()
        .await?;
    if has_one {
        Ok(())
    } else {
        Err(Error::invalid(
            "/recurrence/rrule",
            "nothing_left",
            "leaves the event without occurrences: delete the event instead",
        ))
    }
}

/// Sets the status of an occurrence for an organizer. If it has this status already, the version stays.
pub(crate) async fn set_status(
    tx: &mut Tx,
    id: OccurrenceId,
    status: OccurrenceStatus,
    now: Timestamp,
) -> Result<()> {
    set_statuses(tx, vec![id], status, now).await
}

/// As [`set_status`], for several occurrences: locked ones, or new ones.
pub(crate) async fn set_statuses(
    tx: &mut Tx,
    ids: Vec<OccurrenceId>,
    status: OccurrenceStatus,
    now: Timestamp,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("UPDATE occurrences SET status = v.new_status, cancelled_by_rule = FALSE,");
    sql.push(" updated_at = CASE WHEN status = v.new_status THEN updated_at ELSE v.now END,");
    sql.push(" version = CASE WHEN status = v.new_status THEN version ELSE version + 1 END FROM ");
    let rows = RowList::default()
        .ids("of_id", ids.iter().map(|id| id.as_uuid()))
        .texts("new_status", ids.iter().map(|_| status.to_string()))
        .instants("now", ids.iter().map(|_| now));
    sql.rows("v", rows);
    sql.push(" WHERE occurrences.id = v.of_id AND (status <> v.new_status OR cancelled_by_rule)");
    sql.query(tx).execute().await?;
    Ok(())
}
