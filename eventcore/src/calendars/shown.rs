//! What a feed shows of its events.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::entry::{CalendarEntry, EntryStatus};
use super::event_entries::{CalendarEvent, CalendarOccurrence};
use crate::id::{EventId, OccurrenceId};
use crate::time::LeadTime;

/// An event of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedEvent {
    pub(super) id: EventId,
    pub(super) shown: Shown,
}

/// What a feed shows of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// The event with all its occurrences.
    Whole,
    /// Some occurrences, as the person of the calendar attends each.
    Some(BTreeMap<OccurrenceId, Attendance>),
}

/// How the person of a calendar attends an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attendance {
    /// They have a seat, and are reminded so long before the start.
    Attends(Vec<LeadTime>),
    /// They are on the waitlist, so that the entry is tentative.
    Waits,
}

/// Adds what tells whether lead times have changed.
pub(super) fn add_reminders(digest: &mut Sha256, reminders: &[LeadTime]) {
    for lead in reminders {
        digest.update(lead.to_string());
        digest.update(" ");
    }
}

impl Shown {
    /// Adds what tells whether it shows something else.
    pub(super) fn add_to(&self, digest: &mut Sha256) {
        let Self::Some(occurrences) = self else { return };
        for (id, attendance) in occurrences {
            digest.update(id.as_uuid().as_bytes());
            match attendance {
                Attendance::Attends(reminders) => add_reminders(digest, reminders),
                Attendance::Waits => digest.update("waits"),
            }
        }
    }
}

impl Attendance {
    /// The entry of an occurrence that a person attends so.
    pub(super) fn entry<'a>(
        &self,
        event: &'a CalendarEvent,
        occurrence: &'a CalendarOccurrence,
        is_one_of_many: bool,
    ) -> CalendarEntry<'a> {
        let entry = event.entry(occurrence, is_one_of_many);
        match self {
            Self::Attends(reminders) => CalendarEntry { reminders: reminders.clone(), ..entry },
            Self::Waits if entry.status == EntryStatus::Confirmed => {
                CalendarEntry { status: EntryStatus::Tentative, ..entry }
            }
            Self::Waits => entry,
        }
    }
}
