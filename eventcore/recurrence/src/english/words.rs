//! Tokens of English phrases.

use chrono::Weekday;

use crate::rule::Freq;

/// A word, or several words with one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// `2`, `two`.
    Number(u32),
    /// `2nd`, `second`, `last` (-1), `second last` (-2).
    Ordinal(i32),
    Weekday(Weekday),
    /// Monday to Friday.
    Workday,
    /// Saturday and Sunday.
    Weekend,
    /// 1 to 12.
    Month(u32),
    /// `day`, `weeks`.
    Unit(Freq),
    /// `daily`, `fortnightly`: FREQ and INTERVAL.
    Often(Freq, u32),
    /// `2028-05-03`.
    Date(chrono::NaiveDate),
    /// Anything else.
    Other(String),
}

/// The words of a phrase, each with its text.
pub(super) fn split(text: &str) -> Vec<(Word, String)> {
    let lower = text.to_lowercase().replace('’', "'");
    let pieces = lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '!' | '"'));
    let pieces: Vec<&str> =
        pieces.map(|piece| piece.trim_end_matches('.')).filter(|piece| !piece.is_empty()).collect();
    let mut words: Vec<(Word, String)> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let word = word(piece);
        match (&word, words.as_slice()) {
            // "second last", "second to last".
            (Word::Ordinal(-1), [.., (Word::Ordinal(n), _), (Word::Other(to), _)])
                if *n > 0 && to == "to" =>
            {
                let word = Word::Ordinal(-n);
                words.truncate(words.len() - 2);
                words.push((word, piece.to_owned()));
            }
            (Word::Ordinal(-1), [.., (Word::Ordinal(n), _)]) if *n > 0 => {
                let word = Word::Ordinal(-n);
                words.pop();
                words.push((word, piece.to_owned()));
            }
            _ => words.push((word, piece.to_owned())),
        }
    }
    words
}

fn word(text: &str) -> Word {
    if let Ok(date) = text.parse() {
        return Word::Date(date);
    }
    if let Ok(number) = text.parse() {
        return Word::Number(number);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if let (Ok(n @ 1..), "st" | "nd" | "rd" | "th") = (digits.parse(), &text[digits.len()..]) {
        return Word::Ordinal(n);
    }
    named(text)
        .or_else(|| numbered(text))
        .or_else(|| weekday(text).map(Word::Weekday))
        .or_else(|| month(text).map(Word::Month))
        .unwrap_or_else(|| Word::Other(text.to_owned()))
}

fn named(text: &str) -> Option<Word> {
    Some(match text {
        "hour" | "hours" => Word::Unit(Freq::Hourly),
        "day" | "days" => Word::Unit(Freq::Daily),
        "week" | "weeks" => Word::Unit(Freq::Weekly),
        "month" | "months" => Word::Unit(Freq::Monthly),
        "year" | "years" => Word::Unit(Freq::Yearly),
        "hourly" => Word::Often(Freq::Hourly, 1),
        "daily" | "everyday" => Word::Often(Freq::Daily, 1),
        "weekly" => Word::Often(Freq::Weekly, 1),
        "fortnightly" | "fortnight" | "biweekly" | "bi-weekly" => Word::Often(Freq::Weekly, 2),
        "monthly" => Word::Often(Freq::Monthly, 1),
        "quarterly" | "quarter" => Word::Often(Freq::Monthly, 3),
        "yearly" | "annually" => Word::Often(Freq::Yearly, 1),
        "weekday" | "weekdays" | "workday" | "workdays" | "businessday" => Word::Workday,
        "weekend" | "weekends" => Word::Weekend,
        _ => return None,
    })
}

fn numbered(text: &str) -> Option<Word> {
    const NUMBERS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    const ORDINALS: [&str; 12] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
        "eleventh", "twelfth",
    ];
    let place = |names: &[&str]| names.iter().position(|name| *name == text).map(|place| place + 1);
    if text == "last" {
        return Some(Word::Ordinal(-1));
    }
    if text == "penultimate" {
        return Some(Word::Ordinal(-2));
    }
    let number = place(&NUMBERS).and_then(|n| u32::try_from(n).ok()).map(Word::Number);
    number.or_else(|| place(&ORDINALS).and_then(|n| i32::try_from(n).ok()).map(Word::Ordinal))
}

fn weekday(text: &str) -> Option<Weekday> {
    let text = if text.len() > 4 { text.trim_end_matches('s') } else { text };
    Some(match text {
        "mon" | "monday" => Weekday::Mon,
        "tue" | "tues" | "tuesday" => Weekday::Tue,
        "wed" | "wednesday" => Weekday::Wed,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thu,
        "fri" | "friday" => Weekday::Fri,
        "sat" | "saturday" => Weekday::Sat,
        "sun" | "sunday" => Weekday::Sun,
        _ => return None,
    })
}

fn month(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let fits = |name: &str| {
        text == name || (text.len() == 3 && name.starts_with(text)) || (name == "september" && text == "sept")
    };
    NAMES.iter().position(|name| fits(name)).and_then(|place| u32::try_from(place + 1).ok())
}
