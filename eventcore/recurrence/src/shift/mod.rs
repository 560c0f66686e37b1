//! A series that moves to another start, and takes EXDATE, RDATE and UNTIL along.
//!
//! # What becomes of each value
//!
//! - An EXDATE belongs to the occurrence of the rule that it excludes: an EXDATE of the n-th occurrence
//!   before the shift excludes the n-th occurrence after it. The occurrences after COUNT or UNTIL are
//!   numbered too.
//! - An RDATE moves as far as the start does, by the wall clock, and so does an EXDATE that excludes
//!   it. An RDATE on an occurrence of the rule stays on that occurrence.
//! - An EXDATE that excludes nothing moves as far as the start does. It is dropped if it would exclude
//!   an occurrence there.
//! - UNTIL stays at the same distance after the last occurrence of the rule. If the rule would thereby get
//!   more occurrences, UNTIL becomes the last occurrence. COUNT stays.
//!
//! # How occurrences are numbered
//!
//! The start is number 0: it is the first occurrence even if the rule does not match it. An occurrence has
//! the same number before and after, with two exceptions. In both, the days of the rule stay where they are
//! and the start alone moves:
//!
//! - One of the starts is off the rule: a Wednesday before `BYDAY=TH`, for example. Each occurrence
//!   becomes the one that is nearest to where the shift takes it.
//! - An `HOURLY`, `DAILY` or `WEEKLY` rule has uneven gaps, and the start moves by less than a week to
//!   another of its days: from Tuesday to Thursday with `BYDAY=TU,TH`. Each occurrence keeps its day.
//!
//! If an occurrence has no number after the shift, its EXDATE moves as one that excludes nothing.
//!
//! # All-day series
//!
//! When times become days or days become times, days are numbered instead of occurrences. A day is
//! excluded if everything on it was. The time of the start becomes a day, and a day becomes the time of
//! the start. Other times are kept: an all-day series takes the day of a time. Of UNTIL only the day is
//! kept.
//!
//! An EXDATE that is a day stays a day in a series with times. If several occurrences take place on
//! that day, it becomes the day of the middle one; if the start stays on its day, the EXDATE does too.

mod numbers;

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use numbers::{Excluded, Found, MOST, Side, Wanted, date, instant, local};

use super::date_value::{DateValue, naive, seconds, timestamp};
use super::definition::Recurrence;
use super::error::RuleResult;
use super::expand::{DAY, Point};
use super::rule::{Freq, Rule};
use super::series::{END, Series, last_instant};
use super::start::SeriesStart;

/// How many occurrences are compared to see whether a rule has uneven gaps.
const COMPARED: usize = 32;

impl Recurrence {
    /// The same recurrence for a series that started at `from` and now starts at `to`.
    ///
    /// # Errors
    /// What [`Series::new`] refuses about the rule at the new start; `too_much_work`.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore_recurrence::{Recurrence, SeriesStart};
    /// let day = |month, day| {
    ///     let date = NaiveDate::from_ymd_opt(2027, month, day).unwrap();
    ///     SeriesStart::on(date, chrono_tz::Europe::Berlin)
    /// };
    /// let mut monthly = Recurrence::of("FREQ=MONTHLY;COUNT=6".parse()?);
    /// monthly.exdate.push("2027-11-30".parse().unwrap());
    /// // The fourth occurrence: it moves by one day, and the start by two.
    /// assert_eq!(monthly.shifted(day(8, 30), day(9, 1))?.exdate[0].to_string(), "2027-12-01");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn shifted(&self, from: SeriesStart, to: SeriesStart) -> RuleResult<Self> {
        let until = self.rrule.as_ref().and_then(Rule::until);
        if from == to || (self.rdate.is_empty() && self.exdate.is_empty() && until.is_none()) {
            return Ok(self.clone());
        }
        let shifted = Shift::new(self, from, to)?.recurrence()?;
        Ok(if to.floating { shifted.floating() } else { shifted })
    }
}

/// What becomes of an EXDATE.
#[derive(Clone, Copy)]
enum Becomes {
    /// It excludes the occurrence of the rule with this number.
    Number(i64),
    /// It excludes an RDATE.
    Added(Point),
    /// It is a day that stays where it is.
    Unchanged,
    /// It moves as far as the start does.
    Moved,
}

struct Shift<'r> {
    recurrence: &'r Recurrence,
    old: Side,
    new: Side,
    /// The series as it was, EXDATE and RDATE included.
    whole: Series,
    /// How far the start moves by the wall clock, in seconds, and in whole days.
    by: i64,
    days: i64,
    /// What is added to all numbers but 0.
    added_to_numbers: i64,
}

impl<'r> Shift<'r> {
    fn new(recurrence: &'r Recurrence, from: SeriesStart, to: SeriesStart) -> RuleResult<Self> {
        let by_day = from.all_day != to.all_day;
        let whole = Series::new(from, recurrence.clone())?;
        // With COUNT=1 a rule that never matches is accepted, and UNTIL may be before the new start.
        let rrule = recurrence.rrule.clone().map(|rule| match rule.until() {
            Some(_) => rule.without_end(),
            None => rule,
        });
        let bare = Series::new(to, Recurrence { rrule, ..Recurrence::default() })?;
        let side = |mut series: Series| {
            if series.recurrence.rrule.is_some() {
                (series.bounds.count, series.bounds.until) = (None, END);
            }
            Side { series, by_day }
        };
        let (old, new) = (side(whole.clone()), side(bare));
        let days = new.nominal().div_euclid(DAY) - old.nominal().div_euclid(DAY);
        let by = if by_day { days * DAY } else { new.nominal() - old.nominal() };
        let mut shift = Self { recurrence, old, new, whole, by, days, added_to_numbers: 0 };
        shift.added_to_numbers = shift.difference_of_numbers()?;
        Ok(shift)
    }

    fn turns(&self) -> bool {
        self.old.by_day
    }

    /// The number of an occurrence after the shift; none if nothing is left of it.
    fn number(&self, old: i64) -> Option<i64> {
        if old == 0 { Some(0) } else { Some(old + self.added_to_numbers).filter(|number| *number > 0) }
    }

    fn difference_of_numbers(&self) -> RuleResult<i64> {
        let Some(rule) = &self.recurrence.rrule else { return Ok(0) };
        let was_on_rule = self.old.series.starts_on_rule()?;
        let is_on_rule = self.new.series.starts_on_rule()?;
        if was_on_rule && is_on_rule {
            self.difference_if_days_stay(rule)
        } else {
            self.difference_to_nearest(was_on_rule, is_on_rule)
        }
    }

    /// One of the starts is off the rule.
    fn difference_to_nearest(&self, was_on_rule: bool, is_on_rule: bool) -> RuleResult<i64> {
        // The occurrence after a start off the rule may lie so near that there is none before the nearest.
        let anchor = if was_on_rule { 1 } else { 2 };
        let old = self.old.head(anchor + 1, i64::MIN)?;
        let Some(anchor) = old.len().checked_sub(1).filter(|anchor| *anchor > 0) else { return Ok(0) };
        let wall = old[anchor] + self.by;
        let new = self.new.head(2, wall)?;
        let first = usize::from(!is_on_rule);
        let nearest = (first..new.len()).min_by_key(|at| ((new[*at] - wall).abs(), at.abs_diff(anchor)));
        Ok(nearest.map_or(0, |nearest| difference(nearest, anchor)))
    }

    /// Both starts are on the rule.
    fn difference_if_days_stay(&self, rule: &Rule) -> RuleResult<i64> {
        if matches!(rule.freq(), Freq::Monthly | Freq::Yearly) || self.by.abs() >= 7 * DAY {
            return Ok(0);
        }
        let (old, new) = (self.old.head(COMPARED, i64::MIN)?, self.new.head(COMPARED, i64::MIN)?);
        if old.iter().zip(&new).all(|(old, new)| old + self.by == *new) {
            return Ok(0);
        }
        let fixed_hours = rule.freq() == Freq::Hourly || !rule.by_hour.is_empty();
        let later = if fixed_hours { 0 } else { self.by - self.days * DAY };
        let same = old.iter().enumerate().skip(1).find_map(|(anchor, old)| {
            let at = new.binary_search(&(old + later)).ok()?;
            Some(difference(at, anchor))
        });
        Ok(same.unwrap_or(0))
    }

    fn recurrence(self) -> RuleResult<Recurrence> {
        let before = self.find_old()?;
        let until = self.whole.recurrence.rrule.as_ref().and_then(Rule::until);
        let last = before.last.map_or(0, |(last, _)| self.number(last).unwrap_or(0));
        let mut wanted = Wanted::default();
        wanted.numbers.extend(until.iter().flat_map(|_| [last, last + 1]));
        let on_rule = |value: &DateValue| {
            let number = before.instants.get(&self.old.added(*value).instant)?;
            self.number(*number)
        };
        wanted.numbers.extend(self.recurrence.rdate.iter().filter_map(on_rule));
        let mut excluded = HashSet::new();
        for value in &self.recurrence.exdate {
            if let Becomes::Number(number) = self.becomes(*value, &before, &HashMap::new()) {
                excluded.insert(number);
                wanted.numbers.insert(number);
            }
            wanted.instant(self.moved(*value), &self.new);
        }
        let after = self.new.find(&wanted, |_| false)?;

        let rdate: Vec<_> =
            self.recurrence.rdate.iter().map(|value| self.rdate(*value, on_rule(value), &after)).collect();
        let added: HashMap<i64, Point> = (self.recurrence.rdate.iter().zip(&rdate))
            .map(|(old, new)| (self.old.added(*old).instant, self.new.added(*new)))
            .collect();
        let places: (HashSet<i64>, HashSet<i64>) =
            added.values().map(|point| (point.instant, point.local.div_euclid(DAY))).unzip();
        let mut exdate = Vec::with_capacity(self.recurrence.exdate.len());
        for value in &self.recurrence.exdate {
            let shifted = match self.becomes(*value, &before, &added) {
                Becomes::Unchanged => Some(*value),
                Becomes::Number(number) => match after.points.get(&number) {
                    Some(points) => Some(self.exdate(*value, points)),
                    None => Some(self.moved(*value)),
                },
                Becomes::Added(point) => {
                    let value = self.exdate(*value, &[point]);
                    Some(value).filter(|value| !self.takes_away(*value, &after, &excluded))
                }
                Becomes::Moved => {
                    let value = self.moved(*value);
                    Some(value).filter(|value| {
                        !self.takes_away(*value, &after, &excluded) && !self.takes_away_added(*value, &places)
                    })
                }
            };
            exdate.extend(shifted);
        }
        if self.turns() {
            // Several times of a day become the same day.
            let mut seen = HashSet::new();
            exdate.retain(|value| seen.insert(*value));
        }
        let mut rrule = self.recurrence.rrule.clone();
        if let (Some(rule), Some(until)) = (&mut rrule, until) {
            rule.until = Some(self.until(until, &before, last, &after));
        }
        Ok(Recurrence { rrule, rdate, exdate })
    }

    fn find_old(&self) -> RuleResult<Found> {
        let (start, zone) = (self.whole.start, self.whole.zone);
        let mut wanted = Wanted::default();
        for value in &self.recurrence.exdate {
            wanted.instant(*value, &self.old);
        }
        wanted.instants.extend(self.recurrence.rdate.iter().map(|value| self.old.added(*value).instant));
        let until = self.recurrence.rrule.as_ref().and_then(Rule::until);
        wanted.until = until.map(|until| last_instant(until, start.all_day, zone).min(END));
        let added = self.whole.rdates().iter().filter(|point| !self.whole.excludes(**point));
        let added: HashSet<i64> = added.map(|point| point.nominal.div_euclid(DAY)).collect();
        self.old.find(&wanted, |point| {
            self.turns() && (!self.whole.excludes(point) || added.contains(&point.nominal.div_euclid(DAY)))
        })
    }

    fn becomes(&self, value: DateValue, before: &Found, added: &HashMap<i64, Point>) -> Becomes {
        let (number, point) = match self.old.excluded(value) {
            Excluded::Instant(instant) => {
                (before.instants.get(&instant).copied(), added.get(&instant).copied())
            }
            Excluded::Day(day) => {
                let on_rule = before.days.get(&day).map_or(&[][..], Vec::as_slice);
                if !on_rule.is_empty() && self.days == 0 && !self.turns() {
                    return Becomes::Unchanged;
                }
                let middle = on_rule.get(on_rule.len().saturating_sub(1) / 2).copied();
                (middle, self.added_on(day).and_then(|point| added.get(&point.instant).copied()))
            }
        };
        let taken = number.filter(|number| !before.taking_place.contains(number));
        match (number, taken.and_then(|number| self.number(number)), point) {
            (_, Some(number), _) => Becomes::Number(number),
            (None, None, Some(point)) => Becomes::Added(point),
            _ => Becomes::Moved,
        }
    }

    /// An RDATE on a day.
    fn added_on(&self, day: i64) -> Option<Point> {
        // No clock differs from UTC by more than a day.
        let rdates = self.whole.rdates();
        let from = rdates.partition_point(|point| point.instant < (day - 1) * DAY);
        let near = rdates[from..].iter().take_while(|point| point.instant < (day + 2) * DAY);
        near.copied().find(|point| point.local.div_euclid(DAY) == day)
    }

    /// Whether an EXDATE takes away an occurrence of the rule that took place.
    fn takes_away(&self, value: DateValue, after: &Found, excluded: &HashSet<i64>) -> bool {
        match self.new.excluded(value) {
            Excluded::Instant(instant) => {
                after.instants.get(&instant).is_some_and(|number| !excluded.contains(number))
            }
            Excluded::Day(day) => {
                after.days.get(&day).is_some_and(|numbers| numbers.iter().any(|n| !excluded.contains(n)))
            }
        }
    }

    /// Whether an EXDATE that excluded nothing takes away an RDATE.
    fn takes_away_added(&self, value: DateValue, (instants, days): &(HashSet<i64>, HashSet<i64>)) -> bool {
        match self.new.excluded(value) {
            Excluded::Instant(instant) => instants.contains(&instant),
            Excluded::Day(day) => days.contains(&day),
        }
    }

    /// How far the start moves, applied to a value by the wall clock.
    fn moved(&self, value: DateValue) -> DateValue {
        let (was_all_day, is_all_day) = (self.old.series.start.all_day, self.new.series.start.all_day);
        let by = if was_all_day || is_all_day { self.days * DAY } else { self.by };
        let day = value.day(self.old.series.zone) + self.days;
        match value.wall(self.old.series.zone) {
            None if was_all_day && !is_all_day => {
                local(naive(day * DAY + self.new.nominal().rem_euclid(DAY)), value)
            }
            None => date(day, value),
            Some(wall) if !was_all_day && is_all_day && (wall - self.old.nominal()).rem_euclid(DAY) == 0 => {
                date(day, value)
            }
            Some(wall) => match value {
                DateValue::Utc(_) => instant(self.new.series.zone.instant(wall + by), value),
                DateValue::Local(time) => {
                    time.checked_add_signed(TimeDelta::seconds(by)).map_or(value, |time| local(time, value))
                }
                DateValue::Date(_) => value,
            },
        }
    }

    fn rdate(&self, value: DateValue, number: Option<i64>, after: &Found) -> DateValue {
        let moved = self.moved(value);
        let points = number.and_then(|number| after.points.get(&number));
        let Some(point) = points.and_then(|points| points.first()) else { return moved };
        if self.new.added(moved).instant == point.instant {
            return moved;
        }
        let on_day = date(point.nominal.div_euclid(DAY), value);
        match value {
            DateValue::Date(_) if self.new.added(on_day).instant == point.instant => on_day,
            DateValue::Utc(_) if !self.new.series.start.all_day => instant(point.instant, value),
            _ => self.new.series.date_value(point.nominal, timestamp(point.instant)),
        }
    }

    /// The EXDATE that excludes these occurrences, of which all are at one time or on one day.
    fn exdate(&self, value: DateValue, points: &[Point]) -> DateValue {
        let Some(point) = points.first() else { return value };
        let (was_all_day, is_all_day) = (self.old.series.start.all_day, self.new.series.start.all_day);
        let written = || self.new.series.date_value(point.nominal, timestamp(point.instant));
        match value {
            DateValue::Date(_) if !was_all_day && !is_all_day => date(point.local.div_euclid(DAY), value),
            DateValue::Utc(_) if !was_all_day && !is_all_day => instant(point.instant, value),
            DateValue::Local(time) if was_all_day && is_all_day => {
                let day = naive(point.nominal.div_euclid(DAY) * DAY).date();
                local(day.and_time(time.time()), value)
            }
            DateValue::Utc(_) if was_all_day && is_all_day => {
                let time = value.wall(self.old.series.zone).unwrap_or_default().rem_euclid(DAY);
                let wall = point.nominal.div_euclid(DAY) * DAY + time;
                instant(self.new.series.zone.instant(wall), value)
            }
            _ if points.len() > 1 => date(point.local.div_euclid(DAY), value),
            _ => written(),
        }
    }

    /// UNTIL such that the occurrence with the number `last` is the last.
    fn until(&self, value: DateValue, before: &Found, last: i64, after: &Found) -> DateValue {
        let point = after.points.get(&last).and_then(|points| points.last());
        let numbered = before.last.filter(|(number, _)| number + 1 < MOST);
        let (Some((_, old)), Some(new)) = (numbered, point) else { return self.moved(value) };
        let (zone, all_day) = (self.new.series.zone, self.new.series.start.all_day);
        let next = after.points.get(&(last + 1)).and_then(|points| points.first());
        let ends_there = |until: &DateValue| {
            let until = last_instant(*until, all_day, zone);
            new.instant <= until && next.is_none_or(|next| until < next.instant)
        };
        let days = value.day(self.old.series.zone) - old.local.div_euclid(DAY);
        let on_day = |days: i64| date(new.local.div_euclid(DAY) + days, value);
        let by_day = all_day || self.turns() || matches!(value, DateValue::Date(_));
        let as_long_after = match value {
            _ if by_day => on_day(days),
            DateValue::Local(time) => {
                let later = time.and_utc().timestamp() - old.nominal;
                local(naive(new.nominal + later), value)
            }
            DateValue::Utc(time) => instant(new.instant + seconds(time) - old.instant, value),
            DateValue::Date(_) => on_day(days),
        };
        let on_last_day = Some(on_day(0)).filter(|_| by_day);
        [Some(as_long_after), on_last_day].into_iter().flatten().find(ends_there).unwrap_or_else(|| {
            match value {
                DateValue::Utc(_) => instant(new.instant, value),
                _ => self.new.series.date_value(new.nominal, timestamp(new.instant)),
            }
        })
    }
}

fn difference(new: usize, old: usize) -> i64 {
    let [new, old] = [new, old].map(|n| i64::try_from(n).unwrap_or_default());
    new - old
}

#[cfg(test)]
mod tests;
