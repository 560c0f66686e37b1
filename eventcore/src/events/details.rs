//! One event or one occurrence with all that the API shows of it, by one statement: under load each round
//! trip to the server costs more than what it reads. All of it is of one moment.

use sqlx::FromRow;

use super::access::{Relation, co_organizes, is_registered};
use super::event::{Event, Occurrence, RecurrenceInWords};
use super::last_modified::Dates;
use super::rows::{EventRow, EventWithOrganizer, NEXT_OCCURRENCE, OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::accounts::{Caller, CallerRow, identify};
use crate::db::{Dialect, Joinable, LeftJoined, Queries, SqlWriter};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::phase::MAX_LENGTH;
use crate::time::Timestamp;

/// What a read found, and what decides who may see it.
#[derive(Debug, Clone)]
pub(super) struct Details<T> {
    value: T,
    relation: Relation,
    event: EventRow,
    modified_at: Timestamp,
}

impl<T> Details<T> {
    /// The value, and when it last changed; fails with *not found* unless the actor can see the event.
    pub(super) fn must_see(self) -> Result<(T, Timestamp)> {
        self.relation.must_see(self.event.status, self.event.visibility)?;
        Ok((self.value, self.modified_at))
    }

    /// The value, for callers that have checked permissions.
    pub(super) fn into_value(self) -> T {
        self.value
    }
}

/// An event, how the actor is related to it, and when it changed.
#[derive(FromRow)]
struct EventForReader {
    #[sqlx(flatten)]
    caller: CallerRow,
    #[sqlx(flatten)]
    row: EventRow,
    username: String,
    display_name: String,
    co_organizes: bool,
    is_registered: bool,
    #[sqlx(flatten)]
    dates: Dates,
}

impl EventForReader {
    fn details<T>(self, value: T, caller: &Caller, now: Timestamp) -> Result<Details<T>> {
        let actor = self.caller.actor(caller)?;
        let relation = Relation::of(&actor, self.row.organizer_id, self.co_organizes, self.is_registered);
        Ok(Details { value, relation, modified_at: self.dates.last_modified(now), event: self.row })
    }
}

#[derive(FromRow)]
struct EventDetails {
    #[sqlx(flatten)]
    event: EventForReader,
    occurrence_count: i64,
    /// JSON list of profiles.
    co_organizers: String,
    #[sqlx(flatten)]
    next: LeftJoined<OccurrenceRow>,
}

#[derive(FromRow)]
struct OccurrenceDetails {
    #[sqlx(flatten)]
    event: EventForReader,
    #[sqlx(flatten)]
    occurrence: OccurrenceRow,
}

impl Joinable for OccurrenceRow {
    const KEY: &'static str = "o_id";
}

/// Loads an event.
pub(super) async fn event(
    db: &mut impl Queries,
    caller: &Caller,
    id: EventId,
    now: Timestamp,
) -> Result<Details<Event>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT ");
    push_event(&mut sql, caller.user_id());
    sql.push(Dates::OF_EVENT).push(", ");
    push_co_organizers(&mut sql);
    sql.push(", ").push(OCCURRENCE_COLUMNS);
    sql.push(" FROM events e JOIN users u ON u.id = e.organizer_id");
    sql.push(CATEGORY);
    Dates::push_join(&mut sql, id, now);
    sql.push(" LEFT JOIN occurrences o ON o.id = ");
    // The bound of the start is for the index: only an all-day occurrence is upcoming after its start.
    sql.push(
        "(SELECT n.id FROM occurrences n WHERE n.event_id = e.id AND n.starts_at > CASE WHEN e.all_day THEN ",
    );
    sql.value(now.minus(MAX_LENGTH))
        .push(" ELSE ")
        .value(now)
        .push(" END AND n.upcoming_until > ")
        .value(now);
    sql.push(NEXT_OCCURRENCE).push(")");
    CallerRow::push_join(&mut sql, caller, now);
    sql.push(" WHERE e.id = ").value(id.as_uuid());
    let found: Option<EventDetails> = sql.query(db).optional().await?;
    let Some(found) = found else { return not_found(db, caller, "event", now).await };
    let co_organizers = serde_json::from_str(&found.co_organizers).map_err(Error::internal)?;
    let next = found.next.0.map(|row| row.occurrence(now));
    let with_organizer = EventWithOrganizer {
        row: found.event.row.clone(),
        username: found.event.username.clone(),
        display_name: found.event.display_name.clone(),
        occurrence_count: found.occurrence_count,
    };
    let event = with_organizer.event(co_organizers, next)?;
    found.event.details(event, caller, now)
}

/// Loads an occurrence.
pub(super) async fn occurrence(
    db: &mut impl Queries,
    caller: &Caller,
    id: OccurrenceId,
    now: Timestamp,
) -> Result<Details<Occurrence>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT ");
    push_event(&mut sql, caller.user_id());
    sql.push(Dates::OF_OCCURRENCE).push(", ").push(OCCURRENCE_COLUMNS);
    sql.push(" FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id");
    sql.push(CATEGORY);
    CallerRow::push_join(&mut sql, caller, now);
    sql.push(" WHERE o.id = ").value(id.as_uuid());
    let found: Option<OccurrenceDetails> = sql.query(db).optional().await?;
    let Some(OccurrenceDetails { event, occurrence }) = found else {
        return not_found(db, caller, "occurrence", now).await;
    };
    let mut occurrence = occurrence.occurrence(now);
    if occurrence.recurring {
        let recurrence = event.row.recurrence_with_text()?;
        occurrence.recurrence = recurrence.map(|recurrence| RecurrenceInWords { text: recurrence.text });
    }
    event.details(occurrence, caller, now)
}

/// The error for what does not exist, unless the caller is no longer signed in: then that is the error.
async fn not_found<T>(
    db: &mut impl Queries,
    caller: &Caller,
    what: &'static str,
    now: Timestamp,
) -> Result<T> {
    identify(db, caller, now).await?;
    Err(Error::NotFound(what))
}

/// Joins the category of an event `e`.
const CATEGORY: &str = " LEFT JOIN categories ec ON ec.id = e.category_id";

/// Writes the columns of [`EventForReader`], without the dates, for an event `e` with its [`CATEGORY`].
fn push_event(sql: &mut SqlWriter, reader: Option<UserId>) {
    let reader = sql.placeholder(reader.map(UserId::as_uuid));
    sql.push(CallerRow::COLUMNS).push(", e.*, ec.slug AS category, ");
    sql.push("u.username, u.display_name, ");
    sql.push(&co_organizes("e.id", &reader)).push(" AS co_organizes, ");
    sql.push(&is_registered("e.id", &reader)).push(" AS is_registered, ");
}

/// Writes the column `co_organizers` of an event `e`: a JSON list of profiles.
pub(super) fn push_co_organizers(sql: &mut SqlWriter) {
    let profiles = match sql.dialect() {
        Dialect::Sqlite => {
            "json_group_array(json_object('id', lower(hex(p.id)), 'username', p.username,
                'display_name', p.display_name) ORDER BY c.created_at, p.id)"
        }
        Dialect::Postgres => {
            "CAST(json_agg(json_build_object('id', p.id, 'username', p.username,
                'display_name', p.display_name) ORDER BY c.created_at, p.id) AS TEXT)"
        }
    };
    sql.push("coalesce((SELECT ").push(profiles);
    sql.push(" FROM event_organizers c JOIN users p ON p.id = c.user_id WHERE c.event_id = e.id), '[]')");
    sql.push(" AS co_organizers");
}
