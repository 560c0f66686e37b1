//! Registering, and changing a registration.

use super::admission::{Admission, By, must_be_allowed};
use super::locked_occurrence::Hall;
use super::registration::{COLUMNS, NewAttendee, Party, Registered, RegistrationRow, RegistrationStatus};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, UserId};
use crate::seats::{self, Held};
use crate::time::Timestamp;

impl EventCore {
    /// Registers the actor for a date, or changes their registration. Doing it again changes nothing.
    ///
    /// # Errors
    /// `event_not_published`, `occurrence_cancelled`, `occurrence_past`, `registration_not_open`, `registration_closed` (also while more seats are
    /// taken than there are), `event_full` where nobody may wait, or where a larger party finds no seats, `party_too_large` for more people than the
    /// event allows, `version_mismatch` where the party expects another version.
    pub async fn register(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let user = actor.writer()?.id;
        party.validate()?;
        if self.db().forms_lines() {
            return self.join_crowd(actor, user, occurrence, party).await;
        }
        let _turn = self.db().turn(occurrence.as_uuid()).await;
        self.register_alone(actor, user, occurrence, party).await
    }

    /// Registers one, in a transaction of their own.
    pub(super) async fn register_alone(
        &self,
        actor: &Actor,
        user: UserId,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let now = self.now();
        transaction!(self.db(), tx => {
            let hall = Hall::enter(tx, actor, occurrence, user, now).await?.visible(actor)?;
            let holder = hall.holder(user).ok_or(Error::Unauthenticated)?;
            put(tx, &hall, holder, party, By::Oneself, now).await
        })
    }

    /// Registers someone for a date, or changes their registration: for its organizers, who may do so before registration opens and after it closes.
    pub async fn add_registration(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        attendee: &NewAttendee,
    ) -> Result<Registered> {
        actor.may_write()?;
        let party = attendee.party();
        let now = self.now();
        let user = self.attendee(attendee).await?;
        let _turn = self.db().turn(occurrence.as_uuid()).await;
        transaction!(self.db(), tx => {
            let nobody = UserId::from(uuid::Uuid::nil());
            let hall = Hall::enter(tx, actor, occurrence, user.unwrap_or(nobody), now).await?.organized(actor)?;
            party.validate()?;
            let holder = user.and_then(|user| hall.holder(user)).ok_or(Error::NotFound("user"))?;
            put(tx, &hall, holder, &party, By::Organizer, now).await
        })
    }

    async fn attendee(&self, attendee: &NewAttendee) -> Result<Option<UserId>> {
        match (attendee.user_id, &attendee.username) {
            (Some(id), _) => Ok(Some(id)),
            (None, Some(name)) => match self.profile_by_username(name).await {
                Ok(profile) => Ok(Some(profile.id)),
                Err(Error::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            },
            (None, None) => Ok(None),
        }
    }
}

/// What someone has at a date and did not give up.
pub(super) async fn find_live(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    user: UserId,
) -> Result<Option<RegistrationRow>> {
    Ok(db
        .query(Sql::built(format!(
            "SELECT {COLUMNS} FROM registrations r JOIN users u ON u.id = r.user_id
             WHERE r.occurrence_id = $1 AND r.user_id = $2 AND r.status <> 'cancelled'"
        )))
        .bind(occurrence)
        .bind(user)
        .optional()
        .await?)
}

async fn put(
    tx: &mut Tx,
    hall: &Hall,
    holder: PublicProfile,
    party: &Party,
    by: By,
    now: Timestamp,
) -> Result<Registered> {
    if !hall.holds {
        return add(tx, hall, holder, party, by, now).await;
    }
    let known = find_live(tx, hall.id, holder.id).await?.ok_or(Error::NotFound("registration"))?;
    change(tx, hall, known, party, by, now).await
}

async fn add(
    tx: &mut Tx,
    hall: &Hall,
    holder: PublicProfile,
    party: &Party,
    by: By,
    now: Timestamp,
) -> Result<Registered> {
    let mut admission = Admission::of(hall);
    let added = admission.admit(hall, holder, party, by, now)?;
    admission.keep(tx, now).await?;
    Ok(added)
}

async fn change(
    tx: &mut Tx,
    hall: &Hall,
    mut row: RegistrationRow,
    party: &Party,
    by: By,
    now: Timestamp,
) -> Result<Registered> {
    row.must_be_version(party.expected)?;
    let (size, promotable) =
        (party.party_size.unwrap_or(row.party_size), party.auto_promote.unwrap_or(row.auto_promote));
    let Some(held) = row.held() else { return Err(Error::NotFound("registration")) };
    if (size, promotable) != (row.party_size, row.auto_promote) {
        hall.must_lie_ahead(now)?;
        let effect = resize(hall, held, size, by, now)?;
        tx.query(sql!(
            "UPDATE registrations SET party_size = $2, auto_promote = $3, updated_at = $4 WHERE id = $1"
        ))
        .bind(row.id)
        .bind(size)
        .bind(promotable)
        .bind(now)
        .execute()
        .await?;
        let mut seats = effect.map_or(hall.seats(), |effect| hall.seats().after(&effect));
        let promoted = seats::promote_from_waitlist(tx, hall.id, &mut seats, now).await?;
        seats::save_counts(tx, hall.id, seats).await?;
        (row.party_size, row.auto_promote, row.updated_at) = (size, promotable, now);
        if promoted.contains(&row.id) {
            row.status = RegistrationStatus::Confirmed;
        }
    }
    Ok(Registered { registration: row.counted(tx).await?, created: false })
}

fn resize(hall: &Hall, held: Held, size: i64, by: By, now: Timestamp) -> Result<Option<seats::Own>> {
    if size > held.party() {
        if by == By::Oneself {
            hall.must_be_open(now)?;
        }
        must_be_allowed(hall, size)?;
    }
    seats::resize(hall.seats(), hall.next_party.is_some(), held, size)
}
