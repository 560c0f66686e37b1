//! The numbers of the occurrences of a rule, and searches among them.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDateTime};

use super::super::date_value::{DateValue, naive, timestamp};
use super::super::error::RuleResult;
use super::super::expand::{Budget, BudgetExceeded, DAY, Point, RuleInstances};
use super::super::series::{END, Series, rdate, too_much_work};

/// How many occurrences are numbered. Later values move as far as the start does.
pub(super) const MOST: i64 = 50_000;

/// The rule of a series with all its occurrences, regardless of COUNT and UNTIL.
pub(super) struct Side {
    pub(super) series: Series,
    /// Days are numbered rather than occurrences.
    pub(super) by_day: bool,
}

/// What to look for among the occurrences of a rule.
#[derive(Default)]
pub(super) struct Wanted {
    /// Occurrences at these instants.
    pub(super) instants: HashSet<i64>,
    /// Occurrences on these local days.
    pub(super) days: HashSet<i64>,
    /// Occurrences with these numbers.
    pub(super) numbers: HashSet<i64>,
    /// The last occurrence that takes place at this instant or before.
    pub(super) until: Option<i64>,
}

impl Wanted {
    pub(super) fn instant(&mut self, value: DateValue, side: &Side) {
        match side.excluded(value) {
            Excluded::Instant(instant) => _ = self.instants.insert(instant),
            Excluded::Day(day) => _ = self.days.insert(day),
        }
    }
}

/// The occurrences that were looked for, by their numbers.
#[derive(Default)]
pub(super) struct Found {
    pub(super) instants: HashMap<i64, i64>,
    pub(super) days: HashMap<i64, Vec<i64>>,
    pub(super) points: HashMap<i64, Vec<Point>>,
    pub(super) last: Option<(i64, Point)>,
    /// The numbers under which something takes place.
    pub(super) taking_place: HashSet<i64>,
}

/// What an EXDATE excludes.
pub(super) enum Excluded {
    Instant(i64),
    Day(i64),
}

impl Side {
    pub(super) fn excluded(&self, value: DateValue) -> Excluded {
        let Series { start, zone, .. } = self.series;
        match value {
            _ if start.all_day => Excluded::Instant(zone.instant(value.day(zone) * DAY)),
            DateValue::Date(_) => Excluded::Day(value.day(zone)),
            DateValue::Local(_) | DateValue::Utc(_) => Excluded::Instant(self.added(value).instant),
        }
    }

    /// Where an RDATE takes place.
    pub(super) fn added(&self, value: DateValue) -> Point {
        let Series { start, zone, bounds, .. } = self.series;
        rdate(value, bounds.start.nominal, start.all_day, zone)
    }

    pub(super) fn nominal(&self) -> i64 {
        self.series.bounds.start.nominal
    }

    /// Calls `each` with every occurrence and its number, in order, until it returns `false`.
    fn for_each(&self, mut each: impl FnMut(i64, Point) -> bool) -> RuleResult<()> {
        let Series { compiled, zone, bounds, .. } = &self.series;
        let mut budget = Budget::new();
        let mut points = RuleInstances::new(compiled, zone, *bounds, bounds.start.instant, END);
        let (mut number, mut day) = (-1, i64::MIN);
        while let Some(point) = points.next(&mut budget).map_err(|BudgetExceeded| too_much_work())? {
            let its_day = point.nominal.div_euclid(DAY);
            number += i64::from(!(self.by_day && its_day == day));
            day = its_day;
            if number >= MOST || !each(number, point) {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn find(&self, wanted: &Wanted, takes_place: impl Fn(Point) -> bool) -> RuleResult<Found> {
        let mut found = Found::default();
        let instants = wanted.instants.iter().copied().chain(wanted.until);
        let instants = instants.chain(wanted.days.iter().map(|day| (day + 2) * DAY));
        let to = instants.max().unwrap_or(i64::MIN);
        let to_number = wanted.numbers.iter().copied().max().unwrap_or_default();
        self.for_each(|number, point| {
            if number > to_number && point.instant > to {
                return false;
            }
            if wanted.instants.contains(&point.instant) {
                found.instants.insert(point.instant, number);
            }
            let day = point.local.div_euclid(DAY);
            if wanted.days.contains(&day) {
                found.days.entry(day).or_default().push(number);
            }
            if wanted.numbers.contains(&number) {
                found.points.entry(number).or_default().push(point);
            }
            if wanted.until.is_some_and(|until| point.instant <= until) {
                found.last = Some((number, point));
            }
            if takes_place(point) {
                found.taking_place.insert(number);
            }
            true
        })?;
        Ok(found)
    }

    /// The wall clocks of the first occurrences: at least `least` of them, and those before `wall` with the
    /// next.
    pub(super) fn head(&self, least: usize, wall: i64) -> RuleResult<Vec<i64>> {
        let mut head = Vec::new();
        self.for_each(|number, point| {
            let place = if self.by_day { point.nominal.div_euclid(DAY) * DAY } else { point.nominal };
            if i64::try_from(head.len()) == Ok(number) {
                head.push(place);
            }
            head.len() < least || place < wall
        })?;
        Ok(head)
    }
}

/// Stored values have years of four digits. A value that would leave these years does not move.
pub(super) fn local(time: NaiveDateTime, or: DateValue) -> DateValue {
    if (1..=9_999).contains(&time.year()) { DateValue::Local(time) } else { or }
}

pub(super) fn date(day: i64, or: DateValue) -> DateValue {
    let date = naive(day.saturating_mul(DAY)).date();
    if (1..=9_999).contains(&date.year()) { DateValue::Date(date) } else { or }
}

pub(super) fn instant(at: i64, or: DateValue) -> DateValue {
    if (1..=9_999).contains(&naive(at).year()) { DateValue::Utc(timestamp(at)) } else { or }
}
