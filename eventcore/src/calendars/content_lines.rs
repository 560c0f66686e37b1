//! Content lines of iCalendar files (RFC 5545, 3.1): escaped, folded and terminated by CRLF.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// Greatest length of a line in octets, without CRLF.
const MAX_OCTETS: usize = 75;

/// Collects the lines of a file.
#[derive(Debug, Default)]
pub(super) struct ContentLines(String);

impl ContentLines {
    /// The text of the file.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Writes `NAME:value` with a value that needs no escaping. `name` may include parameters:
    /// `NAME;PARAMETER=…`. Control characters are dropped.
    pub(super) fn property(&mut self, name: &str, value: &str) {
        let mut line = FoldedLine { text: &mut self.0, octets_left: MAX_OCTETS };
        for part in [name, ":", value] {
            line.push(&without_controls(part));
        }
        line.text.push_str("\r\n");
    }

    /// Writes `NAME:value` with a TEXT value (3.3.11), which is escaped.
    pub(super) fn text_property(&mut self, name: &str, value: &str) {
        self.property(name, &escape_text(value));
    }

    /// Writes `NAME:one,other` with TEXT values. Without values it writes nothing.
    pub(super) fn text_list_property<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        let values: Vec<_> = values.map(escape_text).collect();
        if !values.is_empty() {
            self.property(name, &values.join(","));
        }
    }
}

/// A line that is folded into pieces of at most 75 octets, between characters.
struct FoldedLine<'a> {
    text: &'a mut String,
    octets_left: usize,
}

impl FoldedLine<'_> {
    fn push(&mut self, mut rest: &str) {
        while rest.len() > self.octets_left {
            let (fits, later) = rest.split_at(rest.floor_char_boundary(self.octets_left));
            self.text.push_str(fits);
            self.text.push_str("\r\n ");
            self.octets_left = MAX_OCTETS - 1;
            rest = later;
        }
        self.text.push_str(rest);
        self.octets_left -= rest.len();
    }
}

/// Whether a text may have control characters: each of them begins with one of these octets.
fn may_have_controls(text: &str) -> bool {
    text.bytes().any(|octet| octet < 0x20 || octet == 0x7f || octet == 0xc2)
}

fn without_controls(text: &str) -> Cow<'_, str> {
    if may_have_controls(text) {
        Cow::Owned(text.chars().filter(|c| !c.is_control()).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Escapes a TEXT value: separators get a backslash, line breaks become `\n`, tabs become spaces, and other
/// control characters are dropped.
fn escape_text(text: &str) -> Cow<'_, str> {
    if !may_have_controls(text) && !text.contains(['\\', ';', ',']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => escaped.push_str("\\n"),
            // A tab is allowed, but some calendars lose it when they unfold lines.
            '\t' => escaped.push(' '),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// `20270304`
pub(super) fn format_date(day: NaiveDate) -> String {
    let mut text = String::with_capacity(8);
    push_date(&mut text, day);
    text
}

/// `20270304T183000`
pub(super) fn format_local(at: NaiveDateTime) -> String {
    let mut text = String::with_capacity(16);
    push_date(&mut text, at.date());
    text.push('T');
    for number in [at.hour(), at.minute(), at.second()] {
        push_two_digits(&mut text, number);
    }
    text
}

fn push_date(text: &mut String, day: NaiveDate) {
    // What is stored is within the years 1 to 9999.
    let year = u32::try_from(day.year()).unwrap_or_default();
    for number in [year / 100, year % 100, day.month(), day.day()] {
        push_two_digits(text, number);
    }
}

fn push_two_digits(text: &mut String, number: u32) {
    for digit in [number / 10, number % 10] {
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unfold(text: &str) -> String {
        text.replace("\r\n ", "").replace("\r\n\t", "")
    }

    /// Reverses [`escape_text`].
    fn unescape(text: &str) -> String {
        let mut read = String::new();
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            match c {
                '\\' => read.extend(characters.next().map(|c| if c == 'n' { '\n' } else { c })),
                c => read.push(c),
            }
        }
        read
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(
            escape_text("a, b; c\\d\r\ne\nf\rg\u{1b}[31m\u{85}h\ti: \"j\""),
            "a\\, b\\; c\\\\d\\ne\\nf\\ng[31mh i: \"j\""
        );
        let mut lines = ContentLines::default();
        lines.text_list_property("CATEGORIES", ["Work, shop", "rust"].into_iter());
        lines.text_list_property("CATEGORIES", std::iter::empty());
        lines.property("URL", "https://example.org/\r\nX:y");
        assert_eq!(lines.finish(), "CATEGORIES:Work\\, shop,rust\r\nURL:https://example.org/X:y\r\n");
    }

    /// A line that is pushed in these parts, with its end.
    fn folded(parts: &[&str]) -> String {
        let mut text = String::new();
        let mut line = FoldedLine { text: &mut text, octets_left: MAX_OCTETS };
        for part in parts {
            line.push(part);
        }
        text + "\r\n"
    }

    #[test]
    fn lines_are_folded_between_characters() {
        let folded = |line: &str| folded(&[line]);
        assert_eq!(folded(&"x".repeat(75)), format!("{}\r\n", "x".repeat(75)));
        assert_eq!(folded(&"x".repeat(76)), format!("{}\r\n x\r\n", "x".repeat(75)));
        assert_eq!(folded(&format!("{}é", "x".repeat(74))), format!("{}\r\n é\r\n", "x".repeat(74)));
        assert_eq!(folded(&"x".repeat(150)), format!("{}\r\n {}\r\n x\r\n", "x".repeat(75), "x".repeat(74)));
    }

    #[test]
    fn dates_and_times_have_all_their_digits() {
        let at = |text: &str| text.parse::<NaiveDateTime>().unwrap();
        assert_eq!(format_local(at("2027-03-04T08:05:09")), "20270304T080509");
        assert_eq!(format_local(at("0001-12-31T23:59:00")), "00011231T235900");
        assert_eq!(format_date(at("9999-01-10T00:00:00").date()), "99990110");
    }

    proptest! {
        #[test]
        fn text_round_trips(value in "(?s).{0,300}") {
            let mut lines = ContentLines::default();
            lines.text_property("SUMMARY", &value);
            let written = lines.finish();
            prop_assert!(written.ends_with("\r\n"));
            for line in written.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(line.len() <= MAX_OCTETS, "{line:?}");
                prop_assert!(!line.contains(char::is_control), "{line:?}");
            }
            let unfolded = unfold(&written);
            let read = unescape(unfolded.strip_prefix("SUMMARY:").unwrap().strip_suffix("\r\n").unwrap());
            let plain = value.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
            let plain: String = plain.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
            prop_assert_eq!(read, plain);
        }

        #[test]
        fn folding_round_trips(parts in proptest::collection::vec("\\PC{0,120}", 0..4)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let folded = folded(&parts);
            // A line is as full as it can be, however it was pushed.
            prop_assert_eq!(&folded, &super::tests::folded(&[&parts.concat()]));
            prop_assert!(folded.trim_end_matches("\r\n").split("\r\n").all(|line| line.len() <= MAX_OCTETS));
            prop_assert_eq!(unfold(&folded), format!("{}\r\n", parts.concat()));
        }
    }
}
