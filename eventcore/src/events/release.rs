//! What becomes of events when their organizer leaves.

use super::status;
use crate::clock::Timestamp;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{EventId, UserId};

/// Hands the events of a user to the first of their co-organizers who can still sign in, cancels the published ones that have none, and deletes lone drafts.
pub(crate) async fn release_organizer(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    tx.query(sql!("DELETE FROM event_organizers WHERE user_id = $1")).bind(user).execute().await?;
    let events: Vec<(EventId,)> = tx
        .query(sql!(
            sqlite "SELECT id FROM events WHERE organizer_id = $1 ORDER BY id",
            postgres "SELECT id FROM events WHERE organizer_id = $1 ORDER BY id FOR NO KEY UPDATE"
        ))
        .bind(user)
        .all()
        .await?;
    for (event,) in events {
        match heir(tx, event).await? {
            Some(heir) => hand_over(tx, event, heir, now).await?,
            None => abandon(tx, event, now).await?,
        }
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
