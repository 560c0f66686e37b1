//! Passing free seats on to those who wait, in the transaction that freed them.

use sqlx::FromRow;

use super::rules::{self, Effect, Seats};
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::Result;
use crate::id::{EventId, OccurrenceId, RegistrationId};
use crate::time::Timestamp;

/// Passes the free seats of an event's dates on to who waits for them. To be called in the transaction that raised capacities or brought dates
/// back, after it has written (and so locked) the rows of the dates.
pub(crate) async fn promote_event_waitlists(tx: &mut Tx, event: EventId, now: Timestamp) -> Result<()> {
    let dates: Vec<(OccurrenceId,)> = tx
        .query(sql!(
            "SELECT id FROM occurrences WHERE event_id = $1 AND starts_at > $2 AND waitlist_length > 0 AND seats_taken < capacity ORDER BY id",
            for update
        ))
        .bind(event)
        .bind(now)
        .all()
        .await?;
    for (date,) in dates {
        promote_waitlist(tx, date, now).await?;
    }
    Ok(())
}

/// The same for one date; answers whose wait is over, in order. Nothing happens where the date does not take place or has begun.
pub(crate) async fn promote_waitlist(
    tx: &mut Tx,
    occurrence: OccurrenceId,
    now: Timestamp,
) -> Result<Vec<RegistrationId>> {
    lock_occurrence(tx, occurrence).await?;
    let row: Option<SeatsRow> = tx
        .query(sql!(
            "SELECT o.capacity, o.seats_taken, o.waitlist_length FROM occurrences o JOIN events e ON e.id = o.event_id
             WHERE o.id = $1 AND o.starts_at > $2 AND o.status = 'scheduled' AND e.status = 'published'"
        ))
        .bind(occurrence)
        .bind(now)
        .optional()
        .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let mut seats = row.seats();
    let promoted = promote_from_waitlist(tx, occurrence, &mut seats, now).await?;
    if !promoted.is_empty() {
        save_counts(tx, occurrence, seats).await?;
    }
    Ok(promoted)
}

/// Keeps everyone else from the seats of a date until the transaction ends. SQLite's single writer does so anyway.
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

/// Those who are next, as far as one look into the list goes: what a look costs must not depend on the length of the list.
const FEW: usize = 4;
const MANY: usize = 100;

#[derive(FromRow)]
struct Next {
    id: RegistrationId,
    party_size: i64,
    waitlist_number: i64,
}

/// Promotes from a locked date as long as the first who is not passed over fits, and counts that in `seats`, which are the caller's to keep.
pub(crate) async fn promote_from_waitlist(
    tx: &mut Tx,
    occurrence: OccurrenceId,
    seats: &mut Seats,
    now: Timestamp,
) -> Result<Vec<RegistrationId>> {
    let mut promoted = Vec::new();
    while seats.waiting > 0 && seats.fit(1) {
        let look = if seats.fit(10) { MANY } else { FEW };
        let next: Vec<Next> = tx
            .query(Sql::built(format!(
                "SELECT id, party_size, waitlist_number FROM registrations
                 WHERE occurrence_id = $1 AND status = 'waitlisted' AND auto_promote AND party_size <= $2 ORDER BY waitlist_number LIMIT {look}"
            )))
            .bind(occurrence)
            .bind(seats.capacity)
            .all()
            .await?;
        let effects = rules::promote(*seats, next.iter().map(|next| (next.id, next.party_size)));
        let Some(last) = effects.len().checked_sub(1).and_then(|last| next.get(last)) else { break };
        // They are the first of those who are not passed over: all up to the last of them.
        tx.query(sql!(
            "UPDATE registrations SET status = 'confirmed', updated_at = $3
             WHERE occurrence_id = $1 AND status = 'waitlisted' AND auto_promote AND waitlist_number <= $2 AND party_size <= $4"
        ))
        .bind(occurrence)
        .bind(last.waitlist_number)
        .bind(now)
        .bind(seats.capacity)
        .execute()
        .await?;
        *seats = effects.iter().fold(*seats, Seats::after);
        promoted.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Promote { who, .. } => Some(*who),
            _ => None,
        }));
        if effects.len() < look {
            break;
        }
    }
    Ok(promoted)
}

/// Writes the numbers of a locked date.
pub(crate) async fn save_counts(tx: &mut Tx, occurrence: OccurrenceId, seats: Seats) -> Result<()> {
    tx.query(sql!("UPDATE occurrences SET seats_taken = $2, waitlist_length = $3 WHERE id = $1"))
        .bind(occurrence)
        .bind(seats.taken)
        .bind(seats.waiting)
        .execute()
        .await?;
    Ok(())
}
