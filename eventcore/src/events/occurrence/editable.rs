//! [`EditableOccurrence`]: an occurrence and its event, locked for a change by one of its organizers.

use sqlx::FromRow;

use crate::actor::Actor;
use crate::db::{Locking, Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::events::event::{OccurrenceStatus, new_occurrence_status, zone};
use crate::events::rows::{self, EventRow};
use crate::events::schedule::expansion::{self, PlannedOccurrence};
use crate::events::schedule::reschedule;
use crate::events::store::NewOccurrence;
use crate::events::window::{RegistrationWindow, WindowEdge};
use crate::id::{EventId, OccurrenceId};
use crate::phase::Phase;
use crate::precondition::{Precondition, must_be_version};
use crate::quotas::Quotas;
use crate::recurrence::{RuleError, Series};
use crate::time::{self, Timestamp, format_local, parse_local};

/// The columns of `occurrences` that organizers can change, with their overrides as they are stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct StoredOccurrence {
    pub(crate) id: OccurrenceId,
    pub(crate) original_start: Timestamp,
    pub(crate) original_local: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    all_day: bool,
    pub(crate) moved: bool,
    pub(crate) status: OccurrenceStatus,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) capacity_override: Option<i64>,
    registration_opens: Option<WindowEdge>,
    registration_closes: Option<WindowEdge>,
    pub(crate) document_id: i64,
    pub(crate) version: i64,
}

impl StoredOccurrence {
    /// A new occurrence of an event, which overrides nothing.
    pub(crate) fn of_new(event: &EventRow, new: &NewOccurrence) -> Self {
        let PlannedOccurrence { original_start, local, ends_at } = new.planned;
        Self {
            id: new.id,
            original_start,
            original_local: format_local(local),
            starts_at: original_start,
            ends_at,
            all_day: event.all_day,
            moved: false,
            status: new_occurrence_status(event.status),
            title: None,
            description: None,
            location: None,
            url: None,
            capacity_override: None,
            registration_opens: None,
            registration_closes: None,
            // Only documents of its own are known by their ids.
            document_id: 0,
            version: 1,
        }
    }

    /// The phase of the occurrence.
    pub(crate) fn phase(&self, now: Timestamp) -> Phase {
        Phase::of(self.starts_at, self.ends_at, self.all_day, now)
    }

    /// The edges of its registration window that differ from the event's.
    pub(crate) const fn own_window(&self) -> RegistrationWindow {
        RegistrationWindow { opens: self.registration_opens, closes: self.registration_closes }
    }
}

/// An occurrence that is not over and its event, both locked until the transaction ends.
#[derive(Debug, Clone)]
pub(crate) struct EditableOccurrence {
    pub(crate) event: EventRow,
    pub(crate) occurrence: StoredOccurrence,
}

/// Locks an occurrence and its event for a change by one of its organizers.
///
/// # Errors
/// `not_found`, `forbidden`, `version_mismatch` if `expected` is not the stored version of the occurrence,
/// and `occurrence_past` if it is over.
pub(crate) async fn lock_for_edit(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<EditableOccurrence> {
    let event = lock_event(tx, actor, id).await?;
    lock_occurrence(tx, event, id, expected, now).await
}

/// Locks an occurrence as [`lock_for_edit`] does, and with it all other occurrences of its event, so that the
/// event can be split. Another event may then count against `quotas` of the organizer.
pub(crate) async fn lock_series_for_split(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<&Precondition>,
    quotas: &Quotas,
    now: Timestamp,
) -> Result<EditableOccurrence> {
    let event = lock_event(tx, actor, id).await?;
    quotas.lock_for_events(tx, event.organizer_id, Locking::Wait).await?;
    reschedule::lock_occurrences(tx, event.id).await?;
    lock_occurrence(tx, event, id, expected, now).await
}

async fn lock_event(tx: &mut Tx, actor: &Actor, id: OccurrenceId) -> Result<EventRow> {
    tx.act_as(actor.user_id());
    let event: Option<(EventId,)> =
        tx.query(sql!("SELECT event_id FROM occurrences WHERE id = $1")).bind(id).optional().await?;
    let (event,) = event.ok_or(Error::NotFound("occurrence"))?;
    let event = rows::find_locked(tx, actor, event).await.and_then(|found| found.must_edit(actor));
    Ok(event.map_err(|error| error.rename_not_found("occurrence"))?.row)
}

async fn lock_occurrence(
    tx: &mut Tx,
    event: EventRow,
    id: OccurrenceId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<EditableOccurrence> {
    let occurrence: Option<StoredOccurrence> = tx
        .query(sql!("SELECT * FROM occurrences WHERE id = $1 AND event_id = $2", for update))
        .bind(id)
        .bind(event.id)
        .optional()
        .await?;
    // It existed before the event was locked. Since then a split has moved it to another event, or it was
    // deleted.
    let occurrence = occurrence.ok_or(Error::Contended)?;
    must_be_version(occurrence.version, expected)?;
    if occurrence.phase(now) == Phase::Past {
        return Err(Error::OccurrencePast);
    }
    Ok(EditableOccurrence { event, occurrence })
}

impl EditableOccurrence {
    /// The series of the event.
    pub(crate) fn series(&self) -> Result<Series> {
        let recurrence = self.event.recurrence()?.unwrap_or_default();
        expansion::series(&self.event.span()?, zone(&self.event.timezone), &recurrence)
            .map_err(Error::internal)
    }

    /// Start and end by the rule, without the overrides of the occurrence.
    pub(crate) fn planned(&self) -> Result<PlannedOccurrence> {
        let (span, tz) = (self.event.span()?, zone(&self.event.timezone));
        let original_start = self.occurrence.original_start;
        let local_start = original_start.in_zone(tz).naive_local();
        Ok(PlannedOccurrence {
            original_start,
            local: parse_local(&self.occurrence.original_local)?,
            ends_at: time::end_of(local_start, original_start, span.seconds, span.all_day, tz),
        })
    }
}

/// A violation of the field `recurrence`.
pub(crate) fn recurrence_violation(error: &RuleError) -> Error {
    Error::invalid(format!("/recurrence{}", error.pointer()), error.code(), error.message())
}
