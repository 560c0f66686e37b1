//! Cancelling, restoring and deleting an occurrence.

use super::editable::{EditableOccurrence, StoredOccurrence, lock_for_edit, recurrence_violation};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::event::{EventStatus, Occurrence, OccurrenceStatus};
use crate::events::schedule::reschedule;
use crate::events::{read, store};
use crate::id::OccurrenceId;
use crate::phase::Phase;
use crate::precondition::Precondition;
use crate::seats;
use crate::time::Timestamp;

impl EventCore {
    /// Cancels an occurrence. It stays visible, and its registrations are not changed.
    ///
    /// # Errors
    /// `occurrence_past` if it is over; `event_not_published` if its event is a draft: delete the occurrence
    /// instead; `version_mismatch` if `expected` is not the stored version.
    pub async fn cancel_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        expected: Option<&Precondition>,
    ) -> Result<Occurrence> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| cancel(tx, actor, id, expected, now))
    }

    /// Restores a cancelled occurrence with its registrations. If the rule no longer has it, it becomes an
    /// RDATE.
    ///
    /// # Errors
    /// `occurrence_past` or `occurrence_begun` if it has started; `occurrence_cancelled` if the whole event
    /// is cancelled; `invalid_input` if another occurrence has taken its start; `version_mismatch` if
    /// `expected` is not the stored version.
    pub async fn restore_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        expected: Option<&Precondition>,
    ) -> Result<Occurrence> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| restore(tx, actor, id, expected, now))
    }

    /// Deletes an occurrence without registrations and excludes it from the recurrence (EXDATE).
    ///
    /// # Errors
    /// `has_registrations` if anyone has ever registered; `occurrence_past` if it is over; `invalid_input` if
    /// it is the only occurrence; `version_mismatch` if `expected` is not the stored version.
    pub async fn delete_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| delete(tx, actor, id, expected, now))
    }
}

pub(crate) async fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Occurrence> {
    let locked = lock_for_edit(tx, actor, id, expected, now).await?;
    if locked.event.status == EventStatus::Draft {
        return Err(Error::EventNotPublished);
    }
    if locked.occurrence.status != OccurrenceStatus::Cancelled {
        tx.record(Change::OccurrenceCancelled { event: locked.event.id, occurrence: id });
        store::count_calendar_change(tx, locked.event.id).await?;
    }
    reschedule::set_status(tx, id, OccurrenceStatus::Cancelled, now).await?;
    read::load_occurrence(tx, id, now).await
}

pub(crate) async fn restore(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Occurrence> {
    let locked = lock_for_edit(tx, actor, id, expected, now).await?;
    if locked.occurrence.status == OccurrenceStatus::Cancelled {
        restore_cancelled(tx, &locked, now).await?;
    }
    read::load_occurrence(tx, id, now).await
}

async fn restore_cancelled(tx: &mut Tx, locked: &EditableOccurrence, now: Timestamp) -> Result<()> {
    if locked.event.status == EventStatus::Cancelled {
        return Err(Error::OccurrenceCancelled);
    }
    let occurrence = &locked.occurrence;
    if occurrence.phase(now) != Phase::Upcoming {
        return Err(Error::OccurrenceBegun);
    }
    let start = return_to_start(tx, occurrence).await?;
    let series = locked.series()?;
    let recurrence = series.with(start).map_err(|error| recurrence_violation(&error))?;
    if recurrence != *series.recurrence() {
        store::update_recurrence(tx, locked.event.id, &recurrence, now).await?;
    }
    tx.record(Change::OccurrenceRestored { event: locked.event.id, occurrence: occurrence.id });
    store::count_calendar_change(tx, locked.event.id).await?;
    reschedule::set_status(tx, occurrence.id, OccurrenceStatus::Scheduled, now).await?;
    seats::promote_waitlist(tx, occurrence.id, now).await?;
    Ok(())
}

/// The start of a cancelled occurrence. If it vacated its start for another one, it returns to it.
///
/// # Errors
/// `invalid_input` with the code `start_taken` if the other one is still there.
async fn return_to_start(tx: &mut Tx, occurrence: &StoredOccurrence) -> Result<Timestamp> {
    let vacated = occurrence.original_start;
    let start = Timestamp::from_micros(vacated.as_micros().div_euclid(1_000_000) * 1_000_000);
    if start == vacated {
        return Ok(start);
    }
    let returned = tx
        .query(sql!(
            "UPDATE occurrences SET original_start = $2 WHERE id = $1 AND NOT EXISTS (
                SELECT 1 FROM occurrences other
                WHERE other.event_id = occurrences.event_id AND other.original_start = $2)"
        ))
        .bind(occurrence.id)
        .bind(start)
        .execute()
        .await?;
    if returned == 0 {
        let message = "another occurrence of the event is at its start: register people for that one";
        return Err(Error::invalid("", "start_taken", message));
    }
    Ok(start)
}

async fn delete(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<()> {
    let locked = lock_for_edit(tx, actor, id, expected, now).await?;
    locked.event.must_be_independent(actor)?;
    let registered: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM registrations WHERE occurrence_id = $1)"))
        .bind(id)
        .scalar()
        .await?;
    if registered {
        return Err(Error::HasRegistrations);
    }
    if locked.event.recurrence()?.is_none() {
        let message = "this is the event's only occurrence: delete the event instead";
        return Err(Error::invalid("", "nothing_left", message));
    }
    let rest = locked
        .series()?
        .without(locked.occurrence.original_start)
        .map_err(|error| recurrence_violation(&error))?;
    reschedule::delete_occurrence(tx, locked.event.id, id).await?;
    store::update_recurrence(tx, locked.event.id, &rest, now).await?;
    tx.record(Change::OccurrenceDeleted { event: locked.event.id, occurrence: id });
    reschedule::must_have_an_occurrence(tx, locked.event.id).await
}
