//! A series: a start, its time zone, and what repeats it; and the instances of it, from wherever one asks.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::date_value::{DateValue, seconds};
use super::definition::Recurrence;
use super::error::{Result, RuleError};
use super::expand::{Bounds, Budget, DAY, LAST_DAY, Plan, Point, RulePoints, Spent, Walls};
use super::rule::{Freq, Rule};
use super::zone::Zone;
use crate::time::Timestamp;

/// The last second of the year 9999, a day early, so that it has a wall clock in every time zone.
pub(super) const END: i64 = LAST_DAY * DAY - 1;

/// The first instance of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// What the clocks of `tz` show. Fractions of a second are dropped: RFC 5545 has none.
    pub local: NaiveDateTime,
    /// Whose clocks.
    pub tz: Tz,
    /// Days without times.
    pub all_day: bool,
    /// The instant, where the wall clock does not tell: the second of two times that are the same. None takes the first.
    pub instant: Option<Timestamp>,
}

impl Start {
    /// A start by the clocks of `tz`.
    pub const fn at(local: NaiveDateTime, tz: Tz) -> Self {
        Self { local, tz, all_day: false, instant: None }
    }

    /// A whole day of `tz`.
    pub const fn on(date: NaiveDate, tz: Tz) -> Self {
        Self { local: NaiveDateTime::new(date, chrono::NaiveTime::MIN), tz, all_day: true, instant: None }
    }

    fn point(self, zone: &Zone) -> Point {
        let mut nominal = self.local.and_utc().timestamp();
        if self.all_day {
            nominal = nominal.div_euclid(DAY) * DAY;
        }
        let point = zone.point(nominal);
        match self.instant.map(seconds) {
            // Only an instant that shows the same wall clock can be meant.
            Some(instant) if !self.all_day && zone.local(instant) == nominal => Point { instant, ..point },
            _ => point,
        }
    }
}

/// One date of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance(Point);

impl Instance {
    /// The instant at which the rule places it: its identity within the series.
    pub const fn original_start(&self) -> Timestamp {
        timestamp(self.0.instant)
    }

    /// What the clocks show then.
    pub fn local(&self) -> NaiveDateTime {
        naive(self.0.local)
    }

    /// What the rule says. It differs from [`Instance::local`] only where the clocks skip that time: 02:30 takes place at 03:30.
    pub fn nominal(&self) -> NaiveDateTime {
        naive(self.0.nominal)
    }

    pub(super) const fn point(&self) -> Point {
        self.0
    }

    pub(super) const fn at_point(point: Point) -> Self {
        Self(point)
    }

    /// The day on which it begins.
    pub fn date(&self) -> NaiveDate {
        self.local().date()
    }
}

pub(super) const fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

pub(super) fn naive(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc()
}

/// A start with what repeats it, ready to be expanded.
///
/// ```
/// use chrono::NaiveDate;
/// use eventcore::recurrence::{Recurrence, Series, Start};
///
/// let start = NaiveDate::from_ymd_opt(2027, 3, 25).unwrap().and_hms_opt(18, 30, 0).unwrap();
/// let recurrence = Recurrence::of("FREQ=WEEKLY;COUNT=3".parse()?);
/// let series = Series::new(Start::at(start, chrono_tz::Europe::Berlin), recurrence)?;
///
/// let instants: Vec<_> = series.all().map(|i| Ok(i?.original_start().to_string())).collect::<Result<_, eventcore::recurrence::RuleError>>()?;
/// assert_eq!(instants, ["2027-03-25T17:30:00Z", "2027-04-01T16:30:00Z", "2027-04-08T16:30:00Z"]);
/// # Ok::<(), eventcore::recurrence::RuleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Series {
    pub(super) start: Start,
    pub(super) recurrence: Recurrence,
    pub(super) zone: &'static Zone,
    pub(super) bounds: Bounds,
    pub(super) plan: Plan,
    /// By instant, each once.
    rdates: Vec<Point>,
    exdates: Vec<i64>,
    exdays: Vec<i64>,
}

impl Series {
    /// Joins a start and what repeats it.
    ///
    /// # Errors
    /// The rule never matches (`never_matches`) or ends before it begins (`until_before_start`), repeats days by the hour (`invalid_rule`), there are
    /// too many dates (`too_many_dates`), or an RDATE lies before the start (`before_start`).
    pub fn new(start: Start, recurrence: Recurrence) -> Result<Self> {
        recurrence.check_size()?;
        let zone = Zone::of(start.tz);
        let first = start.point(zone);
        let single = Rule::new(Freq::Daily).with_count(1)?;
        let rule = recurrence.rrule.as_ref().unwrap_or(&single);
        if start.all_day && rule.freq() == Freq::Hourly {
            return Err(RuleError::in_rule(
                "invalid_rule",
                "FREQ=HOURLY: what lasts all day cannot repeat by the hour",
            ));
        }
        let until = rule.until.map_or(END, |until| last_instant(until, start.all_day, zone).min(END));
        if until < first.instant && first.instant <= END {
            let until = rule.until.map(DateValue::to_basic).unwrap_or_default();
            let message = format!("UNTIL={until} is before the start ({})", naive(first.local));
            return Err(RuleError::in_rule("until_before_start", message));
        }
        let bounds = Bounds { start: first, count: rule.count(), until };
        let plan = Plan::new(rule, first.nominal, start.all_day);
        check_matches(&plan, zone, first.instant, rule)?;
        let rdates = rdates(&recurrence.rdate, first, start.all_day, zone)?;
        let (exdates, exdays) = exdates(&recurrence.exdate, start.all_day, zone);
        Ok(Self { start, recurrence, zone, bounds, plan, rdates, exdates, exdays })
    }

    /// The start.
    pub const fn start(&self) -> Start {
        self.start
    }

    /// What repeats it.
    pub const fn recurrence(&self) -> &Recurrence {
        &self.recurrence
    }

    /// Whether it ends.
    pub fn is_bounded(&self) -> bool {
        self.recurrence.is_bounded()
    }

    /// Every instance, the start first.
    pub fn all(&self) -> Instances<'_> {
        self.between(Timestamp::MIN, Timestamp::MAX)
    }

    /// The instances from `a` on and before `b`, by their original start, in order. They are computed one by one, from near `a` on unless COUNT
    /// makes everything before `a` matter.
    pub fn between(&self, a: Timestamp, b: Timestamp) -> Instances<'_> {
        // Instances lie on whole seconds, so that rounding up loses none.
        let from = seconds(Timestamp::from_micros(a.as_micros().saturating_add(999_999))).clamp(-END, END);
        let to = seconds(Timestamp::from_micros(b.as_micros().saturating_add(999_999))).clamp(-END, END);
        let added = self.rdates.partition_point(|point| point.instant < from);
        Instances {
            series: self,
            points: RulePoints::new(&self.plan, self.zone, self.bounds, from, to),
            ahead: None,
            added,
            from,
            to,
            budget: Budget::new(),
            over: false,
        }
    }

    /// The instance at `instant`, if there is one.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn at(&self, instant: Timestamp) -> Result<Option<Instance>> {
        let next = Timestamp::from_micros(instant.as_micros().saturating_add(1));
        self.between(instant, next).next().transpose()
    }

    /// The RDATEs by instant, each once.
    pub(super) fn rdates(&self) -> &[Point] {
        &self.rdates
    }

    pub(super) fn excludes(&self, point: Point) -> bool {
        self.exdates.binary_search(&point.instant).is_ok()
            || self.exdays.binary_search(&point.local.div_euclid(DAY)).is_ok()
    }

    fn excludes_any(&self) -> bool {
        !(self.exdates.is_empty() && self.exdays.is_empty())
    }
}

/// The last instant that UNTIL lets pass.
pub(super) fn last_instant(until: DateValue, all_day: bool, zone: &Zone) -> i64 {
    let day = until.day(zone);
    match until.wall(zone) {
        _ if all_day => zone.instant(day * DAY),
        None => zone.instant((day + 1) * DAY) - 1,
        Some(wall) => match until {
            DateValue::Utc(instant) => seconds(instant),
            _ => zone.instant(wall),
        },
    }
}

/// Refuses a rule that no time, from the start to the end of the calendar, ever fits. COUNT and UNTIL don't matter: a series may be the start alone.
fn check_matches(plan: &Plan, zone: &Zone, start: i64, rule: &Rule) -> Result<()> {
    let mut budget = Budget::new();
    let mut walls = Walls::new(plan, zone.earliest_wall(start), END);
    let matches = loop {
        match walls.next(&mut budget) {
            Ok(Some(wall)) if zone.instant(wall) >= start => break true,
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(Spent) => return Err(too_much_work()),
        }
        if budget.spend(1).is_err() {
            return Err(too_much_work());
        }
    };
    if matches || rule.count().is_some_and(|count| count == 1) {
        return Ok(());
    }
    Err(RuleError::in_rule("never_matches", format!("no date ever fits {rule}")))
}

pub(super) fn too_much_work() -> RuleError {
    RuleError::in_rule(
        "too_much_work",
        "the rule takes too much work to expand: its dates are too rare among those that it looks at",
    )
}

/// When an RDATE takes place; a day at the time of the start.
pub(super) fn rdate(value: DateValue, start: i64, all_day: bool, zone: &Zone) -> Point {
    let time = if all_day { 0 } else { start.rem_euclid(DAY) };
    let point = match (all_day, value.wall(zone)) {
        (false, Some(wall)) => zone.point(wall),
        _ => zone.point(value.day(zone) * DAY + time),
    };
    match value {
        DateValue::Utc(instant) if !all_day => Point { instant: seconds(instant), ..point },
        _ => point,
    }
}

fn rdates(values: &[DateValue], start: Point, all_day: bool, zone: &Zone) -> Result<Vec<Point>> {
    let mut points = Vec::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        let point = rdate(*value, start.nominal, all_day, zone);
        if point.instant < start.instant {
            let message = format!("RDATE {value} is before the start ({})", naive(start.local));
            return Err(RuleError::at(format!("/rdate/{i}"), "before_start", message));
        }
        points.push(point);
    }
    points.sort_unstable_by_key(|point| point.instant);
    points.dedup_by_key(|point| point.instant);
    Ok(points)
}

fn exdates(values: &[DateValue], all_day: bool, zone: &Zone) -> (Vec<i64>, Vec<i64>) {
    let (mut instants, mut days) = (Vec::new(), Vec::new());
    for value in values {
        match (value, value.wall(zone)) {
            _ if all_day => instants.push(zone.instant(value.day(zone) * DAY)),
            (DateValue::Utc(instant), _) => instants.push(seconds(*instant)),
            (_, Some(wall)) => instants.push(zone.instant(wall)),
            (_, None) => days.push(value.day(zone)),
        }
    }
    instants.sort_unstable();
    days.sort_unstable();
    (instants, days)
}

/// The instances of a series within bounds, in order, each once. It ends with an error where the rule takes too much work.
#[derive(Debug, Clone)]
pub struct Instances<'s> {
    series: &'s Series,
    points: RulePoints<'s>,
    /// The next of the rule, where an RDATE came before it.
    ahead: Option<Point>,
    /// The next of the RDATEs.
    added: usize,
    from: i64,
    to: i64,
    budget: Budget,
    over: bool,
}

impl Instances<'_> {
    /// The work done so far, in units of about ten nanoseconds (release build): the same on every machine.
    pub const fn work(&self) -> u64 {
        self.budget.spent()
    }

    fn next_point(&mut self) -> Result<Option<Point>, Spent> {
        let rdates = &self.series.rdates;
        if rdates.is_empty() {
            return self.points.next(&mut self.budget);
        }
        if self.ahead.is_none() {
            self.ahead = self.points.next(&mut self.budget)?;
        }
        let Some(added) = rdates.get(self.added) else { return Ok(self.ahead.take()) };
        match self.ahead {
            Some(ahead) if ahead.instant <= added.instant => {
                if ahead.instant == added.instant {
                    self.added += 1;
                }
                Ok(self.ahead.take())
            }
            _ => {
                self.added += 1;
                Ok(Some(*added))
            }
        }
    }

    #[inline]
    fn next_instance(&mut self) -> Result<Option<Instance>, Spent> {
        let excludes = self.series.excludes_any();
        loop {
            let Some(point) = self.next_point()?.filter(|point| point.instant < self.to) else {
                return Ok(None);
            };
            if point.instant >= self.from && !(excludes && self.series.excludes(point)) {
                self.budget.reward();
                return Ok(Some(Instance(point)));
            }
            self.budget.spend(1)?;
        }
    }
}

impl Iterator for Instances<'_> {
    type Item = Result<Instance>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        match self.next_instance() {
            Ok(Some(instance)) => Some(Ok(instance)),
            Ok(None) => {
                self.over = true;
                None
            }
            Err(Spent) => {
                self.over = true;
                Some(Err(too_much_work()))
            }
        }
    }
}

impl std::iter::FusedIterator for Instances<'_> {}
