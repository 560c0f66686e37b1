//! Events with all that their iCalendar entries need.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::FromRow;

use super::content_lines::ContentLines;
use super::entry::{CalendarEntry, FileProperties, write_calendar, write_entries};
use super::event_entries::{CalendarEvent, CalendarOccurrence};
use super::file::CalendarFile;
use super::name::file_name;
use crate::db::{Queries, RowList, SqlWriter};
use crate::error::{Error, Result};
use crate::events::{EventRow, OccurrenceStatus, Visibility, zone};
use crate::id::{EventId, OccurrenceId};
use crate::time::{Timestamp, parse_local};

/// Ten years: the VTIMEZONE of an unbounded series covers this much after its last stored occurrence.
pub(super) const UNBOUNDED_PERIOD: Duration = Duration::from_hours(10 * 8_766);

/// The columns of `occurrences` that a file needs.
#[derive(FromRow)]
pub(super) struct CalendarOccurrenceRow {
    pub(super) id: OccurrenceId,
    pub(super) event_id: EventId,
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
    /// The names by which calendars of attendees know it, see `invitation`.
    pub(super) invitation_event: Option<EventId>,
    pub(super) invitation_start: Option<Timestamp>,
    pub(super) invitation_local: Option<String>,
}

impl CalendarOccurrenceRow {
    /// The columns of an occurrence `o`: half of those it has, which matters for a feed of 10,000 events.
    const COLUMNS: &str =
        "o.id, o.event_id, o.original_start, o.original_local, o.starts_at, o.ends_at, o.all_day,
        o.timezone, o.status, o.title, o.description, o.location, o.url, o.without_url, o.created_at,
        o.updated_at, o.version, o.invitation_event, o.invitation_start, o.invitation_local";

    pub(super) fn into_occurrence(self) -> Result<CalendarOccurrence> {
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
pub(super) struct Source {
    row: EventRow,
    pub(super) event: CalendarEvent,
    labels: EventLabels,
}

/// What an event shows of its category, and what calendars count besides its version.
#[derive(FromRow)]
pub(super) struct EventLabels {
    calendar_changes: i64,
    category_name: Option<String>,
    category_updated_at: Option<Timestamp>,
    category_version: Option<i64>,
    organizer_name: String,
}

impl EventLabels {
    /// The columns for an event `e` with its category `c` and its organizer `u`.
    const COLUMNS: &str = "e.calendar_changes, c.name AS category_name, c.updated_at AS category_updated_at,
        c.version AS category_version, u.display_name AS organizer_name";
}

impl Source {
    pub(super) fn new(row: EventRow, labels: EventLabels) -> Result<Self> {
        Ok(Self { event: event(&row, &labels)?, labels, row })
    }

    pub(super) fn id(&self) -> EventId {
        self.row.id
    }

    pub(super) fn visibility(&self) -> Visibility {
        self.row.visibility
    }

    /// The display name of the organizer.
    pub(super) fn organizer(&self) -> &str {
        &self.labels.organizer_name
    }

    /// The name of the category, and the tags.
    pub(super) fn labels(&self) -> Result<Vec<String>> {
        Ok(self.labels.category_name.iter().cloned().chain(self.row.tags()?).collect())
    }

    /// The recurrence in English.
    pub(super) fn recurrence_in_words(&self) -> Result<Option<String>> {
        Ok(self.row.recurrence_with_text()?.map(|recurrence| recurrence.text))
    }

    /// What all entries of the event have in common.
    pub(super) fn properties<'a>(
        &'a self,
        tags: &'a [String],
        period: (Timestamp, Timestamp),
    ) -> FileProperties<'a> {
        FileProperties {
            uid: self.row.id.to_string(),
            tz: self.event.tz,
            categories: self.labels.category_name.iter().chain(tags).map(String::as_str).collect(),
            private: self.row.visibility == Visibility::Private,
            period,
        }
    }

    /// Writes entries into a calendar of many events, which has the time zones already.
    pub(super) fn write(&self, lines: &mut ContentLines, entries: &[CalendarEntry<'_>]) -> Result<()> {
        let tags = self.row.tags()?;
        write_entries(lines, &self.properties(&tags, (Timestamp::MIN, Timestamp::MAX)), entries);
        Ok(())
    }

    pub(super) fn tags(&self) -> Result<Vec<String>> {
        self.row.tags()
    }

    /// The file of the event alone.
    pub(super) fn calendar(
        &self,
        entries: &[CalendarEntry<'_>],
        occurrences: &[CalendarOccurrence],
    ) -> Result<CalendarFile> {
        let tags = self.row.tags()?;
        let shared = self.properties(&tags, self.period(occurrences));
        let title = entries.first().map_or(self.event.title.as_str(), |entry| entry.title);
        // Not only the entries: an occurrence whose override was removed has no entry any more.
        let updated_at = occurrences.iter().map(|occurrence| occurrence.updated_at);
        let updated_at = updated_at.chain([self.row.updated_at]).chain(self.labels.category_updated_at).max();
        Ok(CalendarFile {
            text: write_calendar(&shared, None, entries),
            file_name: file_name(title),
            version: self.row.version,
            updated_at: updated_at.unwrap_or(self.row.updated_at),
        })
    }

    /// The period for which the file needs offsets of the zone.
    pub(super) fn period(&self, occurrences: &[CalendarOccurrence]) -> (Timestamp, Timestamp) {
        let starts =
            occurrences.iter().flat_map(|occurrence| [occurrence.original_start, occurrence.starts_at]);
        let ends = occurrences.iter().flat_map(|occurrence| [occurrence.original_start, occurrence.ends_at]);
        let first = starts.chain([self.event.span.starts_at]).min().unwrap_or(self.event.span.starts_at);
        let last = ends.chain([self.event.span.ends_at]).max().unwrap_or(self.event.span.ends_at);
        (first, if self.event.expanded_until.is_some() { last.plus(UNBOUNDED_PERIOD) } else { last })
    }
}

fn event(row: &EventRow, labels: &EventLabels) -> Result<CalendarEvent> {
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
        updated_at: labels.category_updated_at.map_or(row.updated_at, |at| at.max(row.updated_at)),
        sequence: row.version - 1
            + labels.calendar_changes
            + labels.category_version.map_or(0, |version| version - 1),
    })
}

#[derive(FromRow)]
struct SourceRow {
    #[sqlx(flatten)]
    row: EventRow,
    #[sqlx(flatten)]
    labels: EventLabels,
}

/// Loads the event of an occurrence. The caller checks permissions.
pub(super) async fn load_for_one(db: &mut impl Queries, event: EventId) -> Result<Source> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT e.*, c.slug AS category, ").push(EventLabels::COLUMNS);
    sql.push(" FROM events e JOIN users u ON u.id = e.organizer_id");
    sql.push(" LEFT JOIN categories c ON c.id = e.category_id WHERE e.id = ").value(event.as_uuid());
    let row: Option<SourceRow> = sql.query(db).optional().await?;
    let SourceRow { row, labels } = row.ok_or(Error::NotFound("event"))?;
    Source::new(row, labels)
}

/// Loads events with the rows of their occurrences, without events that do not exist. The caller checks
/// permissions.
pub(super) async fn load(
    db: &mut impl Queries,
    ids: &[EventId],
) -> Result<Vec<(Source, Vec<CalendarOccurrenceRow>)>> {
    let list = || RowList::default().ids("id", ids.iter().map(|id| id.as_uuid()));
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT e.*, c.slug AS category, ").push(EventLabels::COLUMNS).push(" FROM ");
    sql.rows("v", list())
        .push(" JOIN events e ON e.id = v.id JOIN users u ON u.id = e.organizer_id")
        .push(" LEFT JOIN categories c ON c.id = e.category_id");
    sql.push(" ORDER BY e.id");
    let events: Vec<SourceRow> = sql.query(db).all().await?;
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT ").push(CalendarOccurrenceRow::COLUMNS).push(" FROM ").rows("v", list());
    sql.push(" JOIN occurrences o ON o.event_id = v.id ORDER BY o.event_id, o.original_start");
    let mut occurrences: HashMap<EventId, Vec<CalendarOccurrenceRow>> = HashMap::new();
    for row in sql.query(db).all::<CalendarOccurrenceRow>().await? {
        occurrences.entry(row.event_id).or_default().push(row);
    }
    let mut loaded = Vec::with_capacity(events.len());
    for SourceRow { row, labels } in events {
        let occurrences = occurrences.remove(&row.id).unwrap_or_default();
        loaded.push((Source::new(row, labels)?, occurrences));
    }
    Ok(loaded)
}
