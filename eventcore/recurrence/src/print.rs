//! `Display` of a rule: its parts in the order in which they were written.

use std::fmt::{self, Display, Write};

use chrono::Weekday;

use super::rule::{ByDay, Rule, RulePart};

impl Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.order.iter().enumerate() {
            if i > 0 {
                f.write_char(';')?;
            }
            write!(f, "{}=", part.as_str())?;
            match part {
                RulePart::Freq => f.write_str(self.freq.as_str())?,
                RulePart::Until => self.until.iter().try_for_each(|until| until.write_basic(f))?,
                RulePart::Count => self.count.iter().try_for_each(|count| count.fmt(f))?,
                RulePart::Interval => self.interval.fmt(f)?,
                RulePart::BySecond => list(f, &self.by_second)?,
                RulePart::ByMinute => list(f, &self.by_minute)?,
                RulePart::ByHour => list(f, &self.by_hour)?,
                RulePart::ByDay => list(f, &self.by_day)?,
                RulePart::ByMonthDay => list(f, &self.by_month_day)?,
                RulePart::ByYearDay => list(f, &self.by_year_day)?,
                RulePart::ByWeekNo => list(f, &self.by_week_no)?,
                RulePart::ByMonth => list(f, &self.by_month)?,
                RulePart::BySetPos => list(f, &self.by_set_pos)?,
                RulePart::Wkst => f.write_str(weekday_code(self.wkst))?,
            }
        }
        Ok(())
    }
}

fn list<T: Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            f.write_char(',')?;
        }
        value.fmt(f)?;
    }
    Ok(())
}

impl Display for ByDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nth) = self.nth {
            nth.fmt(f)?;
        }
        f.write_str(weekday_code(self.weekday))
    }
}

/// `MO` to `SU`.
pub(super) const fn weekday_code(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}
