//! A series for other calendars: rules on whose interpretation they differ are rewritten so that all give the
//! same instances.

use super::date_value::{DateValue, naive, seconds, timestamp};
use super::definition::Recurrence;
use super::error::RuleResult;
use super::expand::{Budget, BudgetExceeded, DAY, WallTimes};
use super::instance::Instance;
use super::rule::{ByDay, Freq, Rule, RulePart};
use super::series::{END, Series, too_much_work};
use super::start::SeriesStart;
use crate::time::Timestamp;

impl Series {
    /// The rule with UNTIL in the form that RFC 5545 requires: a date for an all-day series, otherwise an
    /// instant.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore_recurrence::{Recurrence, Series, SeriesStart};
    /// let start = NaiveDate::from_ymd_opt(2027, 3, 4).unwrap().and_hms_opt(18, 30, 0).unwrap();
    /// let weekly = Recurrence::of("FREQ=WEEKLY;UNTIL=20270401;BYDAY=TH".parse()?);
    /// let series = Series::new(SeriesStart::at(start, chrono_tz::Europe::Berlin), weekly)?;
    /// let rule = series.calendar_rule().unwrap();
    /// assert_eq!(rule.to_string(), "FREQ=WEEKLY;UNTIL=20270401T215959Z;BYDAY=TH");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn calendar_rule(&self) -> Option<Rule> {
        let mut rule = self.recurrence.rrule.clone()?;
        rule.until = rule.until.map(|_| self.calendar_until(self.bounds.until));
        Some(rule)
    }

    fn calendar_until(&self, instant: i64) -> DateValue {
        if self.start.all_day {
            DateValue::Date(naive(self.zone.local(instant)).date())
        } else {
            self.instant_value(timestamp(instant))
        }
    }

    /// This series with a rule that all calendars expand alike, without RDATE and EXDATE. It has no rule if
    /// no such rule exists. The caller exports the differences to this series as RDATE and EXDATE.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn for_calendars(&self) -> RuleResult<Self> {
        let rrule = match self.calendar_rule() {
            Some(rule) if !self.is_hourly_across_clock_change(&rule)? => self.portable_rule(rule)?,
            _ => None,
        };
        // DTSTART in a file is a local time: it cannot mean the second of two equal ones.
        let start = SeriesStart { instant: None, ..self.start };
        Self::new(start, Recurrence { rrule, ..Recurrence::default() })
    }

    /// Whether the rule matches the start. The start is the first instance in any case.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn starts_on_rule(&self) -> RuleResult<bool> {
        if self.recurrence.rrule.is_none() {
            return Ok(true);
        }
        let (mut budget, nominal) = (Budget::new(), self.bounds.start.nominal);
        let mut wall_times = WallTimes::new(&self.compiled, nominal, nominal);
        loop {
            match wall_times.next(&mut budget) {
                Ok(Some(wall)) if wall < nominal => {}
                Ok(wall) => return Ok(wall == Some(nominal)),
                Err(BudgetExceeded) => return Err(too_much_work()),
            }
        }
    }

    /// Calendars step HOURLY by wall clock or by elapsed time, which differ across a clock change.
    fn is_hourly_across_clock_change(&self, rule: &Rule) -> RuleResult<bool> {
        Ok(rule.freq() == Freq::Hourly && self.crosses_clock_change()?)
    }

    fn crosses_clock_change(&self) -> RuleResult<bool> {
        let last = if self.is_bounded() { self.last_of_rule()? } else { END };
        Ok(self.zone.changes_between(self.bounds.start.instant, last))
    }

    /// The series without RDATE and EXDATE.
    fn without_dates(&self) -> RuleResult<Self> {
        Self::new(self.start, Recurrence { rrule: self.recurrence.rrule.clone(), ..Recurrence::default() })
    }

    fn last_of_rule(&self) -> RuleResult<i64> {
        let last = self.without_dates()?.iter().last().transpose()?;
        Ok(last.map_or(self.bounds.start.instant, |last| seconds(last.original_start())))
    }

    /// Whether a time of a bounded rule is in a gap. Some calendars drop such a time and then count one more
    /// for COUNT.
    fn has_time_in_gap(&self, rule: &Rule) -> RuleResult<bool> {
        if !rule.by_hour.is_empty() || !rule.by_minute.is_empty() {
            // Two times may fall on the same instant, and the one that is dropped does not show in the
            // instances.
            return self.crosses_clock_change();
        }
        let rule_only = self.without_dates()?;
        for instance in &rule_only {
            let instance = instance?;
            if instance.nominal() != instance.local() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn portable_rule(&self, mut rule: Rule) -> RuleResult<Option<Rule>> {
        if self.start.all_day {
            // RFC 5545 ignores them on dates; not every calendar does.
            for part in [RulePart::ByHour, RulePart::ByMinute, RulePart::BySecond] {
                rule.order.retain(|written| *written != part);
            }
            (rule.by_hour, rule.by_minute, rule.by_second) = Default::default();
        }
        let has_day =
            !(rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty());
        if !rule.by_week_no.is_empty() && !has_day {
            let weekday = chrono::Datelike::weekday(&self.start.local);
            rule = rule.with_days(vec![ByDay { nth: None, weekday }]);
        }
        let starts_on_rule = self.starts_on_rule()?;
        // Calendars differ in whether COUNT includes a start that the rule does not match, and a time in a
        // gap.
        if rule.count().is_some() && (!starts_on_rule || self.has_time_in_gap(&rule)?) {
            rule = rule.with_until(self.calendar_until(self.last_of_rule()?));
        }
        Ok(if starts_on_rule && !counts_days_back(&rule) { Some(rule) } else { as_readers_expand(rule) })
    }

    /// The instances from `from` on that RDATE adds, and the instances that EXDATE excludes. Beyond the
    /// horizon there are no occurrences that show them.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn exceptions_from(&self, from: Timestamp) -> RuleResult<(Vec<Instance>, Vec<Instance>)> {
        let from = seconds(from);
        let added = self.rdates().iter().filter(|point| point.instant >= from && !self.excludes(**point));
        let added = added.map(|point| Instance::at_point(*point)).collect();
        let unexcluded = Self::new(self.start, Recurrence { exdate: Vec::new(), ..self.recurrence.clone() })?;
        let mut excluded = Vec::new();
        for date in &self.recurrence.exdate {
            let midnight = self.zone.instant(date.day(self.zone) * DAY);
            // A day of up to 25 hours, and the hour by which a gap may delay an instance.
            let day = unexcluded.between(timestamp(midnight.max(from)), timestamp(midnight + DAY + 7_200));
            for instance in day {
                let instance = instance?;
                if self.excludes(instance.point()) {
                    excluded.push(instance);
                }
            }
        }
        excluded.sort_unstable_by_key(Instance::original_start);
        excluded.dedup();
        Ok((added, excluded))
    }
}

/// Whether a rule by days selects days from the ends of months, which libical and ical.js leave out.
fn counts_days_back(rule: &Rule) -> bool {
    rule.freq == Freq::Daily && rule.by_month_day.iter().any(|day| *day < 0)
}

/// The same rule by weeks, months or years, where ical.js does not expand it. It takes the start for an
/// instance of a rule by days or hours whose filters do not match it, and shows it twice if it is an RDATE,
/// too. `None` if there is no such rule, or none that it expands: of BYMONTH with BYMONTHDAY it leaves out
/// instances, or adds some, and it adds one to a rule by months with BYSETPOS that does not match the start.
fn as_readers_expand(mut rule: Rule) -> Option<Rule> {
    let (has_months, has_month_days) = (!rule.by_month.is_empty(), !rule.by_month_day.is_empty());
    let filters_days = has_months || has_month_days || !rule.by_day.is_empty();
    match rule.freq {
        Freq::Hourly if filters_days || !rule.by_hour.is_empty() => return None,
        Freq::Daily | Freq::Monthly if !rule.by_set_pos.is_empty() => return None,
        Freq::Daily if filters_days && rule.interval.get() > 1 => return None,
        Freq::Daily if filters_days => {}
        _ => return Some(rule),
    }
    rule.freq = match (has_months, has_month_days) {
        (true, true) => return None,
        (true, false) => Freq::Yearly,
        (false, true) => Freq::Monthly,
        (false, false) => Freq::Weekly,
    };
    if rule.freq == Freq::Yearly && rule.by_day.is_empty() {
        let days = (0..7).filter_map(|day| chrono::Weekday::try_from(day).ok());
        rule = rule.with_days(days.map(|weekday| ByDay { nth: None, weekday }).collect());
    }
    Some(rule)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use chrono_tz::Tz;

    use super::*;

    fn series(start: &str, rule: &str) -> Series {
        let local: NaiveDateTime = start.parse().unwrap();
        Series::new(SeriesStart::at(local, Tz::Europe__Berlin), Recurrence::of(rule.parse().unwrap()))
            .unwrap()
    }

    fn starts(series: &Series) -> Vec<Timestamp> {
        series.iter().map(|instance| instance.unwrap().original_start()).collect()
    }

    #[test]
    fn ambiguous_rules_are_rewritten() {
        for (start, rule, written) in [
            ("2031-03-06T18:30:00", "FREQ=WEEKLY;COUNT=9", Some("FREQ=WEEKLY;COUNT=9")),
            // Calendars disagree whether COUNT includes a start that the rule does not match, and a time in a
            // gap.
            (
                "2031-03-06T18:30:00",
                "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
                Some("FREQ=WEEKLY;BYDAY=MO;UNTIL=20310317T173000Z"),
            ),
            ("2031-03-29T02:30:00", "FREQ=DAILY;COUNT=3", Some("FREQ=DAILY;UNTIL=20310331T003000Z")),
            (
                "2031-03-06T18:30:00",
                "FREQ=YEARLY;BYWEEKNO=10;COUNT=2",
                Some("FREQ=YEARLY;BYWEEKNO=10;COUNT=2;BYDAY=TH"),
            ),
            ("2031-03-06T18:30:00", "FREQ=HOURLY;COUNT=4", Some("FREQ=HOURLY;COUNT=4")),
            ("2031-03-29T22:00:00", "FREQ=HOURLY;COUNT=9", None),
            // ical.js takes a start that a filter of days does not match for an instance.
            (
                "2031-03-08T18:30:00",
                "FREQ=DAILY;BYDAY=MO,TU;UNTIL=20310401T000000Z",
                Some("FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20310401T000000Z"),
            ),
            ("2031-03-10T18:30:00", "FREQ=DAILY;BYDAY=MO,TU;COUNT=9", Some("FREQ=DAILY;BYDAY=MO,TU;COUNT=9")),
            (
                "2031-03-08T18:30:00",
                "FREQ=DAILY;BYMONTHDAY=1,-1;BYDAY=SA;UNTIL=20320401T000000Z",
                Some("FREQ=MONTHLY;BYMONTHDAY=1,-1;BYDAY=SA;UNTIL=20320401T000000Z"),
            ),
            (
                "2031-03-08T18:30:00",
                "FREQ=DAILY;BYMONTH=2;BYDAY=SA;UNTIL=20320401T000000Z",
                Some("FREQ=YEARLY;BYMONTH=2;BYDAY=SA;UNTIL=20320401T000000Z"),
            ),
            (
                "2031-03-08T18:30:00",
                "FREQ=DAILY;BYMONTH=2;UNTIL=20320401T000000Z",
                Some("FREQ=YEARLY;BYMONTH=2;UNTIL=20320401T000000Z;BYDAY=MO,TU,WE,TH,FR,SA,SU"),
            ),
            ("2031-03-08T18:30:00", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=3;UNTIL=20320401T000000Z", None),
            ("2031-03-08T18:30:00", "FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20310401T000000Z", None),
            ("2031-03-08T18:30:00", "FREQ=HOURLY;BYDAY=MO;COUNT=9", None),
            ("2031-03-08T18:30:00", "FREQ=HOURLY;BYHOUR=20;COUNT=2", None),
            (
                "2031-03-08T18:30:00",
                "FREQ=HOURLY;BYMINUTE=15;COUNT=3",
                Some("FREQ=HOURLY;BYMINUTE=15;UNTIL=20310308T191500Z"),
            ),
            (
                "2031-03-01T18:30:00",
                "FREQ=DAILY;BYMONTHDAY=1,-1;COUNT=9",
                Some("FREQ=MONTHLY;BYMONTHDAY=1,-1;COUNT=9"),
            ),
            ("2031-03-08T18:30:00", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=9", None),
            (
                "2031-03-31T18:30:00",
                "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=2",
                Some("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=2"),
            ),
            (
                "2031-03-08T18:30:00",
                "FREQ=DAILY;BYHOUR=9,20;COUNT=3",
                Some("FREQ=DAILY;BYHOUR=9,20;UNTIL=20310309T083000Z"),
            ),
        ] {
            let series = series(start, rule);
            let plain = series.for_calendars().unwrap();
            let rrule = plain.recurrence().rrule.as_ref().map(ToString::to_string);
            assert_eq!(rrule.as_deref(), written, "{rule}");
            if written.is_some() {
                assert_eq!(starts(&plain), starts(&series), "{rule}");
            }
        }
    }

    #[test]
    fn exceptions_beyond_the_horizon_are_found() {
        let mut recurrence = Recurrence::of("FREQ=DAILY;BYHOUR=9,18".parse().unwrap());
        recurrence.rdate =
            vec!["2035-01-01T12:00:00".parse().unwrap(), "2030-02-01T12:00:00".parse().unwrap()];
        recurrence.exdate = ["2035-05-05", "2035-06-06T09:00:00", "2035-06-06T10:00:00", "2030-03-03"]
            .map(|day| day.parse().unwrap())
            .into();
        let start = SeriesStart::at("2030-01-01T09:00:00".parse().unwrap(), Tz::Europe__Berlin);
        let series = Series::new(start, recurrence).unwrap();
        let (added, excluded) = series.exceptions_from("2034-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let locals =
            |instances: Vec<Instance>| instances.iter().map(|i| i.local().to_string()).collect::<Vec<_>>();
        assert_eq!(locals(added), ["2035-01-01 12:00:00"]);
        assert_eq!(locals(excluded), ["2035-05-05 09:00:00", "2035-05-05 18:00:00", "2035-06-06 09:00:00"]);
    }
}
