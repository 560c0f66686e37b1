//! Splitting a series in two that together have the same instances ("this and following").

use super::date_value::{DateValue, naive, seconds, timestamp};
use super::definition::Recurrence;
use super::error::{RuleError, RuleResult};
use super::expand::{Budget, BudgetExceeded, DAY, Point, RuleInstances};
use super::instance::Instance;
use super::rule::{ByDay, Freq, Rule, RulePart};
use super::series::{END, Series, last_instant, rdate, too_much_work};
use super::start::SeriesStart;
use crate::time::Timestamp;

/// A series cut in two.
#[derive(Debug, Clone)]
pub struct Split {
    /// The recurrence of the first series, which keeps the start.
    pub head: Recurrence,
    /// The start of the second series: the instance at which the series was split.
    pub start: SeriesStart,
    /// The recurrence of the second series.
    pub tail: Recurrence,
}

/// Number of instances compared to check the second series against the original.
const COMPARED: usize = 500;

/// The instance at which a series is split.
struct SplitPoint {
    point: Point,
    /// Whether it is an instance of the rule, not of an RDATE.
    on_rule: bool,
    /// Number of instances of the rule before it.
    before: u32,
}

impl Series {
    /// Splits the series before its instance at `at`.
    ///
    /// # Errors
    /// `too_much_work`; `cannot_split` if there is no instance at `at`, if it is the first one, or if it is
    /// an RDATE in a period that INTERVAL skips, so that no rule with this start continues the series.
    pub fn split(&self, at: Timestamp) -> RuleResult<Split> {
        let split_point = self.split_point(seconds(at))?;
        let (head_rule, tail_rule) = match &self.recurrence.rrule {
            Some(rule) => (Some(self.head_rule(rule, &split_point)?), self.tail_rule(rule, &split_point)?),
            None => (None, None),
        };
        let instant =
            (self.zone.instant(split_point.point.nominal) != split_point.point.instant).then_some(at);
        let start = SeriesStart { local: naive(split_point.point.nominal), instant, ..self.start };
        let (head_rdate, tail_rdate) = self.split_rdates(split_point.point.instant);
        let (head_exdate, tail_exdate) = self.split_exdates(split_point.point.instant);
        let split = Split {
            head: Recurrence { rrule: head_rule, rdate: head_rdate, exdate: head_exdate },
            start,
            tail: Recurrence { rrule: tail_rule, rdate: tail_rdate, exdate: tail_exdate },
        };
        self.check_tail(&split, at)?;
        Ok(split)
    }

    /// The first instance by the rule, if the start is off the rule and the series can start there instead:
    /// no RDATE is before it, and the clocks do not skip it.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn start_on_rule(&self) -> RuleResult<Option<Instance>> {
        let Some(rule) = self.recurrence.rrule.clone() else { return Ok(None) };
        if self.starts_on_rule()? {
            return Ok(None);
        }
        let rule = if rule.count().is_some() { rule.without_end() } else { rule };
        let by_rule = Self::new(self.start, Recurrence::of(rule))?;
        // The start itself is the first instance.
        let first = by_rule.iter().nth(1).transpose()?;
        let is_possible = |first: &Instance| {
            first.nominal() == first.local()
                && self.rdates().first().is_none_or(|rdate| first.point().instant <= rdate.instant)
        };
        Ok(first.filter(is_possible))
    }

    fn split_point(&self, at: i64) -> RuleResult<SplitPoint> {
        let Some(instance) = self.at(timestamp(at))? else {
            return Err(cannot_split("the series has no occurrence at that time"));
        };
        if self
            .iter()
            .next()
            .transpose()?
            .is_some_and(|first| first.original_start() == instance.original_start())
        {
            return Err(cannot_split("this is the first occurrence: change the whole series"));
        }
        let mut budget = Budget::new();
        let counts = self.bounds.count.is_some();
        let from = if counts { -END } else { at };
        let mut points = RuleInstances::new(&self.compiled, self.zone, self.bounds, from, END);
        let mut before = 0;
        while let Some(point) = points.next(&mut budget).map_err(|BudgetExceeded| too_much_work())? {
            if point.instant >= at {
                let on_rule = point.instant == at;
                let point = if on_rule { point } else { instance.point() };
                return Ok(SplitPoint { point, on_rule, before });
            }
            before += 1;
            budget.spend(1).map_err(|BudgetExceeded| too_much_work())?;
        }
        Ok(SplitPoint { point: instance.point(), on_rule: false, before })
    }

    fn head_rule(&self, rule: &Rule, split_point: &SplitPoint) -> RuleResult<Rule> {
        let rule = rule.clone();
        if rule.count().is_some() {
            return rule.with_count(split_point.before);
        }
        if rule.until().is_some_and(|until| {
            last_instant(until, self.start.all_day, self.zone) < split_point.point.instant
        }) {
            return Ok(rule);
        }
        Ok(rule.with_until(if self.start.all_day {
            DateValue::Date(naive(split_point.point.local - DAY).date())
        } else {
            self.instant_value(timestamp(split_point.point.instant - 1))
        }))
    }

    /// The rule of the second series. `None` if the rule ends before it.
    fn tail_rule(&self, rule: &Rule, split_point: &SplitPoint) -> RuleResult<Option<Rule>> {
        let mut tail = rule.clone();
        if let Some(count) = rule.count() {
            // A start that the rule does not match counts too.
            let left = count - split_point.before;
            if left == 0 {
                return Ok(None);
            }
            tail = tail.with_count(left + u32::from(!split_point.on_rule))?;
        }
        if rule.until().is_some_and(|until| {
            last_instant(until, self.start.all_day, self.zone) < split_point.point.instant
        }) {
            return Ok(None);
        }
        if !split_point.on_rule {
            tail = tail.with_parts_of_start(self.bounds.start.nominal, self.start.all_day);
        }
        Ok(Some(tail))
    }

    /// The RDATEs before `at`, and the others.
    fn split_rdates(&self, at: i64) -> (Vec<DateValue>, Vec<DateValue>) {
        let start = self.bounds.start.nominal;
        let before = |date: &DateValue| rdate(*date, start, self.start.all_day, self.zone).instant < at;
        self.recurrence.rdate.iter().copied().partition(before)
    }

    /// The EXDATEs that exclude instances before `at`, and those that exclude later ones. A date may do both.
    fn split_exdates(&self, at: i64) -> (Vec<DateValue>, Vec<DateValue>) {
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

    /// Checks that the second series has the instances of this one from `at` on.
    fn check_tail(&self, split: &Split, at: Timestamp) -> RuleResult<()> {
        let starts = |series: &Series| {
            let instances = series.between(at, Timestamp::MAX).take(COMPARED);
            instances.map(|instance| Ok(instance?.original_start())).collect::<RuleResult<Vec<_>>>()
        };
        let same = match Self::new(split.start, split.tail.clone()) {
            Ok(tail) => starts(&tail)? == starts(self)?,
            Err(_) => false,
        };
        if same { Ok(()) } else { Err(cannot_split("no rule that starts there continues this one")) }
    }
}

fn cannot_split(why: &str) -> RuleError {
    RuleError::in_rule("cannot_split", why)
}

impl Rule {
    /// Adds the parts that the rule takes from its start, so that it means the same with another start.
    fn with_parts_of_start(mut self, start: i64, all_day: bool) -> Self {
        use chrono::{Datelike, Timelike};
        let local = naive(start);
        let small = |n: u32| u8::try_from(n).unwrap_or_default();
        let has_day =
            !(self.by_day.is_empty() && self.by_month_day.is_empty() && self.by_year_day.is_empty());
        if !has_day && (self.freq == Freq::Weekly || !self.by_week_no.is_empty()) {
            self = self.with_days(vec![ByDay { nth: None, weekday: local.weekday() }]);
        } else if !has_day && matches!(self.freq, Freq::Monthly | Freq::Yearly) {
            if self.freq == Freq::Yearly && self.by_month.is_empty() {
                self = self.with_months(vec![small(local.month())]);
            }
            self = self.with_month_days(vec![i8::try_from(local.day()).unwrap_or_default()]);
        }
        if all_day {
            return self;
        }
        if self.by_hour.is_empty() && self.freq != Freq::Hourly {
            self.by_hour = vec![small(local.hour())];
            self = self.with_part(RulePart::ByHour);
        }
        if self.by_minute.is_empty() {
            self.by_minute = vec![small(local.minute())];
            self = self.with_part(RulePart::ByMinute);
        }
        if self.by_second.is_empty() {
            self.by_second = vec![small(local.second())];
            self = self.with_part(RulePart::BySecond);
        }
        self
    }
}
