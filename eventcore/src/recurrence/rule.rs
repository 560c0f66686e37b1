//! A recurrence rule as a value: RFC 5545, 3.3.10.

use std::num::NonZeroU32;

use chrono::Weekday;

use super::date_value::DateValue;
use super::error::{Result, RuleError};

/// How often a rule repeats. `SECONDLY` and `MINUTELY` are refused: no event takes place every minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Freq {
    /// By the hour of the wall clock.
    Hourly,
    /// By the day.
    Daily,
    /// By the week, which begins on WKST.
    Weekly,
    /// By the month.
    Monthly,
    /// By the year.
    Yearly,
}

impl Freq {
    /// As RFC 5545 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "HOURLY",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

/// A weekday of BYDAY: every one (`TU`), or the n-th of the month or year (`2TU`, `-1FR`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByDay {
    /// 1 to 53 from the beginning, -1 to -53 from the end; none means every one.
    pub nth: Option<i8>,
    /// The day of the week.
    pub weekday: Weekday,
}

/// The parts of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Freq,
    Until,
    Count,
    Interval,
    BySecond,
    ByMinute,
    ByHour,
    ByDay,
    ByMonthDay,
    ByYearDay,
    ByWeekNo,
    ByMonth,
    BySetPos,
    Wkst,
}

impl Part {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Freq => "FREQ",
            Self::Until => "UNTIL",
            Self::Count => "COUNT",
            Self::Interval => "INTERVAL",
            Self::BySecond => "BYSECOND",
            Self::ByMinute => "BYMINUTE",
            Self::ByHour => "BYHOUR",
            Self::ByDay => "BYDAY",
            Self::ByMonthDay => "BYMONTHDAY",
            Self::ByYearDay => "BYYEARDAY",
            Self::ByWeekNo => "BYWEEKNO",
            Self::ByMonth => "BYMONTH",
            Self::BySetPos => "BYSETPOS",
            Self::Wkst => "WKST",
        }
    }
}

/// A recurrence rule that RFC 5545, 3.3.10 allows. It remembers in which order it was written, so that printing gives back what was parsed.
///
/// ```
/// use eventcore::recurrence::{Freq, Rule};
///
/// let rule: Rule = "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10".parse()?;
/// assert_eq!(rule.freq(), Freq::Monthly);
/// assert_eq!(rule.to_string(), "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10");
///
/// let error = "FREQ=MONTHLY;BYMONTHDAY=32".parse::<Rule>().unwrap_err();
/// assert_eq!(error.message(), "BYMONTHDAY=32: must be 1 to 31 or -31 to -1");
/// # Ok::<(), eventcore::recurrence::RuleError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(super) freq: Freq,
    pub(super) interval: NonZeroU32,
    pub(super) count: Option<NonZeroU32>,
    pub(super) until: Option<DateValue>,
    pub(super) wkst: Weekday,
    pub(super) by_second: Vec<u8>,
    pub(super) by_minute: Vec<u8>,
    pub(super) by_hour: Vec<u8>,
    pub(super) by_day: Vec<ByDay>,
    pub(super) by_month_day: Vec<i8>,
    pub(super) by_year_day: Vec<i16>,
    pub(super) by_week_no: Vec<i8>,
    pub(super) by_month: Vec<u8>,
    pub(super) by_set_pos: Vec<i16>,
    /// The parts that were written, in their order.
    pub(super) order: Vec<Part>,
}

impl Rule {
    /// The longest text of a rule, in characters.
    pub const MAX_LENGTH: usize = 1_000;

    /// `FREQ=…` and nothing else.
    pub fn new(freq: Freq) -> Self {
        Self {
            freq,
            interval: NonZeroU32::MIN,
            count: None,
            until: None,
            wkst: Weekday::Mon,
            by_second: Vec::new(),
            by_minute: Vec::new(),
            by_hour: Vec::new(),
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_year_day: Vec::new(),
            by_week_no: Vec::new(),
            by_month: Vec::new(),
            by_set_pos: Vec::new(),
            order: vec![Part::Freq],
        }
    }

    /// How often it repeats.
    pub const fn freq(&self) -> Freq {
        self.freq
    }

    /// Every how many hours, days, weeks, months or years.
    pub const fn interval(&self) -> u32 {
        self.interval.get()
    }

    /// After how many instances it ends, the start included.
    pub fn count(&self) -> Option<u32> {
        self.count.map(NonZeroU32::get)
    }

    /// The last time at which an instance may be: this very time too, or the whole of this day.
    pub const fn until(&self) -> Option<DateValue> {
        self.until
    }

    /// Whether COUNT or UNTIL ends it.
    pub const fn is_bounded(&self) -> bool {
        self.count.is_some() || self.until.is_some()
    }

    /// The day on which a week begins.
    pub const fn week_start(&self) -> Weekday {
        self.wkst
    }

    /// BYDAY, as written.
    pub fn by_day(&self) -> &[ByDay] {
        &self.by_day
    }

    /// The same rule, ending after `count` instances.
    ///
    /// # Errors
    /// `invalid_rule` if `count` is 0.
    pub fn with_count(mut self, count: u32) -> Result<Self> {
        let Some(count) = NonZeroU32::new(count) else {
            return Err(RuleError::in_rule("invalid_rule", "COUNT=0: must be at least 1"));
        };
        self = self.without_end();
        self.count = Some(count);
        self.order.push(Part::Count);
        Ok(self)
    }

    /// The same rule, ending at `until`.
    #[must_use]
    pub fn with_until(mut self, until: DateValue) -> Self {
        self = self.without_end();
        self.until = Some(until);
        self.order.push(Part::Until);
        self
    }

    /// The same rule without COUNT and UNTIL.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        self.count = None;
        self.until = None;
        self.order.retain(|part| !matches!(part, Part::Count | Part::Until));
        self
    }

    /// Every `interval` periods.
    pub(super) fn every(mut self, interval: NonZeroU32) -> Self {
        self.interval = interval;
        self.noting(Part::Interval)
    }

    pub(super) fn on_days(mut self, days: Vec<ByDay>) -> Self {
        self.by_day = days;
        self.noting(Part::ByDay)
    }

    pub(super) fn on_month_days(mut self, days: Vec<i8>) -> Self {
        self.by_month_day = days;
        self.noting(Part::ByMonthDay)
    }

    pub(super) fn choosing(mut self, positions: Vec<i16>) -> Self {
        self.by_set_pos = positions;
        self.noting(Part::BySetPos)
    }

    pub(super) fn in_months(mut self, months: Vec<u8>) -> Self {
        self.by_month = months;
        self.noting(Part::ByMonth)
    }

    pub(super) fn noting(mut self, part: Part) -> Self {
        if !self.order.contains(&part) {
            self.order.push(part);
        }
        self
    }

    /// Notes that `part` was written; whether it was written before.
    pub(super) fn note_written(&mut self, part: Part) -> bool {
        let again = self.order.contains(&part);
        self.order.push(part);
        again
    }

    /// Whether `part` was written.
    pub(super) fn has(&self, part: Part) -> bool {
        self.order.contains(&part)
    }
}
