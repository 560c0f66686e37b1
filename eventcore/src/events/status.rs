//! Publishing and cancelling events.

use super::aggregate::EventAggregate;
use super::change_plan::{ChangePlan, Effects};
use super::event::{Event, EventStatus};
use super::rows::{self, EventRow};
use super::schedule::reschedule;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::precondition::{Precondition, must_be_version};
use crate::time::Timestamp;

/// The status after a change that requests `requested`, or no other status.
///
/// Drafts can be published. Published events can be cancelled, and become drafts again; the caller checks
/// that such an event has no registrations. Cancelled events remain cancelled.
pub(super) fn next_status(current: EventStatus, requested: Option<EventStatus>) -> Result<EventStatus> {
    match (current, requested.unwrap_or(current)) {
        (EventStatus::Cancelled, EventStatus::Draft | EventStatus::Published) => {
            Err(Error::OccurrenceCancelled)
        }
        (EventStatus::Draft, EventStatus::Cancelled) => Err(Error::EventNotPublished),
        (_, next) => Ok(next),
    }
}

impl EventCore {
    /// Publishes a draft. Publishing a published event changes nothing.
    ///
    /// # Errors
    /// `occurrence_cancelled` for a cancelled event; `invalid_input` for a draft whose occurrences are all
    /// over; `version_mismatch` if `expected` is not the stored version; `email_not_verified`, see
    /// [`Builder::require_verified_email`](crate::Builder::require_verified_email).
    pub async fn publish_event(
        &self,
        actor: &Actor,
        id: EventId,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        actor.may_write()?;
        self.must_be_verified(actor).await?;
        let now = self.now();
        transaction!(self.db(), |tx| set_status(tx, actor, id, EventStatus::Published, expected, now))
    }

    /// Cancels an event and its occurrences that are not over. They stay visible, and registrations are not
    /// changed.
    ///
    /// # Errors
    /// `event_not_published` for a draft: delete it instead. `version_mismatch` if `expected` is not the
    /// stored version.
    pub async fn cancel_event(
        &self,
        actor: &Actor,
        id: EventId,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| set_status(tx, actor, id, EventStatus::Cancelled, expected, now))
    }
}

pub(super) async fn set_status(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    status: EventStatus,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Event> {
    let mut stored = if status == EventStatus::Published {
        // A calendar that is followed does not decide who finds its drafts.
        EventAggregate::lock_organized(tx, actor, id, now).await?
    } else {
        EventAggregate::lock(tx, actor, id, now).await?
    };
    must_be_version(stored.event.version, expected)?;
    let status = next_status(stored.event.status, Some(status))?;
    if stored.has_past {
        reschedule::lock_occurrences(tx, id).await?;
    }
    stored.lock_occurrences(tx, now).await?;
    if status == stored.event.status {
        return rows::created::answer(&stored, &stored.event, &stored.remaining, &[], now);
    }
    if status == EventStatus::Published && stored.remaining.iter().all(|occurrence| occurrence.is_over(now)) {
        return Err(Error::invalid("/starts_at", "in_the_past", "is in the past: move the event first"));
    }
    let version = stored.event.version + 1;
    let revised = EventRow { status, version, updated_at: now, ..stored.event.clone() };
    ChangePlan::of(&stored, revised, Effects::default(), now)?.store(tx, &stored, now).await
}

/// Cancels the occurrences of an event that are not over. Requires locks on all its occurrences.
pub(super) async fn cancel_remaining_occurrences(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET status = 'cancelled', updated_at = $2, version = version + 1
         WHERE event_id = $1 AND ends_at > $2 AND status <> 'cancelled'"
    ))
    .bind(id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Locks all occurrences of an event and fails if it has registrations, including cancelled ones: those are
/// records, which are never deleted.
pub(super) async fn must_have_no_registrations(tx: &mut Tx, id: EventId) -> Result<()> {
    // A registration locks its occurrence first, so none is in progress after this.
    reschedule::lock_occurrences(tx, id).await?;
    let registered: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM registrations WHERE event_id = $1)"))
        .bind(id)
        .scalar()
        .await?;
    if registered { Err(Error::HasRegistrations) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions_between_statuses() {
        use EventStatus::{Cancelled, Draft, Published};
        for (current, requested, next) in [
            (Draft, None, Some(Draft)),
            (Draft, Some(Published), Some(Published)),
            (Draft, Some(Cancelled), None),
            (Published, Some(Draft), Some(Draft)),
            (Published, Some(Cancelled), Some(Cancelled)),
            (Cancelled, None, Some(Cancelled)),
            (Cancelled, Some(Published), None),
            (Cancelled, Some(Draft), None),
        ] {
            assert_eq!(next_status(current, requested).ok(), next, "{current} {requested:?}");
        }
    }
}
