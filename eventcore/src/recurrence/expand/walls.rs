//! The wall-clock times of a rule, in order, period after period, with every step counted.

use super::civil::{CYCLE, DAY, LAST_DAY, LAST_YEAR, day_of, gcd, month_length, month_of};
use super::days;
use super::plan::{Plan, YearBits, position};
use super::work::{Budget, Spent};
use crate::recurrence::rule::Freq;

/// A stream of wall-clock times in seconds since 1970, increasing.
#[derive(Debug, Clone)]
pub(in crate::recurrence) struct Walls<'p> {
    plan: &'p Plan,
    /// The next period to look at; see [`Plan::base`].
    period: i64,
    /// Days and hours that end before this time are passed over.
    from: i64,
    /// The last day to look at.
    last_day: i64,
    /// How many periods in a row had nothing.
    empty: i64,
    /// The days of the present period that are still to come: bit 0 of the first word is `first_day`.
    days: YearBits,
    word: usize,
    words: usize,
    first_day: i64,
    /// The hours of the present day that are still to come, and when the day began.
    hours: u32,
    day_start: i64,
    /// The place among the times of the present hour, and when the hour began.
    time: usize,
    hour_start: i64,
    /// The last of the times of an hour.
    reach: i64,
    /// What BYSETPOS chose from the present period, last first.
    chosen: Vec<i64>,
    /// The month whose days `month_bits` tells.
    month_from: i64,
    month_to: i64,
    month_bits: u32,
    next_month: i64,
    /// How many days and months were looked at since the last that fitted.
    misses: u32,
    /// Since which day nothing was found, and after how many days everything would come again.
    searched_from: i64,
    cycle: i64,
}

impl<'p> Walls<'p> {
    /// After so many misses in a row it is time to ask whether any day fits at all.
    const DOUBTFUL: u32 = 512;

    /// The times of `plan` in the periods from that of `from` (never before the start) to that of `to`.
    pub(in crate::recurrence) fn new(plan: &'p Plan, from: i64, to: i64) -> Self {
        let day = from.div_euclid(DAY);
        let at = match plan.freq {
            Freq::Yearly => month_of(day).0,
            Freq::Monthly => {
                let (year, month) = month_of(day);
                year * 12 + i64::from(month) - 1
            }
            Freq::Weekly | Freq::Daily => day,
            Freq::Hourly => from.div_euclid(3_600),
        };
        let interval = plan.step();
        let periods = (at - plan.base).max(0) / interval;
        Self {
            plan,
            period: plan.base + periods * interval,
            from,
            last_day: if plan.is_barren() { i64::MIN } else { to.div_euclid(DAY).min(LAST_DAY) },
            empty: 0,
            days: [0; 6],
            word: 0,
            words: 0,
            first_day: 0,
            hours: 0,
            day_start: 0,
            time: usize::MAX,
            hour_start: 0,
            reach: plan.times.last().copied().map_or(0, i64::from),
            chosen: Vec::new(),
            month_from: 0,
            month_to: i64::MIN,
            month_bits: 0,
            next_month: 0,
            misses: 0,
            searched_from: day.max(plan.base_day()),
            cycle: plan.cycle(),
        }
    }

    /// The next time.
    #[inline]
    pub(in crate::recurrence) fn next(&mut self, budget: &mut Budget) -> Result<Option<i64>, Spent> {
        loop {
            if let Some(second) = self.plan.times.get(self.time) {
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
            if let Some(wall) = self.chosen.pop() {
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
        self.hours = if self.day_start + DAY <= self.from { 0 } else { self.plan.hours };
    }

    /// Goes to the next period that has anything; whether there is one.
    fn next_period(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
        match self.plan.freq {
            Freq::Yearly => self.next_year(budget),
            Freq::Monthly => self.next_month(budget),
            Freq::Weekly => self.next_week(budget),
            Freq::Daily => self.next_single_day(budget),
            Freq::Hourly => self.next_hours(budget),
        }
    }

    fn next_year(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
        // The calendar repeats after 400 years: what was empty for so many periods stays so.
        while self.period <= LAST_YEAR && self.empty < 400 {
            let (year, first) = (self.period, day_of(self.period, 1));
            if first > self.last_day {
                return Ok(false);
            }
            budget.spend(16)?;
            self.period += self.plan.interval;
            let bits = self.plan.year_bits(year);
            if self.take(first, bits, 6, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_month(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
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
            self.period += self.plan.interval;
            let bits = self.plan.month_bits(year, month, first);
            if self.take_word(first, bits.into(), budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_week(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
        while self.empty < CYCLE / 7 {
            let first = self.period;
            if first > self.last_day {
                return Ok(false);
            }
            budget.spend(1)?;
            self.period += self.plan.step();
            let bits = self.plan.week_bits(first);
            if self.take_word(first, bits, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the days of a week or a month.
    fn take_word(&mut self, first: i64, bits: u64, budget: &mut Budget) -> Result<bool, Spent> {
        if !self.plan.positions.is_empty() {
            return self.take(first, [bits, 0, 0, 0, 0, 0], 1, budget);
        }
        self.first_day = first;
        self.days[0] = bits;
        (self.word, self.words) = (0, 1);
        self.empty = if bits == 0 { self.empty + 1 } else { 0 };
        Ok(bits != 0)
    }

    /// Takes the days of a period, or what BYSETPOS chooses of them; whether there is anything.
    fn take(&mut self, first: i64, days: YearBits, words: usize, budget: &mut Budget) -> Result<bool, Spent> {
        self.first_day = first;
        if self.plan.positions.is_empty() {
            (self.days, self.word, self.words) = (days, 0, words);
        } else {
            let count = i64::from(days::count(&days));
            let per_day = self.plan.times_per_day();
            budget.spend(1 + u32::try_from(self.plan.positions.len() / 8).unwrap_or(u32::MAX))?;
            for n in &self.plan.positions {
                if let Some(at) = position(*n, count * per_day) {
                    let day = days::nth(&days, u32::try_from(at / per_day).unwrap_or_default());
                    self.chosen
                        .push((first + i64::from(day)) * DAY + i64::from(self.plan.time(at % per_day)));
                }
            }
            self.chosen.sort_unstable_by(|a, b| b.cmp(a));
            self.chosen.dedup();
        }
        let any = !self.chosen.is_empty() || self.days[..self.words].iter().any(|word| *word != 0);
        self.empty = if any { 0 } else { self.empty + 1 };
        Ok(any)
    }

    fn next_single_day(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
        let interval = self.plan.interval;
        let day = if self.plan.takes_every_day() {
            budget.spend(1)?;
            Some(self.period).filter(|day| *day <= self.last_day)
        } else {
            self.fitting_day(budget, |from, to| from + steps(from, to, interval))?
        };
        let Some(day) = day else { return Ok(false) };
        self.period = day + interval;
        self.day_start = day * DAY;
        self.hours = self.plan.hours;
        Ok(true)
    }

    /// HOURLY goes by days too: the hours of a day that INTERVAL reaches are a set of bits.
    fn next_hours(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
        let interval = self.plan.interval;
        loop {
            let day = if self.plan.takes_every_day() {
                budget.spend(1)?;
                Some(self.period.div_euclid(24)).filter(|day| *day <= self.last_day)
            } else {
                self.fitting_day(budget, |from, to| from + steps(from, to * 24, interval))?
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
            self.hours = hours & self.plan.hours;
            if self.hours != 0 {
                self.searched_from = day;
                self.day_start = day * DAY;
                return Ok(true);
            }
        }
    }

    /// The first day from that of the present period on that fits, and is that of a period; `forward` goes from a period to the first one on or after a day.
    fn fitting_day(
        &mut self,
        budget: &mut Budget,
        forward: impl Fn(i64, i64) -> i64,
    ) -> Result<Option<i64>, Spent> {
        loop {
            let day = if self.plan.freq == Freq::Hourly { self.period.div_euclid(24) } else { self.period };
            if day > self.last_day || day - self.searched_from > self.cycle {
                return Ok(None);
            }
            budget.spend(1)?;
            if day >= self.month_to {
                let (year, month) = month_of(day);
                self.month_from = day_of(year, month);
                self.month_to = self.month_from + i64::from(month_length(year, month));
                self.month_bits = self.plan.month_bits(year, month, self.month_from);
                self.next_month = self.plan.next_month_taken(year, month);
            }
            let ahead = self.month_bits >> (day - self.month_from);
            if ahead & 1 == 1 {
                self.misses = 0;
                if self.plan.freq == Freq::Daily {
                    self.searched_from = day;
                }
                return Ok(Some(day));
            }
            self.misses += 1;
            if self.misses == Self::DOUBTFUL && !self.plan.takes_any_day() {
                self.last_day = i64::MIN;
                return Ok(None);
            }
            let target = if ahead == 0 { self.next_month } else { day + i64::from(ahead.trailing_zeros()) };
            self.period = forward(self.period, target);
        }
    }
}

impl Plan {
    /// How far it is from period to period, in the measure of [`Plan::base`].
    const fn step(&self) -> i64 {
        if matches!(self.freq, Freq::Weekly) { self.interval * 7 } else { self.interval }
    }

    /// The day of [`Plan::base`], for rules that go by days.
    const fn base_day(&self) -> i64 {
        if matches!(self.freq, Freq::Hourly) { self.base.div_euclid(24) } else { self.base }
    }

    /// After how many days the calendar and the steps of INTERVAL meet again as they were: what had nothing for so long has nothing ever.
    const fn cycle(&self) -> i64 {
        match self.freq {
            Freq::Hourly => CYCLE * (self.interval / gcd(self.interval, CYCLE * 24)),
            _ => CYCLE * (self.interval / gcd(self.interval, CYCLE)),
        }
    }
}

/// The way from `from` to the first of its steps of `interval` that is at or after `to`.
const fn steps(from: i64, to: i64, interval: i64) -> i64 {
    if interval == 1 { to - from } else { (to - from + interval - 1) / interval * interval }
}
