//! Rule to English: "the second Tuesday of every month until 3 May 2028".

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use super::nouns::{
    a_weekday, and, date, every_weekday, kind_of_days, month_days, month_days_or, month_name, ordinal_word,
    weekday_name, weekdays, year_days,
};
use crate::date_value::DateValue;
use crate::rule::{ByDay, Freq, Rule};
use crate::series::Series;

impl Series {
    /// The recurrence in English. Days that the rule leaves open are those of the start.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore_recurrence::{Recurrence, Series, SeriesStart};
    /// let start = SeriesStart::on(NaiveDate::from_ymd_opt(2027, 3, 4).unwrap(), chrono_tz::Europe::Berlin);
    /// let series = |rule: &str| Series::new(start, Recurrence::of(rule.parse().unwrap())).unwrap();
    /// let text = |rule| series(rule).to_english();
    ///
    /// assert_eq!(text("FREQ=WEEKLY;BYDAY=TH;COUNT=10"), "every Thursday, 10 times");
    /// assert_eq!(text("FREQ=MONTHLY;BYDAY=2TU"), "the second Tuesday of every month");
    /// assert_eq!(text("FREQ=MONTHLY;UNTIL=20280503"), "every month on the 4th until 3 May 2028");
    /// ```
    pub fn to_english(&self) -> String {
        let recurrence = self.recurrence();
        let start = self.start();
        let dates = |values: &[DateValue]| {
            let mut days: Vec<NaiveDate> =
                values.iter().map(|value| day_of(*value, Some(start.tz))).collect();
            days.sort_unstable();
            days.dedup();
            days
        };
        let (more, except) = (dates(&recurrence.rdate), dates(&recurrence.exdate));
        let mut text = match &recurrence.rrule {
            Some(rule) => {
                let (local, tz) = (Some(start.local), Some(start.tz));
                let rule = RuleText { rule, start: local, tz, all_day: start.all_day }.write();
                rule + &listed(", and on", &more)
            }
            None if more.is_empty() => "once".to_owned(),
            None if more.len() <= LISTED => {
                let days = std::iter::once(start.local.date()).chain(more);
                format!("on {}", and(days.map(date)))
            }
            None => format!(
                "on {}{}",
                date(start.local.date()),
                listed(" and", &more).replace("dates", "more dates")
            ),
        };
        text += &listed(", except on", &except);
        text
    }
}

/// Number of RDATEs or EXDATEs up to which they are named.
const LISTED: usize = 3;

/// The days after `before`: a few by name, many by number.
fn listed(before: &str, days: &[NaiveDate]) -> String {
    match days.len() {
        0 => String::new(),
        1..=LISTED => format!("{before} {}", and(days.iter().copied().map(date))),
        count => format!("{before} {count} dates"),
    }
}

/// The date of a value; of an instant, the date in the zone of the series.
fn day_of(value: DateValue, tz: Option<chrono_tz::Tz>) -> NaiveDate {
    match value {
        DateValue::Date(day) => day,
        DateValue::Local(local) => local.date(),
        DateValue::Utc(instant) => instant.in_zone(tz.unwrap_or_default()).date_naive(),
    }
}

impl Rule {
    /// The rule in English, without the days that it would take from a start.
    pub fn to_english(&self) -> String {
        RuleText { rule: self, start: None, tz: None, all_day: false }.write()
    }
}

/// Writes one rule, with the start of its series if it is known.
struct RuleText<'r> {
    rule: &'r Rule,
    start: Option<NaiveDateTime>,
    tz: Option<chrono_tz::Tz>,
    all_day: bool,
}

impl RuleText<'_> {
    fn write(&self) -> String {
        if self.rule.count() == Some(1) {
            return "once".to_owned();
        }
        let days = self.numbered_in_month().unwrap_or_else(|| match self.rule.freq {
            Freq::Hourly => self.every("hour") + &self.conditions(),
            Freq::Daily => self.daily(),
            Freq::Weekly => self.weekly(),
            Freq::Monthly => self.monthly(),
            Freq::Yearly => self.yearly(),
        });
        format!("{days}{}{}{}", self.times(), self.positions(), self.end())
    }

    fn every(&self, unit: &str) -> String {
        match self.rule.interval() {
            1 => format!("every {unit}"),
            2 => format!("every other {unit}"),
            n => format!("every {n} {unit}s"),
        }
    }

    /// BYSETPOS over days of a month: "the last weekday of every month". `None` for all other rules.
    fn numbered_in_month(&self) -> Option<String> {
        let rule = self.rule;
        let only_weekdays = !rule.by_day.is_empty()
            && rule.by_day.iter().all(|day| day.nth.is_none())
            && rule.by_month_day.is_empty()
            && rule.by_year_day.is_empty()
            && rule.by_week_no.is_empty();
        let one_time_a_day = rule.by_hour.len() < 2 && rule.by_minute.len() < 2 && rule.by_second.len() < 2;
        if rule.by_set_pos.is_empty() || !only_weekdays || !one_time_a_day {
            return None;
        }
        let days = format!("the {} {}", self.position_words(), kind_of_days(&rule.by_day));
        match rule.freq {
            Freq::Monthly => Some(format!("{days} of {}", self.every_month())),
            Freq::Yearly if rule.by_month.len() == 1 => {
                Some(format!("{} on {days}{}", self.every("year"), self.months("of")))
            }
            _ => None,
        }
    }

    fn position_words(&self) -> String {
        and(self.rule.by_set_pos.iter().map(|n| ordinal_word(i32::from(*n))))
    }

    /// BYSETPOS of other rules: ", only the first and last of each week".
    fn positions(&self) -> String {
        if self.rule.by_set_pos.is_empty() || self.numbered_in_month().is_some() {
            return String::new();
        }
        format!(", only the {} of each {}", self.position_words(), unit(self.rule.freq))
    }

    fn daily(&self) -> String {
        let rule = self.rule;
        match (rule.interval(), rule.by_day.as_slice(), rule.by_month_day.as_slice()) {
            (1, [], []) => self.every("day") + &self.months("in"),
            (1, days, []) => format!("every {}{}", weekdays(days, "and"), self.months("in")),
            (1, [], dates) => format!("{} on the {}", self.every_month(), month_days(dates)),
            _ => {
                let mut text = self.every("day");
                let mut word = "if";
                if !rule.by_month_day.is_empty() {
                    text = format!("{text} {word} it is the {}", month_days_or(&rule.by_month_day));
                    word = "and";
                }
                if !rule.by_day.is_empty() {
                    text = format!("{text} {word} it is {}", a_weekday(&rule.by_day));
                }
                text + &self.months("in")
            }
        }
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
        text + &self.months("in")
    }

    /// "every month", "every June and July", "every other month in June".
    fn every_month(&self) -> String {
        if self.rule.interval() == 1 && !self.rule.by_month.is_empty() {
            return format!("every{}", self.months(""));
        }
        self.every("month") + &self.months("in")
    }

    fn monthly(&self) -> String {
        let rule = self.rule;
        if !rule.by_day.is_empty() && !rule.by_month_day.is_empty() {
            let dates = month_days(&rule.by_month_day);
            return format!("{} on the {dates} if it is {}", self.every_month(), a_weekday(&rule.by_day));
        }
        if rule.by_day.is_empty() {
            let of_start: Vec<i8> =
                self.start.iter().filter_map(|start| i8::try_from(start.day()).ok()).collect();
            let dates = if rule.by_month_day.is_empty() { &of_start } else { &rule.by_month_day };
            return match dates.as_slice() {
                [] => self.every_month(),
                dates => format!("{} on the {}", self.every_month(), month_days(dates)),
            };
        }
        if rule.interval() == 1 && rule.by_day.iter().all(|day| day.nth.is_none()) {
            return every_weekday(&rule.by_day) + &self.months("in");
        }
        format!("{} of {}", every_weekday(&rule.by_day), self.every_month())
    }

    fn yearly(&self) -> String {
        let rule = self.rule;
        let text = self.every("year");
        if !rule.by_month_day.is_empty() {
            return self.dates_of_year(&text);
        }
        if !rule.by_year_day.is_empty() {
            let text = format!("{text} on the {}", year_days(&rule.by_year_day));
            let weekday = match rule.by_day.as_slice() {
                [] => String::new(),
                days => format!(" if it is {}", a_weekday(days)),
            };
            return text + &weekday + &self.weeks(" in ") + &self.months("in");
        }
        if !rule.by_week_no.is_empty() {
            let of_start = self.start.map(|start| ByDay { nth: None, weekday: start.weekday() });
            let days = if rule.by_day.is_empty() { of_start.as_slice() } else { &rule.by_day };
            let text = match days {
                [] => text + &self.weeks(" in "),
                days => format!("{text} on {}{}", weekdays(days, "and"), self.weeks(" of ")),
            };
            return text + &self.months("in");
        }
        if rule.by_day.is_empty() {
            return self.day_of_start(&text);
        }
        if rule.by_day.iter().all(|day| day.nth.is_none()) {
            let days = every_weekday(&rule.by_day) + &self.months("in");
            return if rule.interval() == 1 { days } else { format!("{text} on {days}") };
        }
        let of = if rule.by_month.is_empty() { " of the year".to_owned() } else { self.months("of") };
        format!("{text} on {}{of}", every_weekday(&rule.by_day))
    }

    /// YEARLY without days: "every year on 5 June and 5 July", with the day of the start.
    fn day_of_start(&self, text: &str) -> String {
        let Some(start) = self.start else { return format!("{text}{}", self.months("in")) };
        let months: Vec<u32> = match self.rule.by_month.as_slice() {
            [] => vec![start.month()],
            months => months.iter().map(|month| u32::from(*month)).collect(),
        };
        let dates = months.into_iter().map(|month| format!("{} {}", start.day(), month_name(month)));
        format!("{text} on {}", and(dates))
    }

    /// YEARLY with BYMONTHDAY: "every year on the 3rd of March".
    fn dates_of_year(&self, text: &str) -> String {
        let rule = self.rule;
        let of = if rule.by_month.is_empty() { " of every month".to_owned() } else { self.months("of") };
        let mut text = format!("{text} on the {}{of}", month_days(&rule.by_month_day));
        let mut word = "if";
        if !rule.by_year_day.is_empty() {
            text = format!("{text} {word} it is the {}", year_days(&rule.by_year_day));
            word = "and";
        }
        if !rule.by_day.is_empty() {
            text = format!("{text} {word} it is {}", a_weekday(&rule.by_day));
        }
        text + &self.weeks(" in ")
    }

    /// The BY parts that limit the days of HOURLY: " on Monday", " on the 1st of the month", " in January".
    fn conditions(&self) -> String {
        let rule = self.rule;
        let mut text = String::new();
        if !rule.by_day.is_empty() {
            text = format!("{text} on {}", weekdays(&rule.by_day, "and"));
        }
        if !rule.by_month_day.is_empty() {
            text = format!("{text} on the {} of the month", month_days(&rule.by_month_day));
        }
        if !rule.by_year_day.is_empty() {
            text = format!("{text} on the {}", year_days(&rule.by_year_day));
        }
        text + &self.months("in")
    }

    /// BYMONTH after `word`, or nothing.
    fn months(&self, word: &str) -> String {
        if self.rule.by_month.is_empty() {
            return String::new();
        }
        let space = if word.is_empty() { "" } else { " " };
        let months = self.rule.by_month.iter().map(|month| month_name(u32::from(*month)).to_owned());
        format!("{space}{word} {}", and(months))
    }

    /// BYWEEKNO after `before`, or nothing: "week 20", "weeks 20 and 21", "the last week".
    fn weeks(&self, before: &str) -> String {
        let weeks = &self.rule.by_week_no;
        if weeks.is_empty() {
            return String::new();
        }
        if weeks.len() > 1 && weeks.iter().all(|n| *n > 0) {
            return format!("{before}weeks {}", and(weeks.iter().map(ToString::to_string)));
        }
        let name = |n: &i8| match n {
            n if *n > 0 => format!("week {n}"),
            n => format!("the {} week", ordinal_word(i32::from(*n))),
        };
        format!("{before}{}", and(weeks.iter().map(name)))
    }

    /// " at 09:00 and 17:00" if the rule has times of day.
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
            let noun = if minutes.len() == 1 { "minute" } else { "minutes" };
            return format!(" at {noun} {}", and(minutes.iter().map(ToString::to_string)));
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
        match (self.rule.count(), self.rule.until()) {
            (Some(2), _) => ", twice".to_owned(),
            (Some(count), _) => format!(", {count} times"),
            (None, None) => String::new(),
            (None, Some(until)) => {
                format!(" until {}", date(day_of(until, self.tz)))
            }
        }
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
