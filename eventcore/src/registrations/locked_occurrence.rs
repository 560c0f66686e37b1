//! A date, locked, with all that a decision about its seats needs to know.

use sqlx::FromRow;

use super::json_args;
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::events::{EventStatus, OccurrenceStatus, Relation, Visibility};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::seats::{self, Seats};
use crate::time::Timestamp;

/// A date as decisions see it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Hall {
    pub(super) id: OccurrenceId,
    pub(super) event_id: EventId,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) status: OccurrenceStatus,
    pub(super) capacity: i64,
    pub(super) seats_taken: i64,
    pub(super) waitlist_length: i64,
    pub(super) next_waitlist_number: i64,
    pub(super) organizer_id: UserId,
    pub(super) event_status: EventStatus,
    pub(super) visibility: Visibility,
    pub(super) waitlist_enabled: bool,
    pub(super) registration_opens_at: Option<Timestamp>,
    pub(super) registration_closes_at: Option<Timestamp>,
    pub(super) max_party_size: i64,
    /// About who acts.
    co_organizes: bool,
    registered: bool,
    /// The party of the first who waits and is not passed over, be it by their wish or because the date is too small for them.
    pub(super) next_party: Option<i64>,
    /// About who holds something there, or wants to: nothing of them where they left.
    holder_name: Option<String>,
    holder_display_name: Option<String>,
    /// Whether they hold something.
    pub(super) holds: bool,
}

/// The columns of a [`Hall`], from `occurrences o`, `events e` and `users h`, where `actor` and `holder` are SQL for their ids.
fn columns(actor: &str, holder: &str) -> String {
    format!(
        "o.id, o.event_id, o.starts_at, o.ends_at, o.status, o.capacity, o.seats_taken, o.waitlist_length, o.next_waitlist_number,
            e.organizer_id, e.status AS event_status, e.visibility, e.waitlist_enabled, e.registration_opens_at, e.registration_closes_at,
            e.max_party_size,
            EXISTS (SELECT 1 FROM event_organizers c WHERE c.event_id = e.id AND c.user_id = {actor}) AS co_organizes,
            EXISTS (SELECT 1 FROM registrations r WHERE r.event_id = e.id AND r.user_id = {actor} AND r.status <> 'cancelled') AS registered,
            (SELECT w.party_size FROM registrations w WHERE w.occurrence_id = o.id AND w.status = 'waitlisted' AND w.auto_promote
                AND w.party_size <= o.capacity ORDER BY w.waitlist_number LIMIT 1) AS next_party,
            h.username AS holder_name, h.display_name AS holder_display_name,
            EXISTS (SELECT 1 FROM registrations m WHERE m.occurrence_id = o.id AND m.user_id = {holder} AND m.status <> 'cancelled') AS holds"
    )
}

/// A date for one of several.
#[derive(FromRow)]
struct HallOf {
    holder_id: UserId,
    #[sqlx(flatten)]
    hall: Hall,
}

impl Hall {
    /// Locks a date, for a change of what `holder` has there; free seats that someone waits for are handed out first.
    pub(super) async fn enter(
        tx: &mut Tx,
        actor: &Actor,
        occurrence: OccurrenceId,
        holder: UserId,
        now: Timestamp,
    ) -> Result<Self> {
        let locked = lock(tx, occurrence, holder).await?;
        let hall = Self::load(tx, actor, occurrence, Some(holder)).await?;
        if !(locked && hall.owes_seats(now)) {
            return Ok(hall);
        }
        seats::promote_waitlist(tx, occurrence, now).await?;
        Self::load(tx, actor, occurrence, Some(holder)).await
    }

    /// The same for people who come together, each for themselves. Whoever is not there, or all where the date is not, have no hall.
    pub(super) async fn enter_all(
        tx: &mut Tx,
        occurrence: OccurrenceId,
        people: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<(UserId, Self)>> {
        let people = json_args::ids(people);
        lock_all(tx, occurrence, &people).await?;
        let halls = Self::load_all(tx, occurrence, &people).await?;
        if !halls.first().is_some_and(|(_, hall)| hall.owes_seats(now)) {
            return Ok(halls);
        }
        seats::promote_waitlist(tx, occurrence, now).await?;
        Self::load_all(tx, occurrence, &people).await
    }

    /// Looks at a date, and at what the actor is to its event, and the holder to the date: in one statement, because a rush waits for each.
    pub(super) async fn load(
        db: &mut impl Queries,
        actor: &Actor,
        occurrence: OccurrenceId,
        holder: Option<UserId>,
    ) -> Result<Self> {
        db.query(Sql::built(format!(
            "SELECT {} FROM occurrences o JOIN events e ON e.id = o.event_id
                LEFT JOIN users h ON h.id = $3 AND h.deleted_at IS NULL WHERE o.id = $1",
            columns("$2", "$3")
        )))
        .bind(occurrence)
        .bind(actor.user_id())
        .bind(holder)
        .optional()
        .await?
        .ok_or(Error::NotFound("occurrence"))
    }

    async fn load_all(
        db: &mut impl Queries,
        occurrence: OccurrenceId,
        people: &str,
    ) -> Result<Vec<(UserId, Self)>> {
        let asking = match db.dialect() {
            Dialect::Sqlite => "SELECT unhex(value) AS id FROM json_each($2)",
            Dialect::Postgres => "SELECT value::uuid AS id FROM json_array_elements_text($2::json)",
        };
        let rows: Vec<HallOf> = db
            .query(Sql::built(format!(
                "SELECT h.id AS holder_id, {} FROM occurrences o JOIN events e ON e.id = o.event_id
                    JOIN users h ON h.deleted_at IS NULL AND h.id IN ({asking}) WHERE o.id = $1",
                columns("h.id", "h.id")
            )))
            .bind(occurrence)
            .bind(people.to_owned())
            .all()
            .await?;
        Ok(rows.into_iter().map(|row| (row.holder_id, row.hall)).collect())
    }

    /// The profile of the holder, whose id it is; nothing where they left.
    pub(super) fn holder(&self, id: UserId) -> Option<PublicProfile> {
        let (username, display_name) = (self.holder_name.clone()?, self.holder_display_name.clone()?);
        Some(PublicProfile { id, username, display_name })
    }

    fn relation(&self, actor: &Actor) -> Relation {
        Relation::of(actor, self.organizer_id, self.co_organizes, self.registered)
    }

    /// Passes who may see it: for all others there is no such date.
    pub(super) fn visible(self, actor: &Actor) -> Result<Self> {
        match self.relation(actor).must_see(self.event_status, self.visibility) {
            Ok(()) => Ok(self),
            Err(_) => Err(Error::NotFound("occurrence")),
        }
    }

    /// Passes its organizers.
    pub(super) fn organized(self, actor: &Actor) -> Result<Self> {
        let hall = self.visible(actor)?;
        hall.relation(actor).must_organize(hall.event_status, hall.visibility)?;
        Ok(hall)
    }

    pub(super) const fn seats(&self) -> Seats {
        Seats { capacity: self.capacity, taken: self.seats_taken, waiting: self.waitlist_length }
    }

    /// Whether free seats go to those who wait: it will take place, and has not begun.
    pub(super) fn hands_out(&self, now: Timestamp) -> bool {
        self.must_lie_ahead(now).is_ok()
    }

    /// Whether there are free seats that someone waits for.
    fn owes_seats(&self, now: Timestamp) -> bool {
        self.hands_out(now) && self.next_party.is_some_and(|party| self.seats().fit(party))
    }

    /// Passes while the date is to take place and has not begun.
    pub(super) fn must_lie_ahead(&self, now: Timestamp) -> Result<()> {
        match (self.event_status, self.status) {
            (EventStatus::Draft, _) => Err(Error::EventNotPublished),
            (EventStatus::Cancelled, _) | (_, OccurrenceStatus::Cancelled) => Err(Error::OccurrenceCancelled),
            _ if self.ends_at <= now => Err(Error::OccurrencePast),
            _ if self.starts_at <= now => Err(Error::OccurrenceBegun),
            _ => Ok(()),
        }
    }

    /// Passes while people may register by themselves.
    pub(super) fn must_be_open(&self, now: Timestamp) -> Result<()> {
        if self.registration_opens_at.is_some_and(|opens| now < opens) {
            Err(Error::RegistrationNotOpen)
        } else if self.registration_closes_at.is_some_and(|closes| closes <= now) {
            Err(Error::RegistrationClosed)
        } else {
            Ok(())
        }
    }
}

/// Keeps everyone else from the seats of a date, and the holder from leaving the system, until the transaction ends: who is about to delete their account
/// has done so, or waits until this is there to be cancelled. Answers whether both are there.
pub(super) async fn lock(tx: &mut Tx, occurrence: OccurrenceId, holder: UserId) -> Result<bool> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(true);
    }
    let lock = sql!(
        sqlite "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 WHERE o.id = $1",
        postgres "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 WHERE o.id = $1 FOR KEY SHARE OF u FOR UPDATE OF o"
    );
    let locked: Option<(OccurrenceId,)> = tx.query(lock).bind(occurrence).bind(holder).optional().await?;
    Ok(locked.is_some())
}

/// The same for several people. They come first, by their ids, as who deletes their account comes before their dates.
async fn lock_all(tx: &mut Tx, occurrence: OccurrenceId, people: &str) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let lock = sql!(
        sqlite "SELECT id FROM users WHERE id IN (SELECT unhex(value) FROM json_each($1)) ORDER BY id",
        postgres "SELECT id FROM users WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json)) ORDER BY id FOR KEY SHARE"
    );
    let _: Vec<(UserId,)> = tx.query(lock).bind(people.to_owned()).all().await?;
    seats::lock_occurrence(tx, occurrence).await
}
