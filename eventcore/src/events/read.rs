//! Reading one event or one occurrence.

use super::details;
use super::event::{Event, Occurrence};
use crate::accounts::Caller;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::Queries;
use crate::error::Result;
use crate::id::{EventId, OccurrenceId};
use crate::time::Timestamp;

impl EventCore {
    /// An event.
    ///
    /// # Errors
    /// `not_found` if there is none, or the actor cannot see it.
    pub async fn event(&self, caller: impl Into<Caller>, id: EventId) -> Result<Event> {
        Ok(self.dated_event(caller, id).await?.0)
    }

    /// An occurrence.
    ///
    /// # Errors
    /// `not_found` if there is none, or the actor cannot see its event.
    pub async fn occurrence(&self, caller: impl Into<Caller>, id: OccurrenceId) -> Result<Occurrence> {
        Ok(self.dated_occurrence(caller, id).await?.0)
    }

    /// An event, and when anything that it shows last changed.
    ///
    /// # Errors
    /// As [`EventCore::event`].
    pub async fn dated_event(&self, caller: impl Into<Caller>, id: EventId) -> Result<(Event, Timestamp)> {
        details::event(&mut self.db().read().await?, &caller.into(), id, self.now()).await?.must_see()
    }

    /// An occurrence, and when anything that it shows last changed.
    ///
    /// # Errors
    /// As [`EventCore::occurrence`].
    pub async fn dated_occurrence(
        &self,
        caller: impl Into<Caller>,
        id: OccurrenceId,
    ) -> Result<(Occurrence, Timestamp)> {
        let mut db = self.db().read().await?;
        let found = details::occurrence(&mut db, &caller.into(), id, self.now()).await?;
        found.must_see().map_err(|error| error.rename_not_found("occurrence"))
    }
}

/// Loads an event as the API returns it. The caller checks permissions.
pub(super) async fn load_event(db: &mut impl Queries, id: EventId, now: Timestamp) -> Result<Event> {
    Ok(details::event(db, &Actor::System.into(), id, now).await?.into_value())
}

/// Loads an occurrence as the API returns it. The caller checks permissions.
pub(crate) async fn load_occurrence(
    db: &mut impl Queries,
    id: OccurrenceId,
    now: Timestamp,
) -> Result<Occurrence> {
    Ok(details::occurrence(db, &Actor::System.into(), id, now).await?.into_value())
}
