//! Moving, adding and removing the occurrences of an event whose start, time zone or rule changes.

use std::collections::HashSet;

use sqlx::FromRow;

use super::expansion::{Horizon, PlannedOccurrence};
use crate::db::{Dialect, Queries, Sql, Tx, batches, sql, values};
use crate::error::{Error, Result};
use crate::events::copies::Copies;
use crate::events::event::{OccurrenceStatus, zone};
use crate::events::input::ValidEvent;
use crate::events::rows::EventRow;
use crate::events::search_documents;
use crate::events::store;
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{ExistingOccurrence, Removal, ScheduleDiff};
use crate::time::{Timestamp, format_local};

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
    let document = search_documents::insert(tx, old.id, &old.title, &old.location).await?;
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

/// An occurrence that is not over, or whose original start is in the future.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RemainingOccurrence {
    pub(crate) id: OccurrenceId,
    pub(crate) original_start: Timestamp,
    /// The nominal local start.
    pub(crate) original_local: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// The local start of an occurrence whose start or end is overridden.
    pub(crate) starts_local: Option<String>,
    /// Whether its start or end is overridden.
    moved: bool,
    status: OccurrenceStatus,
    /// Whether there is any registration for it, including cancelled ones.
    has_registrations: bool,
}

/// The earliest original start among the occurrences that are not over, at most `now`: occurrences of the
/// rule before it can no longer change.
pub(crate) async fn changeable_from(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<Timestamp> {
    let first: Option<Timestamp> = tx
        .query(sql!("SELECT min(original_start) FROM occurrences WHERE event_id = $1 AND ends_at > $2"))
        .bind(id)
        .bind(now)
        .scalar()
        .await?;
    Ok(first.map_or(now, |first| first.min(now)))
}

/// Locks and loads the remaining occurrences of a locked event in the order of their ids.
pub(crate) async fn lock_remaining(
    tx: &mut Tx,
    id: EventId,
    now: Timestamp,
) -> Result<Vec<RemainingOccurrence>> {
    // Lock first, then read: the second statement sees registrations that were committed while the first one
    // waited.
    let _locked: Vec<(OccurrenceId,)> = tx
        .query(sql!(
            "SELECT id FROM occurrences
             WHERE event_id = $1 AND (ends_at > $2 OR original_start > $2) ORDER BY id",
            for update
        ))
        .bind(id)
        .bind(now)
        .all()
        .await?;
    Ok(tx
        .query(sql!(
            "SELECT o.id, o.original_start, o.original_local, o.starts_at, o.ends_at, o.starts_local, o.moved,
                o.status,
                EXISTS (SELECT 1 FROM registrations r WHERE r.occurrence_id = o.id) AS has_registrations
             FROM occurrences o
             WHERE o.event_id = $1 AND (o.ends_at > $2 OR o.original_start > $2) ORDER BY o.id"
        ))
        .bind(id)
        .bind(now)
        .all()
        .await?)
}

/// Moves the occurrences of an event to its new schedule, adds those that are new, and removes the others.
///
/// Occurrences that have started keep their start, and those that are over do not change at all.
pub(crate) async fn reschedule(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    revised: &EventRow,
    now: Timestamp,
) -> Result<()> {
    let remaining = lock_remaining(tx, old.id, now).await?;
    let off_rule = cancelled_off_rule(old, &remaining)?;
    let existing: Vec<ExistingOccurrence> = remaining
        .iter()
        .map(|occurrence| ExistingOccurrence {
            original_start: occurrence.original_start,
            begun: occurrence.starts_at <= now || off_rule.contains(&occurrence.id),
            has_registrations: occurrence.has_registrations,
        })
        .collect();
    let starts: Vec<Timestamp> = new.occurrences.iter().map(|planned| planned.original_start).collect();
    let diff = ScheduleDiff::between(&existing, &starts, (zone(&old.timezone), new.tz), now);
    apply_diff(tx, old, new, revised, &remaining, &diff, now).await
}

/// The cancelled occurrences that the current rule no longer has. They remain as records and are not matched
/// to new starts.
fn cancelled_off_rule(event: &EventRow, remaining: &[RemainingOccurrence]) -> Result<HashSet<OccurrenceId>> {
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

async fn apply_diff(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    revised: &EventRow,
    remaining: &[RemainingOccurrence],
    diff: &ScheduleDiff,
    now: Timestamp,
) -> Result<()> {
    for (i, removal) in &diff.removed {
        remove(tx, remaining[*i].id, *removal, now).await?;
    }
    let matched: Vec<(&RemainingOccurrence, &PlannedOccurrence)> =
        diff.matched.iter().map(|(from, to)| (&remaining[*from], &new.occurrences[*to])).collect();
    move_to_planned(tx, &matched, now).await?;
    // `begun` also holds the cancelled occurrences of the future that are off the rule.
    for occurrence in diff.begun.iter().map(|i| &remaining[*i]).filter(|begun| begun.starts_at <= now) {
        let same_start = |planned: &&PlannedOccurrence| planned.original_start == occurrence.original_start;
        if let Some(planned) = new.occurrences.iter().find(same_start) {
            change_end(tx, occurrence, planned.ends_at, now).await?;
        }
    }
    if old.timezone != new.tz.name() {
        update_overridden_local_starts(tx, remaining, new, now).await?;
    }
    let added: Vec<PlannedOccurrence> = diff.added.iter().map(|i| new.occurrences[*i]).collect();
    let document = search_documents::of_event(tx, old.id).await?;
    store::insert_occurrences(tx, &Copies::of(revised)?, document, &added, now).await?;
    must_have_an_occurrence(tx, old.id).await
}

async fn remove(tx: &mut Tx, id: OccurrenceId, removal: Removal, now: Timestamp) -> Result<()> {
    match removal {
        Removal::Delete => delete_occurrence(tx, id).await,
        Removal::Cancel => set_status(tx, id, OccurrenceStatus::Cancelled, now).await,
    }
}

/// Deletes an occurrence without registrations, and its search document if no other occurrence has it.
pub(crate) async fn delete_occurrence(tx: &mut Tx, id: OccurrenceId) -> Result<()> {
    let document: Option<(i64,)> = tx
        .query(sql!("DELETE FROM occurrences WHERE id = $1 RETURNING document_id"))
        .bind(id)
        .optional()
        .await?;
    match document {
        Some((document,)) => search_documents::delete_if_unused(tx, document).await,
        None => Ok(()),
    }
}

/// Moves occurrences to where the rule plans them; returns how many rows changed.
///
/// Overridden times are not changed, only the original start of their occurrences.
pub(crate) async fn move_to_planned(
    tx: &mut Tx,
    matched: &[(&RemainingOccurrence, &PlannedOccurrence)],
    now: Timestamp,
) -> Result<u64> {
    park_original_starts(tx, matched).await?;
    let changed: Vec<_> = matched.iter().filter(|(occurrence, planned)| !occurrence.is_at(planned)).collect();
    let mut rows_changed = 0;
    for batch in batches(&changed) {
        let text = format!(
            "UPDATE occurrences SET original_start = v.column2, original_local = v.column3,
                starts_at = v.column4, ends_at = v.column5, updated_at = $1, version = version + 1
             FROM (VALUES {}) AS v WHERE occurrences.id = v.column1",
            values(batch.len(), 5, 2)
        );
        let mut query = tx.query(Sql::dynamic(text)).bind(now);
        for (occurrence, planned) in batch {
            let (starts_at, ends_at) = occurrence.times_by(planned);
            query = query
                .bind(occurrence.id)
                .bind(planned.original_start)
                .bind(format_local(planned.local))
                .bind(starts_at)
                .bind(ends_at);
        }
        rows_changed += query.execute().await?;
    }
    Ok(rows_changed)
}

/// The latest temporary original start, in microseconds since 1970: 1969-12-20. No event can start before
/// 1970, so no occurrence is there.
const PARKED_FROM: i64 = -1_000_000_000_000;

/// Sets the original starts that are about to change to distinct temporary values before 1970.
///
/// The original start is unique within an event, and an occurrence may move to where another one is now.
/// SQLite checks unique indexes row by row and cannot defer the check to the end of the transaction.
async fn park_original_starts(
    tx: &mut Tx,
    matched: &[(&RemainingOccurrence, &PlannedOccurrence)],
) -> Result<()> {
    let shifted: Vec<OccurrenceId> = matched
        .iter()
        .filter(|(occurrence, planned)| occurrence.original_start != planned.original_start)
        .map(|(occurrence, _)| occurrence.id)
        .collect();
    let mut parked = PARKED_FROM;
    for batch in batches(&shifted) {
        let text = format!(
            "UPDATE occurrences SET original_start = v.column2
             FROM (VALUES {}) AS v WHERE occurrences.id = v.column1",
            values(batch.len(), 2, 1)
        );
        let mut query = tx.query(Sql::dynamic(text));
        for id in batch {
            query = query.bind(*id).bind(Timestamp::from_micros(parked));
            parked -= 1;
        }
        query.execute().await?;
    }
    Ok(())
}

impl RemainingOccurrence {
    /// Start and end once it is planned as `planned`: overridden times remain.
    fn times_by(&self, planned: &PlannedOccurrence) -> (Timestamp, Timestamp) {
        if self.moved { (self.starts_at, self.ends_at) } else { (planned.original_start, planned.ends_at) }
    }

    /// Whether it is stored as `planned` already.
    fn is_at(&self, planned: &PlannedOccurrence) -> bool {
        self.original_start == planned.original_start
            && self.original_local == format_local(planned.local)
            && (self.starts_at, self.ends_at) == self.times_by(planned)
    }
}

/// Changes the end of an occurrence that has started, unless its times are overridden.
async fn change_end(
    tx: &mut Tx,
    occurrence: &RemainingOccurrence,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    if occurrence.moved || occurrence.ends_at == ends_at {
        return Ok(());
    }
    tx.query(sql!(
        "UPDATE occurrences SET ends_at = $2, updated_at = $3, version = version + 1 WHERE id = $1"
    ))
    .bind(occurrence.id)
    .bind(ends_at)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Stores the local starts of overridden times in the new zone of the event; their instants do not change.
async fn update_overridden_local_starts(
    tx: &mut Tx,
    remaining: &[RemainingOccurrence],
    new: &ValidEvent,
    now: Timestamp,
) -> Result<()> {
    for occurrence in remaining.iter().filter(|occurrence| occurrence.moved && occurrence.starts_at > now) {
        let local = occurrence.starts_at.in_zone(new.tz).naive_local();
        tx.query(sql!("UPDATE occurrences SET starts_local = $2 WHERE id = $1"))
            .bind(occurrence.id)
            .bind(format_local(local))
            .execute()
            .await?;
    }
    Ok(())
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
