//! Reading the iCalendar file of an event or of one occurrence.

use super::event_entries::CalendarOccurrence;
use super::file::CalendarFile;
use super::source::{self, CalendarOccurrenceRow, EventLabels, Source};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::events::{EventForActor, find};
use crate::id::{EventId, OccurrenceId};

impl EventCore {
    /// The iCalendar file of an event with all its occurrences.
    ///
    /// # Errors
    /// `not_found` if the actor may not see the event.
    pub async fn event_calendar(&self, actor: &Actor, id: EventId) -> Result<CalendarFile> {
        let mut db = self.db().read().await?;
        find(&mut db, actor, id).await?.must_see()?;
        let loaded = source::load(&mut db, &[id]).await?.pop();
        let (source, rows) = loaded.ok_or(Error::NotFound("event"))?;
        let occurrences =
            rows.into_iter().map(CalendarOccurrenceRow::into_occurrence).collect::<Result<Vec<_>>>()?;
        let occurrences = source.event.identified(occurrences);
        source.calendar(&source.event.entries(&occurrences), &occurrences)
    }

    /// The iCalendar file of one occurrence.
    ///
    /// # Errors
    /// `not_found` if the actor may not see the event.
    pub async fn occurrence_calendar(&self, actor: &Actor, id: OccurrenceId) -> Result<CalendarFile> {
        let mut db = self.db().read().await?;
        let row: Option<CalendarOccurrenceRow> =
            db.query(sql!("SELECT * FROM occurrences WHERE id = $1")).bind(id).optional().await?;
        let row = row.ok_or(Error::NotFound("occurrence"))?;
        let event_id = row.event_id;
        let seen = find(&mut db, actor, event_id).await.and_then(EventForActor::must_see);
        let event_row = seen.map_err(|error| error.rename_not_found("occurrence"))?.row;
        let others: bool = db
            .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1 AND id <> $2)"))
            .bind(event_id)
            .bind(id)
            .scalar()
            .await?;
        let source = Source::new(event_row, labels(&mut db, event_id).await?)?;
        let occurrence: Vec<CalendarOccurrence> = source.event.identified(vec![row.into_occurrence()?]);
        let is_one_of_many = others || source.event.recurrence.is_some();
        let entries = occurrence.iter().map(|occurrence| source.event.entry(occurrence, is_one_of_many));
        source.calendar(&entries.collect::<Vec<_>>(), &occurrence)
    }
}

async fn labels(db: &mut impl Queries, id: EventId) -> Result<EventLabels> {
    let sql = sql!(
        "SELECT e.calendar_changes, c.name AS category_name, c.updated_at AS category_updated_at,
            c.version AS category_version, u.display_name AS organizer_name
         FROM events e JOIN users u ON u.id = e.organizer_id
         LEFT JOIN categories c ON c.id = e.category_id WHERE e.id = $1"
    );
    db.query(sql).bind(id).optional().await?.ok_or(Error::NotFound("event"))
}
