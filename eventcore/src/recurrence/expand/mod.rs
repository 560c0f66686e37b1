//! Instances in order: the times of the rule as instants, DTSTART first, RDATE added, EXDATE taken away.

mod civil;
mod days;
mod plan;
mod walls;
mod work;

use std::collections::VecDeque;

pub(super) use civil::{DAY, LAST_DAY};
pub(super) use plan::Plan;
pub(super) use walls::Walls;
pub(super) use work::{Budget, Spent};

use super::zone::{Span, Zone};

/// The clocks never skipped or repeated more than a day: a wall-clock time this much later is a later instant.
const SLACK: i64 = 2 * DAY;

/// An instant of a series with the wall-clock time that the rule, or the RDATE, means by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) instant: i64,
    /// What the rule says; the clocks may skip it.
    pub(super) nominal: i64,
    /// What the clocks show.
    pub(super) local: i64,
}

/// Where the rule's own instances begin and end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) start: Point,
    pub(super) count: Option<u32>,
    /// The last instant, itself included.
    pub(super) until: i64,
}

/// The instances of a rule: the start first, then every later one, each instant once, in the order of the instants.
///
/// Wall-clock times and instants have the same order but for the hour after a gap: 02:30, which the clocks skip, takes place at 03:30 and hence
/// after 03:00. There, everything up to the time when the order is the same again is collected and sorted.
#[derive(Debug, Clone)]
pub(super) struct RulePoints<'s> {
    walls: Walls<'s>,
    zone: &'static Zone,
    span: Span,
    bounds: Bounds,
    /// Times in and after a gap, sorted, and a wall-clock time that was read too many.
    sorted: VecDeque<Point>,
    unread: Option<i64>,
    left: u32,
    /// The last instant that was given, or below which none is given.
    last: i64,
    started: bool,
}

impl Zone {
    /// When a wall-clock time takes place.
    pub(super) fn point(&self, wall: i64) -> Point {
        let instant = self.instant(wall);
        Point { instant, nominal: wall, local: self.local(instant) }
    }
}

impl<'s> RulePoints<'s> {
    /// The instances from `from` (an instant) on; those after `to` may be left out.
    pub(super) fn new(plan: &'s Plan, zone: &'static Zone, bounds: Bounds, from: i64, to: i64) -> Self {
        let to = zone.local(to.min(bounds.until)).saturating_add(SLACK);
        // COUNT counts from the start, so that nothing can be left out.
        let near = bounds.count.is_none() && from > bounds.start.instant;
        let from = zone.earliest_wall(if near { from } else { bounds.start.instant });
        Self {
            walls: Walls::new(plan, from, to),
            zone,
            span: Span::at(zone, from),
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
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<Point>, Spent> {
        if self.left == 0 {
            return Ok(None);
        }
        let point = if self.started {
            self.later(budget)?
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

    fn later(&mut self, budget: &mut Budget) -> Result<Option<Point>, Spent> {
        loop {
            let point = match self.sorted.pop_front() {
                Some(point) => point,
                None => match self.read(budget)? {
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

    fn read(&mut self, budget: &mut Budget) -> Result<Option<Point>, Spent> {
        let wall = match self.unread.take() {
            Some(wall) => wall,
            None => match self.walls.next(budget)? {
                Some(wall) => wall,
                None => return Ok(None),
            },
        };
        if !self.span.contains(wall) {
            self.span = Span::at(self.zone, wall);
        }
        if !self.span.skips(wall) {
            return Ok(Some(Point { instant: self.span.instant(wall), nominal: wall, local: wall }));
        }
        self.sort_gap(wall, budget)?;
        Ok(self.sorted.pop_front())
    }

    /// Collects what comes from `wall`, which is in a gap, until wall-clock times are in the order of their instants again.
    #[cold]
    fn sort_gap(&mut self, wall: i64, budget: &mut Budget) -> Result<(), Spent> {
        let end = self.span.after_gap();
        let mut points = vec![self.zone.point(wall)];
        while let Some(wall) = self.walls.next(budget)? {
            if wall >= end {
                self.unread = Some(wall);
                break;
            }
            budget.spend(1)?;
            points.push(self.zone.point(wall));
        }
        // Of two times at one instant, the one that the clocks show comes first, and the other is passed over.
        points.sort_unstable_by_key(|point| (point.instant, std::cmp::Reverse(point.nominal)));
        self.sorted = points.into();
        Ok(())
    }
}
