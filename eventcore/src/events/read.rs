//! Reading one event or one occurrence.

use super::event::{Event, Occurrence};
use super::recurrence_words::add_recurrences;
use super::rows::{self, OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::time::Timestamp;

impl EventCore {
    /// An event.
    ///
    /// # Errors
    /// `not_found` if there is none, or the actor cannot see it.
    pub async fn event(&self, actor: &Actor, id: EventId) -> Result<Event> {
        let mut db = self.db().read().await?;
        rows::find(&mut db, actor, id).await?.must_see()?;
        rows::load_one(&mut db, id, self.now()).await
    }

    /// An occurrence.
    ///
    /// # Errors
    /// `not_found` if there is none, or the actor cannot see its event.
    pub async fn occurrence(&self, actor: &Actor, id: OccurrenceId) -> Result<Occurrence> {
        let mut db = self.db().read().await?;
        let row = find_occurrence(&mut db, id).await?;
        let event = rows::find(&mut db, actor, row.event_id).await?;
        event.must_see().map_err(|error| error.rename_not_found("occurrence"))?;
        complete(&mut db, row.occurrence(self.now())).await
    }
}

/// Loads an occurrence as the API returns it. The caller checks permissions.
pub(crate) async fn load_occurrence(
    db: &mut impl Queries,
    id: OccurrenceId,
    now: Timestamp,
) -> Result<Occurrence> {
    let occurrence = find_occurrence(db, id).await?.occurrence(now);
    complete(db, occurrence).await
}

async fn complete(db: &mut impl Queries, mut occurrence: Occurrence) -> Result<Occurrence> {
    add_recurrences(db, [&mut occurrence]).await?;
    Ok(occurrence)
}

/// Loads an occurrence with its inherited fields. The caller checks permissions.
pub(super) async fn find_occurrence(db: &mut impl Queries, id: OccurrenceId) -> Result<OccurrenceRow> {
    db.query(Sql::dynamic(format!(
        "SELECT {OCCURRENCE_COLUMNS}
         FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id
         WHERE o.id = $1"
    )))
    .bind(id)
    .optional()
    .await?
    .ok_or(Error::NotFound("occurrence"))
}
