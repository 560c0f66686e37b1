//! Publishing and cancelling.

use super::event::listed;
use super::event::{Event, EventStatus};
use super::rows;
use super::schedule::reschedule;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::time::Timestamp;

/// What an event becomes when `wanted` is asked for: a draft may be published, a published event cancelled or, while nobody has registered,
/// withdrawn; a cancelled one stays so.
pub(super) fn after(now: EventStatus, wanted: Option<EventStatus>) -> Result<EventStatus> {
    match (now, wanted.unwrap_or(now)) {
        (EventStatus::Cancelled, EventStatus::Draft | EventStatus::Published) => {
            Err(Error::OccurrenceCancelled)
        }
        (EventStatus::Draft, EventStatus::Cancelled) => Err(Error::EventNotPublished),
        (_, wanted) => Ok(wanted),
    }
}

impl EventCore {
    /// Makes a draft public; an event that is published already stays as it is.
    ///
    /// # Errors
    /// `occurrence_cancelled` for a cancelled event, `invalid_input` for a draft whose date has passed.
    pub async fn publish_event(&self, actor: &Actor, id: EventId, expected: Option<i64>) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let seen = rows::find_locked(tx, actor, id).await?.organized()?;
            must_be_version(seen.row.version, expected)?;
            if after(seen.row.status, Some(EventStatus::Published))? != seen.row.status {
                reschedule::lock_dates(tx, id).await?;
                must_lie_ahead(tx, id, now).await?;
                let listed = listed(seen.row.visibility, EventStatus::Published);
                set_status(tx, id, EventStatus::Published, now).await?;
                tx.query(sql!("UPDATE occurrences SET listed = $2, updated_at = $3, version = version + 1 WHERE event_id = $1"))
                    .bind(id)
                    .bind(listed)
                    .bind(now)
                    .execute()
                    .await?;
            }
            rows::load_one(tx, id, now).await
        })
    }

    /// Cancels an event and all its dates that are not over. It stays visible, and everyone keeps their record.
    ///
    /// # Errors
    /// `event_not_published` for a draft, which can be deleted.
    pub async fn cancel_event(&self, actor: &Actor, id: EventId, expected: Option<i64>) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let seen = rows::find_locked(tx, actor, id).await?.organized()?;
            must_be_version(seen.row.version, expected)?;
            if after(seen.row.status, Some(EventStatus::Cancelled))? != seen.row.status {
                reschedule::lock_dates(tx, id).await?;
                set_status(tx, id, EventStatus::Cancelled, now).await?;
                cancel_dates(tx, id, now).await?;
            }
            rows::load_one(tx, id, now).await
        })
    }
}

async fn set_status(tx: &mut Tx, id: EventId, status: EventStatus, now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE events SET status = $2, updated_at = $3, version = version + 1 WHERE id = $1"))
        .bind(id)
        .bind(status)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Cancels the dates of an event, all locked, that are not over.
pub(super) async fn cancel_dates(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET status = 'cancelled', updated_at = $2, version = version + 1
         WHERE event_id = $1 AND ends_at > $2 AND status <> 'cancelled'"
    ))
    .bind(id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

async fn must_lie_ahead(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<()> {
    let ahead: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1 AND ends_at > $2)"))
        .bind(id)
        .bind(now)
        .scalar()
        .await?;
    if ahead {
        Ok(())
    } else {
        Err(Error::invalid("/starts_at", "in_the_past", "has passed: move the event first"))
    }
}

/// Passes if nobody ever registered: what people hold a record of is cancelled, never deleted.
pub(super) async fn must_have_no_registrations(tx: &mut Tx, id: EventId) -> Result<()> {
    // On PostgreSQL a registration locks its date first: after this, none can be under way.
    reschedule::lock_dates(tx, id).await?;
    let registered: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM registrations WHERE event_id = $1)"))
        .bind(id)
        .scalar()
        .await?;
    if registered { Err(Error::HasRegistrations) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_may_become() {
        use EventStatus::{Cancelled, Draft, Published};
        for (now, wanted, then) in [
            (Draft, None, Some(Draft)),
            (Draft, Some(Published), Some(Published)),
            (Draft, Some(Cancelled), None),
            (Published, Some(Draft), Some(Draft)),
            (Published, Some(Cancelled), Some(Cancelled)),
            (Cancelled, None, Some(Cancelled)),
            (Cancelled, Some(Published), None),
            (Cancelled, Some(Draft), None),
        ] {
            assert_eq!(after(now, wanted).ok(), then, "{now} {wanted:?}");
        }
    }
}
