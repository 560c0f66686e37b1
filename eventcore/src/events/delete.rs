//! Deleting an event that nobody registered for.

use super::{rows, status};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::Result;
use crate::error::must_be_version;
use crate::id::EventId;

impl EventCore {
    /// Deletes an event for which nobody has registered.
    ///
    /// # Errors
    /// `has_registrations` where someone has: cancel it instead.
    pub async fn delete_event(&self, actor: &Actor, id: EventId, expected: Option<i64>) -> Result<()> {
        actor.may_write()?;
        transaction!(self.db(), tx => {
            let seen = rows::find_locked(tx, actor, id).await?.organized()?;
            must_be_version(seen.row.version, expected)?;
            status::must_have_no_registrations(tx, id).await?;
            tx.query(sql!("DELETE FROM occurrences WHERE event_id = $1")).bind(id).execute().await?;
            tx.query(sql!("DELETE FROM events WHERE id = $1")).bind(id).execute().await?;
            Ok(())
        })
    }
}
