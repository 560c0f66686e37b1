//! Cancelling one date, bringing it back, and taking it off the schedule.

use super::locked::{Held, hold, wrong_rule};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::event::{EventStatus, Occurrence, OccurrenceStatus};
use crate::events::schedule::reschedule;
use crate::events::{read, store};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::Recurrence;
use crate::seats;
use crate::time::Timestamp;

impl EventCore {
    /// Cancels one date. It stays visible, and everyone keeps their record.
    ///
    /// # Errors
    /// `occurrence_past` if it is over, `event_not_published` for a date of a draft, which can be deleted.
    pub async fn cancel_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        expected: Option<i64>,
    ) -> Result<Occurrence> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let held = hold(tx, actor, id, expected, now).await?;
            if held.event.status == EventStatus::Draft {
                return Err(Error::EventNotPublished);
            }
            reschedule::set_status(tx, id, OccurrenceStatus::Cancelled, now).await?;
            Ok(read::find_occurrence(tx, id).await?.occurrence(now))
        })
    }

    /// Brings a cancelled date back, with everyone who registered. Where the rule no longer has it, it becomes a date besides the rule (RDATE).
    ///
    /// # Errors
    /// `occurrence_past` if it has begun, `occurrence_cancelled` if the whole event was cancelled.
    pub async fn restore_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        expected: Option<i64>,
    ) -> Result<Occurrence> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let held = hold(tx, actor, id, expected, now).await?;
            if held.date.status == OccurrenceStatus::Cancelled {
                restore(tx, &held, now).await?;
            }
            Ok(read::find_occurrence(tx, id).await?.occurrence(now))
        })
    }

    /// Takes a date for which nobody has registered off the schedule: the event never takes place then (EXDATE).
    ///
    /// # Errors
    /// `has_registrations` where someone has, `occurrence_past` if it is over; `invalid_input` for the only date of an event.
    pub async fn delete_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        expected: Option<i64>,
    ) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let held = hold(tx, actor, id, expected, now).await?;
            let registered: bool = tx
                .query(sql!("SELECT EXISTS (SELECT 1 FROM registrations WHERE occurrence_id = $1)"))
                .bind(id)
                .scalar()
                .await?;
            if registered {
                return Err(Error::HasRegistrations);
            }
            if held.event.recurrence()?.is_none() {
                return Err(Error::invalid("", "nothing_left", "this is the only date of the event: delete the event instead"));
            }
            let rest = held.series()?.without(held.date.original_start).map_err(|error| wrong_rule(&error))?;
            reschedule::delete_date(tx, id).await?;
            keep_recurrence(tx, held.event.id, &rest, now).await?;
            reschedule::must_have_a_date(tx, held.event.id).await
        })
    }
}

async fn restore(tx: &mut Tx, held: &Held, now: Timestamp) -> Result<()> {
    if held.event.status == EventStatus::Cancelled {
        return Err(Error::OccurrenceCancelled);
    }
    if held.date.starts_at <= now {
        return Err(Error::OccurrenceBegun);
    }
    let series = held.series()?;
    let recurrence = series.with(held.date.original_start).map_err(|error| wrong_rule(&error))?;
    if recurrence != *series.recurrence() {
        keep_recurrence(tx, held.event.id, &recurrence, now).await?;
    }
    reschedule::set_status(tx, held.date.id, OccurrenceStatus::Scheduled, now).await?;
    seats::promote_waitlist(tx, held.date.id, now).await?;
    Ok(())
}

/// Writes down what repeats an event, its dates being as it says already.
pub(crate) async fn keep_recurrence(
    tx: &mut Tx,
    id: EventId,
    recurrence: &Recurrence,
    now: Timestamp,
) -> Result<()> {
    let (rrule, rdate, exdate) = store::written(Some(recurrence))?;
    tx.query(sql!(
        "UPDATE events SET rrule = $2, rdate = $3, exdate = $4, expanded_until = CASE WHEN $5 THEN NULL ELSE expanded_until END,
            updated_at = $6, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(rrule)
    .bind(rdate)
    .bind(exdate)
    .bind(recurrence.is_bounded())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
