//! English → rule, for the phrases that people type: "every other Friday 10 times", "last Friday of the month until June".

mod read;
mod words;

use chrono::{NaiveDate, Weekday};

use super::error::{Result, RuleError};
use super::rule::{ByDay, Freq, Rule};
use read::{Days, End, Kind, Phrase};

impl Rule {
    /// Reads a phrase in English. `start` is the first date: "until May" means the first May after it, and ends with the last of April.
    ///
    /// "Every second Tuesday" means every other week; "every second Tuesday of the month" means what it says.
    ///
    /// # Errors
    /// `not_understood`, with words that say what was not.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use eventcore::recurrence::Rule;
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
    /// # Ok::<(), eventcore::recurrence::RuleError>(())
    /// ```
    pub fn from_english(phrase: &str, start: NaiveDate) -> Result<Self> {
        if phrase.chars().count() > Self::MAX_LENGTH {
            return Err(RuleError::in_rule(
                "too_long",
                format!("a phrase may have {} characters", Self::MAX_LENGTH),
            ));
        }
        let phrase = read::phrase(phrase, start)?;
        let end = phrase.end;
        let rule = phrase.into_rule()?;
        match end {
            None => Ok(rule),
            Some(End::Count(count)) => rule.with_count(count),
            Some(End::Until(date)) => Ok(rule.with_until(super::DateValue::Date(date))),
        }
    }
}

pub(super) fn not_understood(what: impl Into<String>) -> RuleError {
    RuleError::in_rule("not_understood", what)
}

impl Phrase {
    fn into_rule(mut self) -> Result<Rule> {
        self.months = once(self.months);
        self.days.plain = once(self.days.plain);
        self.days.numbered = once(self.days.numbered);
        let freq = self.freq_meant()?;
        let interval = match self.days.numbered.as_slice() {
            [(nth, _)] if freq == Freq::Weekly => u32::try_from(*nth).unwrap_or(1),
            _ => self.interval,
        };
        let interval =
            std::num::NonZeroU32::new(interval).ok_or_else(|| not_understood("“every 0” never comes"))?;
        let mut rule = Rule::new(freq);
        if interval.get() > 1 {
            rule = rule.every(interval);
        }
        if !self.months.is_empty() {
            let months = self.months.iter().filter_map(|month| u8::try_from(*month).ok());
            rule = rule.in_months(months.collect());
        }
        let Days { plain, numbered, dates: mut month_days } = self.days;
        month_days.extend(numbered.iter().filter(|(_, kind)| *kind == Kind::Day).map(|(nth, _)| *nth));
        if !month_days.is_empty() {
            rule = rule.on_month_days(once(month_days).into_iter().map(month_day).collect::<Result<_>>()?);
        }
        let numbered = numbered.into_iter().filter(|(_, kind)| *kind != Kind::Day).collect();
        if freq == Freq::Weekly {
            return weekly(rule, plain, numbered).checked();
        }
        numbered_days(rule, &plain, numbered)?.checked()
    }

    /// How often, where the phrase says it by its days: "the last Friday of the month" is monthly.
    fn freq_meant(&self) -> Result<Freq> {
        let Days { plain, numbered, dates: month_days } = &self.days;
        let by_number = match self.freq {
            Some(freq) => return self.check_freq(freq),
            None if !self.months.is_empty() && !self.within_month => Freq::Yearly,
            None => Freq::Monthly,
        };
        match numbered.as_slice() {
            // "Every second Tuesday", every two weeks.
            [(2.., Kind::Weekday(_) | Kind::Workday)]
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

    fn check_freq(&self, freq: Freq) -> Result<Freq> {
        let Days { plain, numbered, dates: month_days } = &self.days;
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
            Freq::Weekly | Freq::Hourly if !(numbered.is_empty() && month_days.is_empty()) => Err(
                not_understood("a day of the month doesn't come every week: say “every month on the 15th”"),
            ),
            // "Every day on Monday and Tuesday".
            Freq::Daily if !plain.is_empty() && self.interval == 1 => Ok(Freq::Weekly),
            freq => Ok(freq),
        }
    }
}

fn too_many(nth: i32) -> RuleError {
    not_understood(format!("no month has a {nth}th of any weekday"))
}

/// Each once, in order: who says a day twice means it once.
fn once<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(list.len());
    for item in list {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

fn month_day(n: i32) -> Result<i8> {
    i8::try_from(n)
        .ok()
        .filter(|n| (1..=31).contains(&n.abs()))
        .ok_or_else(|| not_understood(format!("no month has a day {n}")))
}

/// Numbers have gone into INTERVAL.
fn weekly(rule: Rule, plain: Vec<Weekday>, numbered: Vec<(i32, Kind)>) -> Rule {
    let mut days = plain;
    for (_, kind) in numbered {
        days.extend(kind.weekdays());
    }
    if days.is_empty() {
        return rule;
    }
    rule.on_days(once(days).into_iter().map(|weekday| ByDay { nth: None, weekday }).collect())
}

fn numbered_days(rule: Rule, plain: &[Weekday], numbered: Vec<(i32, Kind)>) -> Result<Rule> {
    if numbered.iter().any(|(_, kind)| !matches!(kind, Kind::Weekday(_))) {
        return chosen_days(rule, &numbered);
    }
    let mut days: Vec<ByDay> = plain.iter().map(|weekday| ByDay { nth: None, weekday: *weekday }).collect();
    for (nth, kind) in numbered {
        let nth = i8::try_from(nth).ok().filter(|n| n.abs() <= 5).ok_or_else(|| too_many(nth))?;
        days.extend(kind.weekdays().into_iter().map(|weekday| ByDay { nth: Some(nth), weekday }));
    }
    Ok(if days.is_empty() { rule } else { rule.on_days(days) })
}

/// "The last weekday of the month": one of many days, by its position.
fn chosen_days(rule: Rule, numbered: &[(i32, Kind)]) -> Result<Rule> {
    let Some((_, kind)) = numbered.first() else { return Ok(rule) };
    if numbered.iter().any(|(_, other)| other != kind) {
        return Err(not_understood(
            "say it in two rules: weekdays and single days cannot be numbered together",
        ));
    }
    let days = kind.weekdays().into_iter().map(|weekday| ByDay { nth: None, weekday }).collect();
    let position = |nth: i32| i16::try_from(nth).ok().filter(|n| n.abs() <= 31).ok_or_else(|| too_many(nth));
    let positions = numbered.iter().map(|(nth, _)| position(*nth)).collect::<Result<_>>()?;
    Ok(rule.on_days(days).choosing(positions))
}
