//! Registering for an occurrence, and changing a registration.

use super::admission::{Admission, RegisteredBy};
use super::locked_occurrence::LockedOccurrence;
use super::registration::{COLUMNS, NewAttendee, Party, Registered, RegistrationRow, RegistrationStatus};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Sql, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, UserId};
use crate::seats::{self, Holding, RequestEffect};
use crate::time::Timestamp;

impl EventCore {
    /// Registers the actor for an occurrence, or changes their registration. Repeating a call changes
    /// nothing.
    ///
    /// # Errors
    /// - `event_not_published`, `occurrence_cancelled`, `occurrence_past`
    /// - `registration_not_open`, `registration_closed` (also while more seats are taken than the capacity)
    /// - `event_full` if the waitlist is disabled, or if a seated party grows and the seats are not free
    /// - `party_too_large` if the party exceeds the event's `max_party_size`
    /// - `version_mismatch` if `party.expected` is not the stored version
    ///
    /// # Cancellation
    /// A call that has begun registers, even if it is dropped: see [`EventCore`](EventCore#cancellation).
    pub async fn register(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let user = actor.writer()?.id;
        // Whether an unknown field repeats what is stored is known when the registration has been read.
        let may_repeat = party.parse_errors.has_unknown();
        if !may_repeat {
            party.validate()?;
        }
        if self.db().batches_by_row() && !may_repeat {
            return self.register_batched(actor, user, occurrence, party).await;
        }
        let (db, now) = (self.db().for_row(occurrence.as_uuid()), self.now());
        transaction!(db, |tx| register_oneself(tx, actor, user, occurrence, party, now))
    }

    /// Registers one user, in a transaction of its own.
    pub(super) async fn register_alone(
        &self,
        actor: &Actor,
        user: UserId,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let now = self.now();
        transaction!(self.db(), |tx| register_oneself(tx, actor, user, occurrence, party, now))
    }

    /// Registers a user for an occurrence, or changes their registration, for its organizers.
    ///
    /// Organizers may do so before registration opens and after it closes, until 24 hours after the end of
    /// the occurrence. Once an occurrence has started, nobody joins its waitlist: without free seats the
    /// result is `event_full`.
    ///
    /// # Errors
    /// As [`EventCore::register`] without the registration window, and `forbidden` for others than
    /// organizers.
    pub async fn add_registration(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        attendee: &NewAttendee,
    ) -> Result<Registered> {
        actor.may_write()?;
        let now = self.now();
        let user = self.find_attendee(attendee).await?;
        let db = self.db().for_row(occurrence.as_uuid());
        transaction!(db, |tx| register_attendee(tx, actor, occurrence, user, attendee, now))
    }

    /// The id of the user that an organizer named; `None` if there is no such username.
    async fn find_attendee(&self, attendee: &NewAttendee) -> Result<Option<UserId>> {
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

async fn register_oneself(
    tx: &mut Tx,
    actor: &Actor,
    user: UserId,
    occurrence: OccurrenceId,
    party: &Party,
    now: Timestamp,
) -> Result<Registered> {
    let locked = LockedOccurrence::lock_and_load(tx, actor, occurrence, user, now).await?.visible(actor)?;
    let attendee = locked.attendee(user).ok_or(Error::Unauthenticated)?;
    add_or_change(tx, &locked, attendee, party, RegisteredBy::Attendee, now).await
}

async fn register_attendee(
    tx: &mut Tx,
    actor: &Actor,
    occurrence: OccurrenceId,
    user: Option<UserId>,
    attendee: &NewAttendee,
    now: Timestamp,
) -> Result<Registered> {
    // Without a user the occurrence is loaded all the same, so that permission is checked before the input is
    // validated.
    let id = user.unwrap_or(UserId::from(uuid::Uuid::nil()));
    let locked = LockedOccurrence::lock_and_load(tx, actor, occurrence, id, now).await?.organized(actor)?;
    let party = attendee.party();
    party.validate()?;
    let profile = user.and_then(|user| locked.attendee(user)).ok_or(Error::NotFound("user"))?;
    add_or_change(tx, &locked, profile, &party, RegisteredBy::Organizer, now).await
}

/// The live (not cancelled) registration of a user for an occurrence.
pub(super) async fn find_live(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    user: UserId,
) -> Result<Option<RegistrationRow>> {
    Ok(db
        .query(Sql::dynamic(format!(
            "SELECT {COLUMNS} FROM registrations r JOIN users u ON u.id = r.user_id
             WHERE r.occurrence_id = $1 AND r.user_id = $2 AND r.status <> 'cancelled'"
        )))
        .bind(occurrence)
        .bind(user)
        .optional()
        .await?)
}

async fn add_or_change(
    tx: &mut Tx,
    occurrence: &LockedOccurrence,
    attendee: PublicProfile,
    party: &Party,
    by: RegisteredBy,
    now: Timestamp,
) -> Result<Registered> {
    if occurrence.has_registration {
        let row = find_live(tx, occurrence.id, attendee.id).await?.ok_or(Error::NotFound("registration"))?;
        return change(tx, occurrence, row, party, by, now).await;
    }
    party.validate()?;
    let mut admission = Admission::of(occurrence);
    let registered = admission.admit(occurrence, attendee, party, by, now)?;
    admission.insert(tx, now).await?;
    Ok(registered)
}

async fn change(
    tx: &mut Tx,
    occurrence: &LockedOccurrence,
    mut row: RegistrationRow,
    party: &Party,
    by: RegisteredBy,
    now: Timestamp,
) -> Result<Registered> {
    if party.parse_errors.has_unknown() {
        party.validate_change(&row.clone().with_position(tx).await?)?;
    }
    row.must_be_version(party.expected.as_ref())?;
    let size = party.party_size.unwrap_or(row.party_size);
    let auto_promote = party.auto_promote.unwrap_or(row.auto_promote);
    let Some(holding) = row.holding() else { return Err(Error::NotFound("registration")) };
    if (size, auto_promote) != (row.party_size, row.auto_promote) {
        match by {
            RegisteredBy::Attendee => occurrence.offer().upcoming(now)?,
            RegisteredBy::Organizer => occurrence.offer().walk_ins(now)?,
        }
        let effect = resize(occurrence, holding, size, by, now)?;
        tx.query(sql!(
            "UPDATE registrations SET party_size = $2, auto_promote = $3, updated_at = $4 WHERE id = $1"
        ))
        .bind(row.id)
        .bind(size)
        .bind(auto_promote)
        .bind(now)
        .execute()
        .await?;
        let (registration, user) = (row.id, row.user_id);
        tx.record(Change::RegistrationChanged { occurrence: occurrence.id, registration, user });
        let mut seats = effect.map_or(occurrence.seats(), |effect| occurrence.seats().after(&effect));
        let promoted = if occurrence.promotes(now) {
            seats::promote_from_waitlist(tx, occurrence.id, &mut seats, now).await?
        } else {
            Vec::new()
        };
        seats::save_counts(tx, occurrence.id, seats, now).await?;
        (row.party_size, row.auto_promote, row.updated_at) = (size, auto_promote, now);
        if promoted.contains(&row.id) {
            row.status = RegistrationStatus::Confirmed;
        }
    }
    Ok(Registered { registration: row.with_position(tx).await?, created: false })
}

fn resize(
    occurrence: &LockedOccurrence,
    holding: Holding,
    size: i64,
    by: RegisteredBy,
    now: Timestamp,
) -> Result<Option<RequestEffect>> {
    if size > holding.party() {
        if by == RegisteredBy::Attendee {
            // While more seats are taken than there are, a party with seats is told that the seats are not
            // free, and a waiting one may grow.
            occurrence.offer().open_period.must_be_open(now)?;
        }
        occurrence.must_allow(size)?;
    }
    let someone_next = occurrence.next_party.is_some() && occurrence.promotes(now);
    seats::resize(occurrence.seats(), someone_next, holding, size)
}
