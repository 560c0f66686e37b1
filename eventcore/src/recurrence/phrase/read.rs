//! Phrase → its parts: how often, which days and months, and the end.

use chrono::{Datelike, Days as ChronoDays, Months, NaiveDate, Weekday};

use super::super::error::Result;
use super::super::rule::Freq;
use super::not_understood;
use super::words::{Word, split};

/// What a number counts: "the last *weekday*".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Day,
    Weekday(Weekday),
    Workday,
    Weekend,
}

impl Kind {
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
pub(super) struct Days {
    pub(super) plain: Vec<Weekday>,
    pub(super) numbered: Vec<(i32, Kind)>,
    pub(super) dates: Vec<i32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Count(u32),
    Until(NaiveDate),
}

/// The parts of a phrase.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) freq: Option<Freq>,
    pub(super) interval: u32,
    /// It said "every".
    pub(super) every: bool,
    /// It said "of the month".
    pub(super) within_month: bool,
    pub(super) days: Days,
    pub(super) months: Vec<u32>,
    pub(super) end: Option<End>,
}

struct Reader {
    words: Vec<(Word, String)>,
    at: usize,
    start: NaiveDate,
    /// Numbers whose day is still to come: "first and third Monday".
    numbers: Vec<i32>,
    phrase: Phrase,
}

pub(super) fn phrase(text: &str, start: NaiveDate) -> Result<Phrase> {
    let phrase = Phrase {
        freq: None,
        interval: 1,
        every: false,
        within_month: false,
        days: Days::default(),
        months: Vec::new(),
        end: None,
    };
    let mut reader = Reader { words: split(text), at: 0, start, numbers: Vec::new(), phrase };
    if reader.words.is_empty() {
        return Err(not_understood("say how often, such as “every week” or “every other Friday”"));
    }
    while let Some(word) = reader.next() {
        reader.clause(word)?;
    }
    reader.close_numbers();
    Ok(reader.phrase)
}

impl Reader {
    fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at)?.0.clone();
        self.at += 1;
        Some(word)
    }

    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(word, _)| word)
    }

    fn peek_is(&self, texts: &[&str]) -> bool {
        self.words.get(self.at).is_some_and(|(_, text)| texts.contains(&text.as_str()))
    }

    fn skip(&mut self, texts: &[&str]) -> bool {
        let is = self.peek_is(texts);
        if is {
            self.at += 1;
        }
        is
    }

    fn confused(&self) -> super::RuleError {
        let text =
            self.at.checked_sub(1).and_then(|at| self.words.get(at)).map_or("", |(_, text)| text.as_str());
        not_understood(format!(
            "“{}” is not understood here; say it like “every other Friday 10 times” or “last Friday of the month until June”",
            text.chars().take(40).collect::<String>()
        ))
    }

    fn clause(&mut self, word: Word) -> Result<()> {
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
                // "business day" and "week day" are one word here.
                self.day(Kind::Workday);
                Ok(())
            }
            Word::Weekend => {
                self.skip(&["day", "days"]);
                self.day(Kind::Weekend);
                Ok(())
            }
            Word::Month(month) => self.month(month),
            Word::Date(_) => Err(self.confused()),
            Word::Other(text) => self.other(&text),
        }
    }

    fn other(&mut self, text: &str) -> Result<()> {
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
            "once" if self.skip(&["a", "per", "every", "each"]) => {
                self.phrase.every = true;
                Ok(())
            }
            "once" => self.end(End::Count(1)),
            "twice" if self.peek_is(&["a", "per", "every", "each"]) => {
                Err(not_understood("say which days: “twice a week” doesn't tell"))
            }
            "twice" => self.end(End::Count(2)),
            "at" => Err(not_understood("the time of day is that of the start: leave out “at …”")),
            "from" | "starting" | "beginning" if !self.ahead_is_range() => {
                Err(not_understood("the first date is the start itself: leave out “starting …”"))
            }
            "except" | "but" => {
                Err(not_understood("dates that fall out go into EXDATE: leave out “except …”"))
            }
            "on" | "the" | "of" | "in" | "and" | "or" | "&" | "a" | "per" | "repeat" | "repeats"
            | "during" | "forever" | "from" => Ok(()),
            _ => Err(self.confused()),
        }
    }

    fn often(&mut self, freq: Freq, interval: u32) -> Result<()> {
        if self.phrase.freq.replace(freq).is_some() {
            return Err(self.confused());
        }
        if interval > 1 {
            self.phrase.interval = interval;
        }
        Ok(())
    }

    /// "every day", "every third week", "the last day", "of the month".
    fn unit(&mut self, unit: Freq) -> Result<()> {
        // "of the month", and not "every third month".
        let of_it =
            matches!(self.at.checked_sub(2).and_then(|at| self.words.get(at)), Some((Word::Other(_), _)));
        match unit {
            // "the first day of the month", "every third day of the month"
            Freq::Daily
                if !self.numbers.is_empty()
                    && (!self.phrase.every || self.phrase.freq.is_some() || self.ahead_is_month()) =>
            {
                self.day(Kind::Day);
                Ok(())
            }
            Freq::Monthly if of_it && self.says_days() && self.phrase.freq.is_none() => {
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
                    _ => return Err(self.confused()),
                }
                self.numbers.clear();
                self.often(unit, 1)
            }
        }
    }

    fn says_days(&self) -> bool {
        let days = &self.phrase.days;
        !(self.numbers.is_empty()
            && days.plain.is_empty()
            && days.numbered.is_empty()
            && days.dates.is_empty())
    }

    /// Whether "of the month", "of May" or the like follows.
    fn ahead_is_month(&self) -> bool {
        let ahead = self.words[self.at.min(self.words.len())..].iter();
        let mut ahead =
            ahead.skip_while(|(_, text)| matches!(text.as_str(), "of" | "in" | "the" | "every" | "each"));
        matches!(ahead.next(), Some((Word::Month(_) | Word::Unit(Freq::Monthly), _)))
    }

    /// Whether "Monday to Friday" follows.
    fn ahead_is_range(&self) -> bool {
        let Some([(first, _), (_, to), (last, _)]) = self.words.get(self.at..self.at + 3) else {
            return false;
        };
        matches!((first, last), (Word::Weekday(_), Word::Weekday(_)))
            && matches!(to.as_str(), "to" | "through")
    }

    fn number(&mut self, number: u32) -> Result<()> {
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
            return Err(self.confused());
        }
        if self.peek_is(&["a", "per", "every", "each"]) {
            return Err(not_understood(format!("say which days: “{number} times a …” doesn't tell")));
        }
        self.end(End::Count(number))
    }

    fn weekday(&mut self, first: Weekday) -> Result<()> {
        let last = match self.words.get(self.at..self.at + 2) {
            Some([(_, to), (Word::Weekday(last), _)]) if matches!(to.as_str(), "to" | "through") => *last,
            _ => {
                self.day(Kind::Weekday(first));
                return Ok(());
            }
        };
        self.at += 2;
        let mut weekday = first;
        loop {
            self.day(Kind::Weekday(weekday));
            if weekday == last {
                return Ok(());
            }
            weekday = weekday.succ();
        }
    }

    /// A kind of day, with the numbers before it: "first and third Monday".
    fn day(&mut self, kind: Kind) {
        let numbers = std::mem::take(&mut self.numbers);
        if numbers.is_empty() {
            self.phrase.days.plain.extend(kind.weekdays());
        }
        self.phrase.days.numbered.extend(numbers.into_iter().map(|n| (n, kind)));
    }

    /// "May", "May 3", "the 3rd of May".
    fn month(&mut self, month: u32) -> Result<()> {
        self.skip(&["the"]);
        match self.peek() {
            Some(Word::Number(day)) if *day <= 31 && !self.counts_times() => {
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

    /// Whether the number that follows is that of "10 times".
    fn counts_times(&self) -> bool {
        self.words
            .get(self.at + 1)
            .is_some_and(|(_, text)| matches!(text.as_str(), "times" | "time" | "occurrences" | "dates"))
    }

    fn day_within_month(&mut self, day: u32, month: u32) -> Result<()> {
        let Ok(day) = i32::try_from(day) else { return Err(self.confused()) };
        self.phrase.days.dates.push(day);
        self.phrase.months.push(month);
        Ok(())
    }

    /// Numbers that no day followed are days of the month.
    fn close_numbers(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        self.phrase.days.dates.extend(numbers);
    }

    fn end(&mut self, end: End) -> Result<()> {
        if self.phrase.end.replace(end).is_some() {
            return Err(not_understood("it ends twice: keep one end"));
        }
        Ok(())
    }

    /// "for 10 times", "for 6 weeks": the last day is the one before the first that would be a week too many.
    fn duration(&mut self) -> Result<()> {
        self.skip(&["the", "next"]);
        let number = match self.next() {
            Some(Word::Number(number)) => number,
            Some(Word::Other(text)) if text == "a" || text == "ever" => 1,
            _ => return Err(self.confused()),
        };
        let start = self.start;
        let last = match self.next() {
            Some(Word::Other(text))
                if matches!(text.as_str(), "times" | "occurrences" | "dates" | "sessions") =>
            {
                return self.end(End::Count(number));
            }
            Some(Word::Unit(Freq::Daily)) => start.checked_add_days(ChronoDays::new(number.into())),
            Some(Word::Unit(Freq::Weekly)) => start.checked_add_days(ChronoDays::new(u64::from(number) * 7)),
            Some(Word::Unit(Freq::Monthly)) => start.checked_add_months(Months::new(number)),
            Some(Word::Unit(Freq::Yearly)) => {
                start.checked_add_months(Months::new(number.saturating_mul(12)))
            }
            _ => return Err(self.confused()),
        };
        let last = last.and_then(|day| day.pred_opt()).filter(|day| day.year() <= 9_999);
        self.end(End::Until(last.ok_or_else(|| not_understood("that is longer than the calendar"))?))
    }

    /// "until 3 May 2028", "until May" (before it begins), "until the end of May", "through May".
    fn until(&mut self, mut to_its_end: bool) -> Result<()> {
        self.skip(&["the"]);
        if self.skip(&["end"]) {
            to_its_end = true;
            self.skip(&["of"]);
            self.skip(&["the"]);
        }
        let date = match self.next() {
            Some(Word::Date(date)) => Some(date),
            Some(Word::Unit(Freq::Yearly)) if to_its_end => {
                NaiveDate::from_ymd_opt(self.start.year(), 12, 31)
            }
            Some(Word::Number(year @ 1_000..=9_999)) => self.year_end(year, to_its_end),
            Some(Word::Number(day)) => self.month_after(i32::try_from(day).ok()),
            Some(Word::Ordinal(day)) => {
                self.skip(&["of"]);
                self.month_after(Some(day))
            }
            Some(Word::Month(month)) => self.until_month(month, to_its_end),
            _ => return Err(self.confused()),
        };
        let Some(date) = date else { return Err(not_understood("the date after “until” doesn't exist")) };
        self.end(End::Until(date))
    }

    fn year_end(&self, year: u32, to_its_end: bool) -> Option<NaiveDate> {
        let year = i32::try_from(year).ok()?;
        NaiveDate::from_ymd_opt(if to_its_end { year } else { year - 1 }, 12, 31)
            .filter(|date| *date >= self.start)
    }

    fn month_after(&mut self, day: Option<i32>) -> Option<NaiveDate> {
        let Some(Word::Month(month)) = self.next() else { return None };
        self.dated(u32::try_from(day?).ok()?, month)
    }

    fn until_month(&mut self, month: u32, to_its_end: bool) -> Option<NaiveDate> {
        match self.peek().cloned() {
            Some(Word::Number(day @ 1..=31)) if !self.counts_times() => {
                self.at += 1;
                self.dated(day, month)
            }
            Some(Word::Ordinal(day)) => {
                self.at += 1;
                self.dated(u32::try_from(day).ok()?, month)
            }
            _ => {
                let first = match self.year() {
                    Some(year) => NaiveDate::from_ymd_opt(year, month, 1)?,
                    // "Until May" said in May means the next, "through May" this one.
                    None => (self.start.year()..)
                        .map_while(|year| NaiveDate::from_ymd_opt(year, month, 1))
                        .find(|first| {
                        if to_its_end { *first + Months::new(1) > self.start } else { *first > self.start }
                    })?,
                };
                if to_its_end {
                    first.checked_add_months(Months::new(1))?.pred_opt()
                } else {
                    first.pred_opt()
                }
            }
        }
    }

    /// The day with the year that follows, or in the first year in which it comes after the start.
    fn dated(&mut self, day: u32, month: u32) -> Option<NaiveDate> {
        if let Some(year) = self.year() {
            return NaiveDate::from_ymd_opt(year, month, day);
        }
        let year = self.start.year();
        (year..year + 9)
            .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
            .find(|date| *date >= self.start)
    }

    fn year(&mut self) -> Option<i32> {
        let Some(Word::Number(year @ 1_000..=9_999)) = self.peek() else { return None };
        let year = i32::try_from(*year).ok();
        self.at += 1;
        year
    }
}
