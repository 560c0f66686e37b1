//! "This and following": one series becomes two, which together have the very dates that it had.

use super::date_value::{DateValue, seconds};
use super::definition::Recurrence;
use super::error::{Result, RuleError};
use super::expand::{Budget, DAY, Point, RulePoints, Spent};
use super::rule::{ByDay, Freq, Part, Rule};
use super::series::{END, Series, Start, last_instant, naive, rdate, timestamp, too_much_work};
use crate::time::Timestamp;

/// A series cut in two.
#[derive(Debug, Clone)]
pub struct Split {
    /// What comes before; the start stays as it is.
    pub head: Recurrence,
    /// The instance at which it was cut, which starts the second series.
    pub start: Start,
    /// What comes after.
    pub tail: Recurrence,
}

/// How many instances of the second series are compared with those of the first.
const COMPARED: usize = 500;

/// Where `at` lies in the rule of a series.
struct Place {
    /// The instance itself.
    point: Point,
    /// Whether it is the rule's, rather than an RDATE's.
    on_rule: bool,
    /// How many of the rule's come before.
    before: u32,
}

impl Series {
    /// Cuts the series before its instance at `at`.
    ///
    /// # Errors
    /// `cannot_split`: there is no instance at `at`, or it is the first, or it is an RDATE between whose neighbours INTERVAL skips periods, so that
    /// no rule that starts there goes on as this one does. `too_much_work`.
    pub fn split(&self, at: Timestamp) -> Result<Split> {
        let place = self.place(seconds(at))?;
        let (head_rule, tail_rule) = match &self.recurrence.rrule {
            Some(rule) => (Some(self.head_rule(rule, &place)?), self.tail_rule(rule, &place)?),
            None => (None, None),
        };
        let instant = (self.zone.instant(place.point.nominal) != place.point.instant).then_some(at);
        let start = Start { local: naive(place.point.nominal), instant, ..self.start };
        let (head_rdate, tail_rdate) = self.cut_rdates(place.point.instant);
        let (head_exdate, tail_exdate) = self.cut_exdates(place.point.instant);
        let split = Split {
            head: Recurrence { rrule: head_rule, rdate: head_rdate, exdate: head_exdate },
            start,
            tail: Recurrence { rrule: tail_rule, rdate: tail_rdate, exdate: tail_exdate },
        };
        self.check_tail(&split, at)?;
        Ok(split)
    }

    fn place(&self, at: i64) -> Result<Place> {
        let Some(instance) = self.at(timestamp(at))? else {
            return Err(cannot_split("the series has no date there"));
        };
        if self
            .all()
            .next()
            .transpose()?
            .is_some_and(|first| first.original_start() == instance.original_start())
        {
            return Err(cannot_split("this is the first date: change the whole series"));
        }
        let mut budget = Budget::new();
        let counts = self.bounds.count.is_some();
        let from = if counts { -END } else { at };
        let mut points = RulePoints::new(&self.plan, self.zone, self.bounds, from, END);
        let mut before = 0;
        while let Some(point) = points.next(&mut budget).map_err(|Spent| too_much_work())? {
            if point.instant >= at {
                let on_rule = point.instant == at;
                let point = if on_rule { point } else { instance.point() };
                return Ok(Place { point, on_rule, before });
            }
            before += 1;
            budget.spend(1).map_err(|Spent| too_much_work())?;
        }
        Ok(Place { point: instance.point(), on_rule: false, before })
    }

    fn head_rule(&self, rule: &Rule, place: &Place) -> Result<Rule> {
        let rule = rule.clone();
        if rule.count().is_some() {
            return rule.with_count(place.before);
        }
        if rule
            .until()
            .is_some_and(|until| last_instant(until, self.start.all_day, self.zone) < place.point.instant)
        {
            return Ok(rule);
        }
        Ok(rule.with_until(if self.start.all_day {
            DateValue::Date(naive(place.point.local - DAY).date())
        } else {
            DateValue::Utc(timestamp(place.point.instant - 1))
        }))
    }

    /// The rule as it goes on; none where it is over.
    fn tail_rule(&self, rule: &Rule, place: &Place) -> Result<Option<Rule>> {
        let mut tail = rule.clone();
        if let Some(count) = rule.count() {
            // A start that is off the rule counts too.
            let left = count - place.before;
            if left == 0 {
                return Ok(None);
            }
            tail = tail.with_count(left + u32::from(!place.on_rule))?;
        }
        if rule
            .until()
            .is_some_and(|until| last_instant(until, self.start.all_day, self.zone) < place.point.instant)
        {
            return Ok(None);
        }
        if !place.on_rule {
            tail = tail.spelled_out(self.bounds.start.nominal, self.start.all_day);
        }
        Ok(Some(tail))
    }

    /// Each RDATE goes to the side on which it lies.
    fn cut_rdates(&self, at: i64) -> (Vec<DateValue>, Vec<DateValue>) {
        let start = self.bounds.start.nominal;
        let before = |date: &DateValue| rdate(*date, start, self.start.all_day, self.zone).instant < at;
        self.recurrence.rdate.iter().copied().partition(before)
    }

    /// Each EXDATE goes to the side on which it lies; a day in which the cut lies goes to both.
    fn cut_exdates(&self, at: i64) -> (Vec<DateValue>, Vec<DateValue>) {
        let midnight = |date: &DateValue, by: i64| self.zone.instant((date.day(self.zone) + by) * DAY);
        let span = |date: &DateValue| match date {
            _ if self.start.all_day => (midnight(date, 0), midnight(date, 0)),
            DateValue::Date(_) => (midnight(date, 0), midnight(date, 1) - 1),
            _ => {
                let instant = rdate(*date, 0, false, self.zone).instant;
                (instant, instant)
            }
        };
        let dates = || self.recurrence.exdate.iter().copied();
        (
            dates().filter(|date| span(date).0 < at).collect(),
            dates().filter(|date| span(date).1 >= at).collect(),
        )
    }

    /// The second series must have what this one has from there on.
    fn check_tail(&self, split: &Split, at: Timestamp) -> Result<()> {
        let starts = |series: &Series| {
            let instances = series.between(at, Timestamp::MAX).take(COMPARED);
            instances.map(|instance| Ok(instance?.original_start())).collect::<Result<Vec<_>>>()
        };
        let same = match Self::new(split.start, split.tail.clone()) {
            Ok(tail) => starts(&tail)? == starts(self)?,
            Err(_) => false,
        };
        if same { Ok(()) } else { Err(cannot_split("no rule that starts there goes on as this one does")) }
    }
}

fn cannot_split(why: &str) -> RuleError {
    RuleError::in_rule("cannot_split", why)
}

impl Rule {
    /// The same rule with what it took from its start written down, so that it means the same from any other start.
    fn spelled_out(mut self, start: i64, all_day: bool) -> Self {
        use chrono::{Datelike, Timelike};
        let local = naive(start);
        let small = |n: u32| u8::try_from(n).unwrap_or_default();
        let says_day =
            !(self.by_day.is_empty() && self.by_month_day.is_empty() && self.by_year_day.is_empty());
        if !says_day && (self.freq == Freq::Weekly || !self.by_week_no.is_empty()) {
            self = self.on_days(vec![ByDay { nth: None, weekday: local.weekday() }]);
        } else if !says_day && matches!(self.freq, Freq::Monthly | Freq::Yearly) {
            if self.freq == Freq::Yearly && self.by_month.is_empty() {
                self = self.in_months(vec![small(local.month())]);
            }
            self = self.on_month_days(vec![i8::try_from(local.day()).unwrap_or_default()]);
        }
        if all_day {
            return self;
        }
        if self.by_hour.is_empty() && self.freq != Freq::Hourly {
            self.by_hour = vec![small(local.hour())];
            self = self.noting(Part::ByHour);
        }
        if self.by_minute.is_empty() {
            self.by_minute = vec![small(local.minute())];
            self = self.noting(Part::ByMinute);
        }
        if self.by_second.is_empty() {
            self.by_second = vec![small(local.second())];
            self = self.noting(Part::BySecond);
        }
        self
    }
}
