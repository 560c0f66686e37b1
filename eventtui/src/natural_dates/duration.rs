//! Durations: `2h`, `1h30`, `1:30`, `90 min`, `3 days`, `half an hour`, `PT2H`.

use super::day::Match;
use super::lexer::LexedText;
use super::words;

/// Parses a duration into seconds. Zero is refused.
///
/// # Errors
/// What is wrong.
pub(crate) fn read_duration(text: &str) -> Result<i64, String> {
    const EXAMPLES: &str = "a duration, such as: 2h, 90m, 2 days";
    let trimmed = text.trim();
    if trimmed.starts_with(['P', 'p'])
        && let Ok(length) = trimmed.to_uppercase().parse::<eventcore::time::IsoDuration>()
    {
        return positive(length.as_seconds());
    }
    let lexed = LexedText::new(text).ok_or(EXAMPLES)?;
    if lexed.len() == 0 {
        return Err(EXAMPLES.to_owned());
    }
    match at(&lexed, 0) {
        Some((seconds, next)) if next == lexed.len() => positive(seconds?),
        Some((_, next)) => Err(format!("“{}” is not understood: {EXAMPLES}", lexed.part(next))),
        None => Err(format!("“{}” is not understood: {EXAMPLES}", lexed.part(0))),
    }
}

fn positive(seconds: i64) -> Result<i64, String> {
    if seconds > 0 { Ok(seconds) } else { Err("must be longer than nothing".to_owned()) }
}

/// The duration at a place of a text, in seconds.
pub(super) fn at(text: &LexedText<'_>, at: usize) -> Option<Match<i64>> {
    // `1:30`
    if let Some((hours, 1..=2)) = text.number(at)
        && text.is_sign(at + 1, ':')
        && let Some((minutes @ 0..=59, 2)) = text.number(at + 2)
        && text.is_glued(at + 2)
    {
        return Some((Ok(i64::from(hours) * 3_600 + i64::from(minutes) * 60), at + 3));
    }
    let mut next = at;
    let mut total = Some(0_i64);
    let mut last = None;
    loop {
        let place = if next > at && text.is_word(next, &["and"]) { next + 1 } else { next };
        let Some((halves, after)) = count(text, place) else { break };
        let (unit, after) = match text.word(after).and_then(words::unit).and_then(words::TimeUnit::seconds) {
            Some(unit) => (unit, after + 1),
            // `1h30`
            None if last == Some(3_600) && text.is_glued(place) && text.word(after).is_none() => (60, after),
            None => break,
        };
        let part = halves.checked_mul(unit).map(|part| part / 2);
        total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
        last = Some(unit);
        next = after;
    }
    let too_long = || "too long: at most 3,660 days".to_owned();
    (next > at).then(|| (total.filter(|total| *total <= 3_660 * 86_400).ok_or_else(too_long), next))
}

/// A number of halves: `2`, `two`, `an`, `half an`, `1.5`.
pub(super) fn count(text: &LexedText<'_>, at: usize) -> Option<(i64, usize)> {
    if text.is_word(at, &["half"]) {
        let next = if text.is_word(at + 1, &["a", "an"]) { at + 2 } else { at + 1 };
        return Some((1, next));
    }
    let number = text.number(at).map(|(number, _)| number).or_else(|| words::number(text.word(at)?))?;
    let halves = i64::from(number) * 2;
    if text.is_sign(at + 1, '.') && text.is_glued(at + 2) && text.number(at + 2) == Some((5, 1)) {
        return Some((halves + 1, at + 3));
    }
    Some((halves, at + 1))
}

/// Writes a duration so that [`read_duration`] reads it back: `1h 30m`. Drops seconds below a minute.
pub(crate) fn write_duration(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "m")];
    let written: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    written.join(" ")
}
