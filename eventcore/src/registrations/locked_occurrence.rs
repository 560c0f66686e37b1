//! An occurrence, locked, with everything that a decision about its seats needs.

use sqlx::FromRow;

use super::json_args;
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::events::{EventStatus, OccurrenceStatus, Offer, OpenPeriod, Relation, Visibility};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::seats::{self, Seats};
use crate::time::Timestamp;

/// The state of an occurrence that admission decides by, for one actor and one attendee.
#[derive(Debug, Clone, FromRow)]
pub(super) struct LockedOccurrence {
    pub(super) id: OccurrenceId,
    pub(super) event_id: EventId,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    all_day: bool,
    pub(super) status: OccurrenceStatus,
    pub(super) capacity: i64,
    pub(super) seats_taken: i64,
    pub(super) waitlist_length: i64,
    pub(super) next_waitlist_number: i64,
    pub(super) organizer_id: UserId,
    pub(super) event_status: EventStatus,
    pub(super) visibility: Visibility,
    pub(super) waitlist_enabled: bool,
    #[sqlx(flatten)]
    open_period: OpenPeriod,
    pub(super) max_party_size: i64,
    /// The actor is a co-organizer of the event.
    co_organizes: bool,
    /// The actor has a live registration for some occurrence of the event.
    registered: bool,
    /// Party size of the first waiting registration that is not passed over: it has `auto_promote`, and its
    /// party is no larger than the capacity.
    pub(super) next_party: Option<i64>,
    /// The attendee's name; `None` if the account does not exist or was deleted.
    attendee_name: Option<String>,
    attendee_display_name: Option<String>,
    /// The attendee has a live registration for this occurrence.
    pub(super) has_registration: bool,
}

/// The columns of a [`LockedOccurrence`], from `occurrences o`, `events e` and `users h`.
///
/// `actor` and `attendee` are SQL expressions for their ids.
fn columns(actor: &str, attendee: &str) -> String {
    format!(
        "o.id, o.event_id, o.starts_at, o.ends_at, o.all_day, o.status, o.capacity, o.seats_taken,
            o.waitlist_length, o.next_waitlist_number, e.organizer_id, e.status AS event_status, e.visibility,
            e.waitlist_enabled, o.registration_opens_at, o.registration_closes_at, e.max_party_size,
            EXISTS (SELECT 1 FROM event_organizers c WHERE c.event_id = e.id
                AND c.user_id = {actor}) AS co_organizes,
            EXISTS (SELECT 1 FROM registrations r WHERE r.event_id = e.id AND r.user_id = {actor}
                AND r.status <> 'cancelled') AS registered,
            (SELECT w.party_size FROM registrations w WHERE w.occurrence_id = o.id AND w.status = 'waitlisted'
                AND w.auto_promote AND w.party_size <= o.capacity
                ORDER BY w.waitlist_number LIMIT 1) AS next_party,
            h.username AS attendee_name, h.display_name AS attendee_display_name,
            EXISTS (SELECT 1 FROM registrations m WHERE m.occurrence_id = o.id AND m.user_id = {attendee}
                AND m.status <> 'cancelled') AS has_registration"
    )
}

/// The state of an occurrence for one of several attendees, each of whom is the actor too.
#[derive(FromRow)]
struct ForAttendee {
    attendee_id: UserId,
    #[sqlx(flatten)]
    occurrence: LockedOccurrence,
}

impl LockedOccurrence {
    /// Locks an occurrence for a change of the attendee's registration, and loads it.
    ///
    /// Seats that are due to the waitlist go to it first, so that the caller overtakes nobody.
    pub(super) async fn lock_and_load(
        tx: &mut Tx,
        actor: &Actor,
        occurrence: OccurrenceId,
        attendee: UserId,
        now: Timestamp,
    ) -> Result<Self> {
        let locked = lock(tx, occurrence, attendee).await?;
        let loaded = Self::load(tx, actor, occurrence, Some(attendee)).await?;
        if !(locked && loaded.must_promote_first(now)) {
            return Ok(loaded);
        }
        seats::promote_waitlist(tx, occurrence, now).await?;
        Self::load(tx, actor, occurrence, Some(attendee)).await
    }

    /// Locks an occurrence for new registrations of several users, and loads its state for each of them.
    ///
    /// Users that do not exist are left out; the result is empty if the occurrence does not exist.
    pub(super) async fn lock_and_load_for(
        tx: &mut Tx,
        occurrence: OccurrenceId,
        attendees: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<(UserId, Self)>> {
        let attendees = json_args::ids(attendees);
        lock_with_users(tx, occurrence, &attendees).await?;
        let loaded = Self::load_for(tx, occurrence, &attendees).await?;
        if !loaded.first().is_some_and(|(_, first)| first.must_promote_first(now)) {
            return Ok(loaded);
        }
        seats::promote_waitlist(tx, occurrence, now).await?;
        Self::load_for(tx, occurrence, &attendees).await
    }

    /// Loads an occurrence without locking it.
    ///
    /// The same statement loads relation and registration: under load each round trip to the server is
    /// expensive.
    pub(super) async fn load(
        db: &mut impl Queries,
        actor: &Actor,
        occurrence: OccurrenceId,
        attendee: Option<UserId>,
    ) -> Result<Self> {
        db.query(Sql::dynamic(format!(
            "SELECT {} FROM occurrences o JOIN events e ON e.id = o.event_id
                LEFT JOIN users h ON h.id = $3 AND h.deleted_at IS NULL WHERE o.id = $1",
            columns("$2", "$3")
        )))
        .bind(occurrence)
        .bind(actor.user_id())
        .bind(attendee)
        .optional()
        .await?
        .ok_or(Error::NotFound("occurrence"))
    }

    async fn load_for(
        db: &mut impl Queries,
        occurrence: OccurrenceId,
        attendees: &str,
    ) -> Result<Vec<(UserId, Self)>> {
        let ids = match db.dialect() {
            Dialect::Sqlite => "SELECT unhex(value) AS id FROM json_each($2)",
            Dialect::Postgres => "SELECT value::uuid AS id FROM json_array_elements_text($2::json)",
        };
        let rows: Vec<ForAttendee> = db
            .query(Sql::dynamic(format!(
                "SELECT h.id AS attendee_id, {} FROM occurrences o JOIN events e ON e.id = o.event_id
                    JOIN users h ON h.deleted_at IS NULL AND h.id IN ({ids}) WHERE o.id = $1",
                columns("h.id", "h.id")
            )))
            .bind(occurrence)
            .bind(attendees.to_owned())
            .all()
            .await?;
        Ok(rows.into_iter().map(|row| (row.attendee_id, row.occurrence)).collect())
    }

    /// The profile of the attendee with this id; `None` if the account was deleted.
    pub(super) fn attendee(&self, id: UserId) -> Option<PublicProfile> {
        let (username, display_name) = (self.attendee_name.clone()?, self.attendee_display_name.clone()?);
        Some(PublicProfile { id, username, display_name })
    }

    fn relation(&self, actor: &Actor) -> Relation {
        Relation::of(actor, self.organizer_id, self.co_organizes, self.registered)
    }

    /// Returns the occurrence if the actor may see it, else `not_found`.
    pub(super) fn visible(self, actor: &Actor) -> Result<Self> {
        match self.relation(actor).must_see(self.event_status, self.visibility) {
            Ok(()) => Ok(self),
            Err(_) => Err(Error::NotFound("occurrence")),
        }
    }

    /// Returns the occurrence if the actor organizes it, else `not_found` or `forbidden`.
    pub(super) fn organized(self, actor: &Actor) -> Result<Self> {
        let occurrence = self.visible(actor)?;
        occurrence.relation(actor).must_organize(occurrence.event_status, occurrence.visibility)?;
        Ok(occurrence)
    }

    pub(super) const fn seats(&self) -> Seats {
        Seats { capacity: self.capacity, taken: self.seats_taken, waiting: self.waitlist_length }
    }

    /// Whether free seats go to the waitlist: the occurrence takes place and is upcoming.
    pub(super) fn promotes(&self, now: Timestamp) -> bool {
        self.offer().upcoming(now).is_ok()
    }

    /// Whether seats are free that are due to the waitlist.
    fn must_promote_first(&self, now: Timestamp) -> bool {
        self.promotes(now) && self.next_party.is_some_and(|party| self.seats().fits(party))
    }

    pub(super) fn offer(&self) -> Offer {
        let &Self { event_status, status, starts_at, ends_at, all_day, open_period, .. } = self;
        let overbooked = self.seats_taken > self.capacity;
        Offer { event_status, status, starts_at, ends_at, all_day, open_period, overbooked }
    }

    /// Fails for a party larger than the event's `max_party_size`.
    pub(super) const fn must_allow(&self, party: i64) -> Result<()> {
        if party > self.max_party_size {
            Err(Error::PartyTooLarge { max: self.max_party_size })
        } else {
            Ok(())
        }
    }
}

/// Locks an occurrence, and the attendee's account against deletion; returns whether both exist.
///
/// A concurrent deletion of the account either has committed before, or waits and then cancels what this
/// transaction registers. SQLite's single writer needs no row locks.
pub(super) async fn lock(tx: &mut Tx, occurrence: OccurrenceId, attendee: UserId) -> Result<bool> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(true);
    }
    let lock = sql!(
        sqlite "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 WHERE o.id = $1",
        postgres "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 WHERE o.id = $1
            FOR KEY SHARE OF u FOR UPDATE OF o"
    );
    let locked: Option<(OccurrenceId,)> = tx.query(lock).bind(occurrence).bind(attendee).optional().await?;
    Ok(locked.is_some())
}

/// Locks several accounts against deletion, then the occurrence: users precede occurrences in the lock order.
async fn lock_with_users(tx: &mut Tx, occurrence: OccurrenceId, users: &str) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let lock = sql!(
        sqlite "SELECT id FROM users WHERE id IN (SELECT unhex(value) FROM json_each($1)) ORDER BY id",
        postgres "SELECT id FROM users WHERE id IN (SELECT value::uuid
            FROM json_array_elements_text($1::json))
            ORDER BY id FOR KEY SHARE"
    );
    let _: Vec<(UserId,)> = tx.query(lock).bind(users.to_owned()).all().await?;
    seats::lock_occurrence(tx, occurrence).await
}
