//! The words of the grammar.

use chrono::{Month, Weekday};

/// A unit of "in 3 days" and "for 2 hours".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// The part of a day, which decides between morning and evening where a time has only an hour up to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayPart {
    Morning,
    Afternoon,
    Evening,
    /// Also the hours after midnight, up to 5.
    Night,
}

/// Words that change nothing.
pub(super) const FILLERS: &[&str] =
    &["at", "on", "um", "of", "the", "from", "between", "starting", "starts", "start", "beginning"];

/// Words after which a bare number is an hour.
pub(super) const BEFORE_HOUR: &[&str] = &["at", "um", "from", "between", "to", "until", "till", "til", "and"];

/// Words between a start and an end.
pub(super) const BEFORE_END: &[&str] = &["to", "until", "till", "til", "bis"];

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" => Weekday::Mon,
        "tue" | "tues" | "tuesday" => Weekday::Tue,
        "wed" | "weds" | "wednesday" => Weekday::Wed,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thu,
        "fri" | "friday" => Weekday::Fri,
        "sat" | "saturday" => Weekday::Sat,
        "sun" | "sunday" => Weekday::Sun,
        _ => return None,
    })
}

/// 1 to 12.
pub(super) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "january"],
        &["feb", "february"],
        &["mar", "march"],
        &["apr", "april"],
        &["may"],
        &["jun", "june"],
        &["jul", "july"],
        &["aug", "august"],
        &["sep", "sept", "september"],
        &["oct", "october"],
        &["nov", "november"],
        &["dec", "december"],
    ];
    let place = MONTHS.iter().position(|names| names.contains(&word))?;
    u32::try_from(place + 1).ok()
}

pub(super) fn month_name(month: u32) -> Option<&'static str> {
    Some(Month::try_from(u8::try_from(month).ok()?).ok()?.name())
}

/// `one` to `twelve`, `a`.
pub(super) fn number(word: &str) -> Option<u32> {
    const NUMBERS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    if matches!(word, "a" | "an") {
        return Some(1);
    }
    NUMBERS.iter().position(|name| *name == word).and_then(|place| u32::try_from(place + 1).ok())
}

pub(super) fn unit(word: &str) -> Option<TimeUnit> {
    Some(match word {
        "m" | "min" | "mins" | "minute" | "minutes" => TimeUnit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => TimeUnit::Hour,
        "d" | "day" | "days" => TimeUnit::Day,
        "w" | "week" | "weeks" => TimeUnit::Week,
        "month" | "months" => TimeUnit::Month,
        "y" | "year" | "years" => TimeUnit::Year,
        _ => return None,
    })
}

impl TimeUnit {
    /// `None` for months and years, which differ in length.
    pub(super) const fn seconds(self) -> Option<i64> {
        match self {
            Self::Minute => Some(60),
            Self::Hour => Some(3_600),
            Self::Day => Some(86_400),
            Self::Week => Some(604_800),
            Self::Month | Self::Year => None,
        }
    }
}

pub(super) fn day_part(word: &str) -> Option<DayPart> {
    Some(match word {
        "morning" => DayPart::Morning,
        "afternoon" => DayPart::Afternoon,
        "evening" => DayPart::Evening,
        "night" => DayPart::Night,
        _ => return None,
    })
}

/// The ending of an ordinal: `4th`.
pub(super) fn is_ordinal_ending(word: &str) -> bool {
    matches!(word, "st" | "nd" | "rd" | "th")
}
