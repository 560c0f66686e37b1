//! The noun phrases of a rule in English: weekdays, days of a month or year, and ordinals.

use chrono::{Datelike, Month, NaiveDate, Weekday};

use crate::rule::ByDay;

/// `3 May 2028`
pub(super) fn date(date: NaiveDate) -> String {
    format!("{} {} {}", date.day(), month_name(date.month()), date.year())
}

fn is_workdays(days: &[ByDay]) -> bool {
    let weekend = |day: &ByDay| matches!(day.weekday, Weekday::Sat | Weekday::Sun);
    days.len() == 5 && different(days) && !days.iter().any(weekend)
}

fn different(days: &[ByDay]) -> bool {
    days.iter().enumerate().all(|(i, day)| day.nth.is_none() && !days[..i].contains(day))
}

/// "Monday, Wednesday and Friday", "weekday".
pub(super) fn weekdays(days: &[ByDay], word: &str) -> String {
    if is_workdays(days) {
        return "weekday".to_owned();
    }
    join(days.iter().map(|day| day_name(*day)), word)
}

/// "Monday", "second Tuesday".
fn day_name(day: ByDay) -> String {
    match day.nth {
        Some(nth) => format!("{} {}", ordinal_word(i32::from(nth)), weekday_name(day.weekday)),
        None => weekday_name(day.weekday).to_owned(),
    }
}

/// "every Monday and Friday", "the first and third Monday", "every Monday and the second Tuesday".
pub(super) fn every_weekday(days: &[ByDay]) -> String {
    let plain: Vec<ByDay> = days.iter().copied().filter(|day| day.nth.is_none()).collect();
    let mut parts = Vec::new();
    if !plain.is_empty() {
        parts.push(format!("every {}", weekdays(&plain, "and")));
    }
    let mut named: Vec<Weekday> = Vec::new();
    for day in days.iter().filter(|day| day.nth.is_some()) {
        if named.contains(&day.weekday) {
            continue;
        }
        named.push(day.weekday);
        let numbers = days.iter().filter(|other| other.weekday == day.weekday).filter_map(|other| other.nth);
        let numbers = and(numbers.map(|nth| ordinal_word(i32::from(nth))));
        parts.push(format!("the {numbers} {}", weekday_name(day.weekday)));
    }
    and(parts.into_iter())
}

/// "a Friday", "a weekday", "a Monday or the second Tuesday".
pub(super) fn a_weekday(days: &[ByDay]) -> String {
    if is_workdays(days) {
        return "a weekday".to_owned();
    }
    let article = |day: &ByDay| if day.nth.is_some() { "the" } else { "a" };
    join(days.iter().map(|day| format!("{} {}", article(day), day_name(*day))), "or")
}

/// The noun that a position of BYSETPOS counts: "weekday", "day", "Monday or Tuesday".
pub(super) fn kind_of_days(days: &[ByDay]) -> String {
    if days.len() == 7 && different(days) { "day".to_owned() } else { weekdays(days, "or") }
}

/// "1st and 15th", "22nd and second to last day".
pub(super) fn month_days(days: &[i8]) -> String {
    and(days.iter().map(|n| month_day(*n)))
}

pub(super) fn month_days_or(days: &[i8]) -> String {
    join(days.iter().map(|n| month_day(*n)), "or")
}

fn month_day(n: i8) -> String {
    match u32::try_from(n) {
        Ok(n) => suffixed(n),
        Err(_) => format!("{} day", ordinal_word(i32::from(n))),
    }
}

/// "1st, 100th and last day of the year".
pub(super) fn year_days(days: &[i16]) -> String {
    let name = |n: &i16| match u32::try_from(*n) {
        Ok(n) => suffixed(n),
        Err(_) => ordinal_word(i32::from(*n)),
    };
    format!("{} day of the year", and(days.iter().map(name)))
}

/// "first" to "fifth", then "6th"; from the end "last", "second to last".
pub(super) fn ordinal_word(n: i32) -> String {
    const WORDS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    let word = |n: u32| {
        let index = usize::try_from(n).ok().and_then(|n| n.checked_sub(1));
        let word = index.and_then(|index| WORDS.get(index));
        word.map_or_else(|| suffixed(n), |word| (*word).to_owned())
    };
    match n {
        -1 => "last".to_owned(),
        n if n < 0 => format!("{} to last", word(n.unsigned_abs())),
        n => word(n.unsigned_abs()),
    }
}

/// `1st`, `22nd`, `13th`.
fn suffixed(n: u32) -> String {
    let suffix = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

pub(super) fn and(words: impl Iterator<Item = String>) -> String {
    join(words, "and")
}

fn join(words: impl Iterator<Item = String>, word: &str) -> String {
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

pub(super) const fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

pub(super) fn month_name(month: u32) -> &'static str {
    u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok()).map_or("", |month| month.name())
}
