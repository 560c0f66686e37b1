//! [`Rule`]: a recurrence rule (RFC 5545, 3.3.10).

use std::num::NonZeroU32;

use chrono::Weekday;

use super::date_value::DateValue;
use super::error::{RuleError, RuleResult};

/// FREQ, the period by which a rule repeats. `SECONDLY` and `MINUTELY` are not supported: no event takes
/// place every minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Freq {
    /// Every hour of the wall clock.
    Hourly,
    /// Every day.
    Daily,
    /// Every week. WKST is its first day.
    Weekly,
    /// Every month.
    Monthly,
    /// Every year.
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

/// A weekday of BYDAY: all of them (`TU`), or the n-th in the month or year (`2TU`, `-1FR`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByDay {
    /// 1 to 53 from the beginning, -1 to -53 from the end. `None` means all.
    pub nth: Option<i8>,
    /// The day of the week.
    pub weekday: Weekday,
}

/// The parts of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RulePart {
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

impl RulePart {
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

/// A valid recurrence rule. `Display` writes its parts in the order in which they were parsed.
///
/// ```
/// use eventcore_recurrence::{Freq, Rule};
///
/// let rule: Rule = "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10".parse()?;
/// assert_eq!(rule.freq(), Freq::Monthly);
/// assert_eq!(rule.to_string(), "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10");
///
/// let error = "FREQ=MONTHLY;BYMONTHDAY=32".parse::<Rule>().unwrap_err();
/// assert_eq!(error.message(), "BYMONTHDAY=32: must be 1 to 31 or -31 to -1");
/// # Ok::<(), eventcore_recurrence::RuleError>(())
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
    /// The parts of the rule in the order of its text.
    pub(super) order: Vec<RulePart>,
}

impl Rule {
    /// Greatest length of the text of a rule, in characters.
    pub const MAX_LENGTH: usize = 1_000;

    /// `FREQ=…` without further parts.
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
            order: vec![RulePart::Freq],
        }
    }

    /// FREQ.
    pub const fn freq(&self) -> Freq {
        self.freq
    }

    /// INTERVAL: the number of periods from one to the next, at least 1.
    pub const fn interval(&self) -> u32 {
        self.interval.get()
    }

    /// COUNT: the number of instances, the start included.
    pub fn count(&self) -> Option<u32> {
        self.count.map(NonZeroU32::get)
    }

    /// UNTIL: the last time, or the last day, at which an instance may start (inclusive).
    pub const fn until(&self) -> Option<DateValue> {
        self.until
    }

    /// Whether the rule has COUNT or UNTIL.
    pub const fn is_bounded(&self) -> bool {
        self.count.is_some() || self.until.is_some()
    }

    /// WKST: the first day of the week.
    pub const fn week_start(&self) -> Weekday {
        self.wkst
    }

    /// BYDAY, in the order of its text.
    pub fn by_day(&self) -> &[ByDay] {
        &self.by_day
    }

    /// BYMONTH, in the order of its text, as all lists.
    pub fn by_month(&self) -> &[u8] {
        &self.by_month
    }

    /// BYWEEKNO.
    pub fn by_week_no(&self) -> &[i8] {
        &self.by_week_no
    }

    /// BYYEARDAY.
    pub fn by_year_day(&self) -> &[i16] {
        &self.by_year_day
    }

    /// BYMONTHDAY.
    pub fn by_month_day(&self) -> &[i8] {
        &self.by_month_day
    }

    /// BYHOUR.
    pub fn by_hour(&self) -> &[u8] {
        &self.by_hour
    }

    /// BYMINUTE.
    pub fn by_minute(&self) -> &[u8] {
        &self.by_minute
    }

    /// BYSECOND.
    pub fn by_second(&self) -> &[u8] {
        &self.by_second
    }

    /// BYSETPOS.
    pub fn by_set_pos(&self) -> &[i16] {
        &self.by_set_pos
    }

    /// Replaces the end of the rule by COUNT.
    ///
    /// # Errors
    /// `invalid_rule` if `count` is 0.
    pub fn with_count(mut self, count: u32) -> RuleResult<Self> {
        let Some(count) = NonZeroU32::new(count) else {
            return Err(RuleError::in_rule("invalid_rule", "COUNT=0: must be at least 1"));
        };
        self = self.without_end();
        self.count = Some(count);
        self.order.push(RulePart::Count);
        Ok(self)
    }

    /// Replaces the end of the rule by UNTIL.
    #[must_use]
    pub fn with_until(mut self, until: DateValue) -> Self {
        self = self.without_end();
        self.until = Some(until);
        self.order.push(RulePart::Until);
        self
    }

    /// Removes COUNT and UNTIL.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        self.count = None;
        self.until = None;
        self.order.retain(|part| !matches!(part, RulePart::Count | RulePart::Until));
        self
    }

    pub(super) fn with_interval(mut self, interval: NonZeroU32) -> Self {
        self.interval = interval;
        self.with_part(RulePart::Interval)
    }

    pub(super) fn with_days(mut self, days: Vec<ByDay>) -> Self {
        self.by_day = days;
        self.with_part(RulePart::ByDay)
    }

    pub(super) fn with_month_days(mut self, days: Vec<i8>) -> Self {
        self.by_month_day = days;
        self.with_part(RulePart::ByMonthDay)
    }

    pub(super) fn with_set_positions(mut self, positions: Vec<i16>) -> Self {
        self.by_set_pos = positions;
        self.with_part(RulePart::BySetPos)
    }

    pub(super) fn with_months(mut self, months: Vec<u8>) -> Self {
        self.by_month = months;
        self.with_part(RulePart::ByMonth)
    }

    pub(super) fn with_part(mut self, part: RulePart) -> Self {
        if !self.order.contains(&part) {
            self.order.push(part);
        }
        self
    }

    /// Appends `part` to the order of parts. Returns whether the rule had it before.
    pub(super) fn record_part(&mut self, part: RulePart) -> bool {
        let repeated = self.order.contains(&part);
        self.order.push(part);
        repeated
    }

    /// Whether the rule has `part`.
    pub(super) fn has(&self, part: RulePart) -> bool {
        self.order.contains(&part)
    }
}
