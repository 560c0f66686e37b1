//! The days that a rule matches in a week, month or year. Each part about days is a bit set; the result is
//! their intersection.

use super::civil::{day_of, is_leap, month_length, weekday_of, year_length};
use super::compiled_rule::{ALL_WEEKDAYS, CompiledRule, YearBits, ones};

/// Every seventh bit, from bit 0.
const EVERY_SEVENTH: u64 = 0x8102_0408_1020_4081;

impl CompiledRule {
    /// The days of a month that match all parts except BYWEEKNO and weekdays numbered in the year. Bit 0 is
    /// the 1st, which is the day `first`.
    pub(super) fn month_bits(&self, year: i64, month: u32, first: i64) -> u32 {
        if !self.includes_month(month) {
            return 0;
        }
        let length = month_length(year, month);
        let mut bits = (1_u64 << length) - 1;
        if let Some((from_start, from_end)) = self.month_days {
            bits &= u64::from(from_start | from_end.reverse_bits() >> (32 - length));
        }
        let counted_in_year = self.numbered_in_year && !self.numbered.is_empty();
        if self.weekdays != ALL_WEEKDAYS && !counted_in_year {
            bits &= self.weekdays_of_month(weekday_of(first), length);
        }
        if let Some(days) = &self.year_days {
            let at = u32::try_from(first - day_of(year, 1)).unwrap_or_default();
            bits &= window(&days[usize::from(is_leap(year))], at);
        }
        // At most 31 bits are left.
        (bits & u64::from(u32::MAX)).try_into().unwrap_or_default()
    }

    /// Whether any day of any year matches. Years differ in first weekday and length; the 28 years from 2001
    /// to 2028 have all 14 combinations.
    pub(super) fn includes_any_day(&self) -> bool {
        (2001..=2028).any(|year| (1..=12).any(|month| self.month_bits(year, month, day_of(year, month)) != 0))
    }

    /// The first day of the next month in BYMONTH.
    pub(super) fn next_included_month(&self, year: i64, month: u32) -> i64 {
        let later = self.months >> (month + 1);
        let next = month + 1 + later.trailing_zeros();
        if later == 0 { day_of(year + 1, self.months.trailing_zeros()) } else { day_of(year, next) }
    }

    fn weekdays_of_month(&self, first: u32, length: u32) -> u64 {
        let mut bits = every_week(self.weekdays, first);
        for (nth, weekday) in &self.numbered {
            bits |= numbered(*nth, (weekday + 7 - first) % 7, length).map_or(0, |at| 1_u64 << at);
        }
        bits
    }

    /// The days of a year that match all parts. Bit 0 is 1 January.
    pub(super) fn year_bits(&self, year: i64) -> YearBits {
        let january = day_of(year, 1);
        let mut bits = [0; 6];
        let mut at = 0;
        for month in 1..=12 {
            let days = u64::from(self.month_bits(year, month, january + i64::from(at)));
            let (word, shift) = (at as usize / 64, at % 64);
            bits[word] |= days << shift;
            if shift > 32 {
                // December begins in the last word and never extends beyond it.
                bits[(word + 1).min(5)] |= days >> (64 - shift);
            }
            at += month_length(year, month);
        }
        if self.numbered_in_year && !self.numbered.is_empty() {
            self.limit_to_weekdays_of_year(&mut bits, january, year_length(year));
        }
        if let Some(weeks) = self.weeks {
            let weeks = self.weeks_of_year(weeks, year);
            intersect(&mut bits, &weeks);
        }
        bits
    }

    fn limit_to_weekdays_of_year(&self, bits: &mut YearBits, january: i64, length: u32) {
        let first = weekday_of(january);
        let mut fit = [0; 6];
        for (word, shift) in fit.iter_mut().zip((0..).step_by(64)) {
            *word = every_week(self.weekdays, (first + shift) % 7);
        }
        for (nth, weekday) in &self.numbered {
            if let Some(at) = numbered(*nth, (weekday + 7 - first) % 7, length) {
                set(&mut fit, at, at + 1);
            }
        }
        intersect(bits, &fit);
    }

    /// The days of a year in the weeks of BYWEEKNO. A week belongs to the year that has at least four of its
    /// days: the first days of January may be in the last week of the previous year, and the last days of
    /// December in the first week of the next.
    fn weeks_of_year(&self, (from_start, from_end): (u64, u64), year: i64) -> YearBits {
        let january = day_of(year, 1);
        let length = i64::from(year_length(year));
        let starts = [
            self.first_week(year - 1),
            self.first_week(year),
            self.first_week(year + 1),
            self.first_week(year + 2),
        ];
        let mut bits = [0; 6];
        for years in starts.windows(2) {
            let [start, end] = years else { continue };
            let count = (end - start) / 7;
            for week in 1..=count {
                let fits = from_start >> week & 1 == 1 || from_end >> (count + 1 - week) & 1 == 1;
                let from = start + 7 * (week - 1) - january;
                if fits && from > -7 && from < length {
                    let to = u32::try_from((from + 7).min(length)).unwrap_or_default();
                    set(&mut bits, u32::try_from(from).unwrap_or_default(), to);
                }
            }
        }
        bits
    }

    /// The first day of the first week of a year.
    fn first_week(&self, year: i64) -> i64 {
        // The week with 4 January has at least four days in the year, whatever its first weekday.
        self.week_of(day_of(year, 1) + 3)
    }

    /// The days that match in the week that begins on the day `start`. Bit 0 is its first day.
    pub(super) fn week_bits(&self, start: i64) -> u64 {
        let bits = u64::from(self.weekdays) << 7 | u64::from(self.weekdays);
        let bits = bits >> self.week_start & u64::from(ALL_WEEKDAYS);
        if self.includes_every_month() {
            return bits;
        }
        let (year, month) = super::civil::month_of(start);
        let left = day_of(year, month) + i64::from(month_length(year, month)) - start;
        let in_first = if left >= 7 { u64::from(ALL_WEEKDAYS) } else { (1 << left) - 1 };
        let next = month % 12 + 1;
        let first = if self.includes_month(month) { in_first } else { 0 };
        let second = if self.includes_month(next) { !in_first } else { 0 };
        bits & (first | second)
    }
}

/// The bits of `weekdays` (bit 0 is Monday) repeated every week, from a day with the weekday `first`.
const fn every_week(weekdays: u8, first: u32) -> u64 {
    let twice = (weekdays as u64) << 7 | weekdays as u64;
    (twice >> first & ALL_WEEKDAYS as u64).wrapping_mul(EVERY_SEVENTH)
}

/// The n-th of the days `first`, `first + 7`, … below `length`; from the end if `nth` is negative.
fn numbered(nth: i8, first: u32, length: u32) -> Option<u32> {
    let weeks = u32::from(nth.unsigned_abs()) - 1;
    if nth > 0 {
        Some(first + 7 * weeks).filter(|at| *at < length)
    } else {
        let last = first + (length - 1 - first) / 7 * 7;
        last.checked_sub(7 * weeks)
    }
}

/// At least 32 bits from bit `at` on.
fn window(bits: &YearBits, at: u32) -> u64 {
    let (word, shift) = (at as usize / 64, at % 64);
    let low = bits[word] >> shift;
    let high = bits.get(word + 1).filter(|_| shift > 0).map_or(0, |next| next << (64 - shift));
    low | high
}

fn set(bits: &mut YearBits, from: u32, to: u32) {
    for at in from..to {
        bits[at as usize / 64] |= 1 << (at % 64);
    }
}

fn intersect(bits: &mut YearBits, fit: &YearBits) {
    for (word, fit) in bits.iter_mut().zip(fit) {
        *word &= fit;
    }
}

/// The number of days in the set.
pub(super) fn count(bits: &YearBits) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

/// The index of the `n`-th day in the set. Both count from 0.
pub(super) fn nth(bits: &YearBits, mut n: u32) -> u32 {
    let mut at = 0;
    for word in bits {
        let here = word.count_ones();
        if n < here {
            return at + ones(*word).nth(n as usize).unwrap_or_default();
        }
        n -= here;
        at += 64;
    }
    at
}
