//! Who else organizes an event.

use super::event::Event;
use super::rows;
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, UserId};
use crate::time::Timestamp;

/// Co-organizers that an event has at most.
const MAX_CO_ORGANIZERS: i64 = 50;

impl EventCore {
    /// The co-organizers of an event, in the order in which they were named; for its organizers.
    pub async fn co_organizers(&self, actor: &Actor, event: EventId) -> Result<Vec<PublicProfile>> {
        let mut db = self.db().read().await?;
        rows::find(&mut db, actor, event).await?.organized()?;
        Ok(rows::load_one(&mut db, event, self.now()).await?.co_organizers)
    }

    /// One co-organizer of an event; for its organizers.
    pub async fn co_organizer(&self, actor: &Actor, event: EventId, user: UserId) -> Result<PublicProfile> {
        let all = self.co_organizers(actor, event).await?;
        all.into_iter().find(|profile| profile.id == user).ok_or(Error::NotFound("co-organizer"))
    }

    /// All events that a user helps to organize, oldest first: for rooms that have checked who asks.
    pub(crate) async fn co_organized_events(&self, user: UserId) -> Result<Vec<Event>> {
        let mut db = self.db().read().await?;
        let rows: Vec<(EventId,)> = db
            .query(sql!("SELECT event_id FROM event_organizers WHERE user_id = $1 ORDER BY event_id"))
            .bind(user)
            .all()
            .await?;
        let ids: Vec<EventId> = rows.into_iter().map(|(id,)| id).collect();
        let mut events = Vec::with_capacity(ids.len());
        for some in ids.chunks(100) {
            events.extend(rows::load(&mut db, some, self.now()).await?);
        }
        Ok(events)
    }

    /// Names a co-organizer, who may then change the event; naming one again changes nothing.
    pub async fn add_co_organizer(&self, actor: &Actor, event: EventId, user: UserId) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let seen = rows::find_locked(tx, actor, event).await?.owned()?;
            must_be_active(tx, user).await?;
            if seen.row.organizer_id != user {
                let named: i64 =
                    tx.query(sql!("SELECT count(*) FROM event_organizers WHERE event_id = $1")).bind(event).scalar().await?;
                if named >= MAX_CO_ORGANIZERS {
                    return Err(Error::invalid("", "out_of_range", "an event has at most 50 co-organizers"));
                }
                let added = tx
                    .query(sql!("INSERT INTO event_organizers (event_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"))
                    .bind(event)
                    .bind(user)
                    .bind(now)
                    .execute()
                    .await?;
                if added > 0 {
                    touch(tx, event, now).await?;
                }
            }
            rows::load_one(tx, event, now).await
        })
    }

    /// Takes a co-organizer off again; who is one may do it to themselves. Who is none stays none.
    pub async fn remove_co_organizer(&self, actor: &Actor, event: EventId, user: UserId) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let seen = rows::find_locked(tx, actor, event).await?;
            if actor.is(user) { seen.organized()? } else { seen.owned()? };
            let removed = tx
                .query(sql!("DELETE FROM event_organizers WHERE event_id = $1 AND user_id = $2"))
                .bind(event)
                .bind(user)
                .execute()
                .await?;
            if removed > 0 {
                touch(tx, event, now).await?;
            }
            Ok(())
        })
    }
}

async fn must_be_active(tx: &mut Tx, user: UserId) -> Result<()> {
    let active: Option<(UserId,)> = tx
        .query(sql!(
            sqlite "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL",
            postgres "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL FOR KEY SHARE"
        ))
        .bind(user)
        .optional()
        .await?;
    if active.is_some() { Ok(()) } else { Err(Error::NotFound("user")) }
}

async fn touch(tx: &mut Tx, event: EventId, now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE events SET updated_at = $2, version = version + 1 WHERE id = $1"))
        .bind(event)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}
