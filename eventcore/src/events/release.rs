//! What becomes of events when their organizer leaves.

use super::status;
use crate::db::{Dialect, Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::time::Timestamp;

/// Keeps everyone else from changing the events of a user who is to leave, until the transaction ends. Events come before people, and people before
/// dates, wherever one transaction locks more than one of them.
pub(crate) async fn lock_organized(tx: &mut Tx, user: UserId) -> Result<Vec<EventId>> {
    let lock = sql!(
        sqlite "SELECT id FROM events WHERE organizer_id = $1 ORDER BY id",
        postgres "SELECT id FROM events WHERE organizer_id = $1 ORDER BY id FOR NO KEY UPDATE"
    );
    let events: Vec<(EventId,)> = tx.query(lock).bind(user).all().await?;
    Ok(events.into_iter().map(|(event,)| event).collect())
}

/// Hands the events of a user to the first of their co-organizers who can still sign in, cancels the published ones that have none, and deletes lone drafts.
///
/// The events are locked, and then the user was, and whoever may take them. It locks the dates of these events, and with them those where the user has a place: who leaves gives both up in one transaction, and all that one
/// transaction locks is locked in one order.
pub(crate) async fn release_organizer(
    tx: &mut Tx,
    user: UserId,
    locked: &[EventId],
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!("DELETE FROM event_organizers WHERE user_id = $1")).bind(user).execute().await?;
    let events: Vec<(EventId,)> =
        tx.query(sql!("SELECT id FROM events WHERE organizer_id = $1 ORDER BY id")).bind(user).all().await?;
    if !events.iter().map(|(event,)| event).eq(locked) {
        // One became theirs before they were locked themselves.
        return Err(Error::Contended);
    }
    let mut heirs = Vec::with_capacity(events.len());
    for (event,) in &events {
        heirs.push(heir(tx, *event).await?);
    }
    lock_dates(tx, user).await?;
    for ((event,), heir) in events.into_iter().zip(heirs) {
        match heir {
            Some(heir) => hand_over(tx, event, heir, now).await?,
            None => abandon(tx, event, now).await?,
        }
    }
    Ok(())
}

async fn lock_dates(tx: &mut Tx, user: UserId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(OccurrenceId,)> = tx
            .query(sql!(
                "SELECT id FROM occurrences WHERE id IN (
                    SELECT o.id FROM occurrences o JOIN events e ON e.id = o.event_id WHERE e.organizer_id = $1
                    UNION SELECT occurrence_id FROM registrations WHERE user_id = $1 AND status <> 'cancelled')
                 ORDER BY id",
                for update
            ))
            .bind(user)
            .all()
            .await?;
    }
    Ok(())
}

/// The co-organizer who was named first and can still sign in.
async fn heir(tx: &mut Tx, event: EventId) -> Result<Option<UserId>> {
    let heir: Option<(UserId,)> = tx
        .query(sql!(
            "SELECT u.id FROM event_organizers c JOIN users u ON u.id = c.user_id
             WHERE c.event_id = $1 AND u.deleted_at IS NULL AND u.disabled_at IS NULL ORDER BY c.created_at, u.id LIMIT 1",
            for update
        ))
        .bind(event)
        .optional()
        .await?;
    Ok(heir.map(|(heir,)| heir))
}

async fn hand_over(tx: &mut Tx, event: EventId, heir: UserId, now: Timestamp) -> Result<()> {
    tx.query(sql!("DELETE FROM event_organizers WHERE event_id = $1 AND user_id = $2"))
        .bind(event)
        .bind(heir)
        .execute()
        .await?;
    tx.query(sql!(
        "UPDATE events SET organizer_id = $2, updated_at = $3, version = version + 1 WHERE id = $1"
    ))
    .bind(event)
    .bind(heir)
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!("UPDATE occurrences SET organizer_id = $2 WHERE event_id = $1"))
        .bind(event)
        .bind(heir)
        .execute()
        .await?;
    Ok(())
}

async fn abandon(tx: &mut Tx, event: EventId, now: Timestamp) -> Result<()> {
    let drafts = tx
        .query(sql!(
            "DELETE FROM occurrences WHERE event_id = $1 AND EXISTS (SELECT 1 FROM events e WHERE e.id = $1 AND e.status = 'draft')
                AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.event_id = $1)"
        ))
        .bind(event)
        .execute()
        .await?;
    if drafts > 0 {
        tx.query(sql!("DELETE FROM events WHERE id = $1")).bind(event).execute().await?;
        return Ok(());
    }
    let ahead = tx
        .query(sql!(
            "UPDATE events SET status = 'cancelled', updated_at = $2, version = version + 1
             WHERE id = $1 AND status = 'published' AND EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = $1 AND o.ends_at > $2)"
        ))
        .bind(event)
        .bind(now)
        .execute()
        .await?;
    if ahead > 0 {
        status::cancel_dates(tx, event, now).await?;
    }
    Ok(())
}
