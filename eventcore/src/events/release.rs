//! The events of an organizer whose account is deleted: transferred, cancelled or deleted.

use super::{organizers, status};
use crate::changes::Change;
use crate::db::{Dialect, Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::time::Timestamp;

/// Locks all events that a user organizes until the transaction ends; returns their ids in order.
///
/// Call it before locking the user: see the [lock order](crate::db::lock_order).
pub(crate) async fn lock_events_of_organizer(tx: &mut Tx, user: UserId) -> Result<Vec<EventId>> {
    let lock = sql!(
        sqlite "SELECT id FROM events WHERE organizer_id = $1 ORDER BY id",
        postgres "SELECT id FROM events WHERE organizer_id = $1 ORDER BY id FOR NO KEY UPDATE"
    );
    let events: Vec<(EventId,)> = tx.query(lock).bind(user).all().await?;
    Ok(events.into_iter().map(|(event,)| event).collect())
}

/// Transfers each event of a user to its first co-organizer who can still sign in. Events without one are
/// cancelled if they are published, and deleted if they are drafts without registrations.
///
/// Requires locks on the events (`locked`), then on the user and the possible successors. Locks the
/// occurrences of these events and those for which the user is registered, in one statement, because the
/// caller goes on to cancel the registrations.
///
/// # Errors
/// [`Error::Contended`] if the user has become the organizer of another event since the events were locked.
pub(crate) async fn release_events_of(
    tx: &mut Tx,
    user: UserId,
    locked: &[EventId],
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!("DELETE FROM event_organizers WHERE user_id = $1")).bind(user).execute().await?;
    let events: Vec<(EventId,)> =
        tx.query(sql!("SELECT id FROM events WHERE organizer_id = $1 ORDER BY id")).bind(user).all().await?;
    if !events.iter().map(|(event,)| event).eq(locked) {
        return Err(Error::Contended);
    }
    // Users precede occurrences in the lock order, so find all successors first.
    let mut successors = Vec::with_capacity(events.len());
    for (event,) in &events {
        successors.push(lock_successor(tx, *event).await?);
    }
    lock_affected_occurrences(tx, user).await?;
    for ((event,), successor) in events.into_iter().zip(successors) {
        match successor {
            Some(successor) => transfer(tx, event, successor, now).await?,
            None => cancel_or_delete(tx, event, now).await?,
        }
    }
    Ok(())
}

/// Locks the occurrences of the user's events and those for which the user is registered.
async fn lock_affected_occurrences(tx: &mut Tx, user: UserId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(OccurrenceId,)> = tx
            .query(sql!(
                "SELECT id FROM occurrences WHERE id IN (
                    SELECT o.id FROM occurrences o JOIN events e ON e.id = o.event_id
                        WHERE e.organizer_id = $1
                    UNION SELECT occurrence_id FROM registrations
                        WHERE user_id = $1 AND status <> 'cancelled')
                 ORDER BY id",
                for update
            ))
            .bind(user)
            .all()
            .await?;
    }
    Ok(())
}

/// Finds and locks the co-organizer who was added first among those who can still sign in.
async fn lock_successor(tx: &mut Tx, event: EventId) -> Result<Option<UserId>> {
    let successor: Option<(UserId,)> = tx
        .query(sql!(
            "SELECT u.id FROM event_organizers c JOIN users u ON u.id = c.user_id
             WHERE c.event_id = $1 AND u.deleted_at IS NULL AND u.disabled_at IS NULL
             ORDER BY c.created_at, u.id LIMIT 1",
            for update
        ))
        .bind(event)
        .optional()
        .await?;
    Ok(successor.map(|(successor,)| successor))
}

async fn transfer(tx: &mut Tx, event: EventId, successor: UserId, now: Timestamp) -> Result<()> {
    tx.query(sql!("DELETE FROM event_organizers WHERE event_id = $1 AND user_id = $2"))
        .bind(event)
        .bind(successor)
        .execute()
        .await?;
    tx.query(sql!(
        "UPDATE events SET organizer_id = $2, updated_at = $3, version = version + 1 WHERE id = $1"
    ))
    .bind(event)
    .bind(successor)
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!("UPDATE occurrences SET organizer_id = $2 WHERE event_id = $1"))
        .bind(event)
        .bind(successor)
        .execute()
        .await?;
    tx.record(Change::OrganizerChanged { event, organizer: successor });
    Ok(())
}

/// Deletes a draft without registrations, cancels a published event that is not over, and leaves any other
/// unchanged.
async fn cancel_or_delete(tx: &mut Tx, event: EventId, now: Timestamp) -> Result<()> {
    let deleted = tx
        .query(sql!(
            "DELETE FROM occurrences WHERE event_id = $1
                AND EXISTS (SELECT 1 FROM events e WHERE e.id = $1 AND e.status = 'draft')
                AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.event_id = $1)"
        ))
        .bind(event)
        .execute()
        .await?;
    // Every event has an occurrence, so the event was such a draft.
    if deleted > 0 {
        let organizers = organizers::all_of(tx, event).await?;
        tx.query(sql!("DELETE FROM events WHERE id = $1")).bind(event).execute().await?;
        tx.record(Change::EventDeleted { event, organizers });
        return Ok(());
    }
    let cancelled = tx
        .query(sql!(
            "UPDATE events SET status = 'cancelled', updated_at = $2, version = version + 1
             WHERE id = $1 AND status = 'published'
                AND EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = $1 AND o.ends_at > $2)"
        ))
        .bind(event)
        .bind(now)
        .execute()
        .await?;
    if cancelled > 0 {
        tx.record(Change::EventCancelled { event, at: now });
        status::cancel_remaining_occurrences(tx, event, now).await?;
    }
    Ok(())
}
