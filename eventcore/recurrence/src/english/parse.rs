//! `Rule::from_english`: turns the parts of a phrase into a rule.

use std::num::NonZeroU32;

use chrono::{NaiveDate, Weekday};

use super::phrase::{self, DayKind, Phrase, PhraseDays, PhraseEnd, not_understood};
use crate::date_value::DateValue;
use crate::definition::Recurrence;
use crate::error::{RuleError, RuleResult};
use crate::rule::{ByDay, Freq, Rule};

impl Rule {
    /// Parses an English phrase such as "every other Friday 10 times". `start` is the date of the first
    /// instance: "until May" ends on the last day of the April before the first May after it.
    ///
    /// "Every second Tuesday" is weekly with INTERVAL=2; "every second Tuesday of the month" is monthly.
    ///
    /// # Errors
    /// `not_understood` with the word that has no meaning there; `too_long`.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use eventcore_recurrence::Rule;
    ///
    /// let start = NaiveDate::from_ymd_opt(2027, 10, 5).unwrap();
    /// for (phrase, rule) in [
    ///     ("every other friday 10 times", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;COUNT=10"),
    ///     ("every second tuesday until may", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20280430"),
    ///     ("last friday of the month", "FREQ=MONTHLY;BYDAY=-1FR"),
    ///     ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ///     ("every month on the 15th", "FREQ=MONTHLY;BYMONTHDAY=15"),
    /// ] {
    ///     assert_eq!(Rule::from_english(phrase, start)?.to_string(), rule);
    /// }
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn from_english(phrase: &str, start: NaiveDate) -> RuleResult<Self> {
        let (rule, except) = read_all(phrase, start)?;
        if except.is_empty() {
            return Ok(rule);
        }
        Err(not_understood("a rule alone excludes no dates: they belong in EXDATE"))
    }
}

impl Recurrence {
    /// Parses an English phrase as [`Rule::from_english`] does, which may also exclude dates: "every Friday
    /// until Christmas except 4 and 11 December". An excluded date without a year is the next one.
    ///
    /// # Errors
    /// Those of [`Rule::from_english`].
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use eventcore_recurrence::Recurrence;
    ///
    /// let start = NaiveDate::from_ymd_opt(2027, 10, 5).unwrap();
    /// let recurrence = Recurrence::from_english("every weekday until christmas except 1 nov", start)?;
    /// assert_eq!(recurrence.rrule.unwrap().to_string(), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20271225");
    /// assert_eq!(recurrence.exdate[0].to_string(), "2027-11-01");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn from_english(phrase: &str, start: NaiveDate) -> RuleResult<Self> {
        let (rule, except) = read_all(phrase, start)?;
        let exdate = except.into_iter().map(DateValue::Date).collect();
        Ok(Self { exdate, ..Self::of(rule) })
    }
}

/// The rule of a phrase, and the dates that it excludes.
fn read_all(phrase: &str, start: NaiveDate) -> RuleResult<(Rule, Vec<NaiveDate>)> {
    if phrase.chars().count() > Rule::MAX_LENGTH {
        return Err(RuleError::in_rule(
            "too_long",
            format!("the phrase is too long: at most {} characters", Rule::MAX_LENGTH),
        ));
    }
    let mut phrase = phrase::read(phrase, start)?;
    let end = phrase.end;
    let except = without_repeats(std::mem::take(&mut phrase.except.dates));
    phrase.exclude_days()?;
    let rule = phrase.into_rule()?;
    let rule = match end {
        None => rule,
        Some(PhraseEnd::Count(count)) => rule.with_count(count)?,
        Some(PhraseEnd::Until(date)) => rule.with_until(DateValue::Date(date)),
    };
    Ok((rule, except))
}

impl Phrase {
    /// Takes excluded weekdays and months out of those of the rule: "every weekday except Friday".
    fn exclude_days(&mut self) -> RuleResult<()> {
        let (weekdays, months) = (&self.except.weekdays, &self.except.months);
        if !weekdays.is_empty() {
            let daily = self.freq == Some(Freq::Daily) && self.interval == 1;
            if self.days.plain.is_empty() && daily && !self.has_numbers() {
                self.days.plain = DayKind::Workday.weekdays();
                self.days.plain.extend(DayKind::Weekend.weekdays());
            }
            if self.days.plain.is_empty() || self.has_numbers() {
                return Err(not_understood(
                    "only a rule by weekdays can exclude weekdays: name dates instead",
                ));
            }
            self.days.plain.retain(|day| !weekdays.contains(day));
            if self.days.plain.is_empty() {
                return Err(not_understood("nothing is left: “except” excludes all days of the rule"));
            }
        }
        if !months.is_empty() {
            if self.months.is_empty() {
                self.months = (1..=12).collect();
            }
            self.months.retain(|month| !months.contains(month));
            if self.months.is_empty() {
                return Err(not_understood("nothing is left: “except” excludes all months of the rule"));
            }
            self.within_month = true;
        }
        Ok(())
    }

    fn has_numbers(&self) -> bool {
        !(self.days.numbered.is_empty() && self.days.dates.is_empty())
    }

    fn into_rule(mut self) -> RuleResult<Rule> {
        self.months = without_repeats(self.months);
        self.days.plain = without_repeats(self.days.plain);
        self.days.numbered = without_repeats(self.days.numbered);
        let freq = self.effective_freq()?;
        let interval = match self.days.numbered.as_slice() {
            [(nth, _)] if freq == Freq::Weekly => u32::try_from(*nth).unwrap_or(1),
            _ => self.interval,
        };
        let interval =
            NonZeroU32::new(interval).ok_or_else(|| not_understood("“every 0” is not possible"))?;
        let mut rule = Rule::new(freq);
        if interval.get() > 1 {
            rule = rule.with_interval(interval);
        }
        if !self.months.is_empty() {
            let months = self.months.iter().filter_map(|month| u8::try_from(*month).ok());
            rule = rule.with_months(months.collect());
        }
        let PhraseDays { plain, numbered, dates: mut month_days } = self.days;
        month_days.extend(numbered.iter().filter(|(_, kind)| *kind == DayKind::Day).map(|(nth, _)| *nth));
        if !month_days.is_empty() {
            rule = rule.with_month_days(
                without_repeats(month_days).into_iter().map(month_day).collect::<RuleResult<_>>()?,
            );
        }
        let numbered = numbered.into_iter().filter(|(_, kind)| *kind != DayKind::Day).collect();
        if freq == Freq::Weekly {
            return weekly(rule, plain, numbered).checked();
        }
        numbered_days(rule, &plain, numbered)?.checked()
    }

    /// FREQ. If the phrase does not name it, it follows from the days: "the last Friday of the month" is
    /// monthly.
    fn effective_freq(&self) -> RuleResult<Freq> {
        let PhraseDays { plain, numbered, dates: month_days } = &self.days;
        let by_number = match self.freq {
            Some(freq) => return self.check_freq(freq),
            None if !self.months.is_empty() && !self.within_month => Freq::Yearly,
            None => Freq::Monthly,
        };
        match numbered.as_slice() {
            // "every second Tuesday" is every two weeks.
            [(2.., DayKind::Weekday(_) | DayKind::Workday)]
                if self.every && !self.within_month && self.months.is_empty() =>
            {
                Ok(Freq::Weekly)
            }
            [_, ..] => Ok(by_number),
            [] if !month_days.is_empty() => Ok(by_number),
            [] if !plain.is_empty() => Ok(Freq::Weekly),
            [] if !self.months.is_empty() => Ok(Freq::Yearly),
            [] => Err(not_understood("say how often, such as “every week” or “every other Friday”")),
        }
    }

    fn check_freq(&self, freq: Freq) -> RuleResult<Freq> {
        let PhraseDays { plain, numbered, dates: month_days } = &self.days;
        match freq {
            Freq::Monthly if !plain.is_empty() => {
                Err(not_understood("say which one of the month, such as “the first Monday of the month”"))
            }
            Freq::Yearly
                if self.months.is_empty()
                    && !(plain.is_empty() && numbered.is_empty() && month_days.is_empty()) =>
            {
                Err(not_understood("say in which month of the year"))
            }
            Freq::Weekly | Freq::Hourly if !(numbered.is_empty() && month_days.is_empty()) => {
                Err(not_understood(
                    "a day of the month cannot repeat weekly or hourly: say “every month on the 15th”",
                ))
            }
            // "every day on Monday and Tuesday"
            Freq::Daily if !plain.is_empty() && self.interval == 1 => Ok(Freq::Weekly),
            freq => Ok(freq),
        }
    }
}

fn too_many(nth: i32) -> RuleError {
    not_understood(format!("no month has a {nth}th of any weekday"))
}

/// Removes repeated items; the order stays.
fn without_repeats<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut unique = Vec::with_capacity(list.len());
    for item in list {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique
}

fn month_day(n: i32) -> RuleResult<i8> {
    i8::try_from(n)
        .ok()
        .filter(|n| (1..=31).contains(&n.abs()))
        .ok_or_else(|| not_understood(format!("no month has a day {n}")))
}

/// Numbers of weekdays are already in INTERVAL.
fn weekly(rule: Rule, plain: Vec<Weekday>, numbered: Vec<(i32, DayKind)>) -> Rule {
    let mut days = plain;
    for (_, kind) in numbered {
        days.extend(kind.weekdays());
    }
    if days.is_empty() {
        return rule;
    }
    rule.with_days(without_repeats(days).into_iter().map(|weekday| ByDay { nth: None, weekday }).collect())
}

fn numbered_days(rule: Rule, plain: &[Weekday], numbered: Vec<(i32, DayKind)>) -> RuleResult<Rule> {
    if numbered.iter().any(|(_, kind)| !matches!(kind, DayKind::Weekday(_))) {
        return days_by_position(rule, &numbered);
    }
    let mut days: Vec<ByDay> = plain.iter().map(|weekday| ByDay { nth: None, weekday: *weekday }).collect();
    for (nth, kind) in numbered {
        let nth = i8::try_from(nth).ok().filter(|n| n.abs() <= 5).ok_or_else(|| too_many(nth))?;
        days.extend(kind.weekdays().into_iter().map(|weekday| ByDay { nth: Some(nth), weekday }));
    }
    Ok(if days.is_empty() { rule } else { rule.with_days(days) })
}

/// BYSETPOS for phrases such as "the last weekday of the month".
fn days_by_position(rule: Rule, numbered: &[(i32, DayKind)]) -> RuleResult<Rule> {
    let Some((_, kind)) = numbered.first() else { return Ok(rule) };
    if numbered.iter().any(|(_, other)| other != kind) {
        return Err(not_understood(
            "use two rules: numbered weekdays and numbered single days cannot be combined",
        ));
    }
    let days = kind.weekdays().into_iter().map(|weekday| ByDay { nth: None, weekday }).collect();
    let position = |nth: i32| i16::try_from(nth).ok().filter(|n| n.abs() <= 31).ok_or_else(|| too_many(nth));
    let positions = numbered.iter().map(|(nth, _)| position(*nth)).collect::<RuleResult<_>>()?;
    Ok(rule.with_days(days).with_set_positions(positions))
}
