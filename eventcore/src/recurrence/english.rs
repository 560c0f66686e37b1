//! Rule → English, for people who look at a date list: "every second Tuesday of the month until 3 May 2028".

use std::fmt::Write;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};

use super::date_value::DateValue;
use super::rule::{ByDay, Freq, Rule};
use super::series::Series;

impl Series {
    /// The recurrence in English; what the rule leaves open is taken from the start.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore::recurrence::{Recurrence, Series, Start};
    /// let start = Start::on(NaiveDate::from_ymd_opt(2027, 3, 4).unwrap(), chrono_tz::Europe::Berlin);
    /// let text = |rule: &str| Series::new(start, Recurrence::of(rule.parse().unwrap())).unwrap().to_english();
    ///
    /// assert_eq!(text("FREQ=WEEKLY;BYDAY=TH;COUNT=10"), "every Thursday, 10 times");
    /// assert_eq!(text("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20280503"), "every second Tuesday of the month until 3 May 2028");
    /// assert_eq!(text("FREQ=MONTHLY"), "every month on the 4th");
    /// ```
    pub fn to_english(&self) -> String {
        let recurrence = self.recurrence();
        let start = self.start();
        let mut text = match &recurrence.rrule {
            Some(rule) => {
                Words { rule, start: Some(start.local), tz: Some(start.tz), all_day: start.all_day }.say()
            }
            None if recurrence.rdate.is_empty() => "once".to_owned(),
            None => format!("on {}", date(start.local.date())),
        };
        count_dates(&mut text, ", and on", recurrence.rdate.len());
        count_dates(&mut text, ", except on", recurrence.exdate.len());
        text
    }
}

impl Rule {
    /// The rule in English, by itself: what it would take from a start stays open.
    pub fn to_english(&self) -> String {
        Words { rule: self, start: None, tz: None, all_day: false }.say()
    }
}

fn count_dates(text: &mut String, words: &str, count: usize) {
    // Writing to a string cannot fail.
    let _ = match count {
        0 => Ok(()),
        1 => write!(text, "{words} 1 date"),
        _ => write!(text, "{words} {count} dates"),
    };
}

/// A rule with what its start tells.
struct Words<'r> {
    rule: &'r Rule,
    start: Option<NaiveDateTime>,
    tz: Option<chrono_tz::Tz>,
    all_day: bool,
}

impl Words<'_> {
    fn say(&self) -> String {
        let mut text = if self.rule.by_set_pos.is_empty() { self.plain() } else { self.chosen() };
        text.push_str(&self.times());
        text.push_str(&self.end());
        text
    }

    /// "every week", "every other Friday", "every 3 months on the 15th".
    fn plain(&self) -> String {
        match self.rule.freq {
            Freq::Hourly => self.every("hour") + &self.limits(),
            Freq::Daily => self.daily(),
            Freq::Weekly => self.weekly(),
            Freq::Monthly => self.monthly(),
            Freq::Yearly => self.yearly(),
        }
    }

    /// BYSETPOS: "the last of every Monday, Tuesday, … of the month".
    fn chosen(&self) -> String {
        let days = &self.rule.by_day;
        let only_days = self.rule.by_month_day.is_empty()
            && self.rule.by_year_day.is_empty()
            && self.rule.by_week_no.is_empty()
            && days.iter().all(|day| day.nth.is_none());
        let one_a_day =
            self.rule.by_hour.len() < 2 && self.rule.by_minute.len() < 2 && self.rule.by_second.len() < 2;
        let positions = and(self.rule.by_set_pos.iter().map(|n| ordinal_word(i32::from(*n))));
        if self.rule.freq == Freq::Monthly && only_days && one_a_day && !days.is_empty() {
            let mut text = format!("the {positions} {} of {}", kind_of_days(days), self.every("month"));
            text.push_str(&self.in_months());
            return text;
        }
        format!("the {positions} of what is {}, within each {}", self.plain(), unit(self.rule.freq))
    }

    fn every(&self, unit: &str) -> String {
        match self.rule.interval() {
            1 => format!("every {unit}"),
            2 => format!("every other {unit}"),
            n => format!("every {n} {unit}s"),
        }
    }

    fn daily(&self) -> String {
        if self.rule.interval() == 1 && self.rule.by_month_day.is_empty() && !self.rule.by_day.is_empty() {
            return format!("every {}{}", weekdays(&self.rule.by_day, "and"), self.in_months());
        }
        self.every("day") + &self.limits()
    }

    fn weekly(&self) -> String {
        let of_start = self.start.map(|start| ByDay { nth: None, weekday: start.weekday() });
        let days = if self.rule.by_day.is_empty() { of_start.as_slice() } else { &self.rule.by_day };
        let text = match (self.rule.interval(), days) {
            (_, []) => self.every("week"),
            (1, days) => format!("every {}", weekdays(days, "and")),
            (2, [day]) => format!("every other {}", weekday_name(day.weekday)),
            (_, days) => format!("{} on {}", self.every("week"), weekdays(days, "and")),
        };
        text + &self.in_months()
    }

    fn monthly(&self) -> String {
        let rule = self.rule;
        let from_start: Vec<i8> =
            self.start.iter().filter_map(|start| i8::try_from(start.day()).ok()).collect();
        let text = if rule.by_day.is_empty() {
            let days = if rule.by_month_day.is_empty() { &from_start } else { &rule.by_month_day };
            match days.as_slice() {
                [] => self.every("month"),
                days => format!("{} on the {}", self.every("month"), month_days(days)),
            }
        } else if !rule.by_month_day.is_empty() {
            format!(
                "{} on the {} when it is a {}",
                self.every("month"),
                month_days(&rule.by_month_day),
                weekdays(&rule.by_day, "or")
            )
        } else if rule.interval() == 1 {
            format!("every {} of the month", weekdays(&rule.by_day, "and"))
        } else {
            format!("the {} of {}", weekdays(&rule.by_day, "and"), self.every("month"))
        };
        text + &self.in_months()
    }

    fn yearly(&self) -> String {
        let rule = self.rule;
        let mut text = self.every("year");
        let says_day =
            !(rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty());
        if !says_day && rule.by_week_no.is_empty() {
            if let Some(start) = self.start {
                let day = start.day();
                let months: Vec<u32> = match rule.by_month.as_slice() {
                    [] => vec![start.month()],
                    months => months.iter().map(|month| u32::from(*month)).collect(),
                };
                return format!(
                    "{text} on {}",
                    and(months.into_iter().map(|month| format!("{day} {}", month_name(month))))
                );
            }
            return text + &self.in_months();
        }
        if !rule.by_year_day.is_empty() {
            let days = and(rule.by_year_day.iter().map(|n| ordinal_number(i32::from(*n), "day")));
            text = format!("{text} on the {days} of the year");
        }
        if !rule.by_week_no.is_empty() {
            let weeks = and(rule.by_week_no.iter().map(|n| ordinal_number(i32::from(*n), "week")));
            text = format!("{text} in the {weeks} of the year");
        }
        self.days_of_year(text)
    }

    fn days_of_year(&self, mut text: String) -> String {
        let rule = self.rule;
        if !rule.by_month_day.is_empty() {
            let of = if rule.by_month.is_empty() { " of every month" } else { "" };
            text = format!("{text} on the {}{of}", month_days(&rule.by_month_day));
            if !rule.by_day.is_empty() {
                text = format!("{text} when it is a {}", weekdays(&rule.by_day, "or"));
            }
            return text + &self.of_months();
        }
        let of_start = self.start.filter(|_| rule.by_year_day.is_empty());
        let of_start = of_start.map(|start| ByDay { nth: None, weekday: start.weekday() });
        let days = if rule.by_day.is_empty() { of_start.as_slice() } else { &rule.by_day };
        if days.is_empty() {
            return text + &self.in_months();
        }
        let numbered = days.iter().any(|day| day.nth.is_some());
        let when = if rule.by_year_day.is_empty() { "on" } else { "when it is" };
        let article = if numbered { "the" } else { "every" };
        let of_year = if numbered && rule.by_month.is_empty() { " of the year" } else { "" };
        let months = if numbered { self.of_months() } else { self.in_months() };
        format!("{text} {when} {article} {}{of_year}{months}", weekdays(days, "and"))
    }

    /// What narrows down days and hours: " on Monday and Tuesday, on the 1st, in January".
    fn limits(&self) -> String {
        let rule = self.rule;
        let mut text = String::new();
        if !rule.by_day.is_empty() {
            text = format!("{text} on {}", weekdays(&rule.by_day, "and"));
        }
        if !rule.by_month_day.is_empty() {
            text = format!("{text} on the {}", month_days(&rule.by_month_day));
        }
        if !rule.by_year_day.is_empty() {
            let days = and(rule.by_year_day.iter().map(|n| ordinal_number(i32::from(*n), "day")));
            text = format!("{text} on the {days} of the year");
        }
        text + &self.in_months()
    }

    fn in_months(&self) -> String {
        self.months("in")
    }

    fn of_months(&self) -> String {
        self.months("of")
    }

    fn months(&self, word: &str) -> String {
        if self.rule.by_month.is_empty() {
            return String::new();
        }
        format!(
            " {word} {}",
            and(self.rule.by_month.iter().map(|month| month_name(u32::from(*month)).to_owned()))
        )
    }

    /// " at 09:00 and 17:00", where the rule says so.
    fn times(&self) -> String {
        let rule = self.rule;
        if self.all_day || (rule.by_hour.is_empty() && rule.by_minute.is_empty() && rule.by_second.is_empty())
        {
            return String::new();
        }
        let or = |list: &[u8], of_start: u32| -> Vec<u32> {
            if list.is_empty() { vec![of_start] } else { list.iter().map(|n| u32::from(*n)).collect() }
        };
        let start = self.start.unwrap_or_default();
        let (minutes, seconds) = (or(&rule.by_minute, start.minute()), or(&rule.by_second, start.second()));
        if rule.freq == Freq::Hourly && rule.by_hour.is_empty() {
            return format!(" at minute {}", and(minutes.iter().map(ToString::to_string)));
        }
        let hours = or(&rule.by_hour, start.hour());
        let count = hours.len() * minutes.len() * seconds.len();
        if count > 12 {
            return format!(", {count} times a day");
        }
        let mut times = Vec::new();
        for hour in &hours {
            for minute in &minutes {
                times.extend(seconds.iter().map(|second| match second {
                    0 => format!("{hour:02}:{minute:02}"),
                    _ => format!("{hour:02}:{minute:02}:{second:02}"),
                }));
            }
        }
        format!(" at {}", and(times.into_iter()))
    }

    fn end(&self) -> String {
        if let Some(count) = self.rule.count() {
            return match count {
                1 => ", once".to_owned(),
                2 => ", twice".to_owned(),
                n => format!(", {n} times"),
            };
        }
        let Some(until) = self.rule.until() else { return String::new() };
        let last = match until {
            DateValue::Date(day) => day,
            DateValue::Local(local) => local.date(),
            DateValue::Utc(instant) => instant.in_zone(self.tz.unwrap_or_default()).date_naive(),
        };
        format!(" until {}", date(last))
    }
}

const fn unit(freq: Freq) -> &'static str {
    match freq {
        Freq::Hourly => "hour",
        Freq::Daily => "day",
        Freq::Weekly => "week",
        Freq::Monthly => "month",
        Freq::Yearly => "year",
    }
}

/// `3 May 2028`
fn date(date: NaiveDate) -> String {
    format!("{} {} {}", date.day(), month_name(date.month()), date.year())
}

fn is_workdays(days: &[ByDay]) -> bool {
    let weekend = |day: &ByDay| matches!(day.weekday, Weekday::Sat | Weekday::Sun);
    days.len() == 5 && different(days) && !days.iter().any(weekend)
}

fn different(days: &[ByDay]) -> bool {
    days.iter().enumerate().all(|(i, day)| day.nth.is_none() && !days[..i].contains(day))
}

/// "Monday, Wednesday and Friday", "second Tuesday", "weekday".
fn weekdays(days: &[ByDay], word: &str) -> String {
    if is_workdays(days) {
        return "weekday".to_owned();
    }
    let name = |day: &ByDay| match day.nth {
        Some(nth) => format!("{} {}", ordinal_word(i32::from(nth)), weekday_name(day.weekday)),
        None => weekday_name(day.weekday).to_owned(),
    };
    join(days.iter().map(name), word)
}

/// What a position of BYSETPOS counts: "weekday", "day", "Monday or Tuesday".
fn kind_of_days(days: &[ByDay]) -> String {
    if days.len() == 7 && different(days) { "day".to_owned() } else { weekdays(days, "or") }
}

fn month_days(days: &[i8]) -> String {
    and(days.iter().map(|n| match u32::try_from(*n) {
        Ok(n) => suffixed(n),
        Err(_) => ordinal_number(i32::from(*n), "day"),
    }))
}

/// "first" to "fifth", "last", "second last"; "17th" beyond.
fn ordinal_word(n: i32) -> String {
    const WORDS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    let word = |n: u32| {
        let place = usize::try_from(n).ok().and_then(|n| WORDS.get(n.checked_sub(1)?));
        place.map_or_else(|| suffixed(n), |word| (*word).to_owned())
    };
    match n {
        -1 => "last".to_owned(),
        n if n < 0 => format!("{} last", word(n.unsigned_abs())),
        n => word(n.unsigned_abs()),
    }
}

/// "17th day", "last day", "3rd last day".
fn ordinal_number(n: i32, of: &str) -> String {
    match n {
        -1 => format!("last {of}"),
        n if n < 0 => format!("{} last {of}", suffixed(n.unsigned_abs())),
        n => format!("{} {of}", suffixed(n.unsigned_abs())),
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

fn and(words: impl Iterator<Item = String>) -> String {
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

fn month_name(month: u32) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(month)
        .ok()
        .and_then(|month| NAMES.get(month.checked_sub(1)?))
        .copied()
        .unwrap_or_default()
}
