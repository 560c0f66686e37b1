//! [`Series`]: a recurrence with its start and time zone, and the iterator over its instances.

use chrono_tz::Tz;

use super::date_value::{DateValue, naive, seconds};
use super::definition::Recurrence;
use super::error::{RuleError, RuleResult};
use super::expand::{
    Bounds, Budget, BudgetExceeded, CompiledRule, DAY, LAST_DAY, Point, RuleInstances, WallTimes,
};
use super::instance::Instance;
use super::rule::{Freq, Rule};
use super::start::SeriesStart;
use crate::time::{Timestamp, Zone, zone_of};

/// The last second that is expanded: one day before the end of the year 9999, so that it has a local time in
/// every zone.
pub(super) const END: i64 = LAST_DAY * DAY - 1;

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
/// let instances = series.all(100)?;
/// let starts: Vec<_> = instances.iter().map(|at| at.original_start().to_string()).collect();
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
    /// `never_matches`, `floating`, `until_before_start`, `too_many_dates`, `before_start` for an RDATE,
    /// `too_much_work`; `invalid_rule` for FREQ=HOURLY on whole days.
    pub fn new(start: SeriesStart, recurrence: Recurrence) -> RuleResult<Self> {
        recurrence.check_size()?;
        if start.floating {
            recurrence.check_floating()?;
        }
        let zone = zone_of(if start.floating { Tz::UTC } else { start.tz });
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

    /// RRULE.
    pub const fn rule(&self) -> Option<&Rule> {
        self.recurrence.rrule.as_ref()
    }

    /// RDATE.
    pub fn rdate(&self) -> &[DateValue] {
        &self.recurrence.rdate
    }

    /// EXDATE.
    pub fn exdate(&self) -> &[DateValue] {
        &self.recurrence.exdate
    }

    /// The time zone; `None` if it is [floating](SeriesStart::floating).
    pub fn time_zone(&self) -> Option<Tz> {
        (!self.start.floating).then_some(self.start.tz)
    }

    /// Whether it consists of whole days.
    pub const fn is_all_day(&self) -> bool {
        self.start.all_day
    }

    /// Whether it has no time zone: see [`SeriesStart::floating`].
    pub const fn is_floating(&self) -> bool {
        self.start.floating
    }

    /// A floating series in the time zone of a reader, or this series at the same local times of another
    /// zone.
    ///
    /// # Errors
    /// Those of [`Series::new`]; `too_much_work`.
    ///
    /// ```
    /// # use eventcore_recurrence::Series;
    /// let floating: Series = "DTSTART:20270325T183000\nRRULE:FREQ=WEEKLY".parse()?;
    /// let in_berlin = floating.in_zone(chrono_tz::Europe::Berlin)?;
    /// assert_eq!(in_berlin.to_string(), "DTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn in_zone(&self, tz: Tz) -> RuleResult<Self> {
        let start = SeriesStart { tz, floating: false, ..self.start };
        // Without a time zone there are no instants, which would move.
        let recurrence = if self.start.floating {
            self.recurrence.clone()
        } else {
            self.recurrence.shifted(self.start, start)?
        };
        Self::new(start, recurrence)
    }

    /// Whether the series ends: see [`Recurrence::is_bounded`].
    pub fn is_bounded(&self) -> bool {
        self.recurrence.is_bounded()
    }

    /// The instances in order, computed one by one. Without COUNT or UNTIL, they end only with the year 9999:
    /// take as many as are needed.
    pub fn iter(&self) -> Instances<'_> {
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

    /// The instant of the start.
    #[cfg(feature = "rrule")]
    pub(super) fn first_instant(&self) -> Timestamp {
        super::date_value::timestamp(self.bounds.start.instant)
    }

    /// The local time of the start by its rule, which the clocks may skip.
    #[cfg(feature = "rrule")]
    pub(super) fn first_local(&self) -> chrono::NaiveDateTime {
        naive(self.bounds.start.nominal)
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
                return Ok(Some(Instance::at_point(point)));
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

impl<'s> IntoIterator for &'s Series {
    type Item = RuleResult<Instance>;
    type IntoIter = Instances<'s>;

    /// [`Series::iter`].
    fn into_iter(self) -> Instances<'s> {
        self.iter()
    }
}
