//! Events of calendars that organizers follow.

use super::delete::delete;
use super::event::EventStatus;
use super::rows::{EventForActor, EventRow};
use super::status::set_status;
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::time::Timestamp;

impl EventRow {
    /// Fails for an event of a calendar that is followed, unless that changes it, or an admin does who does
    /// not organize it.
    pub(super) fn must_be_editable(&self, actor: &Actor) -> Result<()> {
        let moderates = actor.is_admin() && !actor.is(self.organizer_id);
        if self.subscription_id.is_some() && !actor.is_subscription() && !moderates {
            return Err(Error::SubscribedEvent);
        }
        Ok(())
    }

    /// As [`Self::must_be_editable`], for what the calendar would undo the next time: a deletion, also of an
    /// occurrence, and a split. Admins cancel the event instead, or make it private.
    pub(super) fn must_be_independent(&self, actor: &Actor) -> Result<()> {
        if self.subscription_id.is_some() && !actor.is_subscription() {
            return Err(Error::SubscribedEvent);
        }
        Ok(())
    }
}

impl EventForActor {
    /// As [`Self::must_organize`], for changes of the event or its occurrences.
    pub(super) fn must_edit(self, actor: &Actor) -> Result<Self> {
        let this = self.must_organize()?;
        this.row.must_be_editable(actor)?;
        Ok(this)
    }
}

/// Deletes an event, or cancels it if anyone has ever registered: those who have are told.
pub(crate) async fn end_subscribed(tx: &mut Tx, actor: &Actor, id: EventId, now: Timestamp) -> Result<()> {
    tx.act_as(actor.user_id());
    match delete(tx, actor, id, None).await {
        Err(Error::HasRegistrations) => {
            set_status(tx, actor, id, EventStatus::Cancelled, None, now).await.map(drop)
        }
        outcome => outcome,
    }
}
