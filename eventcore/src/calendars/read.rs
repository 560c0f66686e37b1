//! Loading events and occurrences for their iCalendar files.

use std::time::Duration;

use sqlx::FromRow;

use super::entry::{CalendarEntry, FileProperties, write_calendar};
use super::event_entries::{CalendarEvent, CalendarOccurrence};
use super::name::file_name;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::events::{EventForActor, EventRow, OccurrenceStatus, Visibility, find, zone};
use crate::id::{EventId, OccurrenceId};
use crate::time::{Timestamp, parse_local};

/// Ten years: the VTIMEZONE of an unbounded series covers this much after its last stored occurrence.
const UNBOUNDED_PERIOD: Duration = Duration::from_hours(10 * 8_766);

/// An iCalendar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFile {
    /// `text/calendar` in UTF-8.
    pub text: String,
    /// Suggested name.
    pub file_name: String,
    /// Version of the event, which rises with every change of it.
    pub version: i64,
    /// Time of the last change of anything in the file.
    pub updated_at: Timestamp,
}

impl EventCore {
    /// The iCalendar file of an event with all its occurrences.
    ///
    /// # Errors
    /// `not_found` if the actor may not see the event.
    pub async fn event_calendar(&self, actor: &Actor, id: EventId) -> Result<CalendarFile> {
        let mut db = self.db().read().await?;
        let row = find(&mut db, actor, id).await?.must_see()?.row;
        let rows: Vec<CalendarOccurrenceRow> = db
            .query(sql!("SELECT * FROM occurrences WHERE event_id = $1 ORDER BY original_start"))
            .bind(id)
            .all()
            .await?;
        let occurrences =
            rows.into_iter().map(CalendarOccurrenceRow::into_occurrence).collect::<Result<Vec<_>>>()?;
        let (category, category_updated_at) = category(&mut db, id).await?.unzip();
        let source = Source { category, category_updated_at, event: event(&row)?, row };
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
        let (category, category_updated_at) = category(&mut db, event_id).await?.unzip();
        let source = Source { category, category_updated_at, event: event(&event_row)?, row: event_row };
        let occurrence = source.event.identified(vec![row.into_occurrence()?]);
        let is_one_of_many = others || source.event.recurrence.is_some();
        let entries = occurrence.iter().map(|occurrence| source.event.entry(occurrence, is_one_of_many));
        source.calendar(&entries.collect::<Vec<_>>(), &occurrence)
    }
}

/// The columns of `occurrences` that a file needs.
#[derive(FromRow)]
struct CalendarOccurrenceRow {
    event_id: EventId,
    original_start: Timestamp,
    original_local: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    all_day: bool,
    timezone: Option<String>,
    status: OccurrenceStatus,
    title: Option<String>,
    description: Option<String>,
    location: Option<String>,
    url: Option<String>,
    without_url: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

impl CalendarOccurrenceRow {
    fn into_occurrence(self) -> Result<CalendarOccurrence> {
        Ok(CalendarOccurrence {
            original_start: self.original_start,
            nominal: parse_local(&self.original_local)?,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            all_day: self.all_day,
            tz: self.timezone.as_deref().map(zone),
            status: self.status,
            title: self.title,
            description: self.description,
            location: self.location,
            url: self.url,
            without_url: self.without_url,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

/// An event with what its file needs.
struct Source {
    row: EventRow,
    event: CalendarEvent,
    category: Option<String>,
    category_updated_at: Option<Timestamp>,
}

impl Source {
    fn calendar(
        &self,
        entries: &[CalendarEntry<'_>],
        occurrences: &[CalendarOccurrence],
    ) -> Result<CalendarFile> {
        let tags = self.row.tags()?;
        let shared = FileProperties {
            event: self.row.id,
            tz: self.event.tz,
            categories: self.category.iter().chain(&tags).map(String::as_str).collect(),
            private: self.row.visibility == Visibility::Private,
            period: self.period(occurrences),
        };
        let title = entries.first().map_or(self.event.title.as_str(), |entry| entry.title);
        // Not only the entries: an occurrence whose override was removed has no entry any more.
        let updated_at = occurrences.iter().map(|occurrence| occurrence.updated_at);
        let updated_at = updated_at.chain([self.row.updated_at]).chain(self.category_updated_at).max();
        Ok(CalendarFile {
            text: write_calendar(&shared, entries),
            file_name: file_name(title),
            version: self.row.version,
            updated_at: updated_at.unwrap_or(self.row.updated_at),
        })
    }

    /// The period for which the file needs offsets of the zone.
    fn period(&self, occurrences: &[CalendarOccurrence]) -> (Timestamp, Timestamp) {
        let starts =
            occurrences.iter().flat_map(|occurrence| [occurrence.original_start, occurrence.starts_at]);
        let ends = occurrences.iter().flat_map(|occurrence| [occurrence.original_start, occurrence.ends_at]);
        let first = starts.chain([self.event.span.starts_at]).min().unwrap_or(self.event.span.starts_at);
        let last = ends.chain([self.event.span.ends_at]).max().unwrap_or(self.event.span.ends_at);
        (first, if self.event.expanded_until.is_some() { last.plus(UNBOUNDED_PERIOD) } else { last })
    }
}

fn event(row: &EventRow) -> Result<CalendarEvent> {
    Ok(CalendarEvent {
        span: row.span()?,
        tz: zone(&row.timezone),
        recurrence: row.recurrence()?,
        expanded_until: row.expanded_until,
        title: row.title.clone(),
        description: row.description.clone(),
        location: row.location.clone(),
        url: row.url.clone(),
        status: row.status,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

/// The name of the event's category and the time of its last change, if it has one.
async fn category(db: &mut impl Queries, id: EventId) -> Result<Option<(String, Timestamp)>> {
    Ok(db
        .query(sql!(
            "SELECT c.name, c.updated_at FROM categories c JOIN events e ON e.category_id = c.id
             WHERE e.id = $1"
        ))
        .bind(id)
        .optional()
        .await?)
}
