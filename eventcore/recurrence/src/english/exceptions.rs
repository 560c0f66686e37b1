//! What a phrase excludes: "except 25 December and New Year's Day", "except in August", "but not Fridays".

use super::phrase::{DayKind, PhraseParser, not_understood};
use super::words::Word;
use crate::error::RuleResult;

impl PhraseParser {
    /// The list after "except".
    pub(super) fn except(&mut self) -> RuleResult<()> {
        let before = self.phrase.except.len();
        while self.skip(&["for", "not"]) {}
        loop {
            while self.skip(&["on", "in", "the", "and", "or", "&"]) {}
            let place = self.at;
            if !self.exception()? {
                self.at = place;
                break;
            }
        }
        if self.phrase.except.len() > before {
            return Ok(());
        }
        match self.next() {
            Some(_) => Err(self.unexpected_word()),
            None => Err(not_understood("say what is excluded, such as “except 25 December”")),
        }
    }

    /// One item of the list. `false` if what follows belongs to the rest of the phrase.
    fn exception(&mut self) -> RuleResult<bool> {
        if let Some(day) = self.holiday() {
            self.phrase.except.dates.push(day?);
            return Ok(true);
        }
        match self.next() {
            Some(Word::Date(date)) => self.phrase.except.dates.push(date),
            Some(Word::Weekday(weekday)) => self.phrase.except.weekdays.push(weekday),
            Some(Word::Weekend) => {
                self.skip(&["day", "days"]);
                self.phrase.except.weekdays.extend(DayKind::Weekend.weekdays());
            }
            Some(Word::Month(month)) => return self.month_or_day_of(month).map(|()| true),
            Some(Word::Number(first)) => return self.days_of_month(first),
            Some(Word::Ordinal(first)) => match u32::try_from(first) {
                Ok(first) => return self.days_of_month(first),
                Err(_) => return Ok(false),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// "August", "December 25".
    fn month_or_day_of(&mut self, month: u32) -> RuleResult<()> {
        let day = match self.peek() {
            Some(Word::Number(day @ 1..=31)) if !self.count_follows() => Some(*day),
            Some(Word::Ordinal(day)) => u32::try_from(*day).ok(),
            _ => None,
        };
        match day {
            Some(day) => {
                self.at += 1;
                self.excluded_date(day, month)
            }
            None => {
                self.phrase.except.months.push(month);
                Ok(())
            }
        }
    }

    /// "25 December", "24th, 25th and 26th of December". `false` if no month follows: "10 times".
    fn days_of_month(&mut self, first: u32) -> RuleResult<bool> {
        let mut days = vec![first];
        loop {
            while self.skip(&["and", "or", "&", "of", "the"]) {}
            match self.next() {
                Some(Word::Number(day)) => days.push(day),
                Some(Word::Ordinal(day)) => days.extend(u32::try_from(day).ok()),
                Some(Word::Month(month)) => {
                    let (last, rest) = days.split_last().unwrap_or((&first, &[]));
                    let at = self.at;
                    // The year behind the last day holds for all.
                    for day in rest.iter().chain([last]) {
                        self.at = at;
                        self.excluded_date(*day, month)?;
                    }
                    return Ok(true);
                }
                _ => return Ok(false),
            }
        }
    }

    fn excluded_date(&mut self, day: u32, month: u32) -> RuleResult<()> {
        let date =
            self.dated(day, month).ok_or_else(|| not_understood("the date after “except” does not exist"))?;
        self.phrase.except.dates.push(date);
        Ok(())
    }
}
