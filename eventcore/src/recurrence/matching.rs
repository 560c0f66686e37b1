//! Matching the occurrences of an event to the starts of a changed schedule.
//!
//! Everything here is in seconds of the wall clock, as the rules say it: a start that the clocks skip counts
//! where the rule places it. [`match_starts`] tries, in this order:
//!
//! 1. **The whole schedule was shifted** by less than a period, and each start as far as the others: the
//!    occurrences follow in order.
//! 2. **The nearest starts**: of all matchings that keep the order, the one with the smallest total shift,
//!    where an occurrence without a match counts as much as the greatest shift allowed, half a period. It
//!    follows that no occurrence with registrations is left over while a start that nothing took lies within
//!    half a period. Occurrences whose start is not in both schedules count only if they have registrations;
//!    among equal matchings, the others decide.
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
    let shifted = in_order(old, new, spacing.unevenness)
        .filter(|shift| !shift.leaves_over_registered(old, new, spacing.limit()));
    let is_within_a_period = |shift: &InOrder| spacing.period.is_none_or(|period| shift.greatest < period);
    if let Some(shift) = shifted.filter(|shift| shift.greatest > 0 && is_within_a_period(shift)) {
        return shift.pairs();
    }
    let nearest = nearest(old, new, spacing.limit());
    match shifted {
        Some(shift) if shift.len * 2 >= old.len() && keeps_few(&nearest, old) => shift.pairs(),
        _ => nearest,
    }
}

/// Whether a matching keeps less than half of the occurrences, and not even all with registrations.
fn keeps_few(pairs: &Pairs, old: &[OldStart]) -> bool {
    let registered = old.iter().filter(|old| old.registered).count();
    let kept = pairs.iter().filter(|(from, _)| old[*from].registered).count();
    pairs.len() * 2 < old.len() && (registered == 0 || kept < registered)
}

/// A shift of the whole schedule: so many occurrences from `from` on become the starts from `to` on.
#[derive(Debug, Clone, Copy)]
struct InOrder {
    from: usize,
    to: usize,
    len: usize,
    /// The sum of all shifts.
    total: i128,
    /// The greatest of them.
    greatest: i64,
}

impl InOrder {
    fn pairs(self) -> Pairs {
        (self.from..).zip(self.to..).take(self.len).collect()
    }

    /// Whether it leaves over an occurrence with registrations although a start is within the limit.
    fn leaves_over_registered(self, old: &[OldStart], new: &[i64], limit: i64) -> bool {
        let matched = self.from..self.from + self.len;
        old.iter().enumerate().any(|(i, old)| {
            let Reach { from, to } = Reach::of(*old, new, limit);
            old.registered && !matched.contains(&i) && from < to
        })
    }

    /// The shift that moves `old[from]` to `new[to]` and so on; `None` if it is not even.
    fn at(old: &[OldStart], new: &[i64], (from, to): (usize, usize), unevenness: i64) -> Option<Self> {
        let shifts = || old[from..].iter().zip(&new[to..]).map(|(old, new)| new - old.wall);
        let (least, most) = (shifts().min()?, shifts().max()?);
        let distance = |by: i64| i128::from(by.unsigned_abs());
        (most - least <= unevenness).then(|| Self {
            from,
            to,
            len: shifts().count(),
            total: shifts().map(distance).sum(),
            greatest: least.abs().max(most.abs()),
        })
    }
}

/// The smallest even shift that leaves nothing over in the shorter of the two lists.
fn in_order(old: &[OldStart], new: &[i64], unevenness: i64) -> Option<InOrder> {
    let first = old.first()?.wall;
    let places: Vec<(usize, usize)> = if old.len() <= new.len() {
        let most = new.len() - old.len();
        let near = new.partition_point(|wall| *wall < first);
        // The starts next to the first occurrence: others are further away.
        (near.saturating_sub(2)..=near + 1).map(|to| (0, to.min(most))).collect()
    } else {
        let most = old.len() - new.len();
        let near = old.partition_point(|old| new.first().is_some_and(|wall| old.wall < *wall));
        (near.saturating_sub(2)..=near + 1).map(|from| (from.min(most), 0)).collect()
    };
    let shifts = places.into_iter().filter_map(|place| InOrder::at(old, new, place, unevenness));
    shifts.min_by_key(|shift| shift.total)
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

/// The matching of the smallest cost, by dynamic programming over the pairs within `limit`.
fn nearest(old: &[OldStart], new: &[i64], mut limit: i64) -> Pairs {
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
