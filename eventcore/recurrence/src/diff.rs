//! The difference between the occurrences of an event and a new schedule.
//!
//! [`ScheduleDiff::between`] decides what a change of rule, start or time zone does to each occurrence,
//! without a database:
//!
//! - An occurrence that has begun never changes.
//! - Every other occurrence is matched to a new start by the nominal wall clock: see [`super::matching`].
//! - Occurrences that are still unmatched are removed, unmatched new starts are added.
//! - An occurrence that an earlier change of the rule cancelled is restored if its start is back and no other
//!   occurrence took it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;

use super::instance::Instance;
use super::matching::{OldStart, match_starts};
use super::rule::Rule;
use crate::time::Timestamp;

/// An occurrence of the event before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingOccurrence {
    /// Where the old rule placed it, which identifies it.
    pub start: NominalStart,
    /// Its state.
    pub state: ExistingState,
    /// Whether there is any registration for it, cancelled ones included.
    pub has_registrations: bool,
}

/// What a change of schedule can do to an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingState {
    /// It takes place.
    Scheduled,
    /// An organizer cancelled it. It moves with the schedule, and stays cancelled.
    Cancelled,
    /// The rule no longer has it, because of an earlier change.
    CancelledByRule,
    /// An organizer cancelled it, and the rule no longer has it: a record.
    Record,
    /// It has begun or is over.
    Begun,
}

/// A start with the local time by the rule, which the clocks may skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NominalStart {
    /// The instant.
    pub at: Timestamp,
    /// The local time by the rule, in the time zone of its schedule.
    pub nominal: NaiveDateTime,
}

impl From<&Instance> for NominalStart {
    fn from(instance: &Instance) -> Self {
        Self { at: instance.original_start(), nominal: instance.nominal() }
    }
}

/// What is compared by [`ScheduleDiff::between`].
#[derive(Debug, Clone, Copy)]
pub struct ScheduleChange<'a> {
    /// The occurrences of the event.
    pub existing: &'a [ExistingOccurrence],
    /// The rule that they are by.
    pub rule: Option<&'a Rule>,
    /// The starts of the new schedule.
    pub new: &'a [NominalStart],
    /// Whether the starts of the occurrences are days. If they were or become days, only days are compared.
    pub was_all_day: bool,
    /// Whether the new starts are days. A day on which an occurrence was is not past, although its midnight
    /// is.
    pub all_day: bool,
    /// New starts before this time are skipped, unless they are those of occurrences.
    pub from: Timestamp,
}

/// What happens to an occurrence that the new schedule does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It has no registrations and is deleted.
    Delete,
    /// It has registrations: it is cancelled and the registered users are notified.
    Cancel,
}

/// What a change of schedule does, by indices into the list of existing occurrences and the list of new
/// starts.
///
/// Each existing occurrence is in exactly one of `matched`, `restored`, `removed` and `unchanged`, each new
/// start in exactly one of `matched`, `restored`, `added` and `skipped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleDiff {
    /// Existing occurrence and new start: the occurrence keeps its registrations and overrides, and gets the
    /// new start as its original start.
    pub matched: Vec<(usize, usize)>,
    /// The same for occurrences that an earlier change cancelled: they take place again.
    pub restored: Vec<(usize, usize)>,
    /// New starts that become new occurrences.
    pub added: Vec<usize>,
    /// Existing occurrences that are not in the new schedule.
    pub removed: Vec<(usize, Removal)>,
    /// Existing occurrences that have begun or are records, and stay as they are.
    pub unchanged: Vec<usize>,
    /// New starts without an occurrence: they are in the past, or an occurrence that does not change has this
    /// start.
    pub skipped: Vec<usize>,
}

impl ScheduleDiff {
    /// Compares the occurrences with the starts of the new schedule.
    pub fn between(change: &ScheduleChange<'_>) -> Self {
        let ScheduleChange { existing, new, from, .. } = *change;
        let is_open = |old: &ExistingOccurrence| {
            matches!(old.state, ExistingState::Scheduled | ExistingState::Cancelled)
        };
        let open = change.sorted(existing.iter().map(|old| old.start), |i| is_open(&existing[i]));
        let starts_of = |wanted: &dyn Fn(&ExistingOccurrence) -> bool| {
            Starts::of(change, existing.iter().filter(|old| wanted(old)))
        };
        let open_starts = starts_of(&is_open);
        let records = starts_of(&|old| old.state == ExistingState::Record);
        let begun = starts_of(&|old| old.state == ExistingState::Begun);
        let available = |i: usize| {
            let start = &new[i];
            let is_taken = begun.at.contains(&start.at) || records.has(start);
            let is_open = open_starts.at.contains(&start.at)
                || change.all_day && open_starts.walls.contains(&change.wall(start));
            !is_taken && (is_open || start.at >= from && !begun.walls.contains(&change.wall(start)))
        };
        let wanted = change.sorted(new.iter().copied(), available);

        let old: Vec<OldStart> = open
            .iter()
            .map(|placed| OldStart {
                wall: placed.wall,
                registered: existing[placed.index].has_registrations
                    && existing[placed.index].state == ExistingState::Scheduled,
            })
            .collect();
        let walls: Vec<i64> = wanted.iter().map(|placed| placed.wall).collect();
        let pairs = match_starts(&old, &walls, change.rule);
        let matched: Vec<_> =
            pairs.into_iter().map(|(from, to)| (open[from].index, wanted[to].index)).collect();
        let mut diff = Self { matched, ..Self::default() };
        diff.restore(change, &wanted);
        diff.complete(change, &wanted);
        diff
    }

    /// Restores what an earlier change cancelled, where its start is back.
    fn restore(&mut self, change: &ScheduleChange<'_>, wanted: &[Placed]) {
        let taken: HashSet<usize> = self.matched.iter().map(|(_, to)| *to).collect();
        let free = || wanted.iter().map(|placed| placed.index).filter(|to| !taken.contains(to));
        let start = |to: usize| change.new[to];
        let mut by_nominal: HashMap<_, _> = free().map(|to| (start(to).nominal, to)).collect();
        let mut by_instant: HashMap<_, _> = free().map(|to| (start(to).at, to)).collect();
        let mut cancelled: Vec<usize> = (0..change.existing.len())
            .filter(|i| change.existing[*i].state == ExistingState::CancelledByRule)
            .collect();
        // Of several on one start, the one with registrations comes back.
        cancelled.sort_by_key(|i| !change.existing[*i].has_registrations);
        for from in cancelled {
            let old = change.existing[from].start;
            let to = by_nominal.get(&old.nominal).or_else(|| by_instant.get(&old.at)).copied();
            if let Some(to) = to {
                by_nominal.remove(&start(to).nominal);
                by_instant.remove(&start(to).at);
                self.restored.push((from, to));
            }
        }
    }

    /// Fills the other lists.
    fn complete(&mut self, change: &ScheduleChange<'_>, wanted: &[Placed]) {
        let pairs = || self.matched.iter().chain(&self.restored);
        let kept: HashSet<usize> = pairs().map(|(from, _)| *from).collect();
        let taken: HashSet<usize> = pairs().map(|(_, to)| *to).collect();
        for (i, old) in change.existing.iter().enumerate().filter(|(i, _)| !kept.contains(i)) {
            match old.state {
                ExistingState::CancelledByRule | ExistingState::Record | ExistingState::Begun => {
                    self.unchanged.push(i);
                }
                _ if old.has_registrations => self.removed.push((i, Removal::Cancel)),
                _ => self.removed.push((i, Removal::Delete)),
            }
        }
        let wanted: HashSet<usize> = wanted.iter().map(|placed| placed.index).collect();
        let left = |i: &usize| !taken.contains(i);
        (self.added, self.skipped) = (0..change.new.len()).filter(left).partition(|i| wanted.contains(i));
    }
}

/// Starts of occurrences.
struct Starts {
    at: HashSet<Timestamp>,
    nominal: HashSet<NaiveDateTime>,
    walls: HashSet<i64>,
}

impl Starts {
    fn of<'e>(change: &ScheduleChange<'_>, old: impl Iterator<Item = &'e ExistingOccurrence>) -> Self {
        let starts: Vec<_> = old.map(|old| old.start).collect();
        Self {
            at: starts.iter().map(|start| start.at).collect(),
            nominal: starts.iter().map(|start| start.nominal).collect(),
            walls: starts.iter().map(|start| change.wall(start)).collect(),
        }
    }

    fn has(&self, start: &NominalStart) -> bool {
        self.at.contains(&start.at) || self.nominal.contains(&start.nominal)
    }
}

/// A start by the wall clock.
#[derive(Debug, Clone, Copy)]
struct Placed {
    /// Seconds since 1970 by the wall clock.
    wall: i64,
    /// Index in the caller's list.
    index: usize,
}

impl ScheduleChange<'_> {
    /// The nominal start in seconds since 1970 by the wall clock; for days, the beginning of its day.
    fn wall(&self, start: &NominalStart) -> i64 {
        let nominal =
            if self.was_all_day || self.all_day { start.nominal.date().into() } else { start.nominal };
        nominal.and_utc().timestamp()
    }

    /// The starts whose index `included` accepts, by the wall clock.
    fn sorted(
        &self,
        starts: impl Iterator<Item = NominalStart>,
        included: impl Fn(usize) -> bool,
    ) -> Vec<Placed> {
        let included = starts.enumerate().filter(|(index, _)| included(*index));
        let mut placed: Vec<_> =
            included.map(|(index, start)| (self.wall(&start), start.nominal, start.at, index)).collect();
        placed.sort_unstable();
        placed.into_iter().map(|(wall, _, _, index)| Placed { wall, index }).collect()
    }
}
