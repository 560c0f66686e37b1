//! Days: `tomorrow`, `this friday`, `4 dec`, `24/12/2026`, `in 3 days`, `christmas`.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Weekday};
use eventcore::time::Holiday;

use super::lexer::LexedText;
use super::order::DayOrder;
use super::words::{self, TimeUnit};

/// What was recognised at a place of the text, or why it cannot be; and the place after it.
pub(super) type Match<T> = (Result<T, String>, usize);

/// A day, which may depend on the one from which it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DaySpec {
    Exact(NaiveDate),
    /// The next such day.
    Yearly {
        month: u32,
        day: u32,
    },
    /// The next such day of a month: `the 4th`.
    OfMonth(u32),
    Weekday {
        weekday: Weekday,
        /// `this friday` is today on a Friday, `friday` is in a week.
        this: bool,
    },
    Holiday(Holiday),
}

impl DaySpec {
    /// The day, on or after `from`; `None` at the end of the calendar.
    pub(super) fn on_or_after(self, from: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Exact(day) => Some(day),
            Self::Yearly { month, day } => (from.year()..=from.year() + 8)
                .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                .find(|day| *day >= from),
            Self::OfMonth(day) => (0..=12)
                .filter_map(|months| from.with_day(1)?.checked_add_months(Months::new(months))?.with_day(day))
                .find(|day| *day >= from),
            Self::Weekday { weekday, .. } => {
                let ahead = (7 + weekday.num_days_from_monday() - from.weekday().num_days_from_monday()) % 7;
                from.checked_add_days(Days::new(u64::from(ahead)))
            }
            Self::Holiday(holiday) => holiday.on_or_after(from),
        }
    }

    /// The day that someone means who says it today.
    pub(super) fn said_today(self, today: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Weekday { this: false, .. } => self.on_or_after(today.succ_opt()?),
            _ => self.on_or_after(today),
        }
    }
}

/// All readings of the text at a place as a day, the likeliest first.
pub(super) fn days(
    text: &LexedText<'_>,
    at: usize,
    today: NaiveDate,
    order: DayOrder,
) -> Vec<Match<DaySpec>> {
    if let Some(word) = text.word(at) {
        return named(text, at, word, today).into_iter().collect();
    }
    if text.is_sign(at, '+') {
        return counted(text, at + 1, today).into_iter().collect();
    }
    let readings =
        [year_first(text, at), day_of_named_month(text, at), separated(text, at, order), ordinal(text, at)];
    readings.into_iter().flatten().collect()
}

fn named(text: &LexedText<'_>, at: usize, word: &str, today: NaiveDate) -> Option<Match<DaySpec>> {
    let exact =
        |day: Option<NaiveDate>, next: usize| Some((day.map(DaySpec::Exact).ok_or_else(too_late), next));
    match word {
        "today" | "tod" => return exact(Some(today), at + 1),
        "tomorrow" | "tmrw" | "tmr" | "tom" => return exact(today.succ_opt(), at + 1),
        "yesterday" => return exact(today.pred_opt(), at + 1),
        "day" if text.is_word(at + 1, &["after"]) && text.is_word(at + 2, &["tomorrow"]) => {
            return exact(today.checked_add_days(Days::new(2)), at + 3);
        }
        _ => {}
    }
    if let Some((holiday, words)) = Holiday::at_start_of(&text.words(at)) {
        return Some((Ok(DaySpec::Holiday(holiday)), at + words));
    }
    let this = word == "this";
    let place = if this || matches!(word, "next" | "coming") { at + 1 } else { at };
    if let Some(weekday) = words::weekday(text.word(place)?) {
        return Some((Ok(DaySpec::Weekday { weekday, this }), text.after_stop(place + 1)));
    }
    month_first(text, at)
}

/// `in 3 days` after the `in`, `+3`, `+2w`. Without a unit, the number counts days.
pub(super) fn counted(text: &LexedText<'_>, at: usize, today: NaiveDate) -> Option<Match<DaySpec>> {
    let count = text.number(at).map(|(number, _)| number).or_else(|| words::number(text.word(at)?))?;
    let (unit, next) = match text.word(at + 1).and_then(words::unit) {
        Some(TimeUnit::Hour | TimeUnit::Minute) => return None,
        Some(unit) => (unit, at + 2),
        None => (TimeUnit::Day, at + 1),
    };
    let day = match unit {
        TimeUnit::Week => today.checked_add_days(Days::new(u64::from(count) * 7)),
        TimeUnit::Month => today.checked_add_months(Months::new(count)),
        TimeUnit::Year => {
            count.checked_mul(12).and_then(|months| today.checked_add_months(Months::new(months)))
        }
        TimeUnit::Day | TimeUnit::Hour | TimeUnit::Minute => today.checked_add_days(Days::new(count.into())),
    };
    let day = day.filter(|day| day.year() <= 9_999);
    Some((day.map(DaySpec::Exact).ok_or_else(too_late), next))
}

/// `in 2 hours` after the `in`: an instant of its own.
pub(super) fn counted_hours(
    text: &LexedText<'_>,
    at: usize,
    now: NaiveDateTime,
) -> Option<Match<NaiveDateTime>> {
    let count = text.number(at).map(|(number, _)| number).or_else(|| words::number(text.word(at)?))?;
    let unit = text.word(at + 1).and_then(words::unit)?;
    if !matches!(unit, TimeUnit::Hour | TimeUnit::Minute) {
        return None;
    }
    let seconds = unit.seconds().and_then(|seconds| seconds.checked_mul(count.into()));
    let then = seconds.and_then(TimeDelta::try_seconds).and_then(|ahead| now.checked_add_signed(ahead));
    let then = then.filter(|then| then.year() <= 9_999);
    Some((then.ok_or_else(too_late), at + 2))
}

fn too_late() -> String {
    "that is after the year 9999".to_owned()
}

/// `2027-03-04`, `2027/3/4`.
fn year_first(text: &LexedText<'_>, at: usize) -> Option<Match<DaySpec>> {
    let (year, 4) = text.number(at)? else { return None };
    let sign = ['-', '/'].into_iter().find(|sign| text.is_sign(at + 1, *sign))?;
    let month = two_digits(text, at + 2)?;
    let day = two_digits(text, at + 4)?;
    let glued = (at + 1..=at + 4).all(|at| text.is_glued(at));
    (glued && text.is_sign(at + 3, sign)).then(|| (dated(day, month, Some(year)), at + 5))
}

/// `4 dec`, `4th of december 2026`, `4.dec.`; `4` in `4-6 dec`.
fn day_of_named_month(text: &LexedText<'_>, at: usize) -> Option<Match<DaySpec>> {
    let day = two_digits(text, at)?;
    let mut next = after_ordinal(text, at + 1);
    // The first of two days of a month.
    if text.is_sign(next, '-') && text.number(next + 1).is_some() {
        let month_place = after_ordinal(text, next + 2);
        let month = text.word(month_place).and_then(words::month)?;
        let (year, _) = year_at(text, text.after_stop(month_place + 1));
        return Some((dated(day, month, year), next));
    }
    if text.is_word(next, &["of"]) {
        next += 1;
    }
    let month = text.word(next).and_then(words::month)?;
    let (year, next) = year_at(text, text.after_stop(next + 1));
    Some((dated(day, month, year), next))
}

/// `dec 4`, `december 4th, 2026`.
fn month_first(text: &LexedText<'_>, at: usize) -> Option<Match<DaySpec>> {
    let month = words::month(text.word(at)?)?;
    let mut place = text.after_stop(at + 1);
    if text.is_word(place, &["the"]) {
        place += 1;
    }
    let day = two_digits(text, place)?;
    let (year, next) = year_at(text, after_ordinal(text, place + 1));
    Some((dated(day, month, year), next))
}

/// `24.12.`, `24.12.2026`, `24/12`, `12/24/26`, `24-12-2026`.
fn separated(text: &LexedText<'_>, at: usize, order: DayOrder) -> Option<Match<DaySpec>> {
    let first = two_digits(text, at)?;
    let second = two_digits(text, at + 2)?;
    let sign = ['.', '/', '-'].into_iter().find(|sign| text.is_sign(at + 1, *sign))?;
    if !(text.is_glued(at + 1) && text.is_glued(at + 2)) {
        return None;
    }
    let (day, month) = match sign {
        '.' => (first, second),
        _ => order.day_and_month(first, second),
    };
    let mut next = at + 3;
    let mut year = None;
    if text.is_sign(next, sign) && text.is_glued(next) {
        match text.number(next + 1) {
            Some((number, 4)) if sign == '.' || text.is_glued(next + 1) => {
                (year, next) = (Some(number), next + 2)
            }
            Some((number, 2)) if text.is_glued(next + 1) => (year, next) = (Some(2_000 + number), next + 2),
            _ if sign == '.' => next += 1,
            _ => return None,
        }
    } else if let Some((number, 4)) = text.number(next)
        && sign != '-'
    {
        (year, next) = (Some(number), next + 1);
    }
    // `7-9` is not a day, but `7-9-2026` is.
    (sign != '-' || year.is_some()).then(|| (dated(day, month, year), next))
}

/// `4th`: of this month, or of the next.
fn ordinal(text: &LexedText<'_>, at: usize) -> Option<Match<DaySpec>> {
    let day = two_digits(text, at)?;
    let next = after_ordinal(text, at + 1);
    (next > at + 1).then(|| match day {
        1..=31 => (Ok(DaySpec::OfMonth(day)), next),
        _ => (Err(format!("no month has a day {day}")), next),
    })
}

fn two_digits(text: &LexedText<'_>, at: usize) -> Option<u32> {
    text.number(at).filter(|(_, digits)| *digits <= 2).map(|(number, _)| number)
}

/// The place after the `th` of `4th`, or the same if there is none.
fn after_ordinal(text: &LexedText<'_>, at: usize) -> usize {
    let ending = text.word(at).is_some_and(words::is_ordinal_ending) && text.is_glued(at);
    if ending { at + 1 } else { text.after_stop(at) }
}

fn year_at(text: &LexedText<'_>, at: usize) -> (Option<u32>, usize) {
    match text.number(at) {
        // `4 dec 1830h` has no year.
        Some((year, 4)) if text.word(at + 1).is_none() || !text.is_glued(at + 1) => (Some(year), at + 1),
        _ => (None, at),
    }
}

fn dated(day: u32, month: u32, year: Option<u32>) -> Result<DaySpec, String> {
    let none = || {
        let year = year.map(|year| format!(" {year}")).unwrap_or_default();
        match words::month_name(month) {
            None => format!("there is no month {month}"),
            Some(name) => format!("there is no {day} {name}{year}"),
        }
    };
    match year {
        Some(year) => {
            let year = i32::try_from(year).ok().filter(|year| *year > 0);
            let day = year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
            day.map(DaySpec::Exact).ok_or_else(none)
        }
        // 2028 is a leap year.
        None => {
            NaiveDate::from_ymd_opt(2028, month, day).map(|_| DaySpec::Yearly { month, day }).ok_or_else(none)
        }
    }
}
