//! Parser of English phrases: FREQ and INTERVAL, days and months. The end is in [`super::ending`], what is
//! excluded in [`super::exceptions`].

use chrono::{NaiveDate, Weekday};

use super::words::{Word, split};
use crate::error::{RuleError, RuleResult};
use crate::rule::Freq;

/// The error for a phrase that means no rule. `what` is the message for the user.
pub(super) fn not_understood(what: impl Into<String>) -> RuleError {
    RuleError::in_rule("not_understood", what)
}

/// The kind of day that a number counts: "the last *weekday*".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayKind {
    Day,
    Weekday(Weekday),
    Workday,
    Weekend,
}

impl DayKind {
    pub(super) fn weekdays(self) -> Vec<Weekday> {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        match self {
            Self::Day => Vec::new(),
            Self::Weekday(weekday) => vec![weekday],
            Self::Workday => vec![Mon, Tue, Wed, Thu, Fri],
            Self::Weekend => vec![Sat, Sun],
        }
    }
}

/// The days of a phrase.
#[derive(Debug, Default)]
pub(super) struct PhraseDays {
    pub(super) plain: Vec<Weekday>,
    pub(super) numbered: Vec<(i32, DayKind)>,
    pub(super) dates: Vec<i32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum PhraseEnd {
    Count(u32),
    Until(NaiveDate),
}

/// The days that a phrase excludes.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    pub(super) dates: Vec<NaiveDate>,
    pub(super) weekdays: Vec<Weekday>,
    /// 1 to 12.
    pub(super) months: Vec<u32>,
}

impl Exceptions {
    pub(super) fn len(&self) -> usize {
        self.dates.len() + self.weekdays.len() + self.months.len()
    }
}

/// The parts of a phrase.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) freq: Option<Freq>,
    pub(super) interval: u32,
    /// Whether it contains "every".
    pub(super) every: bool,
    /// Whether it contains "of the month".
    pub(super) within_month: bool,
    pub(super) days: PhraseDays,
    pub(super) months: Vec<u32>,
    pub(super) end: Option<PhraseEnd>,
    pub(super) except: Exceptions,
}

pub(super) struct PhraseParser {
    pub(super) words: Vec<(Word, String)>,
    pub(super) at: usize,
    pub(super) start: NaiveDate,
    /// Numbers whose kind of day follows: "first and third Monday".
    pub(super) numbers: Vec<i32>,
    pub(super) phrase: Phrase,
}

pub(super) fn read(text: &str, start: NaiveDate) -> RuleResult<Phrase> {
    let phrase = Phrase {
        freq: None,
        interval: 1,
        every: false,
        within_month: false,
        days: PhraseDays::default(),
        months: Vec::new(),
        end: None,
        except: Exceptions::default(),
    };
    let mut reader = PhraseParser { words: split(text), at: 0, start, numbers: Vec::new(), phrase };
    if reader.words.is_empty() {
        return Err(not_understood("say how often, such as “every week” or “every other Friday”"));
    }
    while let Some(word) = reader.next() {
        reader.clause(word)?;
    }
    reader.close_numbers();
    Ok(reader.phrase)
}

impl PhraseParser {
    pub(super) fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at)?.0.clone();
        self.at += 1;
        Some(word)
    }

    pub(super) fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(word, _)| word)
    }

    pub(super) fn peek_is(&self, texts: &[&str]) -> bool {
        self.words.get(self.at).is_some_and(|(_, text)| texts.contains(&text.as_str()))
    }

    pub(super) fn skip(&mut self, texts: &[&str]) -> bool {
        let is = self.peek_is(texts);
        if is {
            self.at += 1;
        }
        is
    }

    pub(super) fn unexpected_word(&self) -> RuleError {
        let text =
            self.at.checked_sub(1).and_then(|at| self.words.get(at)).map_or("", |(_, text)| text.as_str());
        not_understood(format!(
            "“{}” is not understood here: write, for example, “every other Friday 10 times” \
             or “last Friday of the month until June”",
            text.chars().take(40).collect::<String>()
        ))
    }

    fn clause(&mut self, word: Word) -> RuleResult<()> {
        match word {
            Word::Often(freq, interval) => self.often(freq, interval),
            Word::Unit(unit) => self.unit(unit),
            Word::Number(number) => self.number(number),
            Word::Ordinal(n) => {
                self.numbers.push(n);
                Ok(())
            }
            Word::Weekday(weekday) => self.weekday(weekday),
            Word::Workday => {
                self.day(DayKind::Workday);
                Ok(())
            }
            Word::Weekend => {
                self.skip(&["day", "days"]);
                self.day(DayKind::Weekend);
                Ok(())
            }
            Word::Month(month) => self.month(month),
            Word::Date(_) => Err(self.unexpected_word()),
            Word::Other(text) => self.other(&text),
        }
    }

    fn other(&mut self, text: &str) -> RuleResult<()> {
        match text {
            "every" | "each" => {
                self.phrase.every = true;
                if self.skip(&["other", "alternate"]) {
                    self.phrase.interval = 2;
                }
                Ok(())
            }
            "alternate" => {
                self.phrase.every = true;
                self.phrase.interval = 2;
                Ok(())
            }
            "until" | "till" | "til" => self.until(false),
            "through" => self.until(true),
            "to" if self.peek_is(&["the", "end"]) => self.until(true),
            "for" => self.duration(),
            "once" if self.peek_is(&["a", "per", "every", "each"]) => {
                self.at += 1;
                self.phrase.every = true;
                Ok(())
            }
            "once" => self.end(PhraseEnd::Count(1)),
            "twice" if self.peek_is(&["a", "per", "every", "each"]) => self.times_in_period(2),
            "thrice" if self.peek_is(&["a", "per", "every", "each"]) => self.times_in_period(3),
            "twice" => self.end(PhraseEnd::Count(2)),
            "at" => Err(not_understood("the time of day is that of the start: omit “at …”")),
            "from" | "starting" | "beginning" if !self.weekday_range_follows() => {
                Err(not_understood("the first occurrence is at the start: omit “starting …”"))
            }
            "except" | "excluding" | "but" | "without" => self.except(),
            "on" | "the" | "of" | "in" | "and" | "or" | "&" | "a" | "per" | "repeat" | "repeats"
            | "during" | "forever" | "from" => Ok(()),
            _ => Err(self.unexpected_word()),
        }
    }

    fn often(&mut self, freq: Freq, interval: u32) -> RuleResult<()> {
        if self.phrase.freq.replace(freq).is_some() {
            return Err(self.unexpected_word());
        }
        if interval > 1 {
            self.phrase.interval = interval;
        }
        Ok(())
    }

    /// "every day", "every third week", "the last day", "of the month".
    fn unit(&mut self, unit: Freq) -> RuleResult<()> {
        // "of the month" as opposed to "every third month".
        let after_preposition =
            matches!(self.at.checked_sub(2).and_then(|at| self.words.get(at)), Some((Word::Other(_), _)));
        match unit {
            // "the first day of the month", "every third day of the month"
            Freq::Daily
                if !self.numbers.is_empty()
                    && (!self.phrase.every || self.phrase.freq.is_some() || self.month_follows()) =>
            {
                self.day(DayKind::Day);
                Ok(())
            }
            Freq::Monthly if after_preposition && self.has_days() && self.phrase.freq.is_none() => {
                self.phrase.within_month = true;
                Ok(())
            }
            Freq::Monthly if self.phrase.freq == Some(Freq::Monthly) => Ok(()),
            Freq::Yearly if self.phrase.freq == Some(Freq::Yearly) || !self.phrase.months.is_empty() => {
                Ok(())
            }
            _ => {
                match self.numbers.as_slice() {
                    [] => {}
                    [n] if self.phrase.every && *n > 0 => self.phrase.interval = n.unsigned_abs(),
                    _ => return Err(self.unexpected_word()),
                }
                self.numbers.clear();
                self.often(unit, 1)
            }
        }
    }

    pub(super) fn has_days(&self) -> bool {
        let days = &self.phrase.days;
        !(self.numbers.is_empty()
            && days.plain.is_empty()
            && days.numbered.is_empty()
            && days.dates.is_empty())
    }

    /// Whether "of the month", "of May" or the like follows.
    fn month_follows(&self) -> bool {
        let ahead = self.words[self.at.min(self.words.len())..].iter();
        let mut ahead =
            ahead.skip_while(|(_, text)| matches!(text.as_str(), "of" | "in" | "the" | "every" | "each"));
        matches!(ahead.next(), Some((Word::Month(_) | Word::Unit(Freq::Monthly), _)))
    }

    /// Whether "Monday to Friday" follows.
    fn weekday_range_follows(&self) -> bool {
        let Some([(first, _), (_, to), (last, _)]) = self.words.get(self.at..self.at + 3) else {
            return false;
        };
        matches!((first, last), (Word::Weekday(_), Word::Weekday(_)))
            && matches!(to.as_str(), "to" | "through")
    }

    fn number(&mut self, number: u32) -> RuleResult<()> {
        match self.peek() {
            Some(Word::Unit(_) | Word::Weekday(_)) if self.phrase.every && self.phrase.freq.is_none() => {
                self.phrase.interval = number;
                return Ok(());
            }
            Some(Word::Month(month)) => {
                let month = *month;
                self.at += 1;
                return self.day_within_month(number, month);
            }
            _ => {}
        }
        if !self.skip(&["times", "time", "occurrences", "dates", "sessions", "x"]) {
            return Err(self.unexpected_word());
        }
        if self.peek_is(&["a", "per", "every", "each"]) {
            return self.times_in_period(number);
        }
        self.end(PhraseEnd::Count(number))
    }

    fn weekday(&mut self, first: Weekday) -> RuleResult<()> {
        let last = match self.words.get(self.at..self.at + 2) {
            Some([(_, to), (Word::Weekday(last), _)]) if matches!(to.as_str(), "to" | "through") => *last,
            _ => {
                self.day(DayKind::Weekday(first));
                return Ok(());
            }
        };
        self.at += 2;
        let mut weekday = first;
        loop {
            self.day(DayKind::Weekday(weekday));
            if weekday == last {
                return Ok(());
            }
            weekday = weekday.succ();
        }
    }

    /// A kind of day, with the numbers before it: "first and third Monday".
    fn day(&mut self, kind: DayKind) {
        let numbers = std::mem::take(&mut self.numbers);
        if numbers.is_empty() {
            self.phrase.days.plain.extend(kind.weekdays());
        }
        self.phrase.days.numbered.extend(numbers.into_iter().map(|n| (n, kind)));
    }

    /// "May", "May 3", "the 3rd of May".
    fn month(&mut self, month: u32) -> RuleResult<()> {
        self.skip(&["the"]);
        match self.peek() {
            Some(Word::Number(day)) if *day <= 31 && !self.count_follows() => {
                let day = *day;
                self.at += 1;
                self.day_within_month(day, month)
            }
            _ => {
                self.phrase.months.push(month);
                Ok(())
            }
        }
    }

    /// Whether the next number is a count as in "10 times".
    pub(super) fn count_follows(&self) -> bool {
        self.words
            .get(self.at + 1)
            .is_some_and(|(_, text)| matches!(text.as_str(), "times" | "time" | "occurrences" | "dates"))
    }

    fn day_within_month(&mut self, day: u32, month: u32) -> RuleResult<()> {
        let Ok(day) = i32::try_from(day) else { return Err(self.unexpected_word()) };
        self.phrase.days.dates.push(day);
        self.phrase.months.push(month);
        Ok(())
    }

    /// Numbers without a kind of day are days of the month.
    fn close_numbers(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        self.phrase.days.dates.extend(numbers);
    }
}
