//! Content lines of iCalendar files (RFC 5545, 3.1): escaped, folded and terminated by CRLF.

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
        let line: String = [name, ":", value].concat().chars().filter(|c| !c.is_control()).collect();
        fold_line(&mut self.0, &line);
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

/// Escapes a TEXT value: separators get a backslash, line breaks become `\n`, tabs become spaces, and other
/// control characters are dropped.
fn escape_text(text: &str) -> String {
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
    escaped
}

/// Folds a line into pieces of at most 75 octets, between characters.
fn fold_line(out: &mut String, line: &str) {
    let mut octets_left = MAX_OCTETS;
    for c in line.chars() {
        if c.len_utf8() > octets_left {
            out.push_str("\r\n ");
            octets_left = MAX_OCTETS - 1;
        }
        out.push(c);
        octets_left -= c.len_utf8();
    }
    out.push_str("\r\n");
}

/// `20270304`
pub(super) fn format_date(day: NaiveDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// `20270304T183000`
pub(super) fn format_local(at: NaiveDateTime) -> String {
    format!("{}T{:02}{:02}{:02}", format_date(at.date()), at.hour(), at.minute(), at.second())
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

    #[test]
    fn lines_are_folded_between_characters() {
        let folded = |line: &str| {
            let mut out = String::new();
            fold_line(&mut out, line);
            out
        };
        assert_eq!(folded(&"x".repeat(75)), format!("{}\r\n", "x".repeat(75)));
        assert_eq!(folded(&"x".repeat(76)), format!("{}\r\n x\r\n", "x".repeat(75)));
        assert_eq!(folded(&format!("{}é", "x".repeat(74))), format!("{}\r\n é\r\n", "x".repeat(74)));
        assert_eq!(folded(&"x".repeat(150)), format!("{}\r\n {}\r\n x\r\n", "x".repeat(75), "x".repeat(74)));
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
        fn folding_round_trips(line in "\\PC{0,400}") {
            let mut folded = String::new();
            fold_line(&mut folded, &line);
            prop_assert_eq!(unfold(&folded), format!("{line}\r\n"));
        }
    }
}
