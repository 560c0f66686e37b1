//! Loading rows of `events` and `occurrences`, and converting them to [`Event`] and [`Occurrence`].

pub(super) mod created;

use chrono::NaiveDateTime;
use sqlx::FromRow;

use super::access::{Relation, co_organizes, is_registered};
use super::event::{Event, EventStatus, Occurrence, OccurrenceStatus, RecurrenceInWords, Visibility, zone};
use super::links::CalendarItem;
use super::offer::Offer;
use super::schedule::expansion::{self, Horizon, PlannedOccurrence};
use super::window::{OpenPeriod, RegistrationWindow, WindowEdge};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::counters::LABEL_SEPARATOR;
use crate::db::{Queries, Query, Sql, placeholders, sql};
use crate::error::{Error, Result};
use crate::id::{CategoryId, EventId, OccurrenceId, SubscriptionId, UserId};
use crate::phase::MAX_LENGTH;
use crate::search::DocumentTexts;
use crate::time::{Moment, Span, Timestamp, parse_local};

/// A row of `events`.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
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
    pub(super) registration_opens: Option<WindowEdge>,
    pub(super) registration_closes: Option<WindowEdge>,
    pub(crate) max_party_size: i64,
    pub(super) category_id: Option<CategoryId>,
    /// Slug of the category.
    pub(crate) category: Option<String>,
    /// JSON list of tags.
    pub(super) tags: String,
    pub(super) rrule: Option<String>,
    pub(super) rdate: String,
    pub(super) exdate: String,
    pub(crate) expanded_until: Option<Timestamp>,
    /// The calendar that it comes from.
    pub(super) subscription_id: Option<SubscriptionId>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: i64,
}

impl EventRow {
    /// The start as a local time of the event's zone.
    pub(crate) fn local(&self) -> Result<NaiveDateTime> {
        parse_local(&self.starts_local)
    }

    /// Start, end and length of the first occurrence.
    pub(crate) fn span(&self) -> Result<Span> {
        let tz = zone(&self.timezone);
        Ok(Span::stored(self.local()?, self.starts_offset_seconds, self.duration_seconds, self.all_day, tz))
    }

    /// The registration window of occurrences that do not override it.
    pub(crate) const fn window(&self) -> RegistrationWindow {
        RegistrationWindow { opens: self.registration_opens, closes: self.registration_closes }
    }

    /// The tags.
    pub(crate) fn tags(&self) -> Result<Vec<String>> {
        serde_json::from_str(&self.tags).map_err(Error::internal)
    }

    /// The texts by which occurrences are searched that inherit them.
    pub(crate) fn texts(&self) -> Result<DocumentTexts> {
        let (title, location) = (self.title.clone(), self.location.clone());
        Ok(DocumentTexts { title, location, description: self.description.clone(), tags: self.tags()? })
    }

    /// The occurrences that the rule plans; see [`expansion::expand`].
    pub(crate) fn expand(&self, from: Timestamp, horizon: &Horizon) -> Result<Vec<PlannedOccurrence>> {
        expansion::expand(&self.span()?, zone(&self.timezone), self.recurrence()?.as_ref(), from, horizon)
            .map_err(Error::internal)
    }
}

/// An event and the relation of the actor to it.
#[derive(Debug, Clone)]
pub(crate) struct EventForActor {
    pub(crate) row: EventRow,
    pub(crate) relation: Relation,
}

impl EventForActor {
    /// Fails with *not found* unless the actor can see the event.
    pub(crate) fn must_see(self) -> Result<Self> {
        self.relation.must_see(self.row.status, self.row.visibility)?;
        Ok(self)
    }

    /// Fails unless the actor can change the event: with *not found* if they cannot see it, else with
    /// *forbidden*.
    pub(crate) fn must_organize(self) -> Result<Self> {
        self.relation.must_organize(self.row.status, self.row.visibility)?;
        Ok(self)
    }

    /// Fails unless the actor can change the co-organizers.
    pub(crate) fn must_own(self) -> Result<Self> {
        self.relation.must_own(self.row.status, self.row.visibility)?;
        Ok(self)
    }
}

#[derive(FromRow)]
struct EventForActorRow {
    #[sqlx(flatten)]
    row: EventRow,
    co_organizes: bool,
    registered: bool,
}

impl EventForActorRow {
    fn for_actor(self, actor: &Actor) -> EventForActor {
        let relation = Relation::of(actor, self.row.organizer_id, self.co_organizes, self.registered);
        EventForActor { row: self.row, relation }
    }
}

/// Loads an event and the relation of the actor to it. The caller checks permissions with the methods of the
/// result.
pub(crate) async fn find(db: &mut impl Queries, actor: &Actor, id: EventId) -> Result<EventForActor> {
    let row: Option<EventForActorRow> = db
        .query(Sql::dynamic(format!(
            "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category,
                {} AS co_organizes, {} AS registered
             FROM events e WHERE e.id = $1",
            co_organizes("e.id", "$2"),
            is_registered("e.id", "$2")
        )))
        .bind(id)
        .bind(actor.user_id())
        .optional()
        .await?;
    row.map(|row| row.for_actor(actor)).ok_or(Error::NotFound("event"))
}

/// Locks an event until the transaction ends, then loads it as [`find`] does.
pub(crate) async fn find_locked(db: &mut impl Queries, actor: &Actor, id: EventId) -> Result<EventForActor> {
    // Lock first, then read: the second statement sees what was committed before the lock was granted. The
    // lock must allow foreign keys to the event (NO KEY UPDATE): a registration that is inserted meanwhile
    // holds the lock on its occurrence, which this transaction wants next.
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

/// The columns of [`OccurrenceRow`], from `occurrences o`, `events e` and `users u`, the organizer.
///
/// The overridden fields are one number with a bit for each of [`OVERRIDABLE`]: a column for each would cost
/// a page of occurrences more time. The names differ from those of `events`, whose columns a statement may
/// select as well.
pub(crate) const OCCURRENCE_COLUMNS: &str = "o.id AS o_id, o.event_id AS o_event_id, \
     o.original_start AS o_original_start, o.starts_at AS o_starts_at, o.ends_at AS o_ends_at, \
     o.status AS o_status, coalesce(o.title, e.title) AS o_title, \
     coalesce(o.description, e.description) AS o_description, \
     coalesce(o.location, e.location) AS o_location, \
     CASE WHEN NOT o.without_url THEN coalesce(o.url, e.url) END AS o_url, \
     CAST(CASE WHEN o.title IS NULL THEN 0 ELSE 1 END + CASE WHEN o.description IS NULL THEN 0 ELSE 2 END \
        + CASE WHEN o.location IS NULL THEN 0 ELSE 4 END \
        + CASE WHEN o.url IS NULL AND NOT o.without_url THEN 0 ELSE 8 END \
        + CASE WHEN o.capacity_override IS NULL THEN 0 ELSE 16 END \
        + CASE WHEN o.moved THEN 32 ELSE 0 END \
        + CASE WHEN o.registration_opens IS NULL THEN 0 WHEN o.registration_opens LIKE 'P%' THEN 128 \
            ELSE 64 END \
        + CASE WHEN o.registration_closes IS NULL THEN 0 WHEN o.registration_closes LIKE 'P%' THEN 512 \
            ELSE 256 END AS BIGINT) AS o_overrides, \
     o.capacity AS o_capacity, o.seats_taken AS o_seats_taken, o.waitlist_length AS o_waitlist_length, \
     o.version AS o_version, coalesce(o.timezone, e.timezone) AS o_timezone, o.all_day AS o_all_day, \
     e.status AS o_event_status, e.visibility AS o_visibility, \
     coalesce(o.waitlist_enabled, e.waitlist_enabled) AS o_waitlist_enabled, \
     o.registration_opens_at, o.registration_closes_at, \
     (e.rrule IS NOT NULL OR e.rdate <> '[]') AS o_recurring, \
     (SELECT c.slug FROM categories c WHERE c.id = o.category_id) AS o_category, o.tags AS o_tags, \
     u.id AS o_organizer_id, u.username AS o_username, u.display_name AS o_display_name";

/// The fields that an occurrence can override, in the order of their bits.
const OVERRIDABLE: [&str; 10] = [
    "title",
    "description",
    "location",
    "url",
    "capacity",
    "starts_at",
    "registration_opens_at",
    "registration_opens_before",
    "registration_closes_at",
    "registration_closes_before",
];

/// An occurrence with its inherited fields: a row of [`OCCURRENCE_COLUMNS`].
#[derive(Debug, Clone, FromRow)]
pub(crate) struct OccurrenceRow {
    #[sqlx(rename = "o_id")]
    pub(crate) id: OccurrenceId,
    #[sqlx(rename = "o_event_id")]
    pub(crate) event_id: EventId,
    #[sqlx(rename = "o_original_start")]
    original_start: Timestamp,
    #[sqlx(rename = "o_starts_at")]
    pub(crate) starts_at: Timestamp,
    #[sqlx(rename = "o_ends_at")]
    pub(crate) ends_at: Timestamp,
    #[sqlx(rename = "o_status")]
    status: OccurrenceStatus,
    #[sqlx(rename = "o_title")]
    pub(crate) title: String,
    #[sqlx(rename = "o_description")]
    pub(crate) description: String,
    #[sqlx(rename = "o_location")]
    pub(crate) location: String,
    #[sqlx(rename = "o_url")]
    url: Option<String>,
    #[sqlx(rename = "o_overrides")]
    overrides: i64,
    #[sqlx(rename = "o_capacity")]
    capacity: i64,
    #[sqlx(rename = "o_seats_taken")]
    seats_taken: i64,
    #[sqlx(rename = "o_waitlist_length")]
    waitlist_length: i64,
    #[sqlx(rename = "o_version")]
    version: i64,
    #[sqlx(rename = "o_timezone")]
    timezone: String,
    #[sqlx(rename = "o_all_day")]
    all_day: bool,
    #[sqlx(rename = "o_event_status")]
    pub(crate) event_status: EventStatus,
    #[sqlx(rename = "o_visibility")]
    visibility: Visibility,
    #[sqlx(rename = "o_waitlist_enabled")]
    waitlist_enabled: bool,
    #[sqlx(flatten)]
    open_period: OpenPeriod,
    #[sqlx(rename = "o_recurring")]
    recurring: bool,
    #[sqlx(rename = "o_category")]
    category: Option<String>,
    /// The tags, separated by [`LABEL_SEPARATOR`].
    #[sqlx(rename = "o_tags")]
    tags: String,
    #[sqlx(rename = "o_organizer_id")]
    pub(crate) organizer_id: UserId,
    #[sqlx(rename = "o_username")]
    username: String,
    #[sqlx(rename = "o_display_name")]
    display_name: String,
}

impl OccurrenceRow {
    fn overridden(&self) -> Vec<String> {
        let overridden = OVERRIDABLE.iter().enumerate().filter(|(bit, _)| self.overrides & (1 << bit) != 0);
        overridden.map(|(_, name)| (*name).to_owned()).collect()
    }

    fn offer(&self) -> Offer {
        let &Self { event_status, status, starts_at, ends_at, all_day, open_period, .. } = self;
        let overbooked = self.seats_taken > self.capacity;
        Offer { event_status, status, starts_at, ends_at, all_day, open_period, overbooked }
    }

    /// The occurrence as the API returns it at `now`.
    pub(crate) fn occurrence(self, now: Timestamp) -> Occurrence {
        let tz = zone(&self.timezone);
        let overridden = self.overridden();
        let registration_open = self.offer().registration(now).is_ok();
        let (starts_at, ends_at) = Moment::span(self.starts_at, self.ends_at, tz, self.all_day);
        let original_start = if self.all_day {
            Moment::day(self.original_start, tz)
        } else {
            Moment::at(self.original_start, tz)
        };
        let links = CalendarItem {
            title: &self.title,
            location: &self.location,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            tz,
            all_day: self.all_day,
            rrule: None,
            path: format!("/occurrences/{}", self.id),
        }
        .links();
        Occurrence {
            id: self.id,
            event_id: self.event_id,
            title: self.title,
            description: self.description,
            description_html: None,
            location: self.location,
            url: self.url,
            original_start,
            starts_at,
            ends_at,
            timezone: self.timezone,
            all_day: self.all_day,
            visibility: self.visibility,
            status: self.status,
            overridden,
            capacity: self.capacity,
            seats_taken: self.seats_taken,
            seats_left: (self.capacity - self.seats_taken).max(0),
            waitlist_length: self.waitlist_length,
            waitlist_enabled: self.waitlist_enabled,
            registration_open,
            registration_opens_at: self.open_period.opens_at.map(|at| Moment::at(at, tz)),
            registration_closes_at: self.open_period.closes_at.map(|at| Moment::at(at, tz)),
            category: self.category,
            tags: self.tags.split_terminator(LABEL_SEPARATOR).map(str::to_owned).collect(),
            organizer: PublicProfile {
                id: self.organizer_id,
                username: self.username,
                display_name: self.display_name,
            },
            recurring: self.recurring,
            recurrence: None,
            links,
            version: self.version,
        }
    }
}

/// SQL after the bounds of the next occurrence `n` of an event.
pub(super) const NEXT_OCCURRENCE: &str = " AND n.status = 'scheduled' ORDER BY n.starts_at, n.id LIMIT 1";

#[derive(FromRow)]
struct CoOrganizerRow {
    event_id: EventId,
    #[sqlx(flatten)]
    profile: PublicProfile,
}

/// An event with what `events` does not have.
#[derive(FromRow)]
pub(super) struct EventWithOrganizer {
    #[sqlx(flatten)]
    pub(super) row: EventRow,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) occurrence_count: i64,
}

/// Loads events in the order of `ids`, without those that do not exist. The caller checks permissions.
pub(crate) async fn load(db: &mut impl Queries, ids: &[EventId], now: Timestamp) -> Result<Vec<Event>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let in_ids = placeholders(ids.len(), 1);
    let text = format!(
        "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category,
            u.username, u.display_name,
            (SELECT count(*) FROM occurrences o WHERE o.event_id = e.id) AS occurrence_count
         FROM events e JOIN users u ON u.id = e.organizer_id WHERE e.id IN ({in_ids})"
    );
    let rows: Vec<EventWithOrganizer> = bind_ids(db.query(Sql::dynamic(text)), ids).all().await?;

    let text = format!(
        "SELECT c.event_id, u.id, u.username, u.display_name
         FROM event_organizers c JOIN users u ON u.id = c.user_id
         WHERE c.event_id IN ({in_ids}) ORDER BY c.created_at, u.id"
    );
    let co_organizers: Vec<CoOrganizerRow> = bind_ids(db.query(Sql::dynamic(text)), ids).all().await?;

    // The bound of the start is for the index: only an all-day occurrence is upcoming after its start.
    let text = format!(
        "SELECT {OCCURRENCE_COLUMNS}
         FROM events e JOIN users u ON u.id = e.organizer_id JOIN occurrences o ON o.id = (
            SELECT n.id FROM occurrences n
            WHERE n.event_id = e.id AND n.starts_at > CASE WHEN e.all_day THEN $2 ELSE $1 END
                AND n.upcoming_until > $1{NEXT_OCCURRENCE})
         WHERE e.id IN ({})",
        placeholders(ids.len(), 3)
    );
    let query = db.query(Sql::dynamic(text)).bind(now).bind(now.minus(MAX_LENGTH));
    let mut next: Vec<OccurrenceRow> = bind_ids(query, ids).all().await?;

    let mut events = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(row) = rows.iter().find(|row| row.row.id == *id) else { continue };
        let co_organizers =
            co_organizers.iter().filter(|row| row.event_id == *id).map(|row| row.profile.clone()).collect();
        let next_occurrence =
            next.iter().position(|row| row.event_id == *id).map(|i| next.swap_remove(i).occurrence(now));
        events.push(row.event(co_organizers, next_occurrence)?);
    }
    Ok(events)
}

fn bind_ids<'c>(query: Query<'c>, ids: &[EventId]) -> Query<'c> {
    ids.iter().fold(query, |query, id| query.bind(*id))
}

impl EventWithOrganizer {
    /// The event as the API returns it.
    pub(super) fn event(
        &self,
        co_organizers: Vec<PublicProfile>,
        mut next_occurrence: Option<Occurrence>,
    ) -> Result<Event> {
        let row = &self.row;
        let tz = zone(&row.timezone);
        let span = row.span()?;
        let (starts_at, ends_at) = Moment::span(span.starts_at, span.ends_at, tz, row.all_day);
        let links = CalendarItem {
            title: &row.title,
            location: &row.location,
            starts_at: span.starts_at,
            ends_at: span.ends_at,
            tz,
            all_day: row.all_day,
            rrule: row.rrule.as_deref(),
            path: format!("/events/{}", row.id),
        }
        .links();
        let (registration_opens_at, registration_opens_before) =
            WindowEdge::fields(row.registration_opens, tz);
        let (registration_closes_at, registration_closes_before) =
            WindowEdge::fields(row.registration_closes, tz);
        let recurrence = row.recurrence_with_text()?;
        if let (Some(next), Some(recurrence)) = (&mut next_occurrence, &recurrence) {
            next.recurrence = Some(RecurrenceInWords { text: recurrence.text.clone() });
        }
        Ok(Event {
            id: row.id,
            title: row.title.clone(),
            description: row.description.clone(),
            description_html: None,
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
            registration_opens_at,
            registration_opens_before,
            registration_closes_at,
            registration_closes_before,
            max_party_size: row.max_party_size,
            recurrence,
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
