//! Giving a place up, and taking someone off the list.

use super::locked_occurrence::Hall;
use super::register::find_live;
use super::registration::{RegistrationRow, must_be_none};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::seats;
use crate::time::Timestamp;

impl EventCore {
    /// Cancels what the actor has at a date, until the date is over; the seats go to those who wait. Who has nothing there has nothing to lose.
    pub async fn cancel_registration(&self, actor: &Actor, occurrence: OccurrenceId) -> Result<()> {
        self.cancel_registration_unchanged(actor, occurrence, None).await
    }

    /// The same, unless the registration has changed since the `expected` version.
    ///
    /// # Errors
    /// `version_mismatch`, also where there is none any more.
    pub async fn cancel_registration_unchanged(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        expected: Option<i64>,
    ) -> Result<()> {
        let user = actor.writer()?.id;
        let now = self.now();
        let _turn = self.db().turn(occurrence.as_uuid()).await;
        transaction!(self.db(), tx => {
            let hall = Hall::enter(tx, actor, occurrence, user, now).await?;
            match find_live(tx, occurrence, user).await? {
                Some(row) => {
                    row.must_be_version(expected)?;
                    give_up(tx, &hall, &row, now).await
                }
                None if expected.is_some() => hall.visible(actor).and_then(|_| must_be_none(expected)),
                // Whoever was here once may say it twice, also where they see no longer what they left.
                None if had_one(tx, occurrence, user).await? => Ok(()),
                None => hall.visible(actor).map(drop),
            }
        })
    }

    /// Takes someone off a date, for its organizers. Who is off already stays so.
    pub async fn remove_registration(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        id: RegistrationId,
    ) -> Result<()> {
        self.remove_registration_unchanged(actor, occurrence, id, None).await
    }

    /// The same, unless the registration has changed since the `expected` version.
    ///
    /// # Errors
    /// `version_mismatch`, also where they are off already.
    pub async fn remove_registration_unchanged(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        id: RegistrationId,
        expected: Option<i64>,
    ) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        let _turn = self.db().turn(occurrence.as_uuid()).await;
        transaction!(self.db(), tx => {
            let holder: Option<(UserId,)> = tx
                .query(sql!("SELECT user_id FROM registrations WHERE id = $1 AND occurrence_id = $2"))
                .bind(id)
                .bind(occurrence)
                .optional()
                .await?;
            let nobody = UserId::from(uuid::Uuid::nil());
            let user = holder.map(|(user,)| user);
            let hall = Hall::enter(tx, actor, occurrence, user.unwrap_or(nobody), now).await?.organized(actor)?;
            match find_live(tx, occurrence, user.ok_or(Error::NotFound("registration"))?).await? {
                Some(row) if row.id == id => {
                    row.must_be_version(expected)?;
                    give_up(tx, &hall, &row, now).await
                }
                _ => must_be_none(expected),
            }
        })
    }
}

async fn had_one(tx: &mut Tx, occurrence: OccurrenceId, user: UserId) -> Result<bool> {
    Ok(tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM registrations WHERE user_id = $1 AND occurrence_id = $2)"))
        .bind(user)
        .bind(occurrence)
        .scalar()
        .await?)
}

/// Takes what someone holds at a locked date off it; the seats go to those who wait.
pub(super) async fn give_up(tx: &mut Tx, hall: &Hall, row: &RegistrationRow, now: Timestamp) -> Result<()> {
    let Some(held) = row.held() else { return Ok(()) };
    if hall.ends_at <= now {
        return Err(Error::OccurrencePast);
    }
    tx.query(sql!(
        "UPDATE registrations SET status = 'cancelled', checked_in_at = NULL, checked_in_by = NULL, updated_at = $2 WHERE id = $1"
    ))
    .bind(row.id)
    .bind(now)
    .execute()
    .await?;
    let mut seats = hall.seats().after(&seats::leave(held));
    if hall.hands_out(now) {
        seats::promote_from_waitlist(tx, hall.id, &mut seats, now).await?;
    }
    seats::save_counts(tx, hall.id, seats).await
}
