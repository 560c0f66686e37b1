//! A series as other calendars read it: where readings of RFC 5545 differ, it is written so that they don't.

use super::date_value::{DateValue, seconds};
use super::definition::Recurrence;
use super::error::Result;
use super::expand::{Budget, DAY, Spent, Walls};
use super::rule::{ByDay, Freq, Part, Rule};
use super::series::{END, Instance, Series, Start, naive, timestamp, too_much_work};
use crate::time::Timestamp;

impl Series {
    /// The rule as other calendars take it: RFC 5545 wants UNTIL to be a day where the start is one, and an instant elsewhere.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore::recurrence::{Recurrence, Series, Start};
    /// let start = NaiveDate::from_ymd_opt(2027, 3, 4).unwrap().and_hms_opt(18, 30, 0).unwrap();
    /// let weekly = Recurrence::of("FREQ=WEEKLY;UNTIL=20270401;BYDAY=TH".parse()?);
    /// let series = Series::new(Start::at(start, chrono_tz::Europe::Berlin), weekly)?;
    /// assert_eq!(series.calendar_rule().unwrap().to_string(), "FREQ=WEEKLY;UNTIL=20270401T215959Z;BYDAY=TH");
    /// # Ok::<(), eventcore::recurrence::RuleError>(())
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
            DateValue::Utc(timestamp(instant))
        }
    }

    /// The same start with a rule that every calendar reads alike, and nothing beside it. What it has differs from what this series has by the dates
    /// that are added and taken away; there is no rule at all where calendars would not agree on it.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn for_calendars(&self) -> Result<Self> {
        let rrule = match self.calendar_rule() {
            Some(rule) if !self.steps_by_disputed_hours(&rule)? => Some(self.undisputed(rule)?),
            _ => None,
        };
        // A wall clock is all that a file can say of the start.
        let start = Start { instant: None, ..self.start };
        Self::new(start, Recurrence { rrule, ..Recurrence::default() })
    }

    /// Whether the rule itself has the start, which is the first instance all the same.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn starts_on_rule(&self) -> Result<bool> {
        if self.recurrence.rrule.is_none() {
            return Ok(true);
        }
        let (mut budget, nominal) = (Budget::new(), self.bounds.start.nominal);
        let mut walls = Walls::new(&self.plan, nominal, nominal);
        loop {
            match walls.next(&mut budget) {
                Ok(Some(wall)) if wall < nominal => {}
                Ok(wall) => return Ok(wall == Some(nominal)),
                Err(Spent) => return Err(too_much_work()),
            }
        }
    }

    /// Hours by the wall clock are not hours that pass, once the clocks change.
    fn steps_by_disputed_hours(&self, rule: &Rule) -> Result<bool> {
        Ok(rule.freq() == Freq::Hourly && self.meets_clock_change()?)
    }

    fn meets_clock_change(&self) -> Result<bool> {
        let last = if self.is_bounded() { self.last_of_rule()? } else { END };
        Ok(self.zone.changes_between(self.bounds.start.instant, last))
    }

    /// The rule by itself.
    fn alone(&self) -> Result<Self> {
        Self::new(self.start, Recurrence { rrule: self.recurrence.rrule.clone(), ..Recurrence::default() })
    }

    fn last_of_rule(&self) -> Result<i64> {
        let last = self.alone()?.all().last().transpose()?;
        Ok(last.map_or(self.bounds.start.instant, |last| seconds(last.original_start())))
    }

    /// Whether the clocks skip a time of a rule that ends: some readers leave it out, and then count on.
    fn skips_a_time(&self, rule: &Rule) -> Result<bool> {
        if !rule.by_hour.is_empty() || !rule.by_minute.is_empty() {
            // Of two times at one instant, one is left out, and does not show.
            return self.meets_clock_change();
        }
        let alone = self.alone()?;
        for instance in alone.all() {
            let instance = instance?;
            if instance.nominal() != instance.local() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn undisputed(&self, mut rule: Rule) -> Result<Rule> {
        if self.start.all_day {
            // RFC 5545 wants them ignored, and not every reader does.
            for part in [Part::ByHour, Part::ByMinute, Part::BySecond] {
                rule.order.retain(|written| *written != part);
            }
            (rule.by_hour, rule.by_minute, rule.by_second) = Default::default();
        }
        let says_day =
            !(rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty());
        if !rule.by_week_no.is_empty() && !says_day {
            let weekday = chrono::Datelike::weekday(&self.start.local);
            rule = rule.on_days(vec![ByDay { nth: None, weekday }]);
        }
        // Readers differ in whether a start off the rule counts, and a time that the clocks skip.
        if rule.count().is_some() && (!self.starts_on_rule()? || self.skips_a_time(&rule)?) {
            rule = rule.with_until(self.calendar_until(self.last_of_rule()?));
        }
        Ok(rule)
    }

    /// The dates from `from` on that were added to the rule, and the dates of the rule that were taken away: what there is of both beyond the horizon.
    ///
    /// # Errors
    /// `too_much_work`.
    pub fn exceptions_from(&self, from: Timestamp) -> Result<(Vec<Instance>, Vec<Instance>)> {
        let from = seconds(from);
        let added = self.rdates().iter().filter(|point| point.instant >= from && !self.excludes(**point));
        let added = added.map(|point| Instance::at_point(*point)).collect();
        let whole = Self::new(self.start, Recurrence { exdate: Vec::new(), ..self.recurrence.clone() })?;
        let mut taken = Vec::new();
        for date in &self.recurrence.exdate {
            let midnight = self.zone.instant(date.day(self.zone) * DAY);
            // A day and the hour that the clocks may add to it.
            let day = whole.between(timestamp(midnight.max(from)), timestamp(midnight + DAY + 7_200));
            for instance in day {
                let instance = instance?;
                if self.excludes(instance.point()) {
                    taken.push(instance);
                }
            }
        }
        taken.sort_unstable_by_key(Instance::original_start);
        taken.dedup();
        Ok((added, taken))
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use chrono_tz::Tz;

    use super::*;

    fn series(start: &str, rule: &str) -> Series {
        let local: NaiveDateTime = start.parse().unwrap();
        Series::new(Start::at(local, Tz::Europe__Berlin), Recurrence::of(rule.parse().unwrap())).unwrap()
    }

    fn starts(series: &Series) -> Vec<Timestamp> {
        series.all().map(|instance| instance.unwrap().original_start()).collect()
    }

    #[test]
    fn what_is_disputed_is_written_so_that_it_is_not() {
        for (start, rule, written) in [
            ("2031-03-06T18:30:00", "FREQ=WEEKLY;COUNT=9", Some("FREQ=WEEKLY;COUNT=9")),
            // A start off its rule, and a time that the clocks skip, count for some readers and not for others.
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
    fn exceptions_beyond_the_horizon_are_known() {
        let mut recurrence = Recurrence::of("FREQ=DAILY;BYHOUR=9,18".parse().unwrap());
        recurrence.rdate =
            vec!["2035-01-01T12:00:00".parse().unwrap(), "2030-02-01T12:00:00".parse().unwrap()];
        recurrence.exdate = ["2035-05-05", "2035-06-06T09:00:00", "2035-06-06T10:00:00", "2030-03-03"]
            .map(|day| day.parse().unwrap())
            .into();
        let start = Start::at("2030-01-01T09:00:00".parse().unwrap(), Tz::Europe__Berlin);
        let series = Series::new(start, recurrence).unwrap();
        let (added, taken) = series.exceptions_from("2034-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let locals =
            |instances: Vec<Instance>| instances.iter().map(|i| i.local().to_string()).collect::<Vec<_>>();
        assert_eq!(locals(added), ["2035-01-01 12:00:00"]);
        assert_eq!(locals(taken), ["2035-05-05 09:00:00", "2035-05-05 18:00:00", "2035-06-06 09:00:00"]);
    }
}
