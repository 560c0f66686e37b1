//! Ending events of a subscription: those that the calendar lacks, or all that lie ahead.

use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::end_subscribed;
use crate::id::{EventId, SubscriptionId};
use crate::time::Timestamp;

/// Ends an event. What `is_missing` is counted, so that the owner is told of it.
///
/// The calendar may have it again some day: then it is a new event.
pub(super) async fn end_event(
    tx: &mut Tx,
    actor: &Actor,
    id: SubscriptionId,
    event: EventId,
    is_missing: bool,
    now: Timestamp,
) -> Result<()> {
    match end_subscribed(tx, actor, event, now).await {
        // Somebody else was faster.
        Ok(()) | Err(Error::NotFound(_)) => {}
        Err(error) => return Err(error),
    }
    tx.query(sql!("DELETE FROM subscribed_events WHERE subscription_id = $1 AND event_id = $2"))
        .bind(id)
        .bind(event)
        .execute()
        .await?;
    if is_missing {
        tx.query(sql!("UPDATE calendar_subscriptions SET untold_missing = untold_missing + 1 WHERE id = $1"))
            .bind(id)
            .execute()
            .await?;
    }
    Ok(())
}

/// Ends all events of a subscription that lie ahead, each in a transaction of its own.
pub(super) async fn end_events(core: &EventCore, actor: &Actor, id: SubscriptionId) -> Result<()> {
    let ahead: Vec<(EventId,)> = {
        let mut db = core.db().read().await?;
        db.query(sql!(
            "SELECT e.id FROM events e WHERE e.subscription_id = $1
                AND EXISTS (SELECT 1 FROM occurrences o
                    WHERE o.event_id = e.id AND o.status = 'scheduled' AND o.starts_at > $2)
             ORDER BY e.id"
        ))
        .bind(id)
        .bind(core.now())
        .all()
        .await?
    };
    for (event,) in ahead {
        let now = core.now();
        transaction!(core.db(), |tx| end_event(tx, actor, id, event, false, now))?;
    }
    Ok(())
}
