//! Rule → text, in the order in which its parts were written.

use std::fmt::{self, Display, Write};

use chrono::Weekday;

use super::rule::{ByDay, Part, Rule};

impl Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.order.iter().enumerate() {
            if i > 0 {
                f.write_char(';')?;
            }
            write!(f, "{}=", part.as_str())?;
            match part {
                Part::Freq => f.write_str(self.freq.as_str())?,
                Part::Until => self.until.iter().try_for_each(|until| until.write_basic(f))?,
                Part::Count => self.count.iter().try_for_each(|count| count.fmt(f))?,
                Part::Interval => self.interval.fmt(f)?,
                Part::BySecond => list(f, &self.by_second)?,
                Part::ByMinute => list(f, &self.by_minute)?,
                Part::ByHour => list(f, &self.by_hour)?,
                Part::ByDay => list(f, &self.by_day)?,
                Part::ByMonthDay => list(f, &self.by_month_day)?,
                Part::ByYearDay => list(f, &self.by_year_day)?,
                Part::ByWeekNo => list(f, &self.by_week_no)?,
                Part::ByMonth => list(f, &self.by_month)?,
                Part::BySetPos => list(f, &self.by_set_pos)?,
                Part::Wkst => f.write_str(weekday_code(self.wkst))?,
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
