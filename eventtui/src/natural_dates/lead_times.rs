//! Lists of lead times, such as those of reminders: `1 day, 1 hour`, `30 min before`, `none`.

use eventcore::time::LeadTime;

use super::duration::count;
use super::lexer::LexedText;
use super::words::{self, TimeUnit};

/// Reads a list, whose parts are separated by commas; `none` is the empty one. Days and weeks are those of
/// the calendar.
///
/// # Errors
/// The part that is not understood.
pub(crate) fn read_lead_times(text: &str) -> Result<Vec<LeadTime>, String> {
    if matches!(text.trim().to_lowercase().as_str(), "none" | "no" | "never" | "off") {
        return Ok(Vec::new());
    }
    lead_time_parts(text).map(read_part).collect()
}

/// The parts of a list, in their order.
pub(crate) fn lead_time_parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn read_part(part: &str) -> Result<LeadTime, String> {
    let lower = part.to_lowercase();
    let mut rest = lower.strip_prefix("and ").unwrap_or(&lower).trim();
    for ending in [" before", " earlier", " ahead", " in advance"] {
        rest = rest.strip_suffix(ending).unwrap_or(rest);
    }
    if rest.starts_with('p')
        && let Ok(lead) = rest.to_uppercase().parse()
    {
        return Ok(lead);
    }
    let unclear = || format!("“{part}” is not understood: try 1 day, 2 hours or 30 min");
    let (days, seconds) = days_and_seconds(rest).ok_or_else(unclear)?;
    format!("P{days}DT{seconds}S").parse().map_err(|_| format!("“{part}” is too long"))
}

/// The days, and the seconds of hours and minutes.
fn days_and_seconds(text: &str) -> Option<(i64, i64)> {
    let lexed = LexedText::new(text)?;
    let (mut half_days, mut seconds) = (0_i64, 0_i64);
    let (mut next, mut last) = (0, None);
    while next < lexed.len() {
        let place = if next > 0 && lexed.is_word(next, &["and"]) { next + 1 } else { next };
        let (halves, after) = count(&lexed, place)?;
        let (unit, after) = match lexed.word(after).and_then(words::unit) {
            Some(unit) => (unit, after + 1),
            // `1h30`
            None if last == Some(TimeUnit::Hour) && lexed.is_glued(place) && after == lexed.len() => {
                (TimeUnit::Minute, after)
            }
            None => return None,
        };
        match unit {
            TimeUnit::Week => half_days += halves * 7,
            TimeUnit::Day => half_days += halves,
            TimeUnit::Hour | TimeUnit::Minute => seconds += halves * unit.seconds()? / 2,
            TimeUnit::Month | TimeUnit::Year => return None,
        }
        (next, last) = (after, Some(unit));
    }
    (next > 0).then_some((half_days / 2, seconds + half_days % 2 * 43_200))
}

/// Writes a list so that [`read_lead_times`] reads it back.
pub(crate) fn write_lead_times(leads: &[LeadTime]) -> String {
    if leads.is_empty() {
        return "none".to_owned();
    }
    leads.iter().map(|lead| write_lead_time(*lead)).collect::<Vec<_>>().join(", ")
}

/// Writes a lead time: `14 days`, `1 day 2 hours`. Drops seconds below a minute.
pub(crate) fn write_lead_time(lead: LeadTime) -> String {
    let (hours, minutes) = (lead.seconds() / 3_600, lead.seconds() % 3_600 / 60);
    let count = |(number, unit): &(i64, &str)| {
        let plural = if *number == 1 { "" } else { "s" };
        format!("{number} {unit}{plural}")
    };
    let parts = [(lead.days(), "day"), (hours, "hour"), (minutes, "minute")];
    let written: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(count).collect();
    if written.is_empty() { "0 minutes".to_owned() } else { written.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Result<Vec<String>, String> {
        Ok(read_lead_times(text)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lists_are_read_as_people_speak() {
        for (text, expected) in [
            ("1 day, 1 hour", &["P1D", "PT1H"][..]),
            ("30 min", &["PT30M"]),
            ("A week before, 2 days before; an hour", &["P7D", "P2D", "PT1H"]),
            ("24h, 1h30, and 5m", &["PT24H", "PT1H30M", "PT5M"]),
            ("1 day and 2 hours", &["P1DT2H"]),
            ("half an hour, 1.5 days", &["PT30M", "P1DT12H"]),
            ("P1D, pt15m", &["P1D", "PT15M"]),
            ("none", &[]),
            (" Never ", &[]),
        ] {
            assert_eq!(iso(text), Ok(expected.iter().map(ToString::to_string).collect()), "{text}");
        }
    }

    #[test]
    fn the_part_that_is_not_understood_is_named() {
        for (text, part) in [
            ("1 day, soon", "“soon” is not understood"),
            ("1 day, 30, 2 h", "“30” is not understood"),
            ("2 months", "“2 months” is not understood"),
            ("1 day 1", "“1 day 1” is not understood"),
            ("5000 days", "“5000 days” is too long"),
        ] {
            let error = iso(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["1 day, 1 hour", "7 days 2 hours 30 minutes", "36 hours, 1 minute", "none"] {
            assert_eq!(write_lead_times(&read_lead_times(text).unwrap()), text);
        }
    }
}
