//! What a change of an event does to its rows, decided without a database.
//!
//! [`ChangePlan::of`] compares the event and its occurrences as they are with the next row of the event;
//! [`ChangePlan::store`](super::store_plan) writes the difference. An occurrence gets a new version if the
//! change alters anything that the API shows of it, once, whatever else the change does.

use std::collections::{HashMap, HashSet};

use super::aggregate::EventAggregate;
use super::copies::Copies;
use super::event::{EventStatus, OccurrenceStatus};
use super::occurrence::changes::OccurrenceChanges;
use super::occurrence::state::OccurrenceState;
use super::rows::EventRow;
use super::schedule::expansion::PlannedOccurrence;
use super::schedule::reschedule::follow_schedule;
use super::schedule::retime::Retiming;
use super::store::NewOccurrence;
use crate::error::{Error, Result};
use crate::id::OccurrenceId;
use crate::phase::Phase;
use crate::recurrence::{Removal, ScheduleDiff};
use crate::search::DocumentTexts;
use crate::time::Timestamp;

/// The rows that a change writes.
#[derive(Debug)]
pub(super) struct ChangePlan {
    /// The next version of the event.
    pub(super) event: EventRow,
    /// Its tags, if they change: pairs of the folded and the displayed name.
    pub(super) tags: Option<Vec<(String, String)>>,
    /// The occurrences that remain, changed or not, by id.
    pub(super) remaining: Vec<OccurrenceState>,
    /// Those of them that change.
    pub(super) changes: OccurrenceChanges,
    /// Occurrences without registrations that the new schedule does not have.
    pub(super) deleted: Vec<OccurrenceState>,
    pub(super) added: Vec<NewOccurrence>,
    /// Whether title, description, location or tags of the event change.
    pub(super) has_new_texts: bool,
    /// The search documents that get other texts, by their ids. Documents of past occurrences are left out.
    pub(super) documents: Vec<(i64, DocumentTexts)>,
    /// Occurrences whose waitlists may move up.
    pub(super) promotable: Vec<OccurrenceId>,
    /// What past occurrences copy from the event, if that changes.
    pub(super) past_copies: Option<Copies>,
}

/// What a change does besides giving the event its next row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Effects<'a> {
    /// The tags of the next row: pairs of the folded and the displayed name.
    pub(super) tags: &'a [(String, String)],
    /// The new schedule, if it changes, and how the remaining occurrences match it.
    pub(super) schedule: Option<(&'a [PlannedOccurrence], &'a ScheduleDiff)>,
    /// Whether each remaining occurrence gets a new version, whatever the change is.
    pub(super) on_all: bool,
}

impl ChangePlan {
    /// The plan that makes `revised` of a stored event.
    ///
    /// # Errors
    /// `nothing_left` if the event would have no occurrence.
    pub(super) fn of(
        stored: &EventAggregate,
        revised: EventRow,
        effects: Effects<'_>,
        now: Timestamp,
    ) -> Result<Self> {
        let (old_copies, copies) = (Copies::of(&stored.event)?, Copies::of(&revised)?);
        let mut remaining = stored.remaining.clone();
        let mut added = Vec::new();
        let mut deleted_ids = HashSet::new();
        let mut planned_at: HashMap<usize, &PlannedOccurrence> = HashMap::new();
        if let Some((planned, diff)) = effects.schedule {
            follow_schedule(&mut remaining, planned, diff, copies.status, now);
            let pairs = diff.matched.iter().chain(&diff.restored);
            planned_at.extend(pairs.map(|(from, to)| (*from, &planned[*to])));
            let without_row: Vec<_> = diff.added.iter().map(|i| planned[*i]).collect();
            added = NewOccurrence::list(&without_row, now);
            let deleted = diff.removed.iter().filter(|(_, removal)| *removal == Removal::Delete);
            deleted_ids.extend(deleted.map(|(i, _)| stored.remaining[*i].id));
        }
        let before = stored.occurrence_count;
        let count = i64::try_from(added.len()).unwrap_or(i64::MAX) + before;
        if count <= i64::try_from(deleted_ids.len()).unwrap_or(i64::MAX) {
            return Err(nothing_left());
        }
        let is_cancelled =
            revised.status == EventStatus::Cancelled && stored.event.status != EventStatus::Cancelled;
        let shown_differently = effects.on_all || shows_all_differently(&stored.event, &revised);
        let has_new_texts = texts(&stored.event) != texts(&revised);
        let mut plan = Self {
            tags: (stored.event.tags != revised.tags).then(|| effects.tags.to_vec()),
            event: revised,
            remaining: Vec::with_capacity(remaining.len()),
            changes: OccurrenceChanges::default(),
            deleted: Vec::new(),
            added,
            has_new_texts,
            documents: Vec::new(),
            promotable: Vec::new(),
            past_copies: (stored.has_past && old_copies.differ_for_past(&copies)).then(|| copies.clone()),
        };
        let clock_change = Retiming::between(&stored.event, &plan.event)?;
        for (i, (old, mut new)) in stored.remaining.iter().zip(remaining).enumerate() {
            if deleted_ids.contains(&old.id) {
                plan.deleted.push(new);
                continue;
            }
            if !old.is_over(now) {
                if let Some(change) = clock_change.as_ref().filter(|_| !old.has_begun(now)) {
                    change.apply(&mut new, planned_at.get(&i).copied())?;
                }
                if is_cancelled {
                    new.status = OccurrenceStatus::Cancelled;
                }
                copies.copy_to(&mut new);
                if old.has_begun(now) {
                    new.all_day = old.all_day;
                }
                let own_texts = shows_texts_differently(&stored.event, &plan.event, old);
                let opens = is_open(&stored.event, old) != is_open(&plan.event, &new);
                if shown_differently || own_texts || opens || shows_differently(old, &new) {
                    new.version = old.version + 1;
                }
                plan.add_document(&stored.event, old)?;
            }
            plan.add(old, new, now);
        }
        Ok(plan)
    }

    /// Adds an occurrence that remains.
    fn add(&mut self, old: &OccurrenceState, new: OccurrenceState, now: Timestamp) {
        self.changes.add(old, &new);
        let promotes = is_open(&self.event, &new) && new.phase(now) == Phase::Upcoming;
        if promotes && new.waitlist_length > 0 && new.seats_taken < new.capacity {
            self.promotable.push(new.id);
        }
        self.remaining.push(new);
    }

    /// Adds the search document of an occurrence, if its texts change.
    fn add_document(&mut self, old_event: &EventRow, occurrence: &OccurrenceState) -> Result<()> {
        let id = occurrence.document_id;
        if !self.has_new_texts || self.documents.iter().any(|(document, _)| *document == id) {
            return Ok(());
        }
        let new = occurrence.texts(&self.event)?;
        if new != occurrence.texts(old_event)? {
            self.documents.push((id, new));
        }
        Ok(())
    }
}

/// Whether an occurrence takes place as published.
fn is_open(event: &EventRow, occurrence: &OccurrenceState) -> bool {
    event.status == EventStatus::Published && occurrence.status == OccurrenceStatus::Scheduled
}

/// What the occurrences of an event are searched by, if they inherit it.
fn texts(event: &EventRow) -> [&str; 4] {
    [&event.title, &event.location, &event.description, &event.tags]
}

/// Whether the API shows all occurrences of an event differently after a change, whatever they override.
fn shows_all_differently(old: &EventRow, new: &EventRow) -> bool {
    let shown = |event: &EventRow| {
        let labels = (event.category.clone(), event.tags.clone());
        let rule = (event.rrule.clone(), event.rdate.clone(), event.exdate.clone());
        let access = (event.visibility, event.waitlist_enabled);
        (event.timezone.clone(), event.all_day, access, labels, rule)
    };
    // The recurrence in words depends on the start, too.
    let is_recurring = new.rrule.is_some() || new.rdate != "[]";
    shown(old) != shown(new) || (is_recurring && old.starts_local != new.starts_local)
}

/// Whether the API shows the texts of an occurrence differently after a change of its event.
fn shows_texts_differently(old: &EventRow, new: &EventRow, occurrence: &OccurrenceState) -> bool {
    (occurrence.title.is_none() && old.title != new.title)
        || (occurrence.description.is_none() && old.description != new.description)
        || (occurrence.location.is_none() && old.location != new.location)
        || (occurrence.url.is_none() && old.url != new.url)
}

/// Whether the API shows an occurrence differently after a change of its own columns.
fn shows_differently(old: &OccurrenceState, new: &OccurrenceState) -> bool {
    let times = |state: &OccurrenceState| (state.original_start, state.starts_at, state.ends_at);
    let rest = |state: &OccurrenceState| (state.status, state.moved, state.capacity, state.open_period);
    times(old) != times(new) || rest(old) != rest(new)
}

/// Refuses a change of the recurrence that leaves the event without occurrences.
fn nothing_left() -> Error {
    Error::invalid(
        "/recurrence/rrule",
        "nothing_left",
        "leaves the event without occurrences: delete the event instead",
    )
}

#[cfg(test)]
mod tests;
