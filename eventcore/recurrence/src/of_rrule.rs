//! Conversions from and to the types of the crate `rrule` 0.14.

use chrono::{DateTime, Month, Utc};
use rrule::{Frequency, NWeekday, RRule, RRuleSet, Tz as CrateTz, Unvalidated};

use super::date_value::DateValue;
use super::definition::Recurrence;
use super::error::{RuleError, RuleResult};
use super::instance::Instance;
use super::rule::{ByDay, Freq, Rule};
use super::series::Series;
use super::start::SeriesStart;
use crate::time::Timestamp;

fn unsupported(message: impl Into<String>) -> RuleError {
    RuleError::in_rule("unsupported", message)
}

/// With the feature `rrule`.
impl TryFrom<&RRule<Unvalidated>> for Rule {
    type Error = RuleError;

    /// # Errors
    /// `unsupported` for `SECONDLY` and `MINUTELY`, `invalid_rule` for what RFC 5545 does not allow.
    fn try_from(theirs: &RRule<Unvalidated>) -> RuleResult<Self> {
        read(theirs)
    }
}

/// With the feature `rrule`.
impl TryFrom<&Rule> for RRule<Unvalidated> {
    type Error = RuleError;

    /// # Errors
    /// `unsupported` for what the crate lacks or gets wrong: UNTIL that is no instant, INTERVAL above 65,535,
    /// BYWEEKNO, BYSETPOS with WEEKLY, and BYDAY with and without numbers.
    fn try_from(rule: &Rule) -> RuleResult<Self> {
        check_expanded_alike(rule)?;
        written(rule)
    }
}

/// Refuses rules that version 0.14 of the crate expands wrongly: see the docs of this crate.
fn check_expanded_alike(rule: &Rule) -> RuleResult<()> {
    let numbered = rule.by_day().iter().filter(|day| day.nth.is_some()).count();
    if !rule.by_week_no().is_empty() {
        return Err(unsupported("BYWEEKNO: rrule 0.14 computes some weeks wrongly"));
    }
    if rule.freq() == Freq::Weekly && !rule.by_set_pos().is_empty() {
        return Err(unsupported("BYSETPOS with FREQ=WEEKLY: rrule 0.14 computes it wrongly"));
    }
    if numbered > 0 && numbered < rule.by_day().len() {
        return Err(unsupported("BYDAY with and without numbers: rrule 0.14 computes it wrongly"));
    }
    Ok(())
}

/// With the feature `rrule`.
impl TryFrom<&RRuleSet> for Series {
    type Error = RuleError;

    /// The series with the instances of the set. Its limits `before` and `after` are not taken along. If the
    /// set does not contain its start, the series excludes it by an EXDATE.
    ///
    /// # Errors
    /// `unsupported` for several rules, for EXRULE, and for negative BYMONTHDAY, which the crate does not
    /// tell: parse the text of the set instead. `unknown_zone` for the local time zone of the machine. The
    /// errors of [`Rule`] and [`Series::new`].
    ///
    /// ```
    /// use eventcore_recurrence::Series;
    /// use rrule::RRuleSet;
    ///
    /// let text = "DTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY;COUNT=3";
    /// let set: RRuleSet = text.parse().unwrap();
    /// let series = Series::try_from(&set)?;
    /// assert_eq!(series.all(10)?.len(), 3);
    /// let again = RRuleSet::try_from(&series)?;
    /// assert_eq!(again.all(10).dates, set.all(10).dates);
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    fn try_from(set: &RRuleSet) -> RuleResult<Self> {
        let start = set.get_dt_start();
        let CrateTz::Tz(tz) = start.timezone() else {
            let message = "the local time zone of the machine has no name";
            return Err(RuleError::at("/dtstart", "unknown_zone", message));
        };
        if !set.get_exrule().is_empty() {
            return Err(unsupported("EXRULE is not supported: RFC 5545 has removed it"));
        }
        let rule = match set.get_rrule().as_slice() {
            [] => None,
            [theirs] => {
                let rule = read(theirs)?;
                let again = written(&rule)?.validate(*start).ok();
                if again.as_ref() != Some(theirs) {
                    return Err(unsupported(
                        "rrule does not tell negative BYMONTHDAYs and BYEASTER: parse the text of the set",
                    ));
                }
                Some(rule)
            }
            _ => return Err(unsupported("several RRULEs are not supported")),
        };
        let instants = |dates: &[DateTime<CrateTz>]| {
            dates.iter().map(|date| DateValue::Utc(Timestamp::from(*date))).collect::<Vec<_>>()
        };
        let first = Timestamp::from(*start);
        let start = SeriesStart::at(start.naive_local(), tz).with_instant(first);
        let (rdate, exdate) = (instants(set.get_rdate()), instants(set.get_exdate()));
        let series = Self::new(start, Recurrence { rrule: rule, rdate, exdate })?;
        series.without_start_off_rule(DateValue::Utc(first))
    }
}

impl Series {
    /// This series without a start that the rule does not match, which the crate leaves out and does not
    /// count.
    fn without_start_off_rule(self, first: DateValue) -> RuleResult<Self> {
        let has_rule = self.rule().is_some();
        if has_rule && self.starts_by_rule()? {
            return Ok(self);
        }
        let mut recurrence = self.recurrence().clone();
        if !recurrence.rdate.contains(&first) {
            recurrence.exdate.push(first);
        }
        if let Some(rule) = recurrence.rrule.take() {
            recurrence.rrule = Some(match rule.count() {
                Some(count) => rule.with_count(count.saturating_add(1))?,
                None => rule,
            });
        }
        Self::new(self.start(), recurrence)
    }
}

/// With the feature `rrule`.
impl TryFrom<&Series> for RRuleSet {
    type Error = RuleError;

    /// The set with the instances of the series. Its time-zone data are those of the crate.
    ///
    /// # Errors
    /// `unsupported` for whole days and floating series, which the crate lacks, for a start that the clocks
    /// skip, and for what the conversion of a [`Rule`] refuses; `too_much_work`.
    fn try_from(series: &Series) -> RuleResult<Self> {
        if series.is_floating() || series.is_all_day() {
            return Err(unsupported("rrule has neither whole days nor times without a time zone"));
        }
        let first = series.first_instant();
        let tz = CrateTz::Tz(series.start().tz);
        let instant = |at: Timestamp| -> DateTime<CrateTz> { at.to_utc().with_timezone(&tz) };
        let start = instant(first);
        if start.naive_local() != series.first_local() {
            return Err(unsupported("the clocks skip the start, or rrule has other time-zone data"));
        }
        let (added, excluded) = series.exceptions_from(Timestamp::MIN)?;
        // The crate gives an RDATE twice that is an instance of the rule or of another RDATE.
        let by_rule = Series::new(
            series.start(),
            Recurrence { rrule: series.rule().cloned(), ..Recurrence::default() },
        )?;
        let mut rdates = Vec::new();
        for added in added.iter().map(Instance::original_start) {
            if by_rule.at(added)?.is_none() {
                rdates.push(instant(added));
            }
        }
        let exdates = excluded.iter().map(|excluded| instant(excluded.original_start())).collect();
        let mut rules = Vec::new();
        let mut rule = series.calendar_rule();
        if rule.is_none() || !series.starts_by_rule()? {
            rdates.push(start);
            rule = match rule {
                Some(rule) => match rule.count() {
                    Some(1) => None,
                    Some(count) => Some(rule.with_count(count - 1)?),
                    None => Some(rule),
                },
                None => None,
            };
        }
        if let Some(rule) = rule {
            let theirs = RRule::try_from(&rule)?.validate(start);
            rules.push(theirs.map_err(|error| unsupported(format!("rrule refuses {rule}: {error}")))?);
        }
        Ok(Self::new(start).set_rrules(rules).set_rdates(rdates).set_exdates(exdates))
    }
}

/// Writes a rule by the setters of the crate.
fn written(rule: &Rule) -> RuleResult<RRule<Unvalidated>> {
    let interval = u16::try_from(rule.interval())
        .map_err(|_| unsupported(format!("INTERVAL={} is above 65535", rule.interval())))?;
    let months = rule.by_month().iter().filter_map(|month| Month::try_from(*month).ok());
    let days = rule.by_day().iter().map(|day| NWeekday::new(day.nth.map(i16::from), day.weekday));
    let mut theirs = RRule::new(match rule.freq() {
        Freq::Hourly => Frequency::Hourly,
        Freq::Daily => Frequency::Daily,
        Freq::Weekly => Frequency::Weekly,
        Freq::Monthly => Frequency::Monthly,
        Freq::Yearly => Frequency::Yearly,
    })
    .interval(interval)
    .week_start(rule.week_start())
    .by_month(&months.collect::<Vec<_>>())
    .by_month_day(rule.by_month_day().to_vec())
    .by_year_day(rule.by_year_day().to_vec())
    .by_weekday(days.collect())
    .by_hour(rule.by_hour().to_vec())
    .by_minute(rule.by_minute().to_vec())
    // RFC 5545 reads second 60 as 59, and the crate refuses it.
    .by_second(rule.by_second().iter().map(|second| *second.min(&59)).collect())
    .by_set_pos(rule.by_set_pos().iter().map(|position| i32::from(*position)).collect());
    if let Some(count) = rule.count() {
        theirs = theirs.count(count);
    }
    match rule.until() {
        Some(DateValue::Utc(until)) => theirs = theirs.until(until.to_utc().with_timezone(&CrateTz::UTC)),
        Some(until) => {
            let until = until.to_basic();
            return Err(unsupported(format!("UNTIL={until} is no instant: convert the whole series")));
        }
        None => {}
    }
    Ok(theirs)
}

/// Reads a rule by the getters of the crate.
fn read<S>(theirs: &RRule<S>) -> RuleResult<Rule> {
    let freq = match theirs.get_freq() {
        Frequency::Yearly => Freq::Yearly,
        Frequency::Monthly => Freq::Monthly,
        Frequency::Weekly => Freq::Weekly,
        Frequency::Daily => Freq::Daily,
        Frequency::Hourly => Freq::Hourly,
        shorter @ (Frequency::Minutely | Frequency::Secondly) => {
            let message = format!("FREQ={shorter} is not supported: the shortest period is FREQ=HOURLY");
            return Err(unsupported(message));
        }
    };
    let days = theirs.get_by_weekday().iter().map(|day| match day {
        NWeekday::Every(weekday) => Ok(ByDay::every(*weekday)),
        NWeekday::Nth(nth, weekday) => i8::try_from(*nth)
            .map(|nth| ByDay::nth(nth, *weekday))
            .map_err(|_| RuleError::in_rule("invalid_rule", format!("BYDAY={nth}: must be 1 to 53"))),
    });
    let positions = theirs.get_by_set_pos().iter().map(|position| {
        i16::try_from(*position)
            .map_err(|_| RuleError::in_rule("invalid_rule", format!("BYSETPOS={position}: must be 1 to 366")))
    });
    let mut rule = Rule::builder(freq)
        .by_month(theirs.get_by_month().iter().copied())
        .by_week_no(theirs.get_by_week_no().iter().copied())
        .by_year_day(theirs.get_by_year_day().iter().copied())
        .by_month_day(theirs.get_by_month_day().iter().copied())
        .by_day(days.collect::<RuleResult<Vec<_>>>()?)
        .by_hour(theirs.get_by_hour().iter().copied())
        .by_minute(theirs.get_by_minute().iter().copied())
        .by_second(theirs.get_by_second().iter().copied())
        .by_set_pos(positions.collect::<RuleResult<Vec<_>>>()?);
    if theirs.get_interval() != 1 {
        rule = rule.interval(theirs.get_interval().into());
    }
    if theirs.get_week_start() != chrono::Weekday::Mon {
        rule = rule.week_start(theirs.get_week_start());
    }
    if let Some(count) = theirs.get_count() {
        rule = rule.count(count);
    }
    if let Some(until) = theirs.get_until() {
        rule = rule.until(Timestamp::from(until.with_timezone(&Utc)));
    }
    rule.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> RRuleSet {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn ours(series: &Series) -> Vec<Timestamp> {
        series.iter().take(50).map(|instance| instance.unwrap().original_start()).collect()
    }

    fn theirs(set: RRuleSet) -> Vec<Timestamp> {
        set.all(50).dates.into_iter().map(Timestamp::from).collect()
    }

    #[test]
    fn sets_and_series_have_the_same_instances() {
        for text in [
            "DTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY;COUNT=5",
            "DTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5",
            "DTSTART;TZID=Europe/Berlin:20270325T183000\n\
             RRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20280101T000000Z",
            "DTSTART:20270325T183000Z\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=9\nEXDATE:20270328T183000Z",
            "DTSTART:20270325T183000Z\nRDATE:20270401T183000Z",
            "DTSTART:20270325T183000Z\nRDATE:20270325T183000Z,20270401T183000Z",
        ] {
            let set = set(text);
            let series = Series::try_from(&set).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(ours(&series), theirs(set), "{text}");
            let again = RRuleSet::try_from(&series).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(theirs(again), ours(&series), "{text}");
        }
    }

    #[test]
    fn days_are_excluded_by_their_instants_and_nothing_is_added_twice() {
        for lines in [
            "RRULE:FREQ=DAILY;COUNT=5\nEXDATE;VALUE=DATE:20270326",
            "RRULE:FREQ=DAILY;COUNT=5\nRDATE:20270326T183000Z,20270326T190000Z,20270326T190000Z",
            "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5\nRDATE:20270325T183000Z",
        ] {
            let series: Series = format!("DTSTART:20270325T183000Z\n{lines}").parse().unwrap();
            assert_eq!(theirs(RRuleSet::try_from(&series).unwrap()), ours(&series), "{lines}");
        }
    }

    #[test]
    fn what_the_crate_lacks_is_refused_with_a_reason() {
        for (text, reason) in [
            ("DTSTART:20270325T183000", "whole days"),
            ("DTSTART;VALUE=DATE:20270325", "whole days"),
            ("DTSTART;TZID=Europe/Berlin:20270328T023000", "skip"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=MONTHLY;BYDAY=3MO,WE", "BYDAY"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=DAILY;INTERVAL=70000", "INTERVAL"),
        ] {
            let refused = RRuleSet::try_from(&text.parse::<Series>().unwrap()).unwrap_err();
            assert_eq!(refused.code(), "unsupported", "{text}");
            assert!(refused.message().contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn what_this_crate_lacks_is_refused_with_a_reason() {
        for (text, code, reason) in [
            ("DTSTART:20270325T183000\nRRULE:FREQ=DAILY", "unknown_zone", "machine"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=SECONDLY", "unsupported", "SECONDLY"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1,-1", "unsupported", "BYMONTHDAY"),
            ("DTSTART:20270325T183000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "unsupported", "several"),
        ] {
            let refused = Series::try_from(&set(text)).unwrap_err();
            assert_eq!(refused.code(), code, "{text}");
            assert!(refused.message().contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn rules_keep_every_part() {
        let text = "FREQ=YEARLY;BYMONTH=1,12;BYYEARDAY=1,-1;BYMONTHDAY=1,-1;BYDAY=MO,SU;BYHOUR=0;BYMINUTE=1;\
                    BYSECOND=2;BYSETPOS=1,-1;INTERVAL=2;WKST=SU;UNTIL=20280101T000000Z";
        let rule: Rule = text.parse().unwrap();
        let theirs = RRule::try_from(&rule).unwrap();
        assert_eq!(Rule::try_from(&theirs).unwrap().to_string(), text);
    }
}
