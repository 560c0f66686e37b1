//! Newcomers at the door of a locked date: who gets what, one after the other, and writing it down for all of them at once.

use super::locked_occurrence::Hall;
use super::registration::{Party, Registered, RegistrationRow, RegistrationStatus, must_be_none};
use super::{json_args, ticket};
use crate::accounts::PublicProfile;
use crate::db::{Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, RegistrationId};
use crate::seats::{self, Effect, Seats};
use crate::time::Timestamp;

/// Who registers someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Oneself,
    Organizer,
}

/// Passes a party that the event allows.
pub(super) const fn must_be_allowed(hall: &Hall, party: i64) -> Result<()> {
    if party > hall.max_party_size { Err(Error::PartyTooLarge { max: hall.max_party_size }) } else { Ok(()) }
}

/// What a date has left while newcomers are let in, and what they got.
#[derive(Debug)]
pub(super) struct Admission {
    occurrence: OccurrenceId,
    event: EventId,
    seats: Seats,
    /// Someone waits who is not passed over.
    someone_next: bool,
    next_waitlist_number: i64,
    admitted: Vec<RegistrationRow>,
}

impl Admission {
    pub(super) fn of(hall: &Hall) -> Self {
        Self {
            occurrence: hall.id,
            event: hall.event_id,
            seats: hall.seats(),
            someone_next: hall.next_party.is_some(),
            next_waitlist_number: hall.next_waitlist_number,
            admitted: Vec::new(),
        }
    }

    /// Lets a newcomer in, to a seat or to the end of the list; `hall` is the date as it was for them before any were let in.
    pub(super) fn admit(
        &mut self,
        hall: &Hall,
        holder: PublicProfile,
        party: &Party,
        by: By,
        now: Timestamp,
    ) -> Result<Registered> {
        must_be_none(party.expected)?;
        hall.must_lie_ahead(now)?;
        if by == By::Oneself {
            hall.must_be_open(now)?;
        }
        let size = party.party_size.unwrap_or(1);
        must_be_allowed(hall, size)?;
        let effect = seats::admit(self.seats, self.someone_next, hall.waitlist_enabled, size)?;
        let joins = matches!(effect, Effect::Join { .. });
        let row = RegistrationRow {
            id: RegistrationId::at(now),
            occurrence_id: self.occurrence,
            event_id: self.event,
            user_id: holder.id,
            username: holder.username,
            display_name: holder.display_name,
            status: if joins { RegistrationStatus::Waitlisted } else { RegistrationStatus::Confirmed },
            party_size: size,
            waitlist_number: joins.then_some(self.next_waitlist_number),
            auto_promote: party.auto_promote.unwrap_or(true),
            ticket_code: ticket::new_code()?,
            checked_in_at: None,
            checked_in_by: None,
            created_at: now,
            updated_at: now,
        };
        self.seats = self.seats.after(&effect);
        self.next_waitlist_number += i64::from(joins);
        self.someone_next |= joins && row.auto_promote && self.seats.hold(size);
        self.admitted.push(row.clone());
        // Who joins stands at the end.
        let registration = row.registration(joins.then_some(self.seats.waiting));
        Ok(Registered { registration, created: true })
    }

    /// Writes who was let in `now`, and what the date has after it, at one go: in a rush each way to the database counts.
    pub(super) async fn keep(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        match self.admitted.as_slice() {
            [] => Ok(()),
            [one] => self.keep_one(tx, one, now).await,
            _ => self.keep_all(tx, now).await,
        }
    }

    /// One by themselves, as most come: without the detour over JSON, which SQLite would feel in a rush.
    async fn keep_one(&self, tx: &mut Tx, one: &RegistrationRow, now: Timestamp) -> Result<()> {
        tx.query(sql!(
            sqlite "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, auto_promote, ticket_code,
                created_at, updated_at)
             VALUES ($4, $1, $2, $5, $6, $7, $8, $9, $10, $3, $3);
             UPDATE occurrences SET seats_taken = $11, waitlist_length = $12, next_waitlist_number = $13, registered = TRUE WHERE id = $1",
            postgres "WITH added AS (
                INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, auto_promote, ticket_code,
                    created_at, updated_at)
                VALUES ($4, $1, $2, $5, $6, $7, $8, $9, $10, $3, $3))
             UPDATE occurrences SET seats_taken = $11, waitlist_length = $12, next_waitlist_number = $13, registered = TRUE WHERE id = $1"
        ))
        .bind(self.occurrence)
        .bind(self.event)
        .bind(now)
        .bind(one.id)
        .bind(one.user_id)
        .bind(one.status)
        .bind(one.party_size)
        .bind(one.waitlist_number)
        .bind(one.auto_promote)
        .bind(one.ticket_code.clone())
        .bind(self.seats.taken)
        .bind(self.seats.waiting)
        .bind(self.next_waitlist_number)
        .execute_last()
        .await?;
        Ok(())
    }

    async fn keep_all(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        tx.query(sql!(
            sqlite "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, auto_promote, ticket_code,
                created_at, updated_at)
             SELECT unhex(value ->> 'id'), $1, $2, unhex(value ->> 'user_id'), value ->> 'status', value ->> 'party_size',
                value ->> 'waitlist_number', value ->> 'auto_promote', value ->> 'ticket_code', $3, $3 FROM json_each($4);
             UPDATE occurrences SET seats_taken = $5, waitlist_length = $6, next_waitlist_number = $7, registered = TRUE WHERE id = $1",
            postgres "WITH added AS (
                INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, auto_promote, ticket_code,
                    created_at, updated_at)
                SELECT id, $1, $2, user_id, status, party_size, waitlist_number, auto_promote, ticket_code, $3, $3
                FROM json_to_recordset($4::json) AS people (id uuid, user_id uuid, status text, party_size bigint, waitlist_number bigint,
                    auto_promote boolean, ticket_code text))
             UPDATE occurrences SET seats_taken = $5, waitlist_length = $6, next_waitlist_number = $7, registered = TRUE WHERE id = $1"
        ))
        .bind(self.occurrence)
        .bind(self.event)
        .bind(now)
        .bind(json_args::registrations(&self.admitted))
        .bind(self.seats.taken)
        .bind(self.seats.waiting)
        .bind(self.next_waitlist_number)
        .execute_last()
        .await?;
        Ok(())
    }
}
