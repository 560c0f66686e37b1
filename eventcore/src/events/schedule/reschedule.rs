//! What happens to the occurrences of an event whose start, time zone or rule changes.

use std::collections::HashSet;

use super::expansion::Horizon;
use crate::db::{Dialect, Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::events::event::{OccurrenceStatus, zone};
use crate::events::input::ValidEvent;
use crate::events::occurrence::state::OccurrenceState;
use crate::events::rows::EventRow;
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{ExistingOccurrence, ScheduleDiff};
use crate::search;
use crate::time::Timestamp;

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

/// Overrides the texts of past occurrences by the event's old ones, where these are about to change.
///
/// Past occurrences never change. Call it before the event is updated, with all its occurrences locked.
pub(crate) async fn freeze_past_occurrences(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    now: Timestamp,
) -> Result<()> {
    let same = (&old.title, &old.description, &old.location, &old.url)
        == (&new.title, &new.description, &new.location, &new.url);
    let has_past: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1 AND ends_at <= $2)"))
        .bind(old.id)
        .bind(now)
        .scalar()
        .await?;
    if same || !has_past {
        return Ok(());
    }
    let document = search::insert_document(tx, old.id, &old.texts()?).await?;
    tx.query(sql!(
        "UPDATE occurrences SET
            document_id = CASE WHEN title IS NULL AND location IS NULL AND description IS NULL
                THEN $3 ELSE document_id END,
            title = coalesce(title, $4), description = coalesce(description, $5),
            location = coalesce(location, $6), url = coalesce(url, $7)
         WHERE event_id = $1 AND ends_at <= $2"
    ))
    .bind(old.id)
    .bind(now)
    .bind(document)
    .bind((old.title != new.title).then(|| old.title.clone()))
    .bind((old.description != new.description).then(|| old.description.clone()))
    .bind((old.location != new.location).then(|| old.location.clone()))
    .bind(if old.url == new.url { None } else { old.url.clone() })
    .execute()
    .await?;
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
    let existing: Vec<ExistingOccurrence> = remaining
        .iter()
        .map(|occurrence| ExistingOccurrence {
            original_start: occurrence.original_start,
            begun: occurrence.starts_at <= now || off_rule.contains(&occurrence.id),
            has_registrations: occurrence.registered,
        })
        .collect();
    let starts: Vec<Timestamp> = new.occurrences.iter().map(|planned| planned.original_start).collect();
    Ok(ScheduleDiff::between(&existing, &starts, (zone(&old.timezone), new.tz), now))
}

/// The cancelled occurrences that the current rule no longer has. They remain as records and are not matched
/// to new starts.
fn cancelled_off_rule(event: &EventRow, remaining: &[OccurrenceState]) -> Result<HashSet<OccurrenceId>> {
    let cancelled = || remaining.iter().filter(|occurrence| occurrence.status == OccurrenceStatus::Cancelled);
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

/// Sets the status of an occurrence. If it has this status already, nothing changes, not even its version.
pub(crate) async fn set_status(
    tx: &mut Tx,
    id: OccurrenceId,
    status: OccurrenceStatus,
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET status = $2, updated_at = $3, version = version + 1
         WHERE id = $1 AND status <> $2"
    ))
    .bind(id)
    .bind(status)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
