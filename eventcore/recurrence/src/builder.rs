//! [`RuleBuilder`] and [`SeriesBuilder`].

use std::fmt::Display;

use chrono::Weekday;

use super::date_value::DateValue;
use super::definition::Recurrence;
use super::error::RuleResult;
use super::print::weekday_code;
use super::rule::{ByDay, Freq, Rule, RulePart};
use super::series::Series;
use super::start::SeriesStart;

/// Builds a [`Rule`] part by part: see [`Rule::builder`].
///
/// A part that is set again replaces the first. An empty list removes it.
#[derive(Debug, Clone)]
#[must_use]
pub struct RuleBuilder {
    /// The texts of the parts, checked by the parser.
    parts: Vec<(RulePart, String)>,
}

impl Rule {
    /// A builder of a rule with FREQ.
    ///
    /// ```
    /// use chrono::Weekday;
    /// use eventcore_recurrence::{ByDay, Freq, Rule};
    ///
    /// let rule = Rule::builder(Freq::Monthly).by_day([ByDay::nth(-1, Weekday::Fri)]).count(10).build()?;
    /// assert_eq!(rule.to_string(), "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10");
    ///
    /// let error = Rule::builder(Freq::Monthly).by_month_day([32]).build().unwrap_err();
    /// assert_eq!(error.message(), "BYMONTHDAY=32: must be 1 to 31 or -31 to -1");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn builder(freq: Freq) -> RuleBuilder {
        RuleBuilder { parts: vec![(RulePart::Freq, freq.as_str().to_owned())] }
    }
}

impl RuleBuilder {
    /// INTERVAL: the number of periods from one to the next.
    pub fn interval(self, interval: u32) -> Self {
        self.list(RulePart::Interval, [interval])
    }

    /// COUNT: the number of instances, the start included.
    pub fn count(self, count: u32) -> Self {
        self.list(RulePart::Count, [count])
    }

    /// UNTIL: the last time, or the last day, at which an instance may start.
    pub fn until(self, until: impl Into<DateValue>) -> Self {
        let until: DateValue = until.into();
        self.list(RulePart::Until, [until.to_basic()])
    }

    /// WKST: the first day of the week.
    pub fn week_start(self, day: Weekday) -> Self {
        self.list(RulePart::Wkst, [weekday_code(day)])
    }

    /// BYMONTH: 1 to 12.
    pub fn by_month(self, months: impl IntoIterator<Item = u8>) -> Self {
        self.list(RulePart::ByMonth, months)
    }

    /// BYWEEKNO: weeks of the year, 1 to 53, or -1 to -53 from its end.
    pub fn by_week_no(self, weeks: impl IntoIterator<Item = i8>) -> Self {
        self.list(RulePart::ByWeekNo, weeks)
    }

    /// BYYEARDAY: days of the year, 1 to 366, or -1 to -366 from its end.
    pub fn by_year_day(self, days: impl IntoIterator<Item = i16>) -> Self {
        self.list(RulePart::ByYearDay, days)
    }

    /// BYMONTHDAY: days of the month, 1 to 31, or -1 to -31 from its end.
    pub fn by_month_day(self, days: impl IntoIterator<Item = i8>) -> Self {
        self.list(RulePart::ByMonthDay, days)
    }

    /// BYDAY: weekdays, or the n-th of the month or year.
    pub fn by_day(self, days: impl IntoIterator<Item = impl Into<ByDay>>) -> Self {
        self.list(RulePart::ByDay, days.into_iter().map(Into::into))
    }

    /// BYHOUR: 0 to 23.
    pub fn by_hour(self, hours: impl IntoIterator<Item = u8>) -> Self {
        self.list(RulePart::ByHour, hours)
    }

    /// BYMINUTE: 0 to 59.
    pub fn by_minute(self, minutes: impl IntoIterator<Item = u8>) -> Self {
        self.list(RulePart::ByMinute, minutes)
    }

    /// BYSECOND: 0 to 60. Second 60 is read as 59.
    pub fn by_second(self, seconds: impl IntoIterator<Item = u8>) -> Self {
        self.list(RulePart::BySecond, seconds)
    }

    /// BYSETPOS: which of the times of a period, 1 to 366, or -1 to -366 from the last.
    pub fn by_set_pos(self, positions: impl IntoIterator<Item = i16>) -> Self {
        self.list(RulePart::BySetPos, positions)
    }

    /// The rule.
    ///
    /// # Errors
    /// `invalid_rule`, `too_long`: those of the parser.
    pub fn build(self) -> RuleResult<Rule> {
        let parts = self.parts.iter().map(|(part, value)| format!("{}={value}", part.as_str()));
        parts.collect::<Vec<_>>().join(";").parse()
    }

    fn list<T: Display>(mut self, part: RulePart, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        self.parts.retain(|(known, _)| *known != part);
        if !values.is_empty() {
            self.parts.push((part, values.join(",")));
        }
        self
    }
}

impl ByDay {
    /// All such weekdays.
    pub const fn every(weekday: Weekday) -> Self {
        Self { nth: None, weekday }
    }

    /// The n-th such weekday of the month or year, from its end if `nth` is negative.
    pub const fn nth(nth: i8, weekday: Weekday) -> Self {
        Self { nth: Some(nth), weekday }
    }
}

impl From<Weekday> for ByDay {
    fn from(weekday: Weekday) -> Self {
        Self::every(weekday)
    }
}

/// Builds a [`Series`] part by part: see [`Series::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct SeriesBuilder {
    start: SeriesStart,
    recurrence: Recurrence,
}

impl Series {
    /// A builder of a series with DTSTART.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use eventcore_recurrence::{Freq, Rule, Series, SeriesStart};
    ///
    /// let day = |day| NaiveDate::from_ymd_opt(2027, 3, day).unwrap();
    /// let series = Series::builder(SeriesStart::on(day(25), chrono_tz::Europe::Berlin))
    ///     .rule(Rule::builder(Freq::Daily).count(3).build()?)
    ///     .rdate([day(30)])
    ///     .exdate([day(26)])
    ///     .build()?;
    /// let days: Vec<_> = series.all(10)?.iter().map(|instance| instance.date()).collect();
    /// assert_eq!(days, [day(25), day(27), day(30)]);
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn builder(start: SeriesStart) -> SeriesBuilder {
        SeriesBuilder { start, recurrence: Recurrence::default() }
    }
}

impl SeriesBuilder {
    /// RRULE.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.recurrence.rrule = Some(rule);
        self
    }

    /// Adds RDATEs.
    pub fn rdate(mut self, dates: impl IntoIterator<Item = impl Into<DateValue>>) -> Self {
        self.recurrence.rdate.extend(dates.into_iter().map(Into::into));
        self
    }

    /// Adds EXDATEs.
    pub fn exdate(mut self, dates: impl IntoIterator<Item = impl Into<DateValue>>) -> Self {
        self.recurrence.exdate.extend(dates.into_iter().map(Into::into));
        self
    }

    /// The series.
    ///
    /// # Errors
    /// Those of [`Series::new`].
    pub fn build(self) -> RuleResult<Series> {
        Series::new(self.start, self.recurrence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_built_and_read() {
        let until: DateValue = "20280101T000000Z".parse().unwrap();
        let rule = Rule::builder(Freq::Yearly)
            .interval(2)
            .week_start(Weekday::Sun)
            .by_month([1, 12])
            .by_week_no([1, -1])
            .by_year_day([1, -366])
            .by_month_day([31, -1])
            .by_day([Weekday::Mon, Weekday::Sun])
            .by_hour([0, 23])
            .by_minute([59])
            .by_second([0, 60])
            .by_set_pos([1, -1])
            .until(until)
            .build()
            .unwrap();
        assert_eq!(
            rule.to_string(),
            "FREQ=YEARLY;INTERVAL=2;WKST=SU;BYMONTH=1,12;BYWEEKNO=1,-1;BYYEARDAY=1,-366;BYMONTHDAY=31,-1;\
             BYDAY=MO,SU;BYHOUR=0,23;BYMINUTE=59;BYSECOND=0,60;BYSETPOS=1,-1;UNTIL=20280101T000000Z"
        );
        assert_eq!((rule.freq(), rule.interval(), rule.week_start()), (Freq::Yearly, 2, Weekday::Sun));
        assert_eq!((rule.by_month(), rule.by_week_no()), (&[1, 12][..], &[1, -1][..]));
        assert_eq!((rule.by_year_day(), rule.by_month_day()), (&[1, -366][..], &[31, -1][..]));
        assert_eq!(rule.by_day(), [Weekday::Mon.into(), Weekday::Sun.into()]);
        assert_eq!((rule.by_hour(), rule.by_minute()), (&[0, 23][..], &[59][..]));
        assert_eq!((rule.by_second(), rule.by_set_pos()), (&[0, 60][..], &[1, -1][..]));
        assert_eq!((rule.count(), rule.until()), (None, Some(until)));
    }

    #[test]
    fn parts_are_replaced_removed_and_refused() {
        let daily = || Rule::builder(Freq::Daily);
        assert_eq!(daily().count(3).count(4).build().unwrap().to_string(), "FREQ=DAILY;COUNT=4");
        assert_eq!(daily().by_hour([9]).by_hour([]).build().unwrap().to_string(), "FREQ=DAILY");
        for (builder, message) in [
            (daily().count(0), "COUNT=0: must be a whole number from 1 to 4294967295"),
            (daily().interval(0), "INTERVAL=0: must be a whole number from 1 to 4294967295"),
            (
                daily().by_day([ByDay::nth(1, Weekday::Mon)]),
                "BYDAY=1MO: a number can only be used with FREQ=MONTHLY or FREQ=YEARLY",
            ),
        ] {
            assert_eq!(builder.build().unwrap_err().message(), message);
        }
    }
}
