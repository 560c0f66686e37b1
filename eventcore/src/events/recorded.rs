//! What a change of an event is told to subscribers.

use std::collections::HashMap;

use super::aggregate::EventAggregate;
use super::change_plan::ChangePlan;
use super::event::{EventStatus, OccurrenceStatus};
use super::occurrence::state::OccurrenceState;
use super::rows::EventRow;
use crate::changes::Change;
use crate::id::{EventId, OccurrenceId};

impl ChangePlan {
    /// The changes that the plan makes to `old`.
    pub(super) fn recorded(&self, old: &EventAggregate) -> Vec<Change> {
        let event = old.event.id;
        let mut changes = vec![of_event(&old.event, &self.event)];
        // A cancelled event is cancelled with its occurrences.
        if self.event.status == EventStatus::Cancelled && old.event.status != EventStatus::Cancelled {
            return changes;
        }
        let before: HashMap<OccurrenceId, &OccurrenceState> =
            old.remaining.iter().map(|occurrence| (occurrence.id, occurrence)).collect();
        changes.extend(self.remaining.iter().filter_map(|occurrence| {
            before.get(&occurrence.id).and_then(|before| of_occurrence(event, before, occurrence))
        }));
        changes.extend(self.deleted.iter().map(|deleted| {
            let occurrence = deleted.id;
            Change::OccurrenceDeleted { event, occurrence }
        }));
        if let Some(count) = u64::try_from(self.added.len()).ok().filter(|count| *count > 0) {
            changes.push(Change::OccurrencesAdded { event, count });
        }
        changes
    }
}

/// A change of an event, by its status before and after.
fn of_event(before: &EventRow, after: &EventRow) -> Change {
    use EventStatus::{Cancelled, Draft, Published};
    let event = after.id;
    match (before.status, after.status) {
        (Draft | Cancelled, Published) => Change::EventPublished { event },
        (Published | Cancelled, Draft) => Change::EventUnpublished { event },
        (Draft | Published, Cancelled) => Change::EventCancelled { event, at: after.updated_at },
        (Draft, Draft) | (Published, Published) | (Cancelled, Cancelled) => {
            let is_elsewhere = (&before.location, &before.url) != (&after.location, &after.url);
            Change::EventChanged { event, old_location: is_elsewhere.then(|| before.location.clone()) }
        }
    }
}

/// A change of an occurrence that is its own: what all occurrences inherit is told as a change of the event.
fn of_occurrence(event: EventId, before: &OccurrenceState, after: &OccurrenceState) -> Option<Change> {
    let occurrence = after.id;
    match (before.status, after.status) {
        (OccurrenceStatus::Scheduled, OccurrenceStatus::Cancelled) => {
            Some(Change::OccurrenceCancelled { event, occurrence })
        }
        (OccurrenceStatus::Cancelled, OccurrenceStatus::Scheduled) => {
            Some(Change::OccurrenceRestored { event, occurrence })
        }
        _ if (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at) => {
            Some(Change::OccurrenceMoved { event, occurrence, old_starts_at: before.starts_at })
        }
        _ => None,
    }
}
