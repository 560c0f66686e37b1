//! Reading one event, or one of its dates.

use super::event::{Event, Occurrence};
use super::rows::{self, OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};

impl EventCore {
    /// An event, for those who may see it; for all others it does not exist.
    pub async fn event(&self, actor: &Actor, id: EventId) -> Result<Event> {
        let mut db = self.db().read().await?;
        rows::find(&mut db, actor, id).await?.visible()?;
        rows::load_one(&mut db, id, self.now()).await
    }

    /// One date of an event, for those who may see the event.
    pub async fn occurrence(&self, actor: &Actor, id: OccurrenceId) -> Result<Occurrence> {
        let mut db = self.db().read().await?;
        let row = find_occurrence(&mut db, id).await?;
        rows::find(&mut db, actor, row.event_id).await?.visible().map_err(|error| error.of("occurrence"))?;
        Ok(row.occurrence(self.now()))
    }
}

/// Loads one occurrence with what it inherits; whoever calls checks who may see it.
pub(crate) async fn find_occurrence(db: &mut impl Queries, id: OccurrenceId) -> Result<OccurrenceRow> {
    db.query(Sql::built(format!(
        "SELECT {OCCURRENCE_COLUMNS} FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id WHERE o.id = $1"
    )))
    .bind(id)
    .optional()
    .await?
    .ok_or(Error::NotFound("occurrence"))
}
