//! The wall-clock times of a rule in order, period by period. Each step is counted against the budget.

use super::budget::{Budget, BudgetExceeded};
use super::civil::{CYCLE, DAY, LAST_DAY, LAST_YEAR, day_of, gcd, month_length, month_of};
use super::compiled_rule::{CompiledRule, YearBits, position};
use super::days;
use crate::rule::Freq;

/// Iterates over the wall-clock times of a rule in seconds since 1970, in increasing order.
#[derive(Debug, Clone)]
pub(crate) struct WallTimes<'p> {
    rule: &'p CompiledRule,
    /// The next period, in the unit of [`CompiledRule::base`].
    period: i64,
    /// Days and hours that end before this wall-clock time are skipped.
    from: i64,
    /// The last day to examine. `i64::MIN` ends the iteration.
    last_day: i64,
    /// Number of successive periods without a match.
    empty: i64,
    /// The remaining days of the current period. Bit 0 of the first word is `first_day`.
    days: YearBits,
    word: usize,
    words: usize,
    first_day: i64,
    /// The remaining hours of the current day, and its beginning.
    hours: u32,
    day_start: i64,
    /// The index of the next time in the current hour, and the beginning of the hour.
    time: usize,
    hour_start: i64,
    /// The last time of an hour, in seconds from its beginning.
    reach: i64,
    /// The times that BYSETPOS selected from the current period, in reverse order.
    selected: Vec<i64>,
    /// The first day of the month of `month_bits`, and the first day after it.
    month_from: i64,
    month_to: i64,
    month_bits: u32,
    next_month: i64,
    /// Number of days and months examined since the last match.
    misses: u32,
    /// The day of the last match, and the number of days after which everything repeats.
    searched_from: i64,
    cycle: i64,
}

impl<'p> WallTimes<'p> {
    /// Number of successive misses after which it is checked whether any day can match at all.
    const MISSES_BEFORE_CHECK: u32 = 512;

    /// The times of `rule` from the period of `from`, but not before the start, up to the period of `to`.
    pub(crate) fn new(rule: &'p CompiledRule, from: i64, to: i64) -> Self {
        let day = from.div_euclid(DAY);
        let at = match rule.freq {
            Freq::Yearly => month_of(day).0,
            Freq::Monthly => {
                let (year, month) = month_of(day);
                year * 12 + i64::from(month) - 1
            }
            Freq::Weekly | Freq::Daily => day,
            Freq::Hourly => from.div_euclid(3_600),
        };
        let interval = rule.step();
        let periods = (at - rule.base).max(0) / interval;
        Self {
            rule,
            period: rule.base + periods * interval,
            from,
            last_day: if rule.never_matches() { i64::MIN } else { to.div_euclid(DAY).min(LAST_DAY) },
            empty: 0,
            days: [0; 6],
            word: 0,
            words: 0,
            first_day: 0,
            hours: 0,
            day_start: 0,
            time: usize::MAX,
            hour_start: 0,
            reach: rule.times.last().copied().map_or(0, i64::from),
            selected: Vec::new(),
            month_from: 0,
            month_to: i64::MIN,
            month_bits: 0,
            next_month: 0,
            misses: 0,
            searched_from: day.max(rule.base_day()),
            cycle: rule.cycle(),
        }
    }

    /// The next time.
    #[inline]
    pub(crate) fn next(&mut self, budget: &mut Budget) -> Result<Option<i64>, BudgetExceeded> {
        loop {
            if let Some(second) = self.rule.times.get(self.time) {
                self.time += 1;
                return Ok(Some(self.hour_start + i64::from(*second)));
            }
            if self.hours != 0 {
                self.hour_start = self.day_start + i64::from(self.hours.trailing_zeros()) * 3_600;
                self.hours &= self.hours - 1;
                self.time = if self.hour_start + self.reach < self.from { usize::MAX } else { 0 };
                continue;
            }
            if self.word < self.words {
                self.next_day();
                continue;
            }
            if let Some(wall) = self.selected.pop() {
                return Ok(Some(wall));
            }
            if !self.next_period(budget)? {
                return Ok(None);
            }
        }
    }

    fn next_day(&mut self) {
        let bits = &mut self.days[self.word];
        if *bits == 0 {
            self.word += 1;
            return;
        }
        let at = i64::from(bits.trailing_zeros()) + 64 * i64::try_from(self.word).unwrap_or_default();
        *bits &= *bits - 1;
        self.day_start = (self.first_day + at) * DAY;
        self.hours = if self.day_start + DAY <= self.from { 0 } else { self.rule.hours };
    }

    /// Moves to the next period with a match. Returns whether there is one.
    fn next_period(&mut self, budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        match self.rule.freq {
            Freq::Yearly => self.next_year(budget),
            Freq::Monthly => self.next_month(budget),
            Freq::Weekly => self.next_week(budget),
            Freq::Daily => self.next_single_day(budget),
            Freq::Hourly => self.next_hours(budget),
        }
    }

    fn next_year(&mut self, budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        // The calendar repeats after 400 years: a rule without a match in 400 periods has none.
        while self.period <= LAST_YEAR && self.empty < 400 {
            let (year, first) = (self.period, day_of(self.period, 1));
            if first > self.last_day {
                return Ok(false);
            }
            budget.spend(16)?;
            self.period += self.rule.interval;
            let bits = self.rule.year_bits(year);
            if self.set_period(first, bits, 6, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_month(&mut self, budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        while self.empty < 400 * 12 {
            let (year, month) = (
                self.period.div_euclid(12),
                u32::try_from(self.period.rem_euclid(12)).unwrap_or_default() + 1,
            );
            if year > LAST_YEAR {
                return Ok(false);
            }
            let first = day_of(year, month);
            if first > self.last_day {
                return Ok(false);
            }
            budget.spend(1)?;
            self.period += self.rule.interval;
            let bits = self.rule.month_bits(year, month, first);
            if self.set_short_period(first, bits.into(), budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_week(&mut self, budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        while self.empty < CYCLE / 7 {
            let first = self.period;
            if first > self.last_day {
                return Ok(false);
            }
            budget.spend(1)?;
            self.period += self.rule.step();
            let bits = self.rule.week_bits(first);
            if self.set_short_period(first, bits, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sets the days of a week or a month. Returns whether there are any.
    fn set_short_period(
        &mut self,
        first: i64,
        bits: u64,
        budget: &mut Budget,
    ) -> Result<bool, BudgetExceeded> {
        if !self.rule.positions.is_empty() {
            return self.set_period(first, [bits, 0, 0, 0, 0, 0], 1, budget);
        }
        self.first_day = first;
        self.days[0] = bits;
        (self.word, self.words) = (0, 1);
        self.empty = if bits == 0 { self.empty + 1 } else { 0 };
        Ok(bits != 0)
    }

    /// Sets the days of a period, or the times that BYSETPOS selects. Returns whether there are any.
    fn set_period(
        &mut self,
        first: i64,
        days: YearBits,
        words: usize,
        budget: &mut Budget,
    ) -> Result<bool, BudgetExceeded> {
        self.first_day = first;
        if self.rule.positions.is_empty() {
            (self.days, self.word, self.words) = (days, 0, words);
        } else {
            let count = i64::from(days::count(&days));
            let per_day = self.rule.times_per_day();
            budget.spend(1 + u32::try_from(self.rule.positions.len() / 8).unwrap_or(u32::MAX))?;
            for n in &self.rule.positions {
                if let Some(at) = position(*n, count * per_day) {
                    let day = days::nth(&days, u32::try_from(at / per_day).unwrap_or_default());
                    self.selected
                        .push((first + i64::from(day)) * DAY + i64::from(self.rule.time(at % per_day)));
                }
            }
            self.selected.sort_unstable_by(|a, b| b.cmp(a));
            self.selected.dedup();
        }
        let any = !self.selected.is_empty() || self.days[..self.words].iter().any(|word| *word != 0);
        self.empty = if any { 0 } else { self.empty + 1 };
        Ok(any)
    }

    fn next_single_day(&mut self, budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        let interval = self.rule.interval;
        let day = if self.rule.includes_every_day() {
            budget.spend(1)?;
            Some(self.period).filter(|day| *day <= self.last_day)
        } else {
            self.matching_day(budget, |from, to| from + steps(from, to, interval))?
        };
        let Some(day) = day else { return Ok(false) };
        self.period = day + interval;
        self.day_start = day * DAY;
        self.hours = self.rule.hours;
        Ok(true)
    }

    /// HOURLY also proceeds by days: the hours of a day that INTERVAL reaches are a bit set.
    fn next_hours(&mut self, budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        let interval = self.rule.interval;
        loop {
            let day = if self.rule.includes_every_day() {
                budget.spend(1)?;
                Some(self.period.div_euclid(24)).filter(|day| *day <= self.last_day)
            } else {
                self.matching_day(budget, |from, to| from + steps(from, to * 24, interval))?
            };
            let Some(day) = day else { return Ok(false) };
            let mut hours = 0_u32;
            if interval == 1 {
                hours = u32::MAX << (self.period - day * 24);
                self.period = (day + 1) * 24;
            }
            while self.period < (day + 1) * 24 {
                hours |= 1 << (self.period - day * 24);
                self.period += interval;
            }
            self.hours = hours & self.rule.hours;
            if self.hours != 0 {
                self.searched_from = day;
                self.day_start = day * DAY;
                return Ok(true);
            }
        }
    }

    /// The first day with a period, from the current period on, that matches. `forward` maps a period and a
    /// day to the first period on or after that day.
    fn matching_day(
        &mut self,
        budget: &mut Budget,
        forward: impl Fn(i64, i64) -> i64,
    ) -> Result<Option<i64>, BudgetExceeded> {
        loop {
            let day = if self.rule.freq == Freq::Hourly { self.period.div_euclid(24) } else { self.period };
            if day > self.last_day || day - self.searched_from > self.cycle {
                return Ok(None);
            }
            budget.spend(1)?;
            if day >= self.month_to {
                let (year, month) = month_of(day);
                self.month_from = day_of(year, month);
                self.month_to = self.month_from + i64::from(month_length(year, month));
                self.month_bits = self.rule.month_bits(year, month, self.month_from);
                self.next_month = self.rule.next_included_month(year, month);
            }
            let ahead = self.month_bits >> (day - self.month_from);
            if ahead & 1 == 1 {
                self.misses = 0;
                if self.rule.freq == Freq::Daily {
                    self.searched_from = day;
                }
                return Ok(Some(day));
            }
            self.misses += 1;
            if self.misses == Self::MISSES_BEFORE_CHECK && !self.rule.includes_any_day() {
                self.last_day = i64::MIN;
                return Ok(None);
            }
            let target = if ahead == 0 { self.next_month } else { day + i64::from(ahead.trailing_zeros()) };
            self.period = forward(self.period, target);
        }
    }
}

impl CompiledRule {
    /// The distance of two periods, in the unit of [`CompiledRule::base`].
    const fn step(&self) -> i64 {
        if matches!(self.freq, Freq::Weekly) { self.interval * 7 } else { self.interval }
    }

    /// The day of [`CompiledRule::base`], for HOURLY and DAILY.
    const fn base_day(&self) -> i64 {
        if matches!(self.freq, Freq::Hourly) { self.base.div_euclid(24) } else { self.base }
    }

    /// Number of days after which the calendar and the steps of INTERVAL repeat together.
    const fn cycle(&self) -> i64 {
        match self.freq {
            Freq::Hourly => CYCLE * (self.interval / gcd(self.interval, CYCLE * 24)),
            _ => CYCLE * (self.interval / gcd(self.interval, CYCLE)),
        }
    }
}

/// The smallest multiple of `interval` that takes `from` to `to` or beyond.
const fn steps(from: i64, to: i64, interval: i64) -> i64 {
    if interval == 1 { to - from } else { (to - from + interval - 1) / interval * interval }
}
