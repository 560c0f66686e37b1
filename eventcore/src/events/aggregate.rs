//! [`EventAggregate`]: all that a change of an event depends on, locked and loaded by two statements.

use std::time::Duration;

use sqlx::FromRow;

use super::access::{Relation, co_organizes, is_registered};
use super::details::push_co_organizers;
use super::occurrence::state::{OCCURRENCE_STATE_COLUMNS, OccurrenceState};
use super::rows::{EventForActor, EventRow};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::db::{Dialect, Queries, Sql, SqlWriter, Tx};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::time::Timestamp;

/// An event and its occurrences that can still change, locked until the transaction ends.
#[derive(Debug, Clone)]
pub(super) struct EventAggregate {
    pub(super) event: EventRow,
    pub(super) organizer: PublicProfile,
    pub(super) co_organizers: Vec<PublicProfile>,
    /// The number of all its occurrences.
    pub(super) occurrence_count: i64,
    /// Whether any of its occurrences is over.
    pub(super) has_past: bool,
    /// The event's own search document.
    pub(super) document: i64,
    /// The occurrences that are not over, or whose original start is at most three days ago, by id. Empty
    /// until [`Self::lock_occurrences`].
    pub(super) remaining: Vec<OccurrenceState>,
}

#[derive(FromRow)]
struct AggregateRow {
    #[sqlx(flatten)]
    event: EventRow,
    co_organizes: bool,
    is_registered: bool,
    username: String,
    display_name: String,
    /// JSON list of profiles.
    co_organizers: String,
    occurrence_count: i64,
    has_past: bool,
    document_id: i64,
    seen_version: i64,
    seen_expanded_until: Option<Timestamp>,
}

impl AggregateRow {
    /// Whether the subqueries saw the event as it is.
    ///
    /// At READ COMMITTED, a statement that waits for a lock returns the locked row as it is then, but its
    /// subqueries as everything was when the statement began. Whatever changes what they read, except the
    /// registrations of the actor, changes one of these columns under the same lock.
    fn is_current(&self) -> bool {
        (self.event.version, self.event.expanded_until) == (self.seen_version, self.seen_expanded_until)
    }
}

impl EventAggregate {
    /// Locks and loads an event that the actor can change, without its occurrences.
    ///
    /// # Errors
    /// `not_found` if the actor cannot see it, `forbidden` if they cannot change it, `subscribed_event` if
    /// only a calendar that is followed can.
    pub(super) async fn lock(tx: &mut Tx, actor: &Actor, id: EventId, now: Timestamp) -> Result<Self> {
        let locked = Self::lock_organized(tx, actor, id, now).await?;
        locked.event.must_be_editable(actor)?;
        Ok(locked)
    }

    /// As [`Self::lock`], also for an event of a calendar that is followed.
    pub(super) async fn lock_organized(
        tx: &mut Tx,
        actor: &Actor,
        id: EventId,
        now: Timestamp,
    ) -> Result<Self> {
        tx.act_as(actor.user_id());
        let mut row = lock_and_load(tx, actor, id, now).await?;
        while !row.is_current() {
            // The row is locked by now, so the subqueries of the next one see what belongs to it.
            row = lock_and_load(tx, actor, id, now).await?;
        }
        let relation = Relation::of(actor, row.event.organizer_id, row.co_organizes, row.is_registered);
        let event = EventForActor { row: row.event, relation }.must_organize()?.row;
        Ok(Self {
            organizer: PublicProfile {
                id: event.organizer_id,
                username: row.username,
                display_name: row.display_name,
            },
            event,
            co_organizers: serde_json::from_str(&row.co_organizers).map_err(Error::internal)?,
            occurrence_count: row.occurrence_count,
            has_past: row.has_past,
            document: row.document_id,
            remaining: Vec::new(),
        })
    }

    /// Locks and loads the occurrences that can still change.
    pub(super) async fn lock_occurrences(&mut self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        self.remaining = lock_remaining(tx, self.event.id, now).await?;
        Ok(())
    }

    /// The earliest original start among the occurrences that are not over, at most `now`: occurrences of the
    /// rule before it can no longer change.
    pub(super) fn changeable_from(&self, now: Timestamp) -> Timestamp {
        let not_over = self.remaining.iter().filter(|occurrence| !occurrence.is_over(now));
        not_over.map(|occurrence| occurrence.original_start).min().map_or(now, |first| first.min(now))
    }

    /// The number of occurrences that start after `now`.
    pub(super) fn future_occurrences(&self, now: Timestamp) -> i64 {
        let future = self.remaining.iter().filter(|occurrence| occurrence.starts_at > now).count();
        i64::try_from(future).unwrap_or(i64::MAX)
    }
}

/// What is over is loaded as long as its day may be today in some time zone: no other occurrence of the event
/// is added on that day.
const RECENT: Duration = Duration::from_hours(72);

/// Locks and loads the occurrences of a locked event that are not over, or whose original start is at most
/// three days ago, by id.
///
/// The rows are as they are when the lock is granted. None can be added meanwhile: that takes the lock on the
/// event.
pub(super) async fn lock_remaining(
    tx: &mut Tx,
    event: EventId,
    now: Timestamp,
) -> Result<Vec<OccurrenceState>> {
    let mut text = format!(
        "SELECT {OCCURRENCE_STATE_COLUMNS} FROM occurrences
         WHERE event_id = $1 AND (ends_at > $2 OR original_start > $3) ORDER BY id"
    );
    if tx.dialect() == Dialect::Postgres {
        text.push_str(" FOR UPDATE");
    }
    Ok(tx.query(Sql::dynamic(text)).bind(event).bind(now).bind(now.minus(RECENT)).all().await?)
}

async fn lock_and_load(tx: &mut Tx, actor: &Actor, id: EventId, now: Timestamp) -> Result<AggregateRow> {
    let mut sql = SqlWriter::new(tx.dialect());
    let actor = sql.placeholder(actor.user_id().map(crate::id::UserId::as_uuid));
    sql.push("SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category, ");
    sql.push(&co_organizes("e.id", &actor)).push(" AS co_organizes, ");
    sql.push(&is_registered("e.id", &actor)).push(" AS is_registered, ");
    // Not joins: when the organizer changes during the wait for the lock, a join would find no row.
    sql.push("(SELECT u.username FROM users u WHERE u.id = e.organizer_id) AS username, ");
    sql.push("(SELECT u.display_name FROM users u WHERE u.id = e.organizer_id) AS display_name, ");
    push_co_organizers(&mut sql);
    sql.push(", ");
    sql.push("(SELECT count(*) FROM occurrences o WHERE o.event_id = e.id) AS occurrence_count, ");
    sql.push("EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id AND o.ends_at <= ").value(now);
    sql.push(") AS has_past, ");
    sql.push("(SELECT min(d.id) FROM search_documents d WHERE d.event_id = e.id) AS document_id, ");
    sql.push("(SELECT s.version FROM events s WHERE s.id = e.id) AS seen_version, ");
    sql.push("(SELECT s.expanded_until FROM events s WHERE s.id = e.id) AS seen_expanded_until");
    // The lock must allow foreign keys to the event (NO KEY UPDATE): a registration that is inserted
    // meanwhile holds the lock on its occurrence, which this transaction wants next.
    sql.push(" FROM events e WHERE e.id = ").value(id.as_uuid()).push_for_postgres(" FOR NO KEY UPDATE OF e");
    let row: Option<AggregateRow> = sql.query(tx).optional().await?;
    row.ok_or(Error::NotFound("event"))
}
