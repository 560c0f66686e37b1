//! The co-organizers of an event.

use super::event::Event;
use super::{read, rows};
use crate::accounts::{PublicProfile, keep_account};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, UserId};
use crate::time::Timestamp;

/// The largest number of co-organizers of an event.
const MAX_CO_ORGANIZERS: i64 = 50;

impl EventCore {
    /// The co-organizers of an event, in the order in which they were added. Only its organizers and admins
    /// can list them.
    pub async fn co_organizers(&self, actor: &Actor, event: EventId) -> Result<Vec<PublicProfile>> {
        let mut db = self.db().read().await?;
        rows::find(&mut db, actor, event).await?.must_organize()?;
        Ok(read::load_event(&mut db, event, self.now()).await?.co_organizers)
    }

    /// One co-organizer of an event. Only its organizers and admins can read it.
    ///
    /// # Errors
    /// `not_found` if the user is not a co-organizer.
    pub async fn co_organizer(&self, actor: &Actor, event: EventId, user: UserId) -> Result<PublicProfile> {
        let all = self.co_organizers(actor, event).await?;
        all.into_iter().find(|profile| profile.id == user).ok_or(Error::NotFound("co-organizer"))
    }

    /// All events that a user co-organizes, oldest first. The caller checks permissions.
    pub(crate) async fn co_organized_events(&self, user: UserId) -> Result<Vec<Event>> {
        let mut db = self.db().read().await?;
        let rows: Vec<(EventId,)> = db
            .query(sql!("SELECT event_id FROM event_organizers WHERE user_id = $1 ORDER BY event_id"))
            .bind(user)
            .all()
            .await?;
        let ids: Vec<EventId> = rows.into_iter().map(|(id,)| id).collect();
        let mut events = Vec::with_capacity(ids.len());
        for batch in ids.chunks(100) {
            events.extend(rows::load(&mut db, batch, self.now()).await?);
        }
        Ok(events)
    }

    /// Adds a co-organizer to an event. Adding one again, or the organizer, changes nothing.
    ///
    /// # Errors
    /// `not_found` if there is no such user, `forbidden` for co-organizers, `invalid_input` if the event has
    /// 50.
    pub async fn add_co_organizer(&self, actor: &Actor, event: EventId, user: UserId) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| add(tx, actor, event, user, now))
    }

    /// Removes a co-organizer from an event; co-organizers can remove themselves. Does nothing if the user is
    /// not one.
    ///
    /// # Errors
    /// `forbidden` for co-organizers who would remove another.
    pub async fn remove_co_organizer(&self, actor: &Actor, event: EventId, user: UserId) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| remove(tx, actor, event, user, now))
    }
}

async fn add(tx: &mut Tx, actor: &Actor, event: EventId, user: UserId, now: Timestamp) -> Result<Event> {
    let row = rows::find_locked(tx, actor, event).await?.must_own()?.row;
    must_exist(tx, user).await?;
    if row.organizer_id != user {
        let count: i64 = tx
            .query(sql!("SELECT count(*) FROM event_organizers WHERE event_id = $1"))
            .bind(event)
            .scalar()
            .await?;
        if count >= MAX_CO_ORGANIZERS {
            return Err(Error::invalid("", "out_of_range", "an event has at most 50 co-organizers"));
        }
        let added = tx
            .query(sql!(
                "INSERT INTO event_organizers (event_id, user_id, created_at) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING"
            ))
            .bind(event)
            .bind(user)
            .bind(now)
            .execute()
            .await?;
        if added > 0 {
            tx.record(Change::CoOrganizerAdded { event, user });
            increment_version(tx, event, now).await?;
        }
    }
    read::load_event(tx, event, now).await
}

async fn remove(tx: &mut Tx, actor: &Actor, event: EventId, user: UserId, now: Timestamp) -> Result<()> {
    let locked = rows::find_locked(tx, actor, event).await?;
    if actor.is(user) {
        locked.must_organize()?
    } else {
        locked.must_own()?
    };
    let removed = tx
        .query(sql!("DELETE FROM event_organizers WHERE event_id = $1 AND user_id = $2"))
        .bind(event)
        .bind(user)
        .execute()
        .await?;
    if removed > 0 {
        tx.record(Change::CoOrganizerRemoved { event, user });
        increment_version(tx, event, now).await?;
    }
    Ok(())
}

/// Locks a user, so that the account is not deleted until the transaction ends; fails if there is none.
async fn must_exist(tx: &mut Tx, user: UserId) -> Result<()> {
    if keep_account(tx, user).await? { Ok(()) } else { Err(Error::NotFound("user")) }
}

async fn increment_version(tx: &mut Tx, event: EventId, now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE events SET updated_at = $2, version = version + 1 WHERE id = $1"))
        .bind(event)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// The organizer of an event, and then its co-organizers.
pub(super) async fn all_of(tx: &mut Tx, event: EventId) -> Result<Vec<UserId>> {
    let all: Vec<(UserId, bool)> = tx
        .query(sql!(
            "SELECT organizer_id, FALSE AS is_co FROM events WHERE id = $1
             UNION ALL SELECT user_id, TRUE FROM event_organizers WHERE event_id = $1 ORDER BY 2, 1"
        ))
        .bind(event)
        .all()
        .await?;
    Ok(all.into_iter().map(|(user, _)| user).collect())
}
