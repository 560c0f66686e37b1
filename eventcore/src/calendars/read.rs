//! The file of an event, and of one of its dates.

use std::time::Duration;

use sqlx::FromRow;

use super::entry::{Entry, Shared, calendar};
use super::name::file_name;
use super::repeats::{Date, Event};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::events::{EventRow, OccurrenceStatus, Visibility, find, zone};
use crate::id::{EventId, OccurrenceId};
use crate::time::Timestamp;
use crate::time::read_wall_clock;

/// How much longer than its dates reach a series that goes on for ever has a right clock.
const EVER: Duration = Duration::from_hours(10 * 8_766);

/// A calendar as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// `text/calendar` in UTF-8.
    pub text: String,
    /// What to call it.
    pub file_name: String,
    /// Of the event; rises with every change of it.
    pub version: i64,
    /// When anything in it was last changed.
    pub updated_at: Timestamp,
}

impl EventCore {
    /// An event with all its dates as an iCalendar file, for those who may see it.
    pub async fn event_calendar(&self, actor: &Actor, id: EventId) -> Result<Calendar> {
        let mut db = self.db().read().await?;
        let row = find(&mut db, actor, id).await?.visible()?.row;
        let rows: Vec<DateRow> = db
            .query(sql!("SELECT * FROM occurrences WHERE event_id = $1 ORDER BY original_start"))
            .bind(id)
            .all()
            .await?;
        let dates = rows.into_iter().map(DateRow::date).collect::<Result<Vec<_>>>()?;
        let source = Source { category: category(&mut db, id).await?, event: event(&row)?, row };
        source.calendar(&source.event.entries(&dates), &dates)
    }

    /// One date of an event as an iCalendar file, for those who may see the event.
    pub async fn occurrence_calendar(&self, actor: &Actor, id: OccurrenceId) -> Result<Calendar> {
        let mut db = self.db().read().await?;
        let row: Option<DateRow> =
            db.query(sql!("SELECT * FROM occurrences WHERE id = $1")).bind(id).optional().await?;
        let row = row.ok_or(Error::NotFound("occurrence"))?;
        let of = row.event_id;
        let seen = find(&mut db, actor, of).await.and_then(crate::events::Seen::visible);
        let event_row = seen.map_err(|error| error.of("occurrence"))?.row;
        let others: bool = db
            .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1 AND id <> $2)"))
            .bind(of)
            .bind(id)
            .scalar()
            .await?;
        let source =
            Source { category: category(&mut db, of).await?, event: event(&event_row)?, row: event_row };
        let date = row.date()?;
        let of_many = others || source.event.recurrence.is_some();
        source.calendar(&[source.event.entry(&date, of_many)], std::slice::from_ref(&date))
    }
}

/// A row of `occurrences`, as far as it is written.
#[derive(FromRow)]
struct DateRow {
    event_id: EventId,
    original_start: Timestamp,
    original_local: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    status: OccurrenceStatus,
    title: Option<String>,
    description: Option<String>,
    location: Option<String>,
    url: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

impl DateRow {
    fn date(self) -> Result<Date> {
        Ok(Date {
            original_start: self.original_start,
            nominal: read_wall_clock(&self.original_local)?,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            status: self.status,
            title: self.title,
            description: self.description,
            location: self.location,
            url: self.url,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

/// What a file is made of.
struct Source {
    row: EventRow,
    event: Event,
    category: Option<String>,
}

impl Source {
    fn calendar(&self, entries: &[Entry<'_>], dates: &[Date]) -> Result<Calendar> {
        let tags = self.row.tags()?;
        let shared = Shared {
            event: self.row.id,
            tz: self.event.tz,
            categories: self.category.iter().chain(&tags).map(String::as_str).collect(),
            private: self.row.visibility == Visibility::Private,
            years: self.years(dates),
        };
        let title = entries.first().map_or(self.event.title.as_str(), |entry| entry.title);
        let updated_at = entries.iter().map(|entry| entry.updated_at).max();
        Ok(Calendar {
            text: calendar(&shared, entries),
            file_name: file_name(title),
            version: self.row.version,
            updated_at: updated_at.unwrap_or(self.row.updated_at),
        })
    }

    /// From when to when the file speaks of times.
    fn years(&self, dates: &[Date]) -> (Timestamp, Timestamp) {
        let starts = dates.iter().flat_map(|date| [date.original_start, date.starts_at]);
        let ends = dates.iter().flat_map(|date| [date.original_start, date.ends_at]);
        let first = starts.chain([self.event.span.starts_at]).min().unwrap_or(self.event.span.starts_at);
        let last = ends.chain([self.event.span.ends_at]).max().unwrap_or(self.event.span.ends_at);
        (first, if self.event.made_until.is_some() { last.plus(EVER) } else { last })
    }
}

fn event(row: &EventRow) -> Result<Event> {
    Ok(Event {
        span: row.span()?,
        tz: zone(&row.timezone),
        recurrence: row.recurrence()?,
        made_until: row.expanded_until,
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

/// The name of an event's category.
async fn category(db: &mut impl Queries, id: EventId) -> Result<Option<String>> {
    let name: Option<(String,)> = db
        .query(sql!("SELECT c.name FROM categories c JOIN events e ON e.category_id = c.id WHERE e.id = $1"))
        .bind(id)
        .optional()
        .await?;
    Ok(name.map(|(name,)| name))
}
