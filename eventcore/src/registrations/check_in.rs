//! At the door.

use super::registration::{Registration, RegistrationRow, RegistrationStatus};
use super::{locked_occurrence, read, ticket};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::events;
use crate::id::{OccurrenceId, RegistrationId};
use crate::input::Fields;
use crate::seats;
use crate::time::Timestamp;

/// A ticket that is shown at the door.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketInput {
    /// The code: scanned, or typed with or without its hyphens.
    #[cfg_attr(feature = "openapi", schema(required = true, value_type = String))]
    pub code: Option<String>,
    /// The date whose door it is; tickets for others are refused.
    pub occurrence_id: Option<OccurrenceId>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for TicketInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let (code, occurrence_id) = (fields.text("code"), fields.parsed("occurrence_id"));
        Ok(Self { code, occurrence_id, misread: fields.finish() })
    }
}

/// What the door is told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckIn {
    /// The registration, with the time of the first check-in.
    #[serde(flatten)]
    pub registration: Registration,
    /// They were checked in before.
    pub already: bool,
}

impl EventCore {
    /// Checks someone in, for the organizers; once: the second time tells of the first.
    ///
    /// # Errors
    /// `not_confirmed` for who waits or has given the place up, `occurrence_cancelled`.
    pub async fn check_in(&self, actor: &Actor, id: RegistrationId) -> Result<CheckIn> {
        self.check_in_unchanged(actor, id, None).await
    }

    /// The same, unless the registration has changed since the `expected` version.
    ///
    /// # Errors
    /// `version_mismatch`, and as [`EventCore::check_in`].
    pub async fn check_in_unchanged(
        &self,
        actor: &Actor,
        id: RegistrationId,
        expected: Option<i64>,
    ) -> Result<CheckIn> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let row = at_the_door(tx, actor, id).await?;
            row.must_be_version(expected)?;
            admit(tx, actor, row, now).await
        })
    }

    /// The same by the code of the ticket. A code of an event that the actor does not organize is no code.
    ///
    /// # Errors
    /// As [`EventCore::check_in`], and `not_found` also for a ticket for another date than `occurrence_id`.
    pub async fn check_in_by_code(&self, actor: &Actor, shown: &TicketInput) -> Result<CheckIn> {
        actor.may_write()?;
        let code = code(shown)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let found: Option<(RegistrationId,)> = tx
                .query(sql!("SELECT id FROM registrations WHERE ticket_code = $1"))
                .bind(code.clone())
                .optional()
                .await?;
            let (id,) = found.ok_or(Error::NotFound("ticket"))?;
            let row = at_the_door(tx, actor, id).await.map_err(|error| match error {
                Error::NotFound(_) | Error::Forbidden(_) => Error::NotFound("ticket"),
                other => other,
            })?;
            if shown.occurrence_id.is_some_and(|occurrence| occurrence != row.occurrence_id) {
                return Err(Error::NotFound("ticket for this date"));
            }
            admit(tx, actor, row, now).await
        })
    }

    /// Takes a check-in back, for the organizers. Who was not checked in stays as they are.
    pub async fn undo_check_in(&self, actor: &Actor, id: RegistrationId) -> Result<Registration> {
        self.undo_check_in_unchanged(actor, id, None).await
    }

    /// The same, unless the registration has changed since the `expected` version.
    ///
    /// # Errors
    /// `version_mismatch`.
    pub async fn undo_check_in_unchanged(
        &self,
        actor: &Actor,
        id: RegistrationId,
        expected: Option<i64>,
    ) -> Result<Registration> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let mut row = at_the_door(tx, actor, id).await?;
            row.must_be_version(expected)?;
            if row.status == RegistrationStatus::Attended {
                tx.query(sql!(
                    "UPDATE registrations SET status = 'confirmed', checked_in_at = NULL, checked_in_by = NULL, updated_at = $2 WHERE id = $1"
                ))
                .bind(id)
                .bind(now)
                .execute()
                .await?;
                row.status = RegistrationStatus::Confirmed;
                (row.checked_in_at, row.checked_in_by, row.updated_at) = (None, None, now);
            }
            row.counted(tx).await
        })
    }
}

fn code(shown: &TicketInput) -> Result<String> {
    let mut wrong = shown.misread.clone();
    match &shown.code {
        None if !wrong.names("/code") => wrong.add("/code", "required", "must be given"),
        _ => {}
    }
    wrong.into_result()?;
    // What can be no code is nobody's.
    shown.code.as_deref().and_then(ticket::typed).ok_or(Error::NotFound("ticket"))
}

/// Loads a registration for the organizers of its event, its date locked. For all others it does not exist, except for its user.
async fn at_the_door(tx: &mut Tx, actor: &Actor, id: RegistrationId) -> Result<RegistrationRow> {
    let row = read::find(tx, id).await?.ok_or(Error::NotFound("registration"))?;
    match events::find(tx, actor, row.event_id).await?.organized() {
        Ok(_) => {}
        Err(refusal @ Error::Forbidden(_)) if actor.is(row.user_id) => return Err(refusal),
        Err(_) => return Err(Error::NotFound("registration")),
    }
    // The registration will name the actor: they come before the date, as who deletes their account comes before their dates.
    match actor.user_id() {
        Some(user) => drop(locked_occurrence::lock(tx, row.occurrence_id, user).await?),
        None => seats::lock_occurrence(tx, row.occurrence_id).await?,
    }
    read::find(tx, id).await?.ok_or(Error::NotFound("registration"))
}

async fn admit(tx: &mut Tx, actor: &Actor, mut row: RegistrationRow, now: Timestamp) -> Result<CheckIn> {
    let already = row.status == RegistrationStatus::Attended;
    if !already {
        if row.status != RegistrationStatus::Confirmed {
            return Err(Error::NotConfirmed { waits: row.status == RegistrationStatus::Waitlisted });
        }
        must_take_place(tx, &row).await?;
        tx.query(sql!(
            "UPDATE registrations SET status = 'attended', checked_in_at = $2, checked_in_by = $3, updated_at = $2 WHERE id = $1"
        ))
        .bind(row.id)
        .bind(now)
        .bind(actor.user_id())
        .execute()
        .await?;
        row.status = RegistrationStatus::Attended;
        (row.checked_in_at, row.checked_in_by, row.updated_at) = (Some(now), actor.user_id(), now);
    }
    Ok(CheckIn { registration: row.counted(tx).await?, already })
}

async fn must_take_place(tx: &mut Tx, row: &RegistrationRow) -> Result<()> {
    let takes_place: bool = tx
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM occurrences o JOIN events e ON e.id = o.event_id
             WHERE o.id = $1 AND o.status = 'scheduled' AND e.status <> 'cancelled')"
        ))
        .bind(row.occurrence_id)
        .scalar()
        .await?;
    if takes_place { Ok(()) } else { Err(Error::OccurrenceCancelled) }
}
