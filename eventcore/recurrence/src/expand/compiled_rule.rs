//! [`CompiledRule`]: a rule prepared for expansion. Lists are bit sets, and missing parts are taken from the
//! start.

use super::civil::{DAY, gcd, month_of, weekday_of};
use crate::rule::{Freq, Rule};

/// Days of a year as bits. Bit 0 of the first word is 1 January.
pub(super) type YearBits = [u64; 6];

/// All months, as bits 1 to 12.
const ALL_MONTHS: u16 = 0x1FFE;
const ALL_HOURS: u32 = 0x00FF_FFFF;
pub(super) const ALL_WEEKDAYS: u8 = 0x7F;

/// The days and times of a rule as bit sets.
#[derive(Debug, Clone)]
pub(crate) struct CompiledRule {
    pub(super) freq: Freq,
    pub(super) interval: i64,
    /// The period of the start, by FREQ: a year, a month since the year 0, the first day of a week, a day or
    /// an hour since 1970.
    pub(super) base: i64,
    /// Bits 1 to 12.
    pub(super) months: u16,
    /// Weekdays without a number (bit 0 is Monday). All if the rule has no BYDAY.
    pub(super) weekdays: u8,
    /// Weekdays with their number, which is negative from the end.
    pub(super) numbered: Vec<(i8, u32)>,
    /// Whether `numbered` counts in the year rather than in the month.
    pub(super) numbered_in_year: bool,
    /// Days of the month from the beginning (bit 0 is the 1st) and from the end (bit 0 is the last).
    pub(super) month_days: Option<(u32, u32)>,
    /// Days of the year, for years of 365 and of 366 days.
    pub(super) year_days: Option<Box<[YearBits; 2]>>,
    /// Weeks of the year from the beginning (bit 1 is the first) and from the end (bit 1 is the last).
    pub(super) weeks: Option<(u64, u64)>,
    /// The first weekday of a week; 0 is Monday.
    pub(super) week_start: u32,
    /// Hours of the day as bits. Only bit 0 if `times` are seconds of the day.
    pub(super) hours: u32,
    /// Seconds after each of `hours`, in order.
    pub(super) times: Vec<u32>,
    /// BYSETPOS, if FREQ is WEEKLY, MONTHLY or YEARLY. For shorter periods it is already applied to `times`.
    pub(super) positions: Vec<i64>,
}

impl CompiledRule {
    /// `start` is the wall-clock time of DTSTART in seconds since 1970.
    pub(crate) fn new(rule: &Rule, start: i64, all_day: bool) -> Self {
        let day = start.div_euclid(DAY);
        let (year, month) = month_of(day);
        let mut compiled = Self {
            freq: rule.freq,
            interval: i64::from(rule.interval.get()),
            base: 0,
            months: ALL_MONTHS,
            weekdays: ALL_WEEKDAYS,
            numbered: Vec::new(),
            numbered_in_year: rule.freq == Freq::Yearly && rule.by_month.is_empty(),
            month_days: None,
            year_days: None,
            weeks: None,
            week_start: rule.wkst.num_days_from_monday(),
            hours: 1,
            times: Vec::new(),
            positions: Vec::new(),
        };
        compiled.base = match rule.freq {
            Freq::Yearly => year,
            Freq::Monthly => year * 12 + i64::from(month) - 1,
            Freq::Weekly => compiled.week_of(day),
            Freq::Daily => day,
            Freq::Hourly => start.div_euclid(3_600),
        };
        compiled.read_days(rule, day, month);
        compiled.read_times(rule, start.rem_euclid(DAY), all_day);
        compiled.read_positions(rule);
        compiled.drop_unreachable(day);
        compiled
    }

    /// The first day of the week that contains `day`.
    pub(super) const fn week_of(&self, day: i64) -> i64 {
        day - ((weekday_of(day) + 7 - self.week_start) % 7) as i64
    }

    fn read_days(&mut self, rule: &Rule, day: i64, month: u32) {
        if !rule.by_month.is_empty() {
            self.months = rule.by_month.iter().fold(0, |bits, month| bits | 1 << month);
        }
        if !rule.by_day.is_empty() {
            self.weekdays = 0;
            for by_day in &rule.by_day {
                let weekday = by_day.weekday.num_days_from_monday();
                match by_day.nth {
                    Some(nth) => self.numbered.push((nth, weekday)),
                    None => self.weekdays |= 1 << weekday,
                }
            }
        }
        if !rule.by_month_day.is_empty() {
            self.month_days = Some(rule.by_month_day.iter().fold((0, 0), |(from_start, from_end), n| {
                let bit = 1 << (n.unsigned_abs() - 1);
                if *n > 0 { (from_start | bit, from_end) } else { (from_start, from_end | bit) }
            }));
        }
        if !rule.by_year_day.is_empty() {
            let mut bits = Box::new([[0; 6]; 2]);
            for (bits, length) in bits.iter_mut().zip([365, 366]) {
                for n in &rule.by_year_day {
                    let n = i64::from(*n);
                    if let Some(at) = position(n, length) {
                        bits[index(at / 64)] |= 1 << (at % 64);
                    }
                }
            }
            self.year_days = Some(bits);
        }
        if !rule.by_week_no.is_empty() {
            self.weeks = Some(rule.by_week_no.iter().fold((0, 0), |(from_start, from_end), n| {
                let bit = 1 << n.unsigned_abs();
                if *n > 0 { (from_start | bit, from_end) } else { (from_start, from_end | bit) }
            }));
        }
        self.use_days_of_start(rule, day, month);
    }

    /// "Information, not contained in the rule, necessary to determine the various recurrence instance start
    /// time and dates are derived from the Start Time" (3.3.10).
    fn use_days_of_start(&mut self, rule: &Rule, day: i64, month: u32) {
        let no_days = rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty();
        if !no_days {
            return;
        }
        let by_week = rule.freq == Freq::Weekly || !rule.by_week_no.is_empty();
        if by_week {
            self.weekdays = 1 << weekday_of(day);
        } else if matches!(rule.freq, Freq::Monthly | Freq::Yearly) {
            let (year, _) = month_of(day);
            self.month_days = Some((1 << (day - super::civil::day_of(year, month)), 0));
            if rule.freq == Freq::Yearly && rule.by_month.is_empty() {
                self.months = 1 << month;
            }
        }
    }

    fn read_times(&mut self, rule: &Rule, start: i64, all_day: bool) {
        if all_day {
            self.times.push(0);
            return;
        }
        let start = u32::try_from(start).unwrap_or_default();
        let (hour, minute, second) = (start / 3_600, start / 60 % 60, start % 60);
        let bits = |list: &[u8]| list.iter().fold(0_u64, |bits, n| bits | 1 << (*n).min(59));
        let or = |bits: u64, only: u32| if bits == 0 { 1 << only } else { bits };
        self.hours = match u32::try_from(bits(&rule.by_hour)).unwrap_or_default() {
            0 if rule.freq == Freq::Hourly => ALL_HOURS,
            0 => 1 << hour,
            hours => hours,
        };
        let seconds = or(bits(&rule.by_second), second);
        for minute in ones(or(bits(&rule.by_minute), minute)) {
            self.times.extend(ones(seconds).map(|second| minute * 60 + second));
        }
    }

    /// BYSETPOS counts in the whole period. Within a day or an hour every period holds the same times, so
    /// that the choice is made here, once.
    fn read_positions(&mut self, rule: &Rule) {
        if rule.by_set_pos.is_empty() {
            return;
        }
        self.positions = rule.by_set_pos.iter().map(|n| i64::from(*n)).collect();
        let select = |count: i64, positions: &[i64]| {
            let mut selected: Vec<i64> = positions.iter().filter_map(|n| position(*n, count)).collect();
            selected.sort_unstable();
            selected.dedup();
            selected
        };
        match self.freq {
            Freq::Hourly => {
                let selected = select(len(&self.times), &self.positions);
                self.times = selected.into_iter().map(|n| self.times[index(n)]).collect();
                self.positions.clear();
            }
            Freq::Daily => {
                let selected = select(self.times_per_day(), &self.positions);
                self.times = selected.into_iter().map(|n| self.time(n)).collect();
                self.hours = 1;
                self.positions.clear();
            }
            Freq::Weekly | Freq::Monthly | Freq::Yearly => {}
        }
    }

    /// Removes the hours and weekdays that INTERVAL always skips, so that the expansion does not search for
    /// them.
    fn drop_unreachable(&mut self, start: i64) {
        match self.freq {
            Freq::Hourly => {
                let step = gcd(self.interval, 7 * 24);
                // 1 January 1970 was a Thursday.
                let hour_of_week = |weekday: i64, hour: i64| (weekday - 3) * 24 + hour;
                let reached = |weekday: u32| {
                    (0..24).fold(0_u32, |bits, hour| {
                        let reached = (hour_of_week(weekday.into(), hour) - self.base).rem_euclid(step) == 0;
                        bits | u32::from(reached) << hour
                    })
                };
                let mut hours = 0;
                for weekday in 0..7 {
                    let reached = reached(weekday) & self.hours;
                    hours |= reached;
                    if reached == 0 {
                        self.weekdays &= !(1 << weekday);
                    }
                }
                self.hours = hours;
            }
            Freq::Daily if self.interval % 7 == 0 => self.weekdays &= 1 << weekday_of(start),
            _ => {}
        }
    }

    pub(super) fn times_per_day(&self) -> i64 {
        i64::from(self.hours.count_ones()) * len(&self.times)
    }

    /// The `n`-th time of a day in seconds, `n` from 0.
    pub(super) fn time(&self, n: i64) -> u32 {
        let in_hour = len(&self.times);
        nth_one(self.hours.into(), index(n / in_hour)) * 3_600 + self.times[index(n % in_hour)]
    }

    /// Whether some bit set is empty, so that no time can match.
    pub(super) fn never_matches(&self) -> bool {
        self.hours == 0 || self.times.is_empty() || (self.weekdays == 0 && self.numbered.is_empty())
    }

    /// Whether every day matches.
    pub(super) fn includes_every_day(&self) -> bool {
        self.months == ALL_MONTHS
            && self.weekdays == ALL_WEEKDAYS
            && self.month_days.is_none()
            && self.year_days.is_none()
    }

    pub(super) fn includes_every_month(&self) -> bool {
        self.months == ALL_MONTHS
    }

    pub(super) const fn includes_month(&self, month: u32) -> bool {
        self.months >> month & 1 == 1
    }
}

/// The index, from 0, of the position `n` of BYSETPOS in a set of `count`.
pub(super) const fn position(n: i64, count: i64) -> Option<i64> {
    let at = if n > 0 { n - 1 } else { count + n };
    if at >= 0 && at < count { Some(at) } else { None }
}

pub(super) fn len<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

pub(super) fn index(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The indices of the bits that are set.
pub(super) fn ones(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}

/// The index of the `n`-th bit that is set. Both count from 0.
pub(super) fn nth_one(mut bits: u64, n: usize) -> u32 {
    for _ in 0..n {
        bits &= bits.wrapping_sub(1);
    }
    bits.trailing_zeros()
}
