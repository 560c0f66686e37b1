//! What is legal in a series, but perhaps not meant: a start off the rule, an EXDATE that excludes nothing.

use super::date_value::{DateValue, timestamp};
use super::error::RuleResult;
use super::expand::{Budget, DAY, WallTimes};
use super::series::{Series, rdate, too_much_work};

impl Series {
    /// Whether the rule itself has an instance at the start. The start is the first instance also where it
    /// has none.
    ///
    /// # Errors
    /// `too_much_work`.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore_recurrence::{Recurrence, Series, SeriesStart};
    /// let thursday = SeriesStart::on(NaiveDate::from_ymd_opt(2027, 3, 4).unwrap(), chrono_tz::UTC);
    /// let series = |rule: &str| Series::new(thursday, Recurrence::of(rule.parse().unwrap())).unwrap();
    /// assert!(series("FREQ=WEEKLY;BYDAY=TH").starts_by_rule()?);
    /// assert!(!series("FREQ=WEEKLY;BYDAY=FR").starts_by_rule()?);
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn starts_by_rule(&self) -> RuleResult<bool> {
        if self.recurrence.rrule.is_none() {
            return Ok(true);
        }
        let start = self.bounds.start.nominal;
        let mut budget = Budget::new();
        let mut wall_times = WallTimes::new(&self.compiled, start, start);
        loop {
            match wall_times.next(&mut budget).map_err(|_| too_much_work())? {
                Some(wall) if wall < start => budget.spend(1).map_err(|_| too_much_work())?,
                wall => return Ok(wall == Some(start)),
            }
        }
    }

    /// The EXDATEs at which there is no instance to exclude.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn idle_exdates(&self) -> RuleResult<Vec<DateValue>> {
        let mut recurrence = self.recurrence.clone();
        let exdates = std::mem::take(&mut recurrence.exdate);
        let whole = Self::new(self.start, recurrence)?;
        let mut idle = Vec::new();
        for exdate in exdates {
            let from = match exdate {
                DateValue::Date(_) if !self.start.all_day => self.zone.instant(exdate.day(self.zone) * DAY),
                _ => rdate(exdate, 0, self.start.all_day, self.zone).instant,
            };
            let to = match exdate {
                DateValue::Date(_) if !self.start.all_day => {
                    self.zone.instant((exdate.day(self.zone) + 1) * DAY)
                }
                _ => from + 1,
            };
            if whole.between(timestamp(from), timestamp(to)).next().transpose()?.is_none() {
                idle.push(exdate);
            }
        }
        Ok(idle)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use chrono_tz::Tz;

    use super::super::{Recurrence, SeriesStart};
    use super::*;

    fn series(rule: &str, exdate: &[&str]) -> Series {
        let start: NaiveDateTime = "2027-03-04T18:30:00".parse().unwrap();
        let recurrence = Recurrence::parse(Some(rule), &[], exdate).unwrap();
        Series::new(SeriesStart::at(start, Tz::Europe__Berlin), recurrence).unwrap()
    }

    #[test]
    fn a_start_off_its_rule_is_recognised() {
        for (rule, by_rule) in [
            ("FREQ=DAILY", true),
            ("FREQ=WEEKLY", true),
            ("FREQ=WEEKLY;BYDAY=TH,FR", true),
            ("FREQ=WEEKLY;BYDAY=FR", false),
            ("FREQ=WEEKLY;BYDAY=FR;COUNT=4", false),
            ("FREQ=MONTHLY;BYDAY=1TH", true),
            ("FREQ=MONTHLY;BYDAY=2TH", false),
            ("FREQ=MONTHLY;BYMONTHDAY=15", false),
            ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=4", true),
            ("FREQ=DAILY;BYHOUR=9,17", false),
            ("FREQ=DAILY;BYHOUR=9,18", true),
            ("FREQ=HOURLY;INTERVAL=5", true),
        ] {
            assert_eq!(series(rule, &[]).starts_by_rule(), Ok(by_rule), "{rule}");
        }
    }

    #[test]
    fn an_exdate_without_an_instance_is_recognised() {
        let idle = |rule: &str, exdate: &[&str]| {
            let idle = series(rule, exdate).idle_exdates().unwrap();
            idle.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let weekly = "FREQ=WEEKLY;COUNT=4";
        assert_eq!(idle(weekly, &["2027-03-11", "2027-03-12", "2027-04-01"]), ["2027-03-12", "2027-04-01"]);
        assert_eq!(idle(weekly, &["2027-03-11T18:30:00", "2027-03-11T19:00:00"]), ["2027-03-11T19:00:00"]);
        assert_eq!(idle(weekly, &["2027-03-11T17:30:00Z"]), Vec::<String>::new());
    }
}
