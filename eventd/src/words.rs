//! Times and texts in English, for pages.

use chrono::{DateTime, FixedOffset, NaiveDate};
use eventcore::time::Moment;
use serde::Serialize;

/// A period in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Period {
    /// `Thursday, 4 March 2027, 18:30–20:30`.
    pub(crate) text: String,
    /// `18:30–20:30`: the end of the text that is not broken into lines. Empty for more than one day.
    pub(crate) hours: String,
    /// The start, for machines.
    pub(crate) start: String,
    /// `Europe/Berlin, UTC+01:00`; `None` for days.
    pub(crate) zone: Option<String>,
}

impl Period {
    /// From a start to an end; the end of days is inclusive.
    pub(crate) fn new(starts_at: Moment, ends_at: Moment, timezone: &str) -> Self {
        let zone = match starts_at {
            Moment::At(start) => Some(zone(timezone, start)),
            Moment::Day(_) => None,
        };
        let hours = hours(starts_at, ends_at);
        let text = match (&hours, starts_at) {
            (Some(hours), Moment::At(start)) => format!("{}, {hours}", day(start.date_naive())),
            _ if starts_at == ends_at => moment(starts_at),
            _ => format!("{} – {}", moment(starts_at), moment(ends_at)),
        };
        Self { text, hours: hours.unwrap_or_default(), start: starts_at.to_string(), zone }
    }
}

/// Start and end by the clock, if both are on one day.
fn hours(starts_at: Moment, ends_at: Moment) -> Option<String> {
    match (starts_at, ends_at) {
        (Moment::At(start), Moment::At(end)) if start.date_naive() == end.date_naive() => {
            Some(format!("{}–{}", start.format("%H:%M"), end.format("%H:%M")))
        }
        _ => None,
    }
}

fn zone(timezone: &str, at: DateTime<FixedOffset>) -> String {
    if timezone == "UTC" { timezone.to_owned() } else { format!("{timezone}, UTC{}", at.format("%:z")) }
}

/// `Thursday, 4 March 2027, 18:30`, or a day alone.
pub(crate) fn moment(moment: Moment) -> String {
    match moment {
        Moment::At(at) => format!("{}, {}", day(at.date_naive()), at.format("%H:%M")),
        Moment::Day(at) => day(at),
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%A, %-d %B %Y").to_string()
}

/// A text for where marks of direction would turn what follows: titles of windows, previews of links. Without
/// those marks and other invisible controls.
pub(crate) fn plain(text: &str) -> String {
    let is_mark = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !is_mark(*c)).collect()
}

/// The beginning of a text, up to `limit` characters.
pub(crate) fn beginning(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let cut: String = text.chars().take(limit).collect();
    // Between words, unless the text has none.
    let end = cut.rfind(' ').filter(|end| *end * 2 > cut.len()).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(starts_at: &str, ends_at: &str, timezone: &str) -> Period {
        Period::new(starts_at.parse().unwrap(), ends_at.parse().unwrap(), timezone)
    }

    #[test]
    fn periods_of_one_day_and_of_several_are_told_apart() {
        for (starts_at, ends_at, text) in [
            ("2027-03-04T18:30:00+01:00", "2027-03-04T20:30:00+01:00", "Thursday, 4 March 2027, 18:30–20:30"),
            (
                "2027-03-04T18:30:00+01:00",
                "2027-03-05T02:00:00+01:00",
                "Thursday, 4 March 2027, 18:30 – Friday, 5 March 2027, 02:00",
            ),
            ("2027-03-04", "2027-03-04", "Thursday, 4 March 2027"),
            ("2027-03-04", "2027-03-05", "Thursday, 4 March 2027 – Friday, 5 March 2027"),
        ] {
            assert_eq!(period(starts_at, ends_at, "Europe/Berlin").text, text);
        }
        let zone = |start: &str, timezone: &str| period(start, start, timezone).zone;
        assert_eq!(zone("2027-03-04T18:30:00+01:00", "Europe/Berlin").unwrap(), "Europe/Berlin, UTC+01:00");
        assert_eq!(zone("2027-03-04T18:30:00Z", "UTC").unwrap(), "UTC");
        assert_eq!(zone("2027-03-04", "Europe/Berlin"), None);
    }

    #[test]
    fn marks_of_direction_are_left_out() {
        assert_eq!(plain("a\u{202e}b\u{200f}c\u{2066}d\u{7}é"), "abcdé");
    }

    #[test]
    fn long_texts_end_between_words() {
        assert_eq!(beginning("one two", 7), "one two");
        assert_eq!(beginning("one two three", 9), "one two…");
        assert_eq!(beginning("aaaaaaaaaa", 4), "aaaa…");
        assert_eq!(beginning("ééééé", 2), "éé…");
    }
}
