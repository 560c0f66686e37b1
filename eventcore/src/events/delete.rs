//! Deleting events without registrations.

use super::{organizers, rows, status};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::id::EventId;
use crate::precondition::{Precondition, must_be_version};

impl EventCore {
    /// Deletes an event and its occurrences. Only its organizers and admins can.
    ///
    /// # Errors
    /// `has_registrations` if anyone has ever registered: cancel the event instead. `subscribed_event` if it
    /// comes from a calendar that is followed. `version_mismatch` if `expected` is not the stored version.
    pub async fn delete_event(
        &self,
        actor: &Actor,
        id: EventId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        actor.may_write()?;
        transaction!(self.db(), |tx| delete(tx, actor, id, expected))
    }
}

pub(super) async fn delete(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    expected: Option<&Precondition>,
) -> Result<()> {
    let event = rows::find_locked(tx, actor, id).await?.must_edit(actor)?.row;
    event.must_be_independent(actor)?;
    must_be_version(event.version, expected)?;
    status::must_have_no_registrations(tx, id).await?;
    let organizers = organizers::all_of(tx, id).await?;
    tx.query(sql!("DELETE FROM occurrences WHERE event_id = $1")).bind(id).execute().await?;
    tx.query(sql!("DELETE FROM events WHERE id = $1")).bind(id).execute().await?;
    tx.record(Change::EventDeleted { event: id, organizers });
    Ok(())
}
