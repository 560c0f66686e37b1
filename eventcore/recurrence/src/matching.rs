//! Matching the occurrences of an event to the starts of a changed schedule.
//!
//! Everything here is in seconds of the wall clock, as the rules say it: a start that the clocks skip counts
//! where the rule places it. [`match_starts`] tries, in this order:
//!
//! 1. **The whole schedule was shifted** by less than a period, and each start as far as the others: the
//!    occurrences follow in order, by the smallest such shift.
//! 2. **The nearest starts**: of all matchings that keep the order, the one with the smallest total shift,
//!    where an occurrence without a match counts as much as the greatest shift allowed, half a period.
//!    Occurrences whose start is not in both schedules count only if they have registrations; among equal
//!    matchings, the others decide. Then occurrences without registrations that would move give way to those
//!    with them. It follows that none of the latter is left over while a start within half a period is free,
//!    or taken by one that nobody attends and that moves there.
//! 3. If that keeps less than half of them, and the whole schedule was shifted further: in order again.
//!
//! Starts on which both schedules agree are therefore kept, unless all of them are shifted.

use super::rule::{Freq, Rule};

const DAY: i64 = 86_400;

/// The greatest number of pairs that are compared. Where a rule is so dense that there are more within half a
/// period, the greatest shift is smaller.
const MOST_PAIRS: usize = 2_000_000;

/// An occurrence before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OldStart {
    /// The nominal start.
    pub(super) wall: i64,
    /// Whether it takes place and has registrations.
    pub(super) registered: bool,
}

/// Pairs of positions in the two lists.
pub(super) type Pairs = Vec<(usize, usize)>;

impl Rule {
    /// The length of FREQ times INTERVAL in seconds. Months and years are as long as on average.
    fn period(&self) -> i64 {
        let one = match self.freq() {
            Freq::Hourly => 3_600,
            Freq::Daily => DAY,
            Freq::Weekly => 7 * DAY,
            Freq::Monthly => 2_629_746,
            Freq::Yearly => 31_556_952,
        };
        one * i64::from(self.interval())
    }

    /// By how much the shifts of the starts may differ if the rule as a whole was shifted: months differ in
    /// length.
    fn unevenness(&self) -> i64 {
        match self.freq() {
            Freq::Hourly | Freq::Daily | Freq::Weekly => 0,
            Freq::Monthly | Freq::Yearly => 3 * DAY,
        }
    }
}

/// How far the starts of a schedule are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spacing {
    /// `None` for a single start.
    period: Option<i64>,
    unevenness: i64,
}

impl Spacing {
    /// The period of the rule, or the average distance of the starts, if that is greater:
    /// `FREQ=DAILY;BYDAY=MO` has one start a week.
    fn of(rule: Option<&Rule>, old: &[OldStart]) -> Self {
        let distances = i64::try_from(old.len()).unwrap_or(i64::MAX) - 1;
        let average = match (old.first(), old.last()) {
            (Some(first), Some(last)) if distances > 0 => Some((last.wall - first.wall) / distances),
            _ => None,
        };
        let period = rule.map(Rule::period).max(average).filter(|period| *period > 0);
        Self { period, unevenness: rule.map_or(0, Rule::unevenness) }
    }

    /// The greatest shift to the nearest start.
    fn limit(self) -> i64 {
        // A single occurrence moves anywhere. No two starts are a million years apart.
        self.period.map_or(1_000_000 * 366 * DAY, |period| period / 2)
    }
}

/// Matches occurrences to starts, both in order; `rule` is the one of the occurrences.
pub(super) fn match_starts(old: &[OldStart], new: &[i64], rule: Option<&Rule>) -> Pairs {
    let spacing = Spacing::of(rule, old);
    let shifted = even_shift(old, new, spacing.unevenness).filter(|shift| {
        !shift.leaves_over_registered(old, new, spacing.limit()) && !shift.is_ambiguous(old, new)
    });
    let is_within_a_period = |shift: &EvenShift| spacing.period.is_none_or(|period| shift.greatest < period);
    if let Some(shift) = shifted.as_ref().filter(|shift| shift.greatest > 0 && is_within_a_period(shift)) {
        return shift.pairs.clone();
    }
    let nearest = nearest(old, new, spacing.limit());
    match shifted {
        Some(shift) if shift.pairs.len() * 2 >= old.len() && keeps_few(&nearest, old) => shift.pairs,
        _ => nearest,
    }
}

/// Whether a matching keeps less than half of the occurrences, and not even all with registrations.
fn keeps_few(pairs: &Pairs, old: &[OldStart]) -> bool {
    let registered = old.iter().filter(|old| old.registered).count();
    let kept = pairs.iter().filter(|(from, _)| old[*from].registered).count();
    pairs.len() * 2 < old.len() && (registered == 0 || kept < registered)
}

/// A shift of the whole schedule: all occurrences of the shorter of the two lists, in order.
#[derive(Debug, Clone)]
struct EvenShift {
    pairs: Pairs,
    /// The sum of all shifts.
    total: i128,
    /// The greatest of them.
    greatest: i64,
}

impl EvenShift {
    /// Whether it leaves over an occurrence with registrations although a start is within the limit.
    fn leaves_over_registered(&self, old: &[OldStart], new: &[i64], limit: i64) -> bool {
        old.iter().enumerate().any(|(i, old)| {
            let Reach { from, to } = Reach::of(*old, new, limit);
            old.registered && from < to && self.pairs.binary_search_by_key(&i, |(from, _)| *from).is_err()
        })
    }

    /// The shift of these pairs; `None` if it is not even.
    fn of(
        pairs: impl Iterator<Item = (usize, usize)>,
        old: &[OldStart],
        new: &[i64],
        unevenness: i64,
    ) -> Option<Self> {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        let mut even = Self { pairs: Pairs::new(), total: 0, greatest: 0 };
        for (from, to) in pairs {
            let by = new[to] - old[from].wall;
            (least, most) = (least.min(by), most.max(by));
            if most - least > unevenness {
                return None;
            }
            even.pairs.push((from, to));
            even.total += i128::from(by.unsigned_abs());
            even.greatest = even.greatest.max(by.abs());
        }
        Some(even)
    }

    /// Whether a smaller shift finds a start for each occurrence, with other starts in between. Then nobody
    /// knows which of the two was meant.
    fn is_ambiguous(&self, old: &[OldStart], new: &[i64]) -> bool {
        old.first().is_some_and(|first| {
            let smaller = new.iter().map(|wall| wall - first.wall).filter(|by| by.abs() < self.greatest);
            smaller.into_iter().any(|by| old.iter().all(|old| new.binary_search(&(old.wall + by)).is_ok()))
        })
    }
}

/// The smallest even shift that leaves nothing over in the shorter of the two lists.
fn even_shift(old: &[OldStart], new: &[i64], unevenness: i64) -> Option<EvenShift> {
    let (first, first_new) = (old.first()?.wall, *new.first()?);
    let is_shorter = old.len() <= new.len();
    let distance = |place: usize| {
        let by = if is_shorter { new[place] - first } else { first_new - old[place].wall };
        by.abs()
    };
    let mut places: Vec<usize> = (0..=old.len().abs_diff(new.len())).collect();
    places.sort_by_key(|place| distance(*place));
    let mut best: Option<EvenShift> = None;
    for place in places {
        if best.as_ref().is_some_and(|best| distance(place) - unevenness > best.greatest) {
            break;
        }
        let (from, to) = if is_shorter { (0, place) } else { (place, 0) };
        let pairs = (from..old.len()).zip(to..new.len());
        let shift = EvenShift::of(pairs, old, new, unevenness);
        best = match (best, shift) {
            (Some(best), Some(shift)) if best.total <= shift.total => Some(best),
            (best, shift) => shift.or(best),
        };
    }
    best
}

/// A total shift, and how many occurrences are left over. Each of these counts as much as the greatest shift.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Total {
    shift: i64,
    left: usize,
}

/// The cost of a matching, compared field by field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// Of occurrences with registrations, and of those whose start is in both schedules: dropping one of two
    /// weekdays moves nobody to the other.
    kept: Total,
    /// Of occurrences with registrations alone.
    registered: Total,
    /// Of all others.
    other: Total,
}

impl Cost {
    fn plus(mut self, old: OldStart, is_common: bool, by: i64, left: usize) -> Self {
        let add = |total: &mut Total| {
            total.shift += by;
            total.left += left;
        };
        if old.registered {
            add(&mut self.registered);
        }
        add(if old.registered || is_common { &mut self.kept } else { &mut self.other });
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The occurrence is left over.
    LeaveOccurrence,
    /// The start is left over.
    LeaveStart,
    Match,
}

/// The starts within the limit of an occurrence: positions `from..to`.
#[derive(Debug, Clone, Copy)]
struct Reach {
    from: usize,
    to: usize,
}

impl Reach {
    fn of(old: OldStart, new: &[i64], limit: i64) -> Self {
        Self {
            from: new.partition_point(|wall| *wall < old.wall - limit),
            to: new.partition_point(|wall| *wall <= old.wall + limit),
        }
    }
}

/// The matching of the smallest cost, in which occurrences without registrations give way to people.
fn nearest(old: &[OldStart], new: &[i64], limit: i64) -> Pairs {
    let mut pairs = cheapest(old, new, limit);
    while let Some(instead) = give_way(&pairs, old, new, limit) {
        pairs = instead;
    }
    pairs
}

/// Matches one more occurrence with registrations, if a start that another without them would move to lies
/// within the limit. Those in between move up to the next start of one of them: also within the limit, and
/// in order.
fn give_way(pairs: &Pairs, old: &[OldStart], new: &[i64], limit: i64) -> Option<Pairs> {
    let is_left = |i: &usize| old[*i].registered && pairs.binary_search_by_key(i, |pair| pair.0).is_err();
    (0..old.len()).filter(is_left).find_map(|left| {
        let Reach { from, to } = Reach::of(old[left], new, limit);
        let near = pairs.partition_point(|(_, at)| *at < from)..pairs.partition_point(|(_, at)| *at < to);
        let gives_way = pairs[near].iter().filter(|(i, at)| !old[*i].registered && old[*i].wall != new[*at]);
        let (other, _) = gives_way.min_by_key(|(i, _)| i.abs_diff(left))?;
        let (first, last) = (left.min(*other), left.max(*other));
        let (between, mut instead): (Pairs, Pairs) =
            pairs.iter().partition(|(i, _)| (first..=last).contains(i));
        let mut moved: Vec<usize> = between.iter().map(|(i, _)| *i).filter(|i| i != other).collect();
        moved.push(left);
        moved.sort_unstable();
        instead.extend(moved.into_iter().zip(between.iter().map(|(_, at)| *at)));
        instead.sort_unstable();
        Some(instead)
    })
}

/// The matching of the smallest cost, by dynamic programming over the pairs within `limit`.
fn cheapest(old: &[OldStart], new: &[i64], mut limit: i64) -> Pairs {
    let reaches = loop {
        let reaches: Vec<_> = old.iter().map(|old| Reach::of(*old, new, limit)).collect();
        let pairs: usize = reaches.iter().map(|reach| reach.to - reach.from).sum();
        if pairs <= MOST_PAIRS || limit == 0 {
            break reaches;
        }
        limit /= 2;
    };
    // `costs[at]` is the least cost of the occurrences so far with starts before `from + at`. Costs stay the
    // same for positions beyond, because these starts are out of reach.
    let mut costs = vec![Cost::default()];
    let mut from = 0;
    let mut steps: Vec<Vec<Step>> = Vec::with_capacity(old.len());
    for (occurrence, reach) in old.iter().zip(&reaches) {
        let is_common = new.binary_search(&occurrence.wall).is_ok();
        let before = |at: usize| costs[(at - from).min(costs.len() - 1)];
        let plus = |cost: Cost, by: i64, left: usize| cost.plus(*occurrence, is_common, by, left);
        let mut row = Vec::with_capacity(reach.to - reach.from + 1);
        let mut taken = vec![Step::LeaveOccurrence];
        row.push(plus(before(reach.from), limit, 1));
        for at in reach.from..reach.to {
            let by = (new[at] - occurrence.wall).abs();
            let matched = plus(before(at), by, 0);
            let leave_start = row[at - reach.from];
            let leave_occurrence = plus(before(at + 1), limit, 1);
            // Among equals, the earliest occurrence gets the earliest start.
            let options = [
                (leave_occurrence, Step::LeaveOccurrence),
                (leave_start, Step::LeaveStart),
                (matched, Step::Match),
            ];
            let (cost, step) = options.into_iter().min_by_key(|(cost, _)| *cost).unwrap_or(options[0]);
            row.push(cost);
            taken.push(step);
        }
        (costs, from) = (row, reach.from);
        steps.push(taken);
    }
    trace_back(&steps, &reaches)
}

fn trace_back(steps: &[Vec<Step>], reaches: &[Reach]) -> Pairs {
    let mut pairs = Pairs::new();
    let mut at = reaches.last().map_or(0, |reach| reach.to);
    for (occurrence, (steps, reach)) in steps.iter().zip(reaches).enumerate().rev() {
        at = at.min(reach.to);
        while steps[at - reach.from] == Step::LeaveStart {
            at -= 1;
        }
        if steps[at - reach.from] == Step::Match {
            at -= 1;
            pairs.push((occurrence, at));
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests;
