//! The grammar: `moment [- moment] [for duration]`, where a moment is a day, a time, or both in any order.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::clock::{ClockReading, times};
use super::day::{DaySpec, Match, counted, counted_hours, days};
use super::duration;
use super::lexer::LexedText;
use super::spoken::{DateContext, DateFault, Spoken, When};
use super::words::{self, BEFORE_END, BEFORE_HOUR, DayPart, FILLERS};

/// What a part of the text says.
#[derive(Debug, Clone, Copy)]
enum Item {
    Day(DaySpec),
    Time(ClockReading),
    Part(DayPart),
    /// `tonight`, `this evening`.
    DayPart(DaySpec, DayPart),
    Instant(NaiveDateTime),
    AllDay,
    /// Seconds.
    Length(i64),
    /// What follows is the end.
    End,
    Filler,
}

/// What was said of a start or an end.
#[derive(Debug, Clone, Copy, Default)]
struct SpokenMoment {
    day: Option<DaySpec>,
    /// A weekday beside a day, which must agree.
    weekday: Option<chrono::Weekday>,
    time: Option<ClockReading>,
    part: Option<DayPart>,
    instant: Option<NaiveDateTime>,
    all_day: bool,
}

/// What was said so far.
#[derive(Debug, Clone, Copy, Default)]
struct SoFar {
    start: SpokenMoment,
    end: Option<SpokenMoment>,
    length: Option<i64>,
    /// The place of a number alone that is an hour only if the end is a time.
    bare_start: Option<usize>,
}

/// Tries the readings of each part in turn, and remembers how far the best attempt came.
struct DateParser<'t> {
    text: LexedText<'t>,
    context: DateContext,
    /// The fault of the attempt that came furthest, and its place.
    fault: Option<(usize, DateFault)>,
}

/// Reads a start, with its length if an end or a duration is named.
pub(super) fn read(text: &str, context: DateContext) -> Result<Spoken, DateFault> {
    let text =
        LexedText::new(text).ok_or_else(|| DateFault::Impossible("too long to be a time".to_owned()))?;
    if text.len() == 0 {
        return Err(DateFault::Empty);
    }
    let mut parser = DateParser { text, context, fault: None };
    match parser.rest(0, SoFar::default()) {
        Some(spoken) => Ok(spoken),
        None => Err(parser.fault.map_or(DateFault::Empty, |(_, fault)| fault)),
    }
}

impl DateParser<'_> {
    fn rest(&mut self, at: usize, so_far: SoFar) -> Option<Spoken> {
        if at >= self.text.len() {
            return match self.complete(so_far) {
                Ok(spoken) => Some(spoken),
                Err(fault) => {
                    self.fail(at, fault);
                    None
                }
            };
        }
        let items = self.items(at, &so_far);
        if items.is_empty() {
            self.fail(at, DateFault::Unknown(self.text.part(at).to_owned()));
        }
        for (item, next) in items {
            let said = match item {
                Ok(item) => self.say(so_far, item, at, next),
                Err(impossible) => Err(DateFault::Impossible(impossible)),
            };
            match said {
                Ok(so_far) => {
                    if let Some(spoken) = self.rest(next, so_far) {
                        return Some(spoken);
                    }
                }
                Err(fault) => self.fail(next, fault),
            }
        }
        None
    }

    fn fail(&mut self, at: usize, fault: DateFault) {
        let known = |fault: &DateFault| !matches!(fault, DateFault::Unknown(_));
        let better = self
            .fault
            .as_ref()
            .is_none_or(|(best, old)| at > *best || (at == *best && !known(old) && known(&fault)));
        if better {
            self.fault = Some((at, fault));
        }
    }

    /// All readings of the text at a place.
    fn items(&self, at: usize, so_far: &SoFar) -> Vec<Match<Item>> {
        let text = &self.text;
        let (today, is_first) = (self.context.now.date(), so_far.end.is_none());
        let mut items: Vec<Match<Item>> = Vec::new();
        let found = days(text, at, today, self.context.order);
        items.extend(found.into_iter().map(|(day, next)| (day.map(Item::Day), next)));
        let found = times(text, at);
        items.extend(found.into_iter().map(|(time, next)| (time.map(Item::Time), next)));
        if text.is_word(at, &["in"]) {
            if text.is_word(at + 1, &["the"])
                && let Some(part) = text.word(at + 2).and_then(words::day_part)
            {
                items.push((Ok(Item::Part(part)), at + 3));
            }
            let hours = counted_hours(text, at + 1, self.context.now);
            items.extend(hours.map(|(then, next)| (then.map(Item::Instant), next)));
            let days = counted(text, at + 1, today);
            items.extend(days.map(|(day, next)| (day.map(Item::Day), next)));
        }
        if text.is_word(at, &["tonight"]) {
            items.push((Ok(Item::DayPart(DaySpec::Exact(today), DayPart::Night)), at + 1));
        }
        if text.is_word(at, &["this"])
            && let Some(part) = text.word(at + 1).and_then(words::day_part)
        {
            items.push((Ok(Item::DayPart(DaySpec::Exact(today), part)), at + 2));
        }
        if let Some(part) = text.word(at).and_then(words::day_part) {
            items.push((Ok(Item::Part(part)), at + 1));
        }
        if text.is_word(at, &["all", "whole"]) && text.is_word(at + 1, &["day"]) {
            items.push((Ok(Item::AllDay), at + 2));
        }
        if text.is_word(at, &["for"])
            && let Some((length, next)) = duration::at(text, at + 1)
        {
            items.push((length.map(Item::Length), next));
        }
        let between = text.is_word(at, &["and"]) && (0..at).any(|at| text.is_word(at, &["between"]));
        if is_first && (text.is_sign(at, '-') || text.is_word(at, BEFORE_END) || between) {
            items.push((Ok(Item::End), at + 1));
        }
        // The `T` of ISO 8601.
        let separates = text.is_word(at, &["t"]) && text.is_glued(at) && text.is_glued(at + 1);
        if separates || text.is_word(at, FILLERS) {
            items.push((Ok(Item::Filler), at + 1));
        }
        items
    }

    /// What is said with one more item.
    fn say(&self, mut so_far: SoFar, item: Item, at: usize, next: usize) -> Result<SoFar, DateFault> {
        let typed = self.text.typed(at, next);
        let second = |what: &str| DateFault::Second(format!("“{typed}” is a second {what}: keep one"));
        let introduced = at.checked_sub(1).is_some_and(|before| {
            self.text.is_word(before, BEFORE_HOUR) || (so_far.end.is_some() && self.text.is_sign(before, '-'))
        });
        let before_end = self.text.is_sign(next, '-') || self.text.is_word(next, BEFORE_END);
        let is_start = so_far.end.is_none();
        let moment = so_far.end.as_mut().unwrap_or(&mut so_far.start);
        match item {
            Item::Filler => {}
            Item::End if moment.day.is_none() && moment.time.is_none() && moment.instant.is_none() => {
                return Err(DateFault::Unknown(typed.to_owned()));
            }
            Item::End => so_far.end = Some(SpokenMoment::default()),
            Item::Day(day) => moment.add_day(day, self.context.now.date(), || second("day"))?,
            Item::DayPart(day, part) => {
                moment.add_day(day, self.context.now.date(), || second("day"))?;
                moment.part = Some(part);
            }
            Item::Part(_) if moment.part.is_some() => return Err(second("part of the day")),
            Item::Part(part) => moment.part = Some(part),
            Item::Time(_) | Item::Instant(_) if moment.time.is_some() || moment.instant.is_some() => {
                return Err(second("time"));
            }
            Item::Time(time) => {
                if time.bare && !introduced && moment.part.is_none() {
                    if !(is_start && before_end) {
                        return Err(DateFault::Unknown(self.text.part(at).to_owned()));
                    }
                    so_far.bare_start = Some(at);
                }
                moment.time = Some(time);
            }
            Item::Instant(_) if moment.day.is_some() => return Err(second("day")),
            Item::Instant(instant) => moment.instant = Some(instant),
            Item::AllDay => moment.all_day = true,
            Item::Length(_) if so_far.length.is_some() || so_far.end.is_some() => return Err(second("end")),
            Item::Length(length) => so_far.length = Some(length),
        }
        Ok(so_far)
    }

    /// The start and the length of a text that was read to its end.
    fn complete(&self, so_far: SoFar) -> Result<Spoken, DateFault> {
        let SoFar { start, end, length, bare_start } = so_far;
        let Some(end) = end else {
            let start = start.resolve(self.context.now)?;
            if let (When::AllDay(_), Some(length)) = (start, length)
                && length % 86_400 != 0
            {
                return Err(DateFault::Missing("say at what time it starts, such as: fri 18:30 for 2h"));
            }
            return Ok(Spoken { start, length });
        };
        match (start.time, end.time) {
            (Some(first), Some(last)) => {
                if let (Some(place), true) = (bare_start, last.bare) {
                    return Err(DateFault::Unknown(self.text.part(place).to_owned()));
                }
                let part = end.part.or(start.part);
                let in_part = |reading: ClockReading| part.map_or(reading, |part| reading.in_part(part));
                let (first, last) = ClockReading::range(in_part(first), in_part(last));
                let first = SpokenMoment { time: Some(first), ..start };
                length_until(first.resolve(self.context.now)?, SpokenMoment { time: Some(last), ..end })
            }
            (None, None) if start.instant.is_none() && end.instant.is_none() => {
                length_until(start.resolve(self.context.now)?, end)
            }
            (None, Some(_)) if start.instant.is_some() => length_until(start.resolve(self.context.now)?, end),
            (None, _) => Err(DateFault::Missing("say at what time it starts, such as: fri 18:30 - 20:00")),
            (Some(_), None) => {
                Err(DateFault::Missing("say at what time it ends, such as: fri 18:30 - 20:00"))
            }
        }
    }
}

impl SpokenMoment {
    /// Adds a day. A weekday may stand beside another day if both agree.
    fn add_day(
        &mut self,
        day: DaySpec,
        today: NaiveDate,
        second: impl Fn() -> DateFault,
    ) -> Result<(), DateFault> {
        let (day, weekday) = match (self.day, day, self.weekday) {
            _ if self.instant.is_some() => return Err(second()),
            (None, day, weekday) => (day, weekday),
            (Some(DaySpec::Weekday { weekday, .. }), day, None)
                if !matches!(day, DaySpec::Weekday { .. }) =>
            {
                (day, Some(weekday))
            }
            (Some(day), DaySpec::Weekday { weekday, .. }, None)
                if !matches!(day, DaySpec::Weekday { .. }) =>
            {
                (day, Some(weekday))
            }
            _ => return Err(second()),
        };
        if let (Some(weekday), Some(day)) = (weekday, day.said_today(today))
            && day.weekday() != weekday
        {
            return Err(DateFault::Impossible(format!(
                "{} is a {}",
                day.format("%-d %B %Y"),
                day.format("%A")
            )));
        }
        (self.day, self.weekday) = (Some(day), weekday);
        Ok(())
    }

    /// The start that was meant.
    fn resolve(self, now: NaiveDateTime) -> Result<When, DateFault> {
        let today = now.date();
        if let Some(instant) = self.instant {
            return Ok(When::At(instant));
        }
        let day = self.day.map(|day| day.said_today(today).ok_or_else(no_such_day)).transpose()?;
        let Some(time) = self.time else {
            return match (day, self.part) {
                (_, Some(_)) => Err(DateFault::Missing("say at what time, such as: tonight 8pm")),
                (Some(day), None) => Ok(When::AllDay(day)),
                (None, None) => Err(DateFault::Empty),
            };
        };
        if self.all_day {
            return Err(DateFault::Impossible("a whole day has no time: keep one of the two".to_owned()));
        }
        let time = self.part.map_or(time, |part| time.in_part(part));
        let on = |day: NaiveDate| time.on(day, self.part).ok_or_else(no_such_day);
        match day {
            Some(day) => on(day).map(When::At),
            // The next time at which the clock shows it.
            None => match on(today)? {
                at if at > now => Ok(When::At(at)),
                _ => on(today.succ_opt().ok_or_else(no_such_day)?).map(When::At),
            },
        }
    }
}

/// A start with the length up to an end, which may lack its day.
fn length_until(start: When, end: SpokenMoment) -> Result<Spoken, DateFault> {
    let first = start.date();
    let day = match (end.day, end.weekday) {
        (None, _) => None,
        (Some(day), weekday) => {
            let day = day.on_or_after(first).ok_or_else(no_such_day)?;
            if weekday.is_some_and(|weekday| weekday != day.weekday()) {
                return Err(DateFault::Impossible(format!(
                    "{} is a {}",
                    day.format("%-d %B %Y"),
                    day.format("%A")
                )));
            }
            Some(day)
        }
    };
    let before = || DateFault::Impossible("the end is before the start".to_owned());
    let length = match (start, end.time) {
        (When::At(start), Some(time)) => {
            let mut end = time.on(day.unwrap_or(first), None).ok_or_else(no_such_day)?;
            if day.is_none() && end <= start {
                end = end.checked_add_days(chrono::Days::new(1)).ok_or_else(no_such_day)?;
            }
            (end - start).num_seconds()
        }
        _ => {
            (day.ok_or(DateFault::Empty)? - first).num_days().checked_add(1).ok_or_else(no_such_day)? * 86_400
        }
    };
    if length <= 0 { Err(before()) } else { Ok(Spoken { start, length: Some(length) }) }
}

fn no_such_day() -> DateFault {
    DateFault::Impossible("that is after the year 9999".to_owned())
}
