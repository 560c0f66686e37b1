//! The difference between the occurrences of an event and a new schedule.
//!
//! [`ScheduleDiff::between`] decides what a change of rule, start or time zone does to each occurrence,
//! without a database:
//!
//! - An occurrence that has begun never changes.
//! - Every other occurrence is matched to a new start, first by its original start.
//! - If occurrences and new starts are left over on both sides, and the whole schedule moved by one
//!   wall-clock shift, the occurrences move with it, in order.
//! - Occurrences that are still unmatched are removed, unmatched new starts are added.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use super::date_value::seconds;
use super::zone::Zone;
use crate::time::Timestamp;

/// An occurrence of the event before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingOccurrence {
    /// The instant at which the old rule placed it, which identifies it.
    pub original_start: Timestamp,
    /// Whether it has begun or is over: then it does not change.
    pub begun: bool,
    /// Whether there is any registration for it, cancelled ones included.
    pub has_registrations: bool,
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
/// Each existing occurrence is in exactly one of `matched`, `removed` and `begun`, each new start in exactly
/// one of `matched`, `added` and `skipped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleDiff {
    /// Existing occurrence and new start: the occurrence keeps its registrations and overrides, and gets the
    /// new start as its original start.
    pub matched: Vec<(usize, usize)>,
    /// New starts that become new occurrences.
    pub added: Vec<usize>,
    /// Existing occurrences that are not in the new schedule.
    pub removed: Vec<(usize, Removal)>,
    /// Existing occurrences that have begun and stay as they are.
    pub begun: Vec<usize>,
    /// New starts without an occurrence: they are in the past, or an occurrence that has begun has this
    /// start.
    pub skipped: Vec<usize>,
}

impl ScheduleDiff {
    /// Compares the `existing` occurrences with the starts of the new schedule. `zones` are the old and the
    /// new time zone. New starts before `now` are skipped.
    pub fn between(
        existing: &[ExistingOccurrence],
        new: &[Timestamp],
        zones: (Tz, Tz),
        now: Timestamp,
    ) -> Self {
        let mut diff = Self::default();
        let open =
            Placed::sorted(existing.iter().map(|old| old.original_start), zones.0, |i| !existing[i].begun);
        diff.begun = (0..existing.len()).filter(|i| existing[*i].begun).collect();
        let begun: HashSet<_> = diff.begun.iter().map(|i| existing[*i].original_start).collect();
        let open_starts: HashSet<_> = open.iter().map(|placed| placed.start).collect();
        let available =
            |i: usize| !begun.contains(&new[i]) && (new[i] >= now || open_starts.contains(&new[i]));
        let wanted = Placed::sorted(new.iter().copied(), zones.1, available);

        let pairs = prefer_registered(&match_starts(&open, &wanted), &open, &wanted, |placed| {
            existing[placed.index].has_registrations
        });
        let mut matched_old = HashSet::new();
        let mut matched_new = HashSet::new();
        for (from, to) in pairs {
            matched_old.insert(open[from].index);
            matched_new.insert(wanted[to].index);
            diff.matched.push((open[from].index, wanted[to].index));
        }
        for placed in open.iter().filter(|placed| !matched_old.contains(&placed.index)) {
            let registered = existing[placed.index].has_registrations;
            diff.removed.push((placed.index, if registered { Removal::Cancel } else { Removal::Delete }));
        }
        diff.added = wanted.iter().map(|placed| placed.index).filter(|i| !matched_new.contains(i)).collect();
        let wanted: HashSet<_> = wanted.iter().map(|placed| placed.index).collect();
        diff.skipped = (0..new.len()).filter(|i| !wanted.contains(i)).collect();
        diff
    }
}

/// A start with its wall-clock time in the zone of its schedule.
#[derive(Debug, Clone, Copy)]
struct Placed {
    start: Timestamp,
    /// Seconds since 1970 by the wall clock.
    wall: i64,
    /// Index in the caller's list.
    index: usize,
}

impl Placed {
    /// The starts whose index `included` accepts, by start.
    fn sorted(
        starts: impl Iterator<Item = Timestamp>,
        tz: Tz,
        included: impl Fn(usize) -> bool,
    ) -> Vec<Self> {
        let zone = Zone::of(tz);
        let included = starts.enumerate().filter(|(index, _)| included(*index));
        let mut placed: Vec<_> =
            included.map(|(index, start)| Self { start, wall: zone.local(seconds(start)), index }).collect();
        placed.sort_unstable_by_key(|placed| (placed.start, placed.index));
        placed
    }
}

/// Pairs of positions in the two lists.
type Pairs = Vec<(usize, usize)>;

/// Matches by start, or by the shift of the whole schedule if that matches more.
fn match_starts(old: &[Placed], new: &[Placed]) -> Pairs {
    let same = match_same_start(old, new);
    // If one schedule contains the other within their common period, occurrences were only added or removed.
    let fewest = old.len().min(new.len());
    if !same.is_empty()
        && same.len() * 2 >= fewest
        && Fit::of(old, new, 0, same.len(), |placed| seconds(placed.start)).explains_one()
    {
        return same;
    }
    // If some starts are unchanged, only a shift that explains everything is a better explanation.
    let complete = !same.is_empty();
    match_shifted(old, new, complete).filter(|pairs| pairs.len() > same.len()).unwrap_or(same)
}

/// If an unmatched occurrence with registrations has a start that exists in the new schedule, it is matched
/// to that start, instead of being cancelled because another occurrence moves there. The other one may in
/// turn be matched to its own start.
fn prefer_registered(
    pairs: &Pairs,
    old: &[Placed],
    new: &[Placed],
    registered: impl Fn(&Placed) -> bool,
) -> Pairs {
    let position_of: HashMap<Timestamp, usize> =
        new.iter().enumerate().map(|(to, placed)| (placed.start, to)).collect();
    let mut old_at: HashMap<usize, usize> = pairs.iter().map(|(from, to)| (*to, *from)).collect();
    let matched: HashSet<usize> = pairs.iter().map(|(from, _)| *from).collect();
    let mut unmatched: Vec<usize> = (0..old.len()).filter(|from| !matched.contains(from)).collect();
    while let Some(from) = unmatched.pop() {
        let Some(to) = position_of.get(&old[from].start).filter(|_| registered(&old[from])) else { continue };
        unmatched.extend(old_at.insert(*to, from));
    }
    let mut pairs: Pairs = old_at.into_iter().map(|(to, from)| (from, to)).collect();
    pairs.sort_unstable();
    pairs
}

fn match_same_start(old: &[Placed], new: &[Placed]) -> Pairs {
    let mut position_of: HashMap<Timestamp, usize> =
        new.iter().enumerate().rev().map(|(i, placed)| (placed.start, i)).collect();
    old.iter()
        .enumerate()
        .filter_map(|(i, placed)| position_of.remove(&placed.start).map(|to| (i, to)))
        .collect()
}

/// How well a shift explains the new schedule, within the period that both schedules cover.
struct Fit {
    pairs: usize,
    /// Unmatched old starts.
    old_left: usize,
    /// Unmatched new starts.
    new_left: usize,
}

impl Fit {
    fn of(old: &[Placed], new: &[Placed], by: i64, pairs: usize, at: impl Fn(&Placed) -> i64) -> Self {
        let ends = |placed: &[Placed], by: i64| Some((at(placed.first()?) + by, at(placed.last()?) + by));
        let within = |placed: &[Placed], by: i64, ends: Option<(i64, i64)>| {
            let Some((from, to)) = ends else { return 0 };
            placed.iter().filter(|placed| (from..=to).contains(&(at(placed) + by))).count()
        };
        let old_within = within(old, by, ends(new, 0));
        let new_within = within(new, 0, ends(old, by));
        Self { pairs, old_left: old_within.saturating_sub(pairs), new_left: new_within.saturating_sub(pairs) }
    }

    /// Whether one of the two schedules is matched completely.
    fn explains_one(&self) -> bool {
        self.pairs > 0 && (self.old_left == 0 || self.new_left == 0)
    }

    /// Whether so few starts are `left` that clock changes may explain them: one in ten, or one in all. A
    /// clock change moves a start by an hour more or less than the others.
    const fn is_few(&self, left: usize) -> bool {
        left == 0 || (self.pairs > 2 && left <= 1) || left * 10 <= self.pairs
    }
}

/// Matches by the wall-clock shift that gives the most pairs, and of those by the smallest. `complete` allows
/// hardly any unmatched start on either side.
fn match_shifted(old: &[Placed], new: &[Placed], complete: bool) -> Option<Pairs> {
    const SAME_DAY: i64 = 86_400;
    let (mut old, mut new): (Vec<_>, Vec<_>) = (by_wall_clock(old), by_wall_clock(new));
    old.sort_unstable();
    new.sort_unstable();
    let placed = |walls: &[(i64, usize)]| {
        let placed =
            walls.iter().map(|(wall, index)| Placed { start: Timestamp::MIN, wall: *wall, index: *index });
        placed.collect::<Vec<_>>()
    };
    let (old_placed, new_placed) = (placed(&old), placed(&new));
    let mut best: Option<(usize, i64)> = None;
    for by in candidate_shifts(&old, &new) {
        let pairs = pairs_at_shift(&old, &new, by).len();
        let fit = Fit::of(&old_placed, &new_placed, by, pairs, |placed| placed.wall);
        let near = by.abs() < SAME_DAY;
        let many = near || pairs * 2 >= old.len().min(new.len());
        let fits = if complete {
            fit.is_few(fit.old_left) && fit.is_few(fit.new_left)
        } else {
            fit.is_few(fit.old_left) || (near && fit.is_few(fit.new_left))
        };
        if pairs > 0
            && many
            && fits
            && best.is_none_or(|(most, least)| (pairs, -by.abs()) > (most, -least.abs()))
        {
            best = Some((pairs, by));
        }
    }
    let (_, by) = best?;
    let pairs = fill_between(&pairs_at_shift(&old, &new, by), old.len(), new.len());
    Some(pairs.into_iter().map(|(from, to)| (old[from].1, new[to].1)).collect())
}

/// Wall-clock time and position of each start.
fn by_wall_clock(placed: &[Placed]) -> Vec<(i64, usize)> {
    placed.iter().enumerate().map(|(i, placed)| (placed.wall, i)).collect()
}

/// The shifts that move the first, the middle or the last old start to a new one near it, in seconds,
/// smallest first.
fn candidate_shifts(old: &[(i64, usize)], new: &[(i64, usize)]) -> Vec<i64> {
    const NEAR: usize = 16;
    let mut shifts = Vec::new();
    for anchor in [0, old.len() / 2, old.len().saturating_sub(1)] {
        let Some((wall, _)) = old.get(anchor) else { continue };
        let at = new.partition_point(|(other, _)| other < wall);
        let near = &new[at.saturating_sub(NEAR)..(at + NEAR).min(new.len())];
        shifts.extend(near.iter().map(|(other, _)| other - wall));
        // The n-th old start to the n-th new one.
        shifts.extend(new.get(anchor).map(|(other, _)| other - wall));
    }
    shifts.sort_unstable_by_key(|by| (by.abs(), *by));
    shifts.dedup();
    shifts
}

fn pairs_at_shift(old: &[(i64, usize)], new: &[(i64, usize)], by: i64) -> Pairs {
    let mut pairs = Vec::new();
    let mut to = 0;
    for (from, (wall, _)) in old.iter().enumerate() {
        while new.get(to).is_some_and(|(other, _)| *other < wall + by) {
            to += 1;
        }
        if new.get(to).is_some_and(|(other, _)| *other == wall + by) {
            pairs.push((from, to));
            to += 1;
        }
    }
    pairs
}

/// Also pairs the starts between two pairs if their number is the same in both lists: a clock change moved
/// these by more or less than the others.
fn fill_between(pairs: &[(usize, usize)], old: usize, new: usize) -> Pairs {
    let mut filled = Vec::with_capacity(pairs.len());
    let (mut from, mut to) = (0, 0);
    let ends = pairs.iter().map(|pair| (*pair, true)).chain([((old, new), false)]);
    for (i, ((next_from, next_to), is_pair)) in ends.enumerate() {
        if i > 0 && is_pair && next_from - from == next_to - to {
            filled.extend((from..next_from).zip(to..next_to));
        }
        if is_pair {
            filled.push((next_from, next_to));
        }
        (from, to) = (next_from + 1, next_to + 1);
    }
    filled
}
