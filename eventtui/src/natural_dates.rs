//! Natural dates and durations: `tomorrow 7pm`, `fri 18:30`, `2027-03-04 18:30`, `2h`, `90m`.

use chrono::{Datelike, Days, Month, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

/// A start: a local time, or a whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(NaiveDateTime),
    AllDay(NaiveDate),
}

impl When {
    pub(crate) const fn date(self) -> NaiveDate {
        match self {
            Self::At(at) => at.date(),
            Self::AllDay(day) => day,
        }
    }
}

/// Parses a start, relative to `now`. A day without a time is the whole day; a time without a day is the next
/// time at which the clock shows it.
pub(crate) fn parse(text: &str, now: NaiveDateTime) -> Option<When> {
    let text = split_iso_time(&text.trim().to_lowercase().replace(',', " "));
    let mut day = None;
    let mut time = None;
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !["at", "on", "um", "all", "day", "next", "of", "the"].contains(word))
        .collect();
    for word in join_named_months(&words, now.date())? {
        let word = word.as_str();
        if let Some(found) = parse_day(word, now.date()) {
            if day.replace(found).is_some() {
                return None;
            }
        } else if let Some(found) = parse_time(word) {
            if time.replace(found).is_some() {
                return None;
            }
        } else {
            return None;
        }
    }
    match (day, time) {
        (Some(day), Some(time)) => Some(When::At(NaiveDate::and_time(&day, time))),
        (Some(day), None) => Some(When::AllDay(day)),
        (None, Some(time)) if time > now.time() => Some(When::At(now.date().and_time(time))),
        (None, Some(time)) => Some(When::At(now.date().succ_opt()?.and_time(time))),
        (None, None) => None,
    }
}

/// Joins a day with a named month into one ISO word: `4 dec`, `december 4th`, `fri 4 december 2026`. Without
/// a year, it is the next such day. `None` if there is no such day, or if it has another weekday than the one
/// given.
fn join_named_months(words: &[&str], today: NaiveDate) -> Option<Vec<String>> {
    let Some(at) = words.iter().position(|word| word.len() >= 3 && word.parse::<Month>().is_ok()) else {
        return Some(words.iter().map(|word| (*word).to_owned()).collect());
    };
    let month = words[at].parse::<Month>().ok()?.number_from_month();
    let number = |place: Option<usize>| {
        let word = words.get(place?)?;
        let digits = word.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h', '.']);
        digits.parse::<u32>().ok().filter(|day| (1..=31).contains(day))
    };
    let (day, first, last) = match (number(at.checked_sub(1)), number(Some(at + 1))) {
        (Some(day), _) => (day, at - 1, at),
        (None, Some(day)) => (day, at, at + 1),
        (None, None) => return None,
    };
    let year = words.get(last + 1).filter(|word| word.len() == 4).and_then(|word| word.parse().ok());
    let last = if year.is_some() { last + 1 } else { last };
    let day = match year {
        Some(year) => NaiveDate::from_ymd_opt(year, month, day)?,
        None => (today.year()..=today.year() + 8)
            .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
            .find(|day| *day >= today)?,
    };
    let mut before = &words[..first];
    if let [rest @ .., weekday] = before
        && let Ok(weekday) = weekday.parse::<Weekday>()
    {
        if day.weekday() != weekday {
            return None;
        }
        before = rest;
    }
    let day = day.to_string();
    let joined = before.iter().copied().chain([day.as_str()]).chain(words[last + 1..].iter().copied());
    Some(joined.map(str::to_owned).collect())
}

/// Replaces the `T` of ISO 8601 by a space.
fn split_iso_time(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let digit = |i: Option<usize>| i.and_then(|i| letters.get(i)).is_some_and(char::is_ascii_digit);
    let separates = |i: usize| letters[i] == 't' && digit(i.checked_sub(1)) && digit(Some(i + 1));
    (0..letters.len()).map(|i| if separates(i) { ' ' } else { letters[i] }).collect()
}

fn parse_day(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    match word {
        "today" => return Some(today),
        "tomorrow" | "tmrw" => return today.succ_opt(),
        _ => {}
    }
    if let Some(days) = word.strip_prefix('+').and_then(|days| days.trim_end_matches('d').parse().ok()) {
        return today.checked_add_days(Days::new(days));
    }
    if word.len() >= 3
        && let Ok(weekday) = word.parse::<Weekday>()
    {
        let ahead = (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
        return today.checked_add_days(Days::new(u64::from(if ahead == 0 { 7 } else { ahead })));
    }
    if let Ok(day) = word.parse::<NaiveDate>() {
        return Some(day);
    }
    // `24.12.`: the next such day, unless a year follows.
    let mut parts = word.trim_end_matches('.').split('.');
    let (day, month) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    match parts.next() {
        Some(year) if parts.next().is_none() => NaiveDate::from_ymd_opt(year.parse().ok()?, month, day),
        Some(_) => None,
        None => {
            let this = NaiveDate::from_ymd_opt(today.year(), month, day)?;
            if this < today { NaiveDate::from_ymd_opt(today.year() + 1, month, day) } else { Some(this) }
        }
    }
}

fn parse_time(word: &str) -> Option<NaiveTime> {
    match word {
        "noon" => return NaiveTime::from_hms_opt(12, 0, 0),
        "midnight" => return NaiveTime::from_hms_opt(0, 0, 0),
        _ => {}
    }
    let (clock, noon) = match (word.strip_suffix("pm"), word.strip_suffix("am")) {
        (Some(clock), _) => (clock, Some(12)),
        (_, Some(clock)) => (clock, Some(0)),
        _ => (word, None),
    };
    let (hour, minute) = match clock.split_once(':') {
        Some((hour, minute)) => (hour, minute.get(..2)?),
        None if noon.is_some() => (clock, "0"),
        None => return None,
    };
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match noon {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(offset) => hour % 12 + offset,
        None => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// Parses a duration into seconds: `2h`, `1h30`, `90 min`, `3 days`, `PT2H`. Zero is refused.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.starts_with(['P', 'p']) {
        let length: eventcore::time::IsoDuration = text.to_uppercase().parse().ok()?;
        return Some(length.as_seconds());
    }
    let text = text.to_lowercase().replace(' ', "");
    let mut total = 0_i64;
    let mut rest = text.as_str();
    let mut last = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let tail = &rest[digits..];
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let unit = match &tail[..letters] {
            "d" | "day" | "days" => 86_400,
            "h" | "hour" | "hours" => 3_600,
            "m" | "min" | "mins" | "minutes" => 60,
            // `1h30`
            "" if last == 3_600 => 60,
            _ => return None,
        };
        total = number.checked_mul(unit)?.checked_add(total)?;
        (last, rest) = (unit, &tail[letters..]);
    }
    (total > 0).then_some(total)
}

/// Writes a duration so that [`parse_duration`] reads it back: `1h 30m`. Drops seconds below a minute.
pub(crate) fn write_duration(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "m")];
    let written: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    written.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> When {
        match text.len() {
            10 => When::AllDay(text.parse().unwrap()),
            _ => When::At(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()),
        }
    }

    #[test]
    fn natural_dates_are_parsed() {
        // A Monday.
        let now = NaiveDateTime::parse_from_str("2026-11-23 12:00", "%Y-%m-%d %H:%M").unwrap();
        for (text, meant) in [
            ("tomorrow 7pm", Some(at("2026-11-24 19:00"))),
            ("fri 18:30", Some(at("2026-11-27 18:30"))),
            ("Monday at noon", Some(at("2026-11-30 12:00"))),
            ("2027-03-04 18:30", Some(at("2027-03-04 18:30"))),
            ("2027-03-04T18:30:00", Some(at("2027-03-04 18:30"))),
            ("thursday", Some(at("2026-11-26"))),
            ("24.12. 9:00", Some(at("2026-12-24 09:00"))),
            ("3.2.", Some(at("2027-02-03"))),
            ("11:00", Some(at("2026-11-24 11:00"))),
            ("13:00", Some(at("2026-11-23 13:00"))),
            ("12am today", Some(at("2026-11-23 00:00"))),
            ("+3 8am", Some(at("2026-11-26 08:00"))),
            ("4 dec", Some(at("2026-12-04"))),
            ("December 4th 9:00", Some(at("2026-12-04 09:00"))),
            ("3 march", Some(at("2027-03-03"))),
            ("Fri 4 December 2026, 18:30", Some(at("2026-12-04 18:30"))),
            ("18:30 on the 1st of may 2028", Some(at("2028-05-01 18:30"))),
            ("29 feb", Some(at("2028-02-29"))),
            ("thu 4 dec", None),
            ("31 nov", None),
            ("dec", None),
            ("soon", None),
            ("", None),
            ("25:00", None),
            ("13pm", None),
            ("fri sat", None),
        ] {
            assert_eq!(parse(text, now), meant, "{text}");
        }
    }

    #[test]
    fn natural_durations_are_parsed() {
        for (text, seconds) in [
            ("2h", Some(7_200)),
            ("1h30", Some(5_400)),
            ("1h 30m", Some(5_400)),
            ("90 min", Some(5_400)),
            ("3 days", Some(259_200)),
            ("PT2H", Some(7_200)),
            ("", None),
            ("0h", None),
            ("2", None),
            ("two hours", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse_duration(text), seconds, "{text}");
        }
        for seconds in [60, 5_400, 86_400, 93_780] {
            assert_eq!(parse_duration(&write_duration(seconds)), Some(seconds));
        }
    }
}
