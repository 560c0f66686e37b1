//! Times of day: `19:00`, `7pm`, `6:30 p.m.`, `18.30`, `18h30`, `19h`, `noon`.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::day::Match;
use super::lexer::LexedText;
use super::words::DayPart;

/// A half of the day, on a clock of twelve hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HalfDay {
    Am,
    Pm,
}

/// A time as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockReading {
    /// 0 to 24, or 1 to 12 with a half.
    hour: u32,
    minute: u32,
    second: u32,
    half: Option<HalfDay>,
    /// A number alone, which may be something else.
    pub(super) bare: bool,
}

impl ClockReading {
    const fn at_hour(hour: u32) -> Self {
        Self { hour, minute: 0, second: 0, half: None, bare: false }
    }

    pub(super) const fn from_time(hour: u32, minute: u32) -> Self {
        Self { hour, minute, second: 0, half: None, bare: false }
    }

    /// Whether a part of the day, or the other end of a range, may say which half of the day is meant.
    const fn is_open(self) -> bool {
        self.half.is_none() && self.hour >= 1 && self.hour <= 12
    }

    /// The reading with a half, if it lacks one.
    pub(super) fn in_part(self, part: DayPart) -> Self {
        if !self.is_open() {
            return self;
        }
        let before_noon = match part {
            DayPart::Morning => true,
            DayPart::Afternoon | DayPart::Evening => false,
            DayPart::Night => self.hour < 5 || self.hour == 12,
        };
        let half = if before_noon { HalfDay::Am } else { HalfDay::Pm };
        Self { half: Some(half), ..self }
    }

    /// The start and the end of a range, of which one may lack its half: `7-9pm`, `11-1pm`. The shorter range
    /// is meant.
    pub(super) fn range(start: Self, end: Self) -> (Self, Self) {
        let with =
            |reading: Self| [HalfDay::Am, HalfDay::Pm].map(|half| Self { half: Some(half), ..reading });
        let length = |start: Self, end: Self| (end.seconds() - start.seconds() - 1).rem_euclid(86_400);
        match (start.half, end.half) {
            (None, Some(_)) if start.is_open() => {
                let [am, pm] = with(start);
                (if length(am, end) < length(pm, end) { am } else { pm }, end)
            }
            (Some(_), None) if end.is_open() => {
                let [am, pm] = with(end);
                (start, if length(start, am) < length(start, pm) { am } else { pm })
            }
            _ => (start, end),
        }
    }

    fn seconds(self) -> i64 {
        let hour = match self.half {
            Some(HalfDay::Am) => self.hour % 12,
            Some(HalfDay::Pm) => self.hour % 12 + 12,
            None => self.hour,
        };
        i64::from(hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    /// The time on a day. The hours after midnight of a night are on the day after.
    pub(super) fn on(self, day: NaiveDate, part: Option<DayPart>) -> Option<NaiveDateTime> {
        let seconds = u32::try_from(self.seconds()).ok()?;
        let after_midnight = part == Some(DayPart::Night) && seconds < 5 * 3_600;
        // 24:00 is the end of the day.
        let day = if after_midnight || seconds >= 86_400 { day.checked_add_days(Days::new(1))? } else { day };
        let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds % 86_400, 0)?;
        Some(day.and_time(time))
    }
}

/// All readings of the text at a place as a time, the longest first.
pub(super) fn times(text: &LexedText<'_>, at: usize) -> Vec<Match<ClockReading>> {
    let word = match text.word(at) {
        Some("noon" | "midday") => Some(12),
        Some("midnight") => Some(0),
        _ => None,
    };
    if let Some(hour) = word {
        return vec![(Ok(ClockReading::at_hour(hour)), at + 1)];
    }
    let Some((hour, 1..=2)) = text.number(at) else { return Vec::new() };
    // `12 noon`
    if hour == 12 && text.is_word(at + 1, &["noon", "midday", "midnight"]) {
        let hour = if text.is_word(at + 1, &["midnight"]) { 0 } else { 12 };
        return vec![(Ok(ClockReading::at_hour(hour)), at + 2)];
    }
    let mut readings = Vec::new();
    let mut add = |reading: ClockReading, next: usize| {
        if let Some((half, next)) = half(text, next) {
            readings.push((checked(text, at, next, ClockReading { half: Some(half), ..reading }), next));
        }
        let next = if text.is_word(next, &["h", "uhr", "o'clock", "oclock"]) { next + 1 } else { next };
        readings.push((checked(text, at, next, reading), next));
    };
    let glued = |places: std::ops::RangeInclusive<usize>| places.into_iter().all(|at| text.is_glued(at));
    let minute_at = |at: usize| text.number(at).filter(|(_, digits)| *digits == 2).map(|(minute, _)| minute);
    if let Some(minute) = minute_at(at + 2)
        && (text.is_sign(at + 1, ':') || text.is_sign(at + 1, '.') || text.is_word(at + 1, &["h"]))
        && glued(at + 1..=at + 2)
    {
        let reading = ClockReading::from_time(hour, minute);
        match minute_at(at + 4) {
            Some(second) if text.is_sign(at + 3, ':') && glued(at + 3..=at + 4) => {
                add(ClockReading { second, ..reading }, at + 5);
            }
            // `18.30.` is not a time, nor is `18:30:5`.
            _ if (text.is_sign(at + 3, ':') || text.is_sign(at + 3, '.')) && text.is_glued(at + 3) => {}
            _ => add(reading, at + 3),
        }
    }
    if let Some((half, next)) = half(text, at + 1) {
        let reading = ClockReading { half: Some(half), ..ClockReading::at_hour(hour) };
        readings.push((checked(text, at, next, reading), next));
    }
    if text.is_word(at + 1, &["h", "uhr", "o'clock", "oclock"]) {
        readings.push((checked(text, at, at + 2, ClockReading::at_hour(hour)), at + 2));
    }
    // Something glued to the number makes it another word: `4th`, `7:`.
    let ends = !text.is_glued(at + 1) || text.is_sign(at + 1, '-');
    if hour <= 24 && ends {
        readings.push((Ok(ClockReading { bare: true, ..ClockReading::at_hour(hour) }), at + 1));
    }
    readings
}

/// `am`, `p.m.`, `p`.
fn half(text: &LexedText<'_>, at: usize) -> Option<(HalfDay, usize)> {
    let half = |word: &str| match word {
        "am" | "a" => Some(HalfDay::Am),
        "pm" | "p" => Some(HalfDay::Pm),
        _ => None,
    };
    let word = text.word(at)?;
    let found = half(word)?;
    if word.len() == 2 {
        return Some((found, at + 1));
    }
    if text.is_sign(at + 1, '.') && text.is_word(at + 2, &["m"]) {
        return Some((found, text.after_stop(at + 3)));
    }
    text.is_glued(at).then_some((found, at + 1))
}

fn checked(
    text: &LexedText<'_>,
    from: usize,
    to: usize,
    reading: ClockReading,
) -> Result<ClockReading, String> {
    let hour = match reading.half {
        Some(_) => (1..=12).contains(&reading.hour),
        None => reading.hour <= 23 || (reading.hour, reading.minute, reading.second) == (24, 0, 0),
    };
    if hour && reading.minute <= 59 && reading.second <= 59 {
        Ok(reading)
    } else {
        Err(format!("{} is not a time of day", text.typed(from, to)))
    }
}
