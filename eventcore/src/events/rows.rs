//! Events and occurrences as they are stored, and how they become what everyone sees.

use chrono::NaiveDateTime;
use sqlx::FromRow;

use super::access::Relation;
use super::event::{Event, EventStatus, Occurrence, OccurrenceStatus, Visibility, zone};
use super::links::Linked;
use super::schedule::expansion::{self, Date, Horizon};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::db::placeholders;
use crate::db::{Queries, Sql, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::recurrence::Recurrence;
use crate::time::Moment;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::read_wall_clock;

/// A row of `events`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct EventRow {
    pub(crate) id: EventId,
    pub(crate) organizer_id: UserId,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) location: String,
    pub(crate) url: Option<String>,
    pub(crate) starts_local: String,
    pub(crate) timezone: String,
    pub(crate) starts_offset_seconds: Option<i64>,
    pub(crate) duration_seconds: i64,
    pub(crate) all_day: bool,
    pub(crate) capacity: i64,
    pub(crate) visibility: Visibility,
    pub(crate) status: EventStatus,
    pub(crate) waitlist_enabled: bool,
    pub(crate) registration_opens_at: Option<Timestamp>,
    pub(crate) registration_closes_at: Option<Timestamp>,
    pub(crate) max_party_size: i64,
    /// Slug.
    pub(crate) category: Option<String>,
    /// JSON list.
    tags: String,
    rrule: Option<String>,
    rdate: String,
    exdate: String,
    pub(crate) expanded_until: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: i64,
}

impl EventRow {
    /// Its start by the clocks of its zone.
    pub(crate) fn local(&self) -> Result<NaiveDateTime> {
        read_wall_clock(&self.starts_local)
    }

    /// From when to when its first occurrence takes place.
    pub(crate) fn span(&self) -> Result<Span> {
        let tz = zone(&self.timezone);
        Ok(Span::stored(self.local()?, self.starts_offset_seconds, self.duration_seconds, self.all_day, tz))
    }

    /// Its free words.
    pub(crate) fn tags(&self) -> Result<Vec<String>> {
        serde_json::from_str(&self.tags).map_err(Error::internal)
    }

    /// What repeats it.
    pub(crate) fn recurrence(&self) -> Result<Option<Recurrence>> {
        let recurrence = Recurrence {
            rrule: self.rrule.as_deref().map(str::parse).transpose().map_err(Error::internal)?,
            rdate: serde_json::from_str(&self.rdate).map_err(Error::internal)?,
            exdate: serde_json::from_str(&self.exdate).map_err(Error::internal)?,
        };
        Ok((recurrence != Recurrence::default()).then_some(recurrence))
    }

    /// The dates that it has by its rule, from `from` on where it never ends.
    pub(crate) fn dates(&self, from: Timestamp, horizon: &Horizon) -> Result<Vec<Date>> {
        expansion::dates(&self.span()?, zone(&self.timezone), self.recurrence()?.as_ref(), from, horizon)
            .map_err(Error::internal)
    }
}

/// An event, and what the actor is to it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) row: EventRow,
    pub(crate) relation: Relation,
}

impl Seen {
    /// Passes who may see it.
    pub(crate) fn visible(self) -> Result<Self> {
        self.relation.must_see(self.row.status, self.row.visibility)?;
        Ok(self)
    }

    /// Passes who may change it.
    pub(crate) fn organized(self) -> Result<Self> {
        self.relation.must_organize(self.row.status, self.row.visibility)?;
        Ok(self)
    }

    /// Passes who may say who organizes it.
    pub(crate) fn owned(self) -> Result<Self> {
        self.relation.must_own(self.row.status, self.row.visibility)?;
        Ok(self)
    }
}

#[derive(FromRow)]
struct SeenRow {
    #[sqlx(flatten)]
    row: EventRow,
    co_organizes: bool,
    registered: bool,
}

impl SeenRow {
    fn seen(self, actor: &Actor) -> Seen {
        let relation = Relation::of(actor, self.row.organizer_id, self.co_organizes, self.registered);
        Seen { row: self.row, relation }
    }
}

/// Loads an event and what the actor is to it, to read.
pub(crate) async fn find(db: &mut impl Queries, actor: &Actor, id: EventId) -> Result<Seen> {
    let row: Option<SeenRow> = db
        .query(sql!(
            "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category,
                EXISTS (SELECT 1 FROM event_organizers c WHERE c.event_id = e.id AND c.user_id = $2) AS co_organizes,
                EXISTS (SELECT 1 FROM registrations r WHERE r.event_id = e.id AND r.user_id = $2 AND r.status <> 'cancelled') AS registered
             FROM events e WHERE e.id = $1"
        ))
        .bind(id)
        .bind(actor.user_id())
        .optional()
        .await?;
    row.map(|row| row.seen(actor)).ok_or(Error::NotFound("event"))
}

/// As [`find`], and keeps everyone else from changing the event until the transaction ends.
pub(crate) async fn find_locked(db: &mut impl Queries, actor: &Actor, id: EventId) -> Result<Seen> {
    // The lock comes first: what the second query reads is then what holds until the end. It lets registrations refer to the event meanwhile, which
    // hold a date that the change wants next.
    let lock = sql!(
        sqlite "SELECT id FROM events WHERE id = $1",
        postgres "SELECT id FROM events WHERE id = $1 FOR NO KEY UPDATE"
    );
    let locked: Option<(EventId,)> = db.query(lock).bind(id).optional().await?;
    if locked.is_none() {
        return Err(Error::NotFound("event"));
    }
    find(db, actor, id).await
}

/// What every query for occurrences selects, from `occurrences o`, `events e`, `users u`. What is overridden comes as one number, a bit for
/// each of [`OVERRIDABLE`]: a column less is a copy less for each row of a page.
pub(crate) const OCCURRENCE_COLUMNS: &str = "o.id, o.event_id, o.original_start, o.starts_at, o.ends_at, o.status, \
     coalesce(o.title, e.title) AS title, coalesce(o.description, e.description) AS description, \
     coalesce(o.location, e.location) AS location, coalesce(o.url, e.url) AS url, \
     CAST(CASE WHEN o.title IS NULL THEN 0 ELSE 1 END + CASE WHEN o.description IS NULL THEN 0 ELSE 2 END \
        + CASE WHEN o.location IS NULL THEN 0 ELSE 4 END + CASE WHEN o.url IS NULL THEN 0 ELSE 8 END \
        + CASE WHEN o.capacity_override IS NULL THEN 0 ELSE 16 END + CASE WHEN o.moved THEN 32 ELSE 0 END AS BIGINT) AS overrides, \
     o.capacity, o.seats_taken, o.waitlist_length, o.version, e.timezone, e.all_day, e.status AS event_status, e.waitlist_enabled, \
     e.registration_opens_at, e.registration_closes_at, (e.rrule IS NOT NULL OR e.rdate <> '[]') AS recurring, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category, e.tags, u.id AS organizer_id, u.username, u.display_name";

/// The fields that a date may have of its own, in the order of their bits.
const OVERRIDABLE: [&str; 6] = ["title", "description", "location", "url", "capacity", "starts_at"];

/// An occurrence with what it inherits.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct OccurrenceRow {
    pub(crate) id: OccurrenceId,
    pub(crate) event_id: EventId,
    original_start: Timestamp,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    status: OccurrenceStatus,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) location: String,
    url: Option<String>,
    overrides: i64,
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
    version: i64,
    timezone: String,
    all_day: bool,
    pub(crate) event_status: EventStatus,
    waitlist_enabled: bool,
    registration_opens_at: Option<Timestamp>,
    registration_closes_at: Option<Timestamp>,
    recurring: bool,
    category: Option<String>,
    pub(crate) tags: String,
    pub(crate) organizer_id: UserId,
    username: String,
    display_name: String,
}

impl OccurrenceRow {
    fn overridden(&self) -> Vec<String> {
        let own = OVERRIDABLE.iter().enumerate().filter(|(bit, _)| self.overrides & (1 << bit) != 0);
        own.map(|(_, name)| (*name).to_owned()).collect()
    }

    fn registration_open(&self, now: Timestamp) -> bool {
        self.event_status == EventStatus::Published
            && self.status == OccurrenceStatus::Scheduled
            && now < self.starts_at
            && self.registration_opens_at.is_none_or(|opens| opens <= now)
            && self.registration_closes_at.is_none_or(|closes| now < closes)
            && self.seats_taken <= self.capacity
    }

    /// What everyone sees of it at `now`.
    pub(crate) fn occurrence(self, now: Timestamp) -> Occurrence {
        let tz = zone(&self.timezone);
        let overridden = self.overridden();
        let registration_open = self.registration_open(now);
        let (starts_at, ends_at) = Moment::span(self.starts_at, self.ends_at, tz, self.all_day);
        let original_start = if self.all_day {
            Moment::day(self.original_start, tz)
        } else {
            Moment::at(self.original_start, tz)
        };
        let links = Linked {
            title: &self.title,
            location: &self.location,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            tz,
            all_day: self.all_day,
            ics: format!("/api/v1/occurrences/{}.ics", self.id),
        }
        .links();
        Occurrence {
            id: self.id,
            event_id: self.event_id,
            title: self.title,
            description: self.description,
            location: self.location,
            url: self.url,
            original_start,
            starts_at,
            ends_at,
            timezone: self.timezone,
            all_day: self.all_day,
            status: self.status,
            overridden,
            capacity: self.capacity,
            seats_taken: self.seats_taken,
            seats_left: (self.capacity - self.seats_taken).max(0),
            waitlist_length: self.waitlist_length,
            waitlist_enabled: self.waitlist_enabled,
            registration_open,
            category: self.category,
            tags: parse_tags(&self.tags),
            organizer: PublicProfile {
                id: self.organizer_id,
                username: self.username,
                display_name: self.display_name,
            },
            recurring: self.recurring,
            links,
            version: self.version,
        }
    }
}

#[derive(FromRow)]
struct CoOrganizerRow {
    event_id: EventId,
    #[sqlx(flatten)]
    profile: PublicProfile,
}

#[derive(FromRow)]
struct EventWithOrganizer {
    #[sqlx(flatten)]
    row: EventRow,
    username: String,
    display_name: String,
    occurrence_count: i64,
}

/// Loads whole events, in the order of `ids`; whoever calls has checked who may see them.
pub(crate) async fn load(db: &mut impl Queries, ids: &[EventId], now: Timestamp) -> Result<Vec<Event>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places = placeholders(ids.len(), 1);
    let mut query = db.query(Sql::built(format!(
        "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category, u.username, u.display_name, (SELECT count(*) FROM occurrences o WHERE o.event_id = e.id) AS occurrence_count
         FROM events e JOIN users u ON u.id = e.organizer_id WHERE e.id IN ({places})"
    )));
    for id in ids {
        query = query.bind(*id);
    }
    let rows: Vec<EventWithOrganizer> = query.all().await?;

    let mut query = db.query(Sql::built(format!(
        "SELECT c.event_id, u.id, u.username, u.display_name FROM event_organizers c JOIN users u ON u.id = c.user_id
         WHERE c.event_id IN ({places}) ORDER BY c.created_at, u.id"
    )));
    for id in ids {
        query = query.bind(*id);
    }
    let co_organizers: Vec<CoOrganizerRow> = query.all().await?;

    let mut query = db
        .query(Sql::built(format!(
            "SELECT {OCCURRENCE_COLUMNS} FROM events e JOIN users u ON u.id = e.organizer_id JOIN occurrences o ON o.id = (
                SELECT n.id FROM occurrences n WHERE n.event_id = e.id AND n.starts_at >= $1 AND n.status = 'scheduled'
                ORDER BY n.starts_at, n.id LIMIT 1)
             WHERE e.id IN ({})",
            placeholders(ids.len(), 2)
        )))
        .bind(now);
    for id in ids {
        query = query.bind(*id);
    }
    let mut next: Vec<OccurrenceRow> = query.all().await?;

    let mut events = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(row) = rows.iter().find(|row| row.row.id == *id) else { continue };
        let co = co_organizers.iter().filter(|c| c.event_id == *id).map(|c| c.profile.clone()).collect();
        let next_occurrence =
            next.iter().position(|o| o.event_id == *id).map(|i| next.swap_remove(i).occurrence(now));
        events.push(row.event(co, next_occurrence)?);
    }
    Ok(events)
}

/// Loads one whole event.
pub(crate) async fn load_one(db: &mut impl Queries, id: EventId, now: Timestamp) -> Result<Event> {
    load(db, &[id], now).await?.pop().ok_or(Error::NotFound("event"))
}

impl EventWithOrganizer {
    fn event(&self, co_organizers: Vec<PublicProfile>, next_occurrence: Option<Occurrence>) -> Result<Event> {
        let row = &self.row;
        let tz = zone(&row.timezone);
        let span = row.span()?;
        let (starts_at, ends_at) = Moment::span(span.starts_at, span.ends_at, tz, row.all_day);
        let links = Linked {
            title: &row.title,
            location: &row.location,
            starts_at: span.starts_at,
            ends_at: span.ends_at,
            tz,
            all_day: row.all_day,
            ics: format!("/api/v1/events/{}.ics", row.id),
        }
        .links();
        Ok(Event {
            id: row.id,
            title: row.title.clone(),
            description: row.description.clone(),
            location: row.location.clone(),
            url: row.url.clone(),
            starts_at,
            ends_at,
            timezone: row.timezone.clone(),
            all_day: row.all_day,
            capacity: row.capacity,
            category: row.category.clone(),
            tags: row.tags()?,
            visibility: row.visibility,
            status: row.status,
            waitlist_enabled: row.waitlist_enabled,
            registration_opens_at: row.registration_opens_at.map(|at| Moment::at(at, tz)),
            registration_closes_at: row.registration_closes_at.map(|at| Moment::at(at, tz)),
            max_party_size: row.max_party_size,
            recurrence: row.recurrence()?,
            organizer: PublicProfile {
                id: row.organizer_id,
                username: self.username.clone(),
                display_name: self.display_name.clone(),
            },
            co_organizers,
            next_occurrence,
            occurrence_count: self.occurrence_count,
            links,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

/// Tags from how they are stored. What this program did not write is logged, and shown as none.
fn parse_tags(stored: &str) -> Vec<String> {
    serde_json::from_str(stored).unwrap_or_else(|error| {
        tracing::error!(%error, "the tags of an event can't be read");
        Vec::new()
    })
}
