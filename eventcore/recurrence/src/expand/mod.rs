//! Expansion of a rule: its wall-clock times as instants, in order, with DTSTART first and COUNT and UNTIL
//! applied.

mod budget;
mod civil;
mod compiled_rule;
mod days;
mod wall_times;

use std::collections::VecDeque;

pub(super) use budget::{Budget, BudgetExceeded};
pub(super) use civil::{DAY, LAST_DAY};
pub(super) use compiled_rule::CompiledRule;
pub(super) use wall_times::WallTimes;

use super::offset_span::OffsetSpan;
use crate::time::Zone;

/// In seconds. No clock change was longer than a day, so of two wall-clock times this far apart the later is
/// the later instant.
const SLACK: i64 = 2 * DAY;

/// An instance in seconds since 1970: the instant and its wall-clock times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) instant: i64,
    /// The wall-clock time of the rule or RDATE, which may be in a gap.
    pub(super) nominal: i64,
    /// The wall-clock time of `instant`.
    pub(super) local: i64,
}

/// The first and the last instance that a rule may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) start: Point,
    pub(super) count: Option<u32>,
    /// The last instant, inclusive, in seconds since 1970.
    pub(super) until: i64,
}

/// Iterates over the instances of a rule in order of their instants, without duplicates, the start first.
///
/// Wall-clock times and instants have the same order, except after a gap: 02:30 in a gap takes place at 03:30
/// and so after 03:00. The times in and shortly after a gap are therefore collected and sorted.
#[derive(Debug, Clone)]
pub(super) struct RuleInstances<'s> {
    wall_times: WallTimes<'s>,
    zone: &'static Zone,
    span: OffsetSpan,
    bounds: Bounds,
    /// Instances in and after a gap, sorted.
    sorted: VecDeque<Point>,
    /// The wall-clock time that was read after those in `sorted`.
    unread: Option<i64>,
    /// Instances left by COUNT.
    left: u32,
    /// The instant of the last instance, or the start: the next one is later.
    last: i64,
    /// Whether the start was returned, or is not among the requested instances.
    started: bool,
}

impl Zone {
    /// The instance at a wall-clock time.
    pub(super) fn point(&self, wall: i64) -> Point {
        let instant = self.instant(wall);
        Point { instant, nominal: wall, local: self.local(instant) }
    }
}

impl<'s> RuleInstances<'s> {
    /// The instances from the instant `from` on. Instances after `to` may be missing.
    pub(super) fn new(
        rule: &'s CompiledRule,
        zone: &'static Zone,
        bounds: Bounds,
        from: i64,
        to: i64,
    ) -> Self {
        let to = zone.local(to.min(bounds.until)).saturating_add(SLACK);
        // COUNT counts from the start, so expansion must begin there.
        let near = bounds.count.is_none() && from > bounds.start.instant;
        let from = zone.earliest_wall(if near { from } else { bounds.start.instant });
        Self {
            wall_times: WallTimes::new(rule, from, to),
            zone,
            span: OffsetSpan::at(zone, from),
            bounds,
            sorted: VecDeque::new(),
            unread: None,
            left: bounds.count.unwrap_or(u32::MAX),
            last: bounds.start.instant,
            started: near,
        }
    }

    /// The next instance.
    #[inline]
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<Point>, BudgetExceeded> {
        if self.left == 0 {
            return Ok(None);
        }
        let point = if self.started {
            self.next_after_start(budget)?
        } else {
            self.started = true;
            Some(self.bounds.start)
        };
        if self.bounds.count.is_some() {
            self.left -= 1;
        }
        let point = point.filter(|point| point.instant <= self.bounds.until);
        if point.is_none() {
            self.left = 0;
        }
        Ok(point)
    }

    /// The next instance after the start.
    fn next_after_start(&mut self, budget: &mut Budget) -> Result<Option<Point>, BudgetExceeded> {
        loop {
            let point = match self.sorted.pop_front() {
                Some(point) => point,
                None => match self.next_point(budget)? {
                    Some(point) => point,
                    None => return Ok(None),
                },
            };
            if point.instant > self.last {
                self.last = point.instant;
                return Ok(Some(point));
            }
            budget.spend(1)?;
        }
    }

    fn next_point(&mut self, budget: &mut Budget) -> Result<Option<Point>, BudgetExceeded> {
        let wall = match self.unread.take() {
            Some(wall) => wall,
            None => match self.wall_times.next(budget)? {
                Some(wall) => wall,
                None => return Ok(None),
            },
        };
        if !self.span.contains(wall) {
            self.span = OffsetSpan::at(self.zone, wall);
        }
        if !self.span.skips(wall) {
            return Ok(Some(Point { instant: self.span.instant(wall), nominal: wall, local: wall }));
        }
        self.sort_gap(wall, budget)?;
        Ok(self.sorted.pop_front())
    }

    /// Collects and sorts the instances from `wall`, which is in a gap, up to where wall-clock times are in
    /// the order of their instants again.
    #[cold]
    fn sort_gap(&mut self, wall: i64, budget: &mut Budget) -> Result<(), BudgetExceeded> {
        let end = self.span.after_gap();
        let mut points = vec![self.zone.point(wall)];
        while let Some(wall) = self.wall_times.next(budget)? {
            if wall >= end {
                self.unread = Some(wall);
                break;
            }
            budget.spend(1)?;
            points.push(self.zone.point(wall));
        }
        // Of two times on the same instant, the one outside the gap comes first, and the other is dropped.
        points.sort_unstable_by_key(|point| (point.instant, std::cmp::Reverse(point.nominal)));
        self.sorted = points.into();
        Ok(())
    }
}
