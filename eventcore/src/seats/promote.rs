//! Promotion from the waitlist, in the transaction that freed the seats.

use sqlx::FromRow;

use super::rules::{self, Effect, Seats};
use crate::changes::Change;
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::Result;
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::time::Timestamp;

/// A registration that has moved from the waitlist to seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promoted {
    /// The registration.
    pub registration: RegistrationId,
    /// Whose registration it is.
    pub user: UserId,
}

/// Locks an occurrence and promotes from its waitlist; returns the promoted registrations in list order.
///
/// Does nothing if the occurrence was cancelled, is not published, or is no longer upcoming.
pub(crate) async fn promote_waitlist(
    tx: &mut Tx,
    occurrence: OccurrenceId,
    now: Timestamp,
) -> Result<Vec<Promoted>> {
    lock_occurrence(tx, occurrence).await?;
    let row: Option<SeatsRow> = tx
        .query(sql!(
            "SELECT o.capacity, o.seats_taken, o.waitlist_length FROM occurrences o
                JOIN events e ON e.id = o.event_id
             WHERE o.id = $1 AND o.upcoming_until > $2 AND o.status = 'scheduled' AND e.status = 'published'"
        ))
        .bind(occurrence)
        .bind(now)
        .optional()
        .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let mut seats = row.seats();
    let promoted = promote_from_waitlist(tx, occurrence, &mut seats, now).await?;
    if !promoted.is_empty() {
        save_counts(tx, occurrence, seats, now).await?;
    }
    Ok(promoted)
}

/// Locks the row of an occurrence until the transaction ends. SQLite's single writer needs no row locks.
pub(crate) async fn lock_occurrence(tx: &mut Tx, occurrence: OccurrenceId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let lock = tx.query(sql!("SELECT id FROM occurrences WHERE id = $1", for update));
        let _: Option<(OccurrenceId,)> = lock.bind(occurrence).optional().await?;
    }
    Ok(())
}

#[derive(FromRow)]
struct SeatsRow {
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
}

impl SeatsRow {
    const fn seats(&self) -> Seats {
        Seats { capacity: self.capacity, taken: self.seats_taken, waiting: self.waitlist_length }
    }
}

/// Registrations read from the head of the waitlist at once, when few or many seats are free. Bounded, so
/// that the cost of a promotion does not depend on the length of the list.
const FEW: usize = 4;
const MANY: usize = 100;

#[derive(FromRow)]
struct WaitingRow {
    id: RegistrationId,
    party_size: i64,
    waitlist_number: i64,
    user_id: UserId,
}

/// Promotes from the waitlist of a locked occurrence until the next party does not fit, and updates `seats`.
///
/// The caller stores the counts ([`save_counts`]).
async fn promote_from_waitlist(
    tx: &mut Tx,
    occurrence: OccurrenceId,
    seats: &mut Seats,
    now: Timestamp,
) -> Result<Vec<Promoted>> {
    let mut promoted = Vec::new();
    while seats.waiting > 0 && seats.fits(1) {
        let limit = if seats.fits(10) { MANY } else { FEW };
        let next: Vec<WaitingRow> = tx
            .query(Sql::dynamic(format!(
                "SELECT id, party_size, waitlist_number, user_id FROM registrations
                 WHERE occurrence_id = $1 AND status = 'waitlisted' AND auto_promote AND party_size <= $2
                 ORDER BY waitlist_number LIMIT {limit}"
            )))
            .bind(occurrence)
            .bind(seats.capacity)
            .all()
            .await?;
        let effects = rules::promote(*seats, next.iter().map(|next| (next.id, next.party_size)));
        let Some(last) = effects.len().checked_sub(1).and_then(|last| next.get(last)) else { break };
        // The promoted registrations are a prefix of those that are not passed over, so the last number
        // bounds them.
        tx.query(sql!(
            "UPDATE registrations SET status = 'confirmed', updated_at = $3
             WHERE occurrence_id = $1 AND status = 'waitlisted' AND auto_promote AND waitlist_number <= $2
                AND party_size <= $4"
        ))
        .bind(occurrence)
        .bind(last.waitlist_number)
        .bind(now)
        .bind(seats.capacity)
        .execute()
        .await?;
        for (effect, row) in effects.iter().zip(&next) {
            if let Effect::Promote { id: registration, .. } = *effect {
                tx.record(Change::Promoted { occurrence, registration, user: row.user_id });
                promoted.push(Promoted { registration, user: row.user_id });
            }
        }
        *seats = effects.iter().fold(*seats, Seats::after);
        if effects.len() < limit {
            break;
        }
    }
    Ok(promoted)
}

/// Stores the seat counts of a locked occurrence.
async fn save_counts(tx: &mut Tx, occurrence: OccurrenceId, seats: Seats, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET seats_taken = $2, waitlist_length = $3, seats_changed_at = $4 WHERE id = $1"
    ))
    .bind(occurrence)
    .bind(seats.taken)
    .bind(seats.waiting)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
