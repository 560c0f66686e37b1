//! What becomes of the dates that an event has when its rule, start or time zone changes: a plan over two lists, decided without a database.
//!
//! A date that is over, or has begun, stays as it is. Every other old date is matched to a new one, first by its original start. Where that leaves
//! both old and new dates over, and the whole schedule lies a fixed time earlier or later by the clock, the old dates move with it, in order. What is then
//! left of the old is removed; what is left of the new is added.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use super::date_value::seconds;
use super::zone::Zone;
use crate::time::Timestamp;

/// A date that an event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existing {
    /// Its identity: where the old rule placed it.
    pub original_start: Timestamp,
    /// It is over or has begun, so that nothing changes it any more.
    pub settled: bool,
    /// People have registered for it, at any time.
    pub registered: bool,
}

/// What happens to a date that the new schedule doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Nobody registered: it is deleted.
    Delete,
    /// People registered: it is cancelled, and they are told.
    Cancel,
}

/// What to do with each old and each new date, by their indices in the lists. Every old date is in exactly one of `kept`, `removed` and `settled`; every
/// new one in exactly one of `kept`, `added` and `passed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Realignment {
    /// Old and new: the occurrence lives on, with its registrations and overrides, at the new original start.
    pub kept: Vec<(usize, usize)>,
    /// New dates that become occurrences.
    pub added: Vec<usize>,
    /// Old dates that the new schedule has no more.
    pub removed: Vec<(usize, Removal)>,
    /// Old dates that stay as they are, being over.
    pub settled: Vec<usize>,
    /// New dates that nobody makes: they lie in the past, or an occurrence that is over stands there.
    pub passed: Vec<usize>,
}

/// Plans the way from the dates `old`, of an event in the first of `zones`, to the starts `new`, in the second of them. New dates before `now` are not made.
pub fn realign(old: &[Existing], new: &[Timestamp], zones: (Tz, Tz), now: Timestamp) -> Realignment {
    let mut plan = Realignment::default();
    let live = Date::sorted(old.iter().map(|date| date.original_start), zones.0, |i| !old[i].settled);
    plan.settled = (0..old.len()).filter(|i| old[*i].settled).collect();
    let settled: HashSet<_> = plan.settled.iter().map(|i| old[*i].original_start).collect();
    let awaited: HashSet<_> = live.iter().map(|date| date.start).collect();
    let open = |i: usize| !settled.contains(&new[i]) && (new[i] >= now || awaited.contains(&new[i]));
    let wanted = Date::sorted(new.iter().copied(), zones.1, open);

    let pairs = stay(&pair(&live, &wanted), &live, &wanted, |date| old[date.index].registered);
    let mut was_kept = HashSet::new();
    let mut is_kept = HashSet::new();
    for (from, to) in pairs {
        was_kept.insert(live[from].index);
        is_kept.insert(wanted[to].index);
        plan.kept.push((live[from].index, wanted[to].index));
    }
    for date in live.iter().filter(|date| !was_kept.contains(&date.index)) {
        let removal = if old[date.index].registered { Removal::Cancel } else { Removal::Delete };
        plan.removed.push((date.index, removal));
    }
    plan.added = wanted.iter().map(|date| date.index).filter(|i| !is_kept.contains(i)).collect();
    let wanted: HashSet<_> = wanted.iter().map(|date| date.index).collect();
    plan.passed = (0..new.len()).filter(|i| !wanted.contains(i)).collect();
    plan
}

/// A date with the wall clock that it shows.
#[derive(Debug, Clone, Copy)]
struct Date {
    start: Timestamp,
    wall: i64,
    index: usize,
}

impl Date {
    fn sorted(starts: impl Iterator<Item = Timestamp>, tz: Tz, wanted: impl Fn(usize) -> bool) -> Vec<Self> {
        let zone = Zone::of(tz);
        let dates = starts.enumerate().filter(|(index, _)| wanted(*index));
        let mut dates: Vec<_> =
            dates.map(|(index, start)| Self { start, wall: zone.local(seconds(start)), index }).collect();
        dates.sort_unstable_by_key(|date| (date.start, date.index));
        dates
    }
}

/// Pairs of places in the two lists.
type Pairs = Vec<(usize, usize)>;

fn pair(old: &[Date], new: &[Date]) -> Pairs {
    let same = same_start(old, new);
    // The same schedule with dates more or less: the old ones are found again, or the new ones were there.
    let fewest = old.len().min(new.len());
    if !same.is_empty()
        && same.len() * 2 >= fewest
        && Fit::of(old, new, 0, same.len(), |date| seconds(date.start)).explains_one()
    {
        return same;
    }
    let whole = !same.is_empty();
    shifted(old, new, whole).filter(|pairs| pairs.len() > same.len()).unwrap_or(same)
}

/// Lets whom people registered for stay where a new date stands, rather than be cancelled for another that moves there: no start is taken twice.
fn stay(pairs: &Pairs, old: &[Date], new: &[Date], registered: impl Fn(&Date) -> bool) -> Pairs {
    let places: HashMap<Timestamp, usize> =
        new.iter().enumerate().map(|(to, date)| (date.start, to)).collect();
    let mut comes: HashMap<usize, usize> = pairs.iter().map(|(from, to)| (*to, *from)).collect();
    let goes: HashSet<usize> = pairs.iter().map(|(from, _)| *from).collect();
    let mut left: Vec<usize> = (0..old.len()).filter(|from| !goes.contains(from)).collect();
    while let Some(from) = left.pop() {
        let Some(to) = places.get(&old[from].start).filter(|_| registered(&old[from])) else { continue };
        left.extend(comes.insert(*to, from));
    }
    let mut pairs: Pairs = comes.into_iter().map(|(to, from)| (from, to)).collect();
    pairs.sort_unstable();
    pairs
}

fn same_start(old: &[Date], new: &[Date]) -> Pairs {
    let mut places: HashMap<Timestamp, usize> =
        new.iter().enumerate().rev().map(|(i, date)| (date.start, i)).collect();
    old.iter().enumerate().filter_map(|(i, date)| places.remove(&date.start).map(|to| (i, to))).collect()
}

/// How well a shift explains the new schedule, in the time that both have dates in.
struct Fit {
    pairs: usize,
    old_left: usize,
    new_left: usize,
}

impl Fit {
    fn of(old: &[Date], new: &[Date], by: i64, pairs: usize, at: impl Fn(&Date) -> i64) -> Self {
        let ends = |dates: &[Date], by: i64| Some((at(dates.first()?) + by, at(dates.last()?) + by));
        let within = |dates: &[Date], by: i64, ends: Option<(i64, i64)>| {
            let Some((from, to)) = ends else { return 0 };
            dates.iter().filter(|date| (from..=to).contains(&(at(date) + by))).count()
        };
        let old_within = within(old, by, ends(new, 0));
        let new_within = within(new, 0, ends(old, by));
        Self { pairs, old_left: old_within.saturating_sub(pairs), new_left: new_within.saturating_sub(pairs) }
    }

    fn explains_one(&self) -> bool {
        self.pairs > 0 && (self.old_left == 0 || self.new_left == 0)
    }

    /// A clock change may move one date in ten, or one in all, by an hour more or less than the others.
    const fn few(&self, left: usize) -> bool {
        left == 0 || (self.pairs > 2 && left <= 1) || left * 10 <= self.pairs
    }
}

/// The pairs of the shift by the clock that keeps the most dates, and of those the shortest. With `whole`, nothing may be left on either side.
fn shifted(old: &[Date], new: &[Date], whole: bool) -> Option<Pairs> {
    const SAME_DAY: i64 = 86_400;
    let (mut old, mut new): (Vec<_>, Vec<_>) = (places(old), places(new));
    old.sort_unstable();
    new.sort_unstable();
    let walls = |places: &[(i64, usize)]| {
        let dates =
            places.iter().map(|(wall, index)| Date { start: Timestamp::MIN, wall: *wall, index: *index });
        dates.collect::<Vec<_>>()
    };
    let (old_dates, new_dates) = (walls(&old), walls(&new));
    let mut best: Option<(usize, i64)> = None;
    for by in candidates(&old, &new) {
        let pairs = pairs_at(&old, &new, by).len();
        let fit = Fit::of(&old_dates, &new_dates, by, pairs, |date| date.wall);
        let near = by.abs() < SAME_DAY;
        let many = near || pairs * 2 >= old.len().min(new.len());
        let fits = if whole {
            fit.few(fit.old_left) && fit.few(fit.new_left)
        } else {
            fit.few(fit.old_left) || (near && fit.few(fit.new_left))
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
    let pairs = fill(&pairs_at(&old, &new, by), old.len(), new.len());
    Some(pairs.into_iter().map(|(from, to)| (old[from].1, new[to].1)).collect())
}

fn places(dates: &[Date]) -> Vec<(i64, usize)> {
    dates.iter().enumerate().map(|(i, date)| (date.wall, i)).collect()
}

/// The shifts that take the first, the middle or the last old date to a new one near it.
fn candidates(old: &[(i64, usize)], new: &[(i64, usize)]) -> Vec<i64> {
    const NEAR: usize = 16;
    let mut shifts = Vec::new();
    for anchor in [0, old.len() / 2, old.len().saturating_sub(1)] {
        let Some((wall, _)) = old.get(anchor) else { continue };
        let at = new.partition_point(|(other, _)| other < wall);
        let near = &new[at.saturating_sub(NEAR)..(at + NEAR).min(new.len())];
        shifts.extend(near.iter().map(|(other, _)| other - wall));
        // In order: the n-th for the n-th.
        shifts.extend(new.get(anchor).map(|(other, _)| other - wall));
    }
    shifts.sort_unstable_by_key(|by| (by.abs(), *by));
    shifts.dedup();
    shifts
}

fn pairs_at(old: &[(i64, usize)], new: &[(i64, usize)], by: i64) -> Pairs {
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

/// Pairs what is left between two pairs, where it is as much on both sides: dates that a clock change moved by more or less than the others.
fn fill(pairs: &[(usize, usize)], old: usize, new: usize) -> Pairs {
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
