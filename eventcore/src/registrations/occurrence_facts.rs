//! An occurrence and its event, as far as registrations depend on them.

use sqlx::FromRow;

use crate::actor::Actor;
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::events::{
    EventStatus, OccurrenceStatus, Offer, OpenPeriod, Relation, Visibility, co_organizes, is_registered,
};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::seats::Seats;
use crate::time::Timestamp;

/// An occurrence for one actor.
#[derive(Debug, Clone, FromRow)]
pub(super) struct OccurrenceFacts {
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
}

/// The columns of [`OccurrenceFacts`], from `occurrences o` and `events e`. `actor` is an SQL expression for
/// the id of the actor.
pub(super) fn columns(actor: &str) -> String {
    format!(
        "o.id, o.event_id, o.starts_at, o.ends_at, o.all_day, o.status, o.capacity, o.seats_taken,
            o.waitlist_length, o.next_waitlist_number, e.organizer_id, e.status AS event_status, e.visibility,
            e.waitlist_enabled, o.registration_opens_at, o.registration_closes_at, e.max_party_size,
            {} AS co_organizes, {} AS registered",
        co_organizes("e.id", actor),
        is_registered("e.id", actor)
    )
}

impl OccurrenceFacts {
    /// Loads an occurrence without locking it.
    pub(super) async fn load(db: &mut impl Queries, actor: &Actor, occurrence: OccurrenceId) -> Result<Self> {
        db.query(Sql::dynamic(format!(
            "SELECT {} FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.id = $1",
            columns("$2")
        )))
        .bind(occurrence)
        .bind(actor.user_id())
        .optional()
        .await?
        .ok_or(Error::NotFound("occurrence"))
    }

    /// A public occurrence in the year 2100, for tests of rules.
    #[cfg(test)]
    pub(super) fn example(capacity: i64, waitlist_enabled: bool) -> Self {
        let day = |text: &str| text.parse().unwrap_or(Timestamp::MAX);
        let id = uuid::Uuid::nil();
        Self {
            id: id.into(),
            event_id: id.into(),
            starts_at: day("2100-01-01T10:00:00Z"),
            ends_at: day("2100-01-01T12:00:00Z"),
            all_day: false,
            status: OccurrenceStatus::Scheduled,
            capacity,
            seats_taken: 0,
            waitlist_length: 0,
            next_waitlist_number: 1,
            organizer_id: id.into(),
            event_status: EventStatus::Published,
            visibility: Visibility::Public,
            waitlist_enabled,
            open_period: OpenPeriod::default(),
            max_party_size: 4,
            co_organizes: false,
            registered: false,
        }
    }

    fn relation(&self, actor: &Actor) -> Relation {
        Relation::of(actor, self.organizer_id, self.co_organizes, self.registered)
    }

    /// Fails with `not_found` unless the actor may see the occurrence.
    pub(super) fn must_be_visible(&self, actor: &Actor) -> Result<()> {
        let seen = self.relation(actor).must_see(self.event_status, self.visibility);
        seen.map_err(|_| Error::NotFound("occurrence"))
    }

    /// Fails with `not_found` or `forbidden` unless the actor organizes the occurrence.
    pub(super) fn must_be_organized(&self, actor: &Actor) -> Result<()> {
        self.must_be_visible(actor)?;
        self.relation(actor).must_organize(self.event_status, self.visibility)
    }

    /// The stored seat counts.
    pub(super) const fn seats(&self) -> Seats {
        Seats { capacity: self.capacity, taken: self.seats_taken, waiting: self.waitlist_length }
    }

    /// Whether it can be registered for, with these seats.
    pub(super) fn offer(&self, seats: Seats) -> Offer {
        let &Self { event_status, status, starts_at, ends_at, all_day, open_period, .. } = self;
        let overbooked = seats.taken > seats.capacity;
        Offer { event_status, status, starts_at, ends_at, all_day, open_period, overbooked }
    }

    /// Whether free seats go to the waitlist: the occurrence takes place and is upcoming.
    pub(super) fn promotes(&self, now: Timestamp) -> bool {
        self.offer(self.seats()).upcoming(now).is_ok()
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

/// Locks an account against deletion, and an occurrence. SQLite's single writer needs no row locks.
pub(super) async fn lock(tx: &mut Tx, occurrence: OccurrenceId, user: UserId) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let lock = sql!(
        sqlite "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 WHERE o.id = $1",
        postgres "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 WHERE o.id = $1
            FOR KEY SHARE OF u FOR UPDATE OF o"
    );
    let _: Option<(OccurrenceId,)> = tx.query(lock).bind(occurrence).bind(user).optional().await?;
    Ok(())
}
