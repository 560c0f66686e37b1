//! Admission of new registrations to a locked occurrence: decided one after the other, written in one
//! statement.

use super::locked_occurrence::LockedOccurrence;
use super::registration::{Party, Registered, RegistrationRow, RegistrationStatus};
use super::{json_args, ticket};
use crate::accounts::PublicProfile;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{EventId, OccurrenceId, RegistrationId};
use crate::precondition::must_expect_none;
use crate::seats::{self, Effect, Seats};
use crate::time::Timestamp;

/// Who makes a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegisteredBy {
    Attendee,
    Organizer,
}

/// The seats of a locked occurrence during admission, and the registrations admitted so far.
#[derive(Debug)]
pub(super) struct Admission {
    occurrence: OccurrenceId,
    event: EventId,
    seats: Seats,
    /// The waitlist has a registration that is not passed over.
    someone_next: bool,
    next_waitlist_number: i64,
    admitted: Vec<RegistrationRow>,
}

impl Admission {
    pub(super) fn of(occurrence: &LockedOccurrence) -> Self {
        Self {
            occurrence: occurrence.id,
            event: occurrence.event_id,
            seats: occurrence.seats(),
            someone_next: occurrence.next_party.is_some(),
            next_waitlist_number: occurrence.next_waitlist_number,
            admitted: Vec::new(),
        }
    }

    /// Decides a new registration: seats, or the end of the waitlist.
    ///
    /// `occurrence` is the state loaded for this attendee, before any admission; the seats are those left by
    /// earlier admissions. Nothing is written before [`Admission::insert`].
    pub(super) fn admit(
        &mut self,
        occurrence: &LockedOccurrence,
        attendee: PublicProfile,
        party: &Party,
        by: RegisteredBy,
        now: Timestamp,
    ) -> Result<Registered> {
        must_expect_none(party.expected.as_ref())?;
        match by {
            RegisteredBy::Attendee => occurrence.offer().registration(now)?,
            RegisteredBy::Organizer => occurrence.offer().walk_ins(now)?,
        }
        let size = party.party_size.unwrap_or(1);
        occurrence.must_allow(size)?;
        // Nobody is promoted after the start, so that nobody joins the waitlist, and nobody is overtaken.
        let promotes = occurrence.promotes(now);
        let (someone_next, waitlist) =
            (self.someone_next && promotes, occurrence.waitlist_enabled && promotes);
        let effect = seats::admit(self.seats, someone_next, waitlist, size)?;
        let waits = matches!(effect, Effect::JoinWaitlist { .. });
        let row = RegistrationRow {
            id: RegistrationId::at(now),
            occurrence_id: self.occurrence,
            event_id: self.event,
            user_id: attendee.id,
            username: attendee.username,
            display_name: attendee.display_name,
            status: if waits { RegistrationStatus::Waitlisted } else { RegistrationStatus::Confirmed },
            party_size: size,
            waitlist_number: waits.then_some(self.next_waitlist_number),
            auto_promote: party.auto_promote.unwrap_or(true),
            ticket_code: ticket::generate()?,
            checked_in_at: None,
            checked_in_by: None,
            created_at: now,
            updated_at: now,
        };
        self.seats = self.seats.after(&effect);
        self.next_waitlist_number += i64::from(waits);
        self.someone_next |= waits && row.auto_promote && self.seats.can_ever_fit(size);
        self.admitted.push(row.clone());
        // A registration that joins is the last of the list, so its position is the length.
        let registration = row.registration(waits.then_some(self.seats.waiting));
        Ok(Registered { registration, created: true })
    }

    /// Inserts the admitted registrations and stores the counts of the occurrence, in one round trip.
    pub(super) async fn insert(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        self.admitted.iter().for_each(|row| tx.record(row.registered()));
        match self.admitted.as_slice() {
            [] => Ok(()),
            [one] => self.insert_one(tx, one, now).await,
            _ => self.insert_many(tx, now).await,
        }
    }

    /// Inserts a single registration, the common case. Passing it through JSON costs SQLite about a tenth.
    async fn insert_one(&self, tx: &mut Tx, one: &RegistrationRow, now: Timestamp) -> Result<()> {
        tx.query(sql!(
            sqlite "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size,
                waitlist_number, auto_promote, ticket_code, created_at, updated_at)
             VALUES ($4, $1, $2, $5, $6, $7, $8, $9, $10, $3, $3);
             UPDATE occurrences SET seats_taken = $11, waitlist_length = $12, next_waitlist_number = $13,
                registered = TRUE, seats_changed_at = $3 WHERE id = $1",
            postgres "WITH added AS (
                INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size,
                    waitlist_number, auto_promote, ticket_code, created_at, updated_at)
                VALUES ($4, $1, $2, $5, $6, $7, $8, $9, $10, $3, $3))
             UPDATE occurrences SET seats_taken = $11, waitlist_length = $12, next_waitlist_number = $13,
                registered = TRUE, seats_changed_at = $3 WHERE id = $1"
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
        .execute_deferred()
        .await?;
        Ok(())
    }

    async fn insert_many(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        tx.query(sql!(
            sqlite "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size,
                waitlist_number, auto_promote, ticket_code, created_at, updated_at)
             SELECT unhex(value ->> 'id'), $1, $2, unhex(value ->> 'user_id'), value ->> 'status',
                value ->> 'party_size', value ->> 'waitlist_number', value ->> 'auto_promote',
                value ->> 'ticket_code', $3, $3 FROM json_each($4);
             UPDATE occurrences SET seats_taken = $5, waitlist_length = $6, next_waitlist_number = $7,
                registered = TRUE, seats_changed_at = $3 WHERE id = $1",
            postgres "WITH added AS (
                INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size,
                    waitlist_number, auto_promote, ticket_code, created_at, updated_at)
                SELECT id, $1, $2, user_id, status, party_size, waitlist_number, auto_promote, ticket_code,
                    $3, $3
                FROM json_to_recordset($4::json) AS people (id uuid, user_id uuid, status text,
                    party_size bigint,
                    waitlist_number bigint, auto_promote boolean, ticket_code text))
             UPDATE occurrences SET seats_taken = $5, waitlist_length = $6, next_waitlist_number = $7,
                registered = TRUE, seats_changed_at = $3 WHERE id = $1"
        ))
        .bind(self.occurrence)
        .bind(self.event)
        .bind(now)
        .bind(json_args::registrations(&self.admitted))
        .bind(self.seats.taken)
        .bind(self.seats.waiting)
        .bind(self.next_waitlist_number)
        .execute_deferred()
        .await?;
        Ok(())
    }
}
