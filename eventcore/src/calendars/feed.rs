//! Calendars to subscribe to, written in parts.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use super::content_lines::ContentLines;
use super::entry::{EntryStatus, begin_calendar, end_calendar};
use super::source::{self, CalendarOccurrenceRow, Source, UNBOUNDED_PERIOD};
use super::timezone;
use crate::actor::Actor;
use crate::agenda::{self, AgendaFilter};
use crate::core::EventCore;
use crate::db::{Queries, RowList, SqlWriter};
use crate::error::Result;
use crate::events::zone;
use crate::id::{EventId, OccurrenceId};
use crate::time::{Timestamp, parse_local};

/// Greatest number of events in a feed. Those that start soonest are in it.
const MAX_EVENTS: usize = 10_000;
/// Number of events of a part.
const EVENTS_OF_PART: usize = 100;
/// Number of events whose versions one statement reads.
const EVENTS_OF_STATEMENT: usize = 1_000;
/// How often programs should fetch the feed again, as a DURATION.
const REFRESH_INTERVAL: &str = "PT1H";
/// The local start of an event is within this much of the same numbers read as UTC.
const GREATEST_OFFSET: Duration = Duration::from_hours(24);

/// A calendar of many events, to be written part by part: no part holds more than a hundred events, and the
/// database is not in use between two parts.
#[derive(Debug)]
pub struct CalendarFeed {
    core: EventCore,
    name: String,
    fingerprint: [u8; 32],
    /// The time zones of the events, with the first and the last instant for which each is needed.
    zones: Vec<(Tz, Period)>,
    events: Vec<FeedEvent>,
    next: NextPart,
}

/// An event of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedEvent {
    pub(super) id: EventId,
    pub(super) shown: Shown,
}

/// What a feed shows of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// The event with all its occurrences.
    Whole,
    /// Some occurrences, with the certainty of each.
    Some(BTreeMap<OccurrenceId, Certainty>),
}

/// Whether the person of a calendar attends an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// They have a seat.
    Attends,
    /// They are on the waitlist, so that the entry is tentative.
    Waits,
}

type Period = (Timestamp, Timestamp);

/// What is written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextPart {
    /// The properties of the calendar and its time zones.
    Head,
    /// The events from this index on.
    Events(usize),
    Nothing,
}

/// What tells whether the entries of an event have changed, and the period of its time zone.
#[derive(FromRow)]
struct EventSummary {
    id: EventId,
    timezone: String,
    starts_local: String,
    version: i64,
    calendar_changes: i64,
    expanded_until: Option<Timestamp>,
    category_updated_at: Option<Timestamp>,
    occurrences: i64,
    versions: i64,
    first_start: Timestamp,
    first_original_start: Timestamp,
    last_end: Timestamp,
}

impl EventCore {
    /// A calendar of the events with an occurrence that matches the filter, and all their occurrences. Of
    /// more than 10,000 events it has those that start soonest. `name` is what programs show.
    ///
    /// Occurrences that take place now are matched too, so that an event does not leave the calendar while it
    /// lasts.
    ///
    /// # Errors
    /// As for [`EventCore::events`].
    pub async fn calendar_feed(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        name: &str,
    ) -> Result<CalendarFeed> {
        let filter = AgendaFilter { current: true, ..filter.clone() };
        let mut db = self.db().read().await?;
        let ids = agenda::event_ids(&mut db, actor, &filter, MAX_EVENTS, self.now()).await?;
        let events = ids.into_iter().map(|id| FeedEvent { id, shown: Shown::Whole }).collect();
        self.feed_of(&mut db, name, events).await
    }

    /// The feed of these events, which the caller may see.
    pub(super) async fn feed_of(
        &self,
        db: &mut impl Queries,
        name: &str,
        events: Vec<FeedEvent>,
    ) -> Result<CalendarFeed> {
        let mut zones: BTreeMap<&str, (Tz, Period)> = BTreeMap::new();
        let mut digest = Sha256::new().chain_update(name);
        for some in events.chunks(EVENTS_OF_STATEMENT) {
            for event in some {
                event.shown.add_to(&mut digest);
            }
            for summary in summaries(db, some).await? {
                summary.add_to(&mut digest);
                let tz = zone(&summary.timezone);
                let period = summary.period()?;
                let (_, known) = zones.entry(tz.name()).or_insert((tz, period));
                *known = (known.0.min(period.0), known.1.max(period.1));
            }
        }
        Ok(CalendarFeed {
            core: self.clone(),
            name: name.to_owned(),
            fingerprint: digest.finalize().into(),
            zones: zones.into_values().filter(|(tz, _)| !timezone::is_utc(*tz)).collect(),
            events,
            next: NextPart::Head,
        })
    }
}

/// Reads the summaries of events, by id.
async fn summaries(db: &mut impl Queries, events: &[FeedEvent]) -> Result<Vec<EventSummary>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push(
        "SELECT e.id, e.timezone, e.starts_local, e.version, e.calendar_changes, e.expanded_until,
            c.updated_at AS category_updated_at, count(*) AS occurrences,
            CAST(sum(o.version) AS BIGINT) AS versions, min(o.starts_at) AS first_start,
            min(o.original_start) AS first_original_start, max(o.ends_at) AS last_end
         FROM ",
    );
    sql.rows("v", RowList::default().ids("id", events.iter().map(|event| event.id.as_uuid())));
    sql.push(
        " JOIN events e ON e.id = v.id JOIN occurrences o ON o.event_id = e.id
          LEFT JOIN categories c ON c.id = e.category_id
          GROUP BY e.id, c.id ORDER BY e.id",
    );
    Ok(sql.query(db).all().await?)
}

impl Shown {
    fn add_to(&self, digest: &mut Sha256) {
        let Self::Some(occurrences) = self else { return };
        for (id, certainty) in occurrences {
            digest.update(id.as_uuid().as_bytes());
            digest.update([u8::from(*certainty == Certainty::Waits)]);
        }
    }
}

impl EventSummary {
    fn add_to(&self, digest: &mut Sha256) {
        digest.update(self.id.as_uuid().as_bytes());
        let category = self.category_updated_at.map_or(0, Timestamp::as_micros);
        let expanded = self.expanded_until.map_or(0, Timestamp::as_micros);
        let counts = [self.version, self.calendar_changes, self.occurrences, self.versions];
        for number in counts.into_iter().chain([category, expanded]) {
            digest.update(number.to_be_bytes());
        }
    }

    /// The period for which the entries need offsets of the zone.
    fn period(&self) -> Result<Period> {
        // The entry of a series begins at the event's start, which need not be an occurrence.
        let start = Timestamp::from(parse_local(&self.starts_local)?.and_utc()).minus(GREATEST_OFFSET);
        let first = start.min(self.first_start).min(self.first_original_start);
        let last =
            if self.expanded_until.is_some() { self.last_end.plus(UNBOUNDED_PERIOD) } else { self.last_end };
        Ok((first, last))
    }
}

impl CalendarFeed {
    /// Differs from the fingerprint of another feed of this filter unless they have the same text.
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    /// The next part of the file, `text/calendar` in UTF-8. `None` at its end.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read: the file is incomplete.
    pub async fn next_part(&mut self) -> Result<Option<String>> {
        let mut lines = ContentLines::default();
        match self.next {
            NextPart::Head => {
                self.write_head(&mut lines);
                self.next = NextPart::Events(0);
            }
            NextPart::Events(first) => {
                let later = self.events.get(first..).unwrap_or_default();
                let events = &later[..later.len().min(EVENTS_OF_PART)];
                if events.is_empty() {
                    end_calendar(&mut lines);
                    self.next = NextPart::Nothing;
                } else {
                    self.write_events(&mut lines, events).await?;
                    self.next = NextPart::Events(first + events.len());
                }
            }
            NextPart::Nothing => return Ok(None),
        }
        Ok(Some(lines.finish()))
    }

    fn write_head(&self, lines: &mut ContentLines) {
        begin_calendar(lines);
        // NAME and REFRESH-INTERVAL are those of RFC 7986; older programs know the others.
        lines.text_property("NAME", &self.name);
        lines.text_property("X-WR-CALNAME", &self.name);
        lines.property("REFRESH-INTERVAL;VALUE=DURATION", REFRESH_INTERVAL);
        lines.property("X-PUBLISHED-TTL", REFRESH_INTERVAL);
        for (tz, (first, last)) in &self.zones {
            timezone::write(lines, *tz, *first, *last);
        }
    }

    async fn write_events(&self, lines: &mut ContentLines, events: &[FeedEvent]) -> Result<()> {
        let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
        let loaded = source::load(&mut self.core.db().read().await?, &ids).await?;
        for (source, rows) in loaded {
            match events.iter().find(|event| event.id == source.id()).map(|event| &event.shown) {
                Some(Shown::Whole) => write_whole(lines, &source, rows)?,
                Some(Shown::Some(shown)) => write_some(lines, &source, rows, shown)?,
                None => {}
            }
        }
        Ok(())
    }
}

/// Writes all entries of an event.
fn write_whole(lines: &mut ContentLines, source: &Source, rows: Vec<CalendarOccurrenceRow>) -> Result<()> {
    let occurrences =
        rows.into_iter().map(CalendarOccurrenceRow::into_occurrence).collect::<Result<Vec<_>>>()?;
    let occurrences = source.event.identified(occurrences);
    source.write(lines, &source.event.entries(&occurrences))
}

/// Writes the entries of some occurrences of an event.
fn write_some(
    lines: &mut ContentLines,
    source: &Source,
    rows: Vec<CalendarOccurrenceRow>,
    shown: &BTreeMap<OccurrenceId, Certainty>,
) -> Result<()> {
    let is_one_of_many = source.event.recurrence.is_some() || rows.len() > 1;
    for row in rows {
        let Some(certainty) = shown.get(&row.id) else { continue };
        for occurrence in source.event.identified(vec![row.into_occurrence()?]) {
            let mut entry = source.event.entry(&occurrence, is_one_of_many);
            if *certainty == Certainty::Waits && entry.status == EntryStatus::Confirmed {
                entry.status = EntryStatus::Tentative;
            }
            source.write(lines, &[entry])?;
        }
    }
    Ok(())
}
