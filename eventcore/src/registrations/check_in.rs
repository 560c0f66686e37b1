//! Check-in of attendees by registration or by ticket code, and undoing it.

use std::time::Duration;

use sqlx::FromRow;

use super::registration::{Registration, RegistrationRow, RegistrationStatus};
use super::{occurrence_facts, read, ticket};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Dialect, Queries, SqlWriter, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::events;
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::input::{Fields, deserialize_by_fields};
use crate::phase;
use crate::precondition::Precondition;
use crate::seats;
use crate::time::Timestamp;

/// A ticket code shown at the entrance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketInput {
    /// The code, scanned or typed. Case, white space, line ends and dashes of any kind do not matter;
    /// full-width letters and digits are read as well.
    #[cfg_attr(feature = "openapi", schema(required = true, value_type = String))]
    pub code: Option<String>,
    /// The occurrence that is checked in to: tickets for other occurrences are refused. Without it, tickets
    /// are taken from 24 hours before the start of their occurrence on. In both cases they are taken until 24
    /// hours after its end.
    pub occurrence_id: Option<OccurrenceId>,
    /// Fields that could not be parsed; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(TicketInput);

impl TicketInput {
    fn take(fields: &mut Fields) -> Self {
        let (code, occurrence_id) = (fields.string("code"), fields.parsed("occurrence_id"));
        Self { code, occurrence_id, parse_errors: Violations::default() }
    }
}

/// The outcome of a check-in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckIn {
    /// The registration, with the time of the first check-in.
    #[serde(flatten)]
    pub registration: Registration,
    /// Whether it was checked in before.
    pub already: bool,
}

impl EventCore {
    /// Checks an attendee in, for the organizers. A repeated check-in returns the first one.
    ///
    /// # Errors
    /// `not_confirmed` for a waitlisted or cancelled registration, `occurrence_cancelled`, `check_in_closed`
    /// later than 24 hours after the end, and `version_mismatch` if `expected` is not the stored version.
    pub async fn check_in(
        &self,
        actor: &Actor,
        id: RegistrationId,
        expected: Option<&Precondition>,
    ) -> Result<CheckIn> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| check_in(tx, actor, id, expected, now))
    }

    /// Checks an attendee in by ticket code, for the organizers.
    ///
    /// # Errors
    /// As [`EventCore::check_in`]; `not_found` for an unknown code, and for one of an event that the actor
    /// does not organize; `wrong_occurrence` for a ticket of another occurrence than `ticket.occurrence_id`;
    /// `check_in_closed` without an `occurrence_id` also earlier than 24 hours before the start.
    pub async fn check_in_by_code(&self, actor: &Actor, ticket: &TicketInput) -> Result<CheckIn> {
        actor.may_write()?;
        let code = valid_code(ticket)?;
        let now = self.now();
        transaction!(self.db(), |tx| check_in_by_code(tx, actor, &code, ticket.occurrence_id, now))
    }

    /// Undoes a check-in, for the organizers. Has no effect on a registration that is not checked in.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn undo_check_in(
        &self,
        actor: &Actor,
        id: RegistrationId,
        expected: Option<&Precondition>,
    ) -> Result<Registration> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| undo_check_in(tx, actor, id, expected, now))
    }
}

fn valid_code(ticket: &TicketInput) -> Result<String> {
    let mut violations = ticket.parse_errors.clone();
    if ticket.code.is_none() && !violations.contains("/code") {
        violations.add("/code", "required", "is required");
    }
    violations.into_result()?;
    // Text that cannot be a code is answered like an unknown code.
    ticket.code.as_deref().and_then(ticket::parse).ok_or(Error::NotFound("ticket"))
}

async fn check_in(
    tx: &mut Tx,
    actor: &Actor,
    id: RegistrationId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<CheckIn> {
    let row = lock_for_check_in(tx, actor, id).await?;
    row.must_be_version(expected)?;
    let ticket = TicketOccurrence::load(tx, row.occurrence_id).await?;
    mark_attended(tx, actor, row, &ticket, now).await
}

async fn check_in_by_code(
    tx: &mut Tx,
    actor: &Actor,
    code: &str,
    occurrence: Option<OccurrenceId>,
    now: Timestamp,
) -> Result<CheckIn> {
    let found: Option<(RegistrationId,)> = tx
        .query(sql!("SELECT id FROM registrations WHERE ticket_code = $1"))
        .bind(code.to_owned())
        .optional()
        .await?;
    let (id,) = found.ok_or(Error::NotFound("ticket"))?;
    let row = lock_for_check_in(tx, actor, id).await.map_err(|error| match error {
        Error::NotFound(_) | Error::Forbidden(_) => Error::NotFound("ticket"),
        other => other,
    })?;
    let ticket = TicketOccurrence::load(tx, row.occurrence_id).await?;
    match occurrence {
        Some(occurrence) if occurrence != row.occurrence_id => {
            return Err(Error::WrongOccurrence { title: ticket.title.clone(), starts_at: ticket.start() });
        }
        None if !ticket.is_near(now) => return Err(ticket.closed()),
        Some(_) | None => {}
    }
    mark_attended(tx, actor, row, &ticket, now).await
}

/// How long before the start of its occurrence a ticket is taken wherever it is shown.
const NEAR: Duration = Duration::from_hours(24);

/// The occurrence of a ticket.
#[derive(FromRow)]
struct TicketOccurrence {
    title: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    all_day: bool,
    timezone: String,
    is_cancelled: bool,
}

impl TicketOccurrence {
    async fn load(tx: &mut Tx, id: OccurrenceId) -> Result<Self> {
        let query = tx.query(sql!(
            "SELECT coalesce(o.title, e.title) AS title, o.starts_at, o.ends_at, o.all_day,
                coalesce(o.timezone, e.timezone) AS timezone,
                o.status = 'cancelled' OR e.status = 'cancelled' AS is_cancelled
             FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.id = $1"
        ));
        Ok(query.bind(id).one().await?)
    }

    /// The local start, for messages.
    fn start(&self) -> String {
        let local = self.starts_at.in_zone(events::zone(&self.timezone));
        local.format(if self.all_day { "%-d %B %Y" } else { "%-d %B %Y, %H:%M" }).to_string()
    }

    /// Whether its tickets are taken wherever they are shown.
    fn is_near(&self, now: Timestamp) -> bool {
        self.starts_at.minus(NEAR) <= now && phase::is_door_open(self.ends_at, now)
    }

    fn closed(&self) -> Error {
        Error::CheckInClosed { title: self.title.clone(), starts_at: self.start() }
    }
}

async fn undo_check_in(
    tx: &mut Tx,
    actor: &Actor,
    id: RegistrationId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Registration> {
    let mut row = lock_for_check_in(tx, actor, id).await?;
    row.must_be_version(expected)?;
    if row.status == RegistrationStatus::Attended {
        tx.query(sql!(
            "UPDATE registrations SET status = 'confirmed', checked_in_at = NULL, checked_in_by = NULL,
                updated_at = $2
             WHERE id = $1"
        ))
        .bind(row.id)
        .bind(now)
        .execute()
        .await?;
        row.status = RegistrationStatus::Confirmed;
        let (occurrence, registration, user) = (row.occurrence_id, row.id, row.user_id);
        tx.record(Change::CheckInUndone { occurrence, registration, user });
        (row.checked_in_at, row.checked_in_by, row.updated_at) = (None, None, now);
    }
    row.with_position(tx).await
}

/// Loads a registration for the organizers of its event, and locks its occurrence.
///
/// Everyone else gets `not_found`, except the attendee, who gets `forbidden`.
async fn lock_for_check_in(tx: &mut Tx, actor: &Actor, id: RegistrationId) -> Result<RegistrationRow> {
    let row = read::find(tx, id).await?.ok_or(Error::NotFound("registration"))?;
    match events::find(tx, actor, row.event_id).await?.must_organize() {
        Ok(_) => {}
        Err(refusal @ Error::Forbidden(_)) if actor.is(row.user_id) => return Err(refusal),
        Err(_) => return Err(Error::NotFound("registration")),
    }
    // The registration will reference the actor in checked_in_by, and users are locked before occurrences.
    match actor.user_id() {
        Some(user) => occurrence_facts::lock(tx, row.occurrence_id, user).await?,
        None => seats::lock_occurrence(tx, row.occurrence_id).await?,
    }
    // Read again, because it may have changed before the lock was taken.
    read::find(tx, id).await?.ok_or(Error::NotFound("registration"))
}

async fn mark_attended(
    tx: &mut Tx,
    actor: &Actor,
    mut row: RegistrationRow,
    ticket: &TicketOccurrence,
    now: Timestamp,
) -> Result<CheckIn> {
    let already = row.status == RegistrationStatus::Attended;
    if !already {
        if row.status != RegistrationStatus::Confirmed {
            return Err(Error::NotConfirmed { waits: row.status == RegistrationStatus::Waitlisted });
        }
        if ticket.is_cancelled {
            return Err(Error::OccurrenceCancelled);
        }
        if !phase::is_door_open(ticket.ends_at, now) {
            return Err(ticket.closed());
        }
        let (occurrence, registration, user) = (row.occurrence_id, row.id, row.user_id);
        let change = Change::CheckedIn { occurrence, registration, user };
        let mut sql = SqlWriter::new(tx.dialect());
        match tx.dialect() {
            Dialect::Sqlite => tx.record(change),
            // One round trip less.
            Dialect::Postgres => {
                for (n, insert) in tx.record_with_inserts(vec![change])?.into_iter().enumerate() {
                    sql.push(if n == 0 { "WITH " } else { ", " }).named_insert(n, insert);
                }
            }
        }
        sql.push(" UPDATE registrations SET status = 'attended', checked_in_at = ").value(now);
        sql.push(", checked_in_by = ").value(actor.user_id().map(UserId::as_uuid));
        sql.push(", updated_at = ").value(now).push(" WHERE id = ").value(row.id.as_uuid());
        sql.query(tx).execute().await?;
        row.status = RegistrationStatus::Attended;
        (row.checked_in_at, row.checked_in_by, row.updated_at) = (Some(now), actor.user_id(), now);
    }
    Ok(CheckIn { registration: row.with_position(tx).await?, already })
}
