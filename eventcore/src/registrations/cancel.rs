//! Cancelling one's own registration, and removing an attendee.

use super::locked_occurrence::LockedOccurrence;
use super::register::find_live;
use super::registration::RegistrationRow;
use crate::actor::Actor;
use crate::changes::{CancelledBy, Change};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::phase::Phase;
use crate::precondition::{Precondition, must_expect_none};
use crate::seats;
use crate::time::Timestamp;

impl EventCore {
    /// Cancels the actor's registration for an occurrence that is not over. Freed seats go to the waitlist.
    ///
    /// Succeeds without effect if the actor has no live registration, and `expected` is `None`.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version or there is no live registration;
    /// `occurrence_past`.
    pub async fn cancel_registration(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        let user = actor.writer()?.id;
        let now = self.now();
        let db = self.db().for_row(occurrence.as_uuid());
        transaction!(db, |tx| cancel_own(tx, actor, user, occurrence, expected, now))
    }

    /// Cancels the registration of an attendee, for the organizers.
    ///
    /// Succeeds without effect if the registration is cancelled already, and `expected` is `None`.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version or the registration is cancelled;
    /// `occurrence_past`.
    pub async fn remove_registration(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        id: RegistrationId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        let db = self.db().for_row(occurrence.as_uuid());
        transaction!(db, |tx| remove(tx, actor, occurrence, id, expected, now))
    }
}

async fn cancel_own(
    tx: &mut Tx,
    actor: &Actor,
    user: UserId,
    occurrence: OccurrenceId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<()> {
    let locked = LockedOccurrence::lock_and_load(tx, actor, occurrence, user, now).await?;
    match find_live(tx, occurrence, user).await? {
        Some(row) => {
            row.must_be_version(expected)?;
            cancel(tx, &locked, &row, CancelledBy::Attendee, now).await
        }
        None if expected.is_some() => locked.visible(actor).and_then(|_| must_expect_none(expected)),
        // A repeated cancellation succeeds even if the actor may no longer see the event without a
        // registration.
        None if had_registration(tx, occurrence, user).await? => Ok(()),
        None => locked.visible(actor).map(drop),
    }
}

async fn remove(
    tx: &mut Tx,
    actor: &Actor,
    occurrence: OccurrenceId,
    id: RegistrationId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<()> {
    let user: Option<(UserId,)> = tx
        .query(sql!("SELECT user_id FROM registrations WHERE id = $1 AND occurrence_id = $2"))
        .bind(id)
        .bind(occurrence)
        .optional()
        .await?;
    let user = user.map(|(user,)| user);
    // Loaded without a user too, so that permission is checked first.
    let attendee = user.unwrap_or(UserId::from(uuid::Uuid::nil()));
    let locked =
        LockedOccurrence::lock_and_load(tx, actor, occurrence, attendee, now).await?.organized(actor)?;
    match find_live(tx, occurrence, user.ok_or(Error::NotFound("registration"))?).await? {
        Some(row) if row.id == id => {
            row.must_be_version(expected)?;
            cancel(tx, &locked, &row, CancelledBy::Organizer, now).await
        }
        _ => must_expect_none(expected),
    }
}

/// Whether the user ever had a registration for the occurrence, cancelled or not.
async fn had_registration(tx: &mut Tx, occurrence: OccurrenceId, user: UserId) -> Result<bool> {
    Ok(tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM registrations WHERE user_id = $1 AND occurrence_id = $2)"))
        .bind(user)
        .bind(occurrence)
        .scalar()
        .await?)
}

/// Cancels a registration of a locked occurrence; freed seats go to the waitlist.
pub(super) async fn cancel(
    tx: &mut Tx,
    occurrence: &LockedOccurrence,
    row: &RegistrationRow,
    by: CancelledBy,
    now: Timestamp,
) -> Result<()> {
    let Some(holding) = row.holding() else { return Ok(()) };
    if occurrence.offer().phase(now) == Phase::Past {
        return Err(Error::OccurrencePast);
    }
    tx.query(sql!(
        "UPDATE registrations SET status = 'cancelled', checked_in_at = NULL, checked_in_by = NULL,
            updated_at = $2
         WHERE id = $1"
    ))
    .bind(row.id)
    .bind(now)
    .execute()
    .await?;
    let (registration, user) = (row.id, row.user_id);
    tx.record(Change::RegistrationCancelled { occurrence: occurrence.id, registration, user, by });
    let mut seats = occurrence.seats().after(&seats::leave(holding));
    if occurrence.promotes(now) {
        seats::promote_from_waitlist(tx, occurrence.id, &mut seats, now).await?;
    }
    seats::save_counts(tx, occurrence.id, seats, now).await
}
