//! Muting an event: its user is told nothing of it any more, on any channel, reminders included.

use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::events;
use crate::id::{EventId, UserId};
use crate::time::Timestamp;

impl EventCore {
    /// Whether the actor has muted an event.
    pub async fn is_muted(&self, actor: &Actor, event: EventId) -> Result<bool> {
        let user = actor.signed_in()?.id;
        let mut db = self.db().read().await?;
        events::find(&mut db, actor, event).await?.must_see()?;
        let muted = sql!("SELECT EXISTS (SELECT 1 FROM event_mutes WHERE user_id = $1 AND event_id = $2)");
        Ok(db.query(muted).bind(user).bind(event).scalar().await?)
    }

    /// Mutes an event for the actor: they are told nothing of it, its cancellation included, until they
    /// unmute it. Repeating it changes nothing.
    pub async fn mute_event(&self, actor: &Actor, event: EventId) -> Result<()> {
        let user = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), |tx| mute(tx, actor, user, event, now))
    }

    /// Unmutes an event for the actor, also one that they can no longer see. Repeating it changes nothing.
    pub async fn unmute_event(&self, actor: &Actor, event: EventId) -> Result<()> {
        let user = actor.writer()?.id;
        transaction!(self.db(), |tx| unmute(tx, actor, user, event))
    }

    /// The events that a user has muted. Makes no permission check.
    pub(crate) async fn muted_events_of(&self, user: UserId) -> Result<Vec<EventId>> {
        let muted = sql!("SELECT event_id FROM event_mutes WHERE user_id = $1 ORDER BY created_at, event_id");
        let muted: Vec<(EventId,)> = self.db().read().await?.query(muted).bind(user).all().await?;
        Ok(muted.into_iter().map(|(event,)| event).collect())
    }
}

async fn mute(tx: &mut Tx, actor: &Actor, user: UserId, event: EventId, now: Timestamp) -> Result<()> {
    events::find(tx, actor, event).await?.must_see()?;
    tx.query(sql!(
        "INSERT INTO event_mutes (user_id, event_id, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, event_id) DO NOTHING"
    ))
    .bind(user)
    .bind(event)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

async fn unmute(tx: &mut Tx, actor: &Actor, user: UserId, event: EventId) -> Result<()> {
    let unmute = sql!("DELETE FROM event_mutes WHERE user_id = $1 AND event_id = $2");
    if tx.query(unmute).bind(user).bind(event).execute().await? == 0 {
        events::find(tx, actor, event).await?.must_see()?;
    }
    Ok(())
}
