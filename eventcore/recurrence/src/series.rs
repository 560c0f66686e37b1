//! [`Series`]: a recurrence with its start and time zone, and the iterator over its instances.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::date_value::{DateValue, seconds};
use super::definition::Recurrence;
use super::error::{RuleError, RuleResult};
use super::expand::{
    Bounds, Budget, BudgetExceeded, CompiledRule, DAY, LAST_DAY, Point, RuleInstances, WallTimes,
};
use super::rule::{Freq, Rule};
use crate::time::{Timestamp, Zone, zone_of};

/// The last second that is expanded: one day before the end of the year 9999, so that it has a local time in
/// every zone.
pub(super) const END: i64 = LAST_DAY * DAY - 1;

/// The first instance of a series (DTSTART).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesStart {
    /// Local time in `tz`. Fractions of a second are dropped: RFC 5545 has none.
    pub local: NaiveDateTime,
    /// Time zone of the series.
    pub tz: Tz,
    /// Whether the series consists of whole days.
    pub all_day: bool,
    /// The instant, for a local time that occurs twice. `None` means the first of the two.
    pub instant: Option<Timestamp>,
}

impl SeriesStart {
    /// A start at a local time in `tz`.
    pub const fn at(local: NaiveDateTime, tz: Tz) -> Self {
        Self { local, tz, all_day: false, instant: None }
    }

    /// A start of an all-day series.
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
            // An instant with another local time contradicts `local` and is ignored.
            Some(instant) if !self.all_day && zone.local(instant) == nominal => Point { instant, ..point },
            _ => point,
        }
    }
}

/// A recurrence instance (RFC 5545): one element of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance(Point);

impl Instance {
    /// The instant at which the rule places it. It identifies the instance within the series (RECURRENCE-ID).
    pub const fn original_start(&self) -> Timestamp {
        timestamp(self.0.instant)
    }

    /// The local time of [`Self::original_start`].
    pub fn local(&self) -> NaiveDateTime {
        naive(self.0.local)
    }

    /// The local time of the rule. It differs from [`Self::local`] only in a gap: 02:30 takes place at 03:30.
    pub fn nominal(&self) -> NaiveDateTime {
        naive(self.0.nominal)
    }

    pub(super) const fn point(&self) -> Point {
        self.0
    }

    pub(super) const fn at_point(point: Point) -> Self {
        Self(point)
    }

    /// The local date on which it starts.
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

/// A recurrence with its start, ready to be expanded.
///
/// ```
/// use chrono::NaiveDate;
/// use eventcore_recurrence::{Recurrence, Series, SeriesStart};
///
/// let start = NaiveDate::from_ymd_opt(2027, 3, 25).unwrap().and_hms_opt(18, 30, 0).unwrap();
/// let recurrence = Recurrence::of("FREQ=WEEKLY;COUNT=3".parse()?);
/// let series = Series::new(SeriesStart::at(start, chrono_tz::Europe::Berlin), recurrence)?;
///
/// let starts = series.all().map(|instance| Ok(instance?.original_start().to_string()));
/// let starts = starts.collect::<Result<Vec<_>, eventcore_recurrence::RuleError>>()?;
/// assert_eq!(starts, ["2027-03-25T17:30:00Z", "2027-04-01T16:30:00Z", "2027-04-08T16:30:00Z"]);
/// # Ok::<(), eventcore_recurrence::RuleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Series {
    pub(super) start: SeriesStart,
    pub(super) recurrence: Recurrence,
    pub(super) zone: &'static Zone,
    pub(super) bounds: Bounds,
    pub(super) compiled: CompiledRule,
    /// Sorted by instant, without duplicates.
    rdates: Vec<Point>,
    /// Excluded instants in seconds, sorted.
    exdates: Vec<i64>,
    /// Excluded days since 1970, sorted.
    exdays: Vec<i64>,
}

impl Series {
    /// Combines a start with a recurrence.
    ///
    /// # Errors
    /// `never_matches`, `until_before_start`, `too_many_dates`, `before_start` for an RDATE, `too_much_work`;
    /// `invalid_rule` for FREQ=HOURLY on whole days.
    pub fn new(start: SeriesStart, recurrence: Recurrence) -> RuleResult<Self> {
        recurrence.check_size()?;
        let zone = zone_of(start.tz);
        let first = start.point(zone);
        let single = Rule::new(Freq::Daily).with_count(1)?;
        let rule = recurrence.rrule.as_ref().unwrap_or(&single);
        if start.all_day && rule.freq() == Freq::Hourly {
            return Err(RuleError::in_rule(
                "invalid_rule",
                "FREQ=HOURLY cannot be used with an all-day event",
            ));
        }
        let until = rule.until.map_or(END, |until| last_instant(until, start.all_day, zone).min(END));
        if until < first.instant && first.instant <= END {
            let until = rule.until.map(DateValue::to_basic).unwrap_or_default();
            let message = format!("UNTIL={until} is before the start ({})", naive(first.local));
            return Err(RuleError::in_rule("until_before_start", message));
        }
        let bounds = Bounds { start: first, count: rule.count(), until };
        let compiled = CompiledRule::new(rule, first.nominal, start.all_day);
        check_matches(&compiled, zone, first.instant, rule)?;
        let rdates = rdates(&recurrence.rdate, first, start.all_day, zone)?;
        let (exdates, exdays) = exdates(&recurrence.exdate, start.all_day, zone);
        Ok(Self { start, recurrence, zone, bounds, compiled, rdates, exdates, exdays })
    }

    /// The first instance.
    pub const fn start(&self) -> SeriesStart {
        self.start
    }

    /// Rule, RDATE and EXDATE.
    pub const fn recurrence(&self) -> &Recurrence {
        &self.recurrence
    }

    /// Whether the series ends: see [`Recurrence::is_bounded`].
    pub fn is_bounded(&self) -> bool {
        self.recurrence.is_bounded()
    }

    /// All instances in order. The iterator may be infinite.
    pub fn all(&self) -> Instances<'_> {
        self.between(Timestamp::MIN, Timestamp::MAX)
    }

    /// The instances whose original start is in `a..b`, in order. They are computed one by one. Expansion
    /// begins near `a`, or at the start if the rule has COUNT.
    pub fn between(&self, a: Timestamp, b: Timestamp) -> Instances<'_> {
        // Instances are on whole seconds, so rounding up loses none.
        let from = seconds(Timestamp::from_micros(a.as_micros().saturating_add(999_999))).clamp(-END, END);
        let to = seconds(Timestamp::from_micros(b.as_micros().saturating_add(999_999))).clamp(-END, END);
        let next_rdate = self.rdates.partition_point(|point| point.instant < from);
        Instances {
            series: self,
            points: RuleInstances::new(&self.compiled, self.zone, self.bounds, from, to),
            next_of_rule: None,
            next_rdate,
            from,
            to,
            budget: Budget::new(),
            finished: false,
        }
    }

    /// The instance whose original start is `instant`, if there is one.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn at(&self, instant: Timestamp) -> RuleResult<Option<Instance>> {
        let next = Timestamp::from_micros(instant.as_micros().saturating_add(1));
        self.between(instant, next).next().transpose()
    }

    /// The RDATEs sorted by instant, without duplicates.
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

/// The last instant that UNTIL includes, in seconds.
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

/// Refuses a rule that matches no time from the start to the end of the calendar. COUNT and UNTIL are
/// ignored: a series may consist of its start alone.
fn check_matches(compiled: &CompiledRule, zone: &Zone, start: i64, rule: &Rule) -> RuleResult<()> {
    let mut budget = Budget::new();
    let mut wall_times = WallTimes::new(compiled, zone.earliest_wall(start), END);
    let matches = loop {
        match wall_times.next(&mut budget) {
            Ok(Some(wall)) if zone.instant(wall) >= start => break true,
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(BudgetExceeded) => return Err(too_much_work()),
        }
        if budget.spend(1).is_err() {
            return Err(too_much_work());
        }
    };
    if matches || rule.count().is_some_and(|count| count == 1) {
        return Ok(());
    }
    Err(RuleError::in_rule("never_matches", format!("{rule} never matches any date")))
}

pub(super) fn too_much_work() -> RuleError {
    RuleError::in_rule(
        "too_much_work",
        "the rule takes too much work to expand: it matches too few of the dates that it examines",
    )
}

/// The instance of an RDATE. `start` is the wall-clock start of the series, whose time of day an RDATE
/// without one takes.
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

fn rdates(values: &[DateValue], start: Point, all_day: bool, zone: &Zone) -> RuleResult<Vec<Point>> {
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

/// Iterator over instances of a series in order, without duplicates. It ends with an error if the rule
/// exceeds the work budget.
#[derive(Debug, Clone)]
pub struct Instances<'s> {
    series: &'s Series,
    points: RuleInstances<'s>,
    /// The next instance of the rule, if an RDATE precedes it.
    next_of_rule: Option<Point>,
    /// Index of the next RDATE.
    next_rdate: usize,
    from: i64,
    to: i64,
    budget: Budget,
    finished: bool,
}

impl Instances<'_> {
    /// The work done so far in units of about 10 ns (release build). It is the same on every machine.
    pub const fn work(&self) -> u64 {
        self.budget.spent()
    }

    fn next_point(&mut self) -> Result<Option<Point>, BudgetExceeded> {
        let rdates = &self.series.rdates;
        if rdates.is_empty() {
            return self.points.next(&mut self.budget);
        }
        if self.next_of_rule.is_none() {
            self.next_of_rule = self.points.next(&mut self.budget)?;
        }
        let Some(rdate) = rdates.get(self.next_rdate) else { return Ok(self.next_of_rule.take()) };
        match self.next_of_rule {
            Some(of_rule) if of_rule.instant <= rdate.instant => {
                if of_rule.instant == rdate.instant {
                    self.next_rdate += 1;
                }
                Ok(self.next_of_rule.take())
            }
            _ => {
                self.next_rdate += 1;
                Ok(Some(*rdate))
            }
        }
    }

    #[inline]
    fn next_instance(&mut self) -> Result<Option<Instance>, BudgetExceeded> {
        let excludes = self.series.excludes_any();
        loop {
            let Some(point) = self.next_point()?.filter(|point| point.instant < self.to) else {
                return Ok(None);
            };
            if point.instant >= self.from && !(excludes && self.series.excludes(point)) {
                self.budget.credit_instance();
                return Ok(Some(Instance(point)));
            }
            self.budget.spend(1)?;
        }
    }
}

impl Iterator for Instances<'_> {
    type Item = RuleResult<Instance>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.next_instance() {
            Ok(Some(instance)) => Some(Ok(instance)),
            Ok(None) => {
                self.finished = true;
                None
            }
            Err(BudgetExceeded) => {
                self.finished = true;
                Some(Err(too_much_work()))
            }
        }
    }
}

impl std::iter::FusedIterator for Instances<'_> {}
