//! Content lines (RFC 5545, 3.1): escaped, folded, ended by CRLF.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// Octets that a line may have, its end not counted.
const WIDTH: usize = 75;

/// A file in the making.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// The whole file.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// `NAME:value`, or `NAME;PARAMETER=…:value`, with a value that has a form of its own. Control characters are left out.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        let line: String = [name, ":", value].concat().chars().filter(|c| !c.is_control()).collect();
        fold(&mut self.0, &line);
    }

    /// `NAME:value` with a value that people wrote (TEXT, 3.3.11).
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.raw(name, &escaped(value));
    }

    /// `NAME:one,other` with values that people wrote; nothing, where there are none.
    pub(super) fn texts<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        let values: Vec<_> = values.map(escaped).collect();
        if !values.is_empty() {
            self.raw(name, &values.join(","));
        }
    }
}

/// TEXT as it is written: what would end or part it is escaped, lines are joined by `\n`, and no other control character but the tab stays.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => escaped.push_str("\\n"),
            // A tab is allowed, and readers that unfold carelessly lose it.
            '\t' => escaped.push(' '),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Writes a line in pieces of at most 75 octets, cut between characters.
fn fold(out: &mut String, line: &str) {
    let mut room = WIDTH;
    for c in line.chars() {
        if c.len_utf8() > room {
            out.push_str("\r\n ");
            room = WIDTH - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}

/// `20270304`
pub(super) fn date(day: NaiveDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// `20270304T183000`
pub(super) fn local(at: NaiveDateTime) -> String {
    format!("{}T{:02}{:02}{:02}", date(at.date()), at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unfold(text: &str) -> String {
        text.replace("\r\n ", "").replace("\r\n\t", "")
    }

    /// TEXT as a reader takes it.
    fn unescaped(text: &str) -> String {
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
            escaped("a, b; c\\d\r\ne\nf\rg\u{1b}[31m\u{85}h\ti: \"j\""),
            "a\\, b\\; c\\\\d\\ne\\nf\\ng[31mh i: \"j\""
        );
        let mut lines = Lines::default();
        lines.texts("CATEGORIES", ["Work, shop", "rust"].into_iter());
        lines.texts("CATEGORIES", std::iter::empty());
        lines.raw("URL", "https://example.org/\r\nX:y");
        assert_eq!(lines.finish(), "CATEGORIES:Work\\, shop,rust\r\nURL:https://example.org/X:y\r\n");
    }

    #[test]
    fn lines_are_cut_between_characters() {
        let folded = |line: &str| {
            let mut out = String::new();
            fold(&mut out, line);
            out
        };
        assert_eq!(folded(&"x".repeat(75)), format!("{}\r\n", "x".repeat(75)));
        assert_eq!(folded(&"x".repeat(76)), format!("{}\r\n x\r\n", "x".repeat(75)));
        assert_eq!(folded(&format!("{}é", "x".repeat(74))), format!("{}\r\n é\r\n", "x".repeat(74)));
        assert_eq!(folded(&"x".repeat(150)), format!("{}\r\n {}\r\n x\r\n", "x".repeat(75), "x".repeat(74)));
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(value in "(?s).{0,300}") {
            let mut lines = Lines::default();
            lines.text("SUMMARY", &value);
            let written = lines.finish();
            prop_assert!(written.ends_with("\r\n"));
            for line in written.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(line.len() <= WIDTH, "{line:?}");
                prop_assert!(!line.contains(char::is_control), "{line:?}");
            }
            let unfolded = unfold(&written);
            let read = unescaped(unfolded.strip_prefix("SUMMARY:").unwrap().strip_suffix("\r\n").unwrap());
            let plain = value.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
            let plain: String = plain.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
            prop_assert_eq!(read, plain);
        }

        #[test]
        fn unfolding_undoes_folding(line in "\\PC{0,400}") {
            let mut folded = String::new();
            fold(&mut folded, &line);
            prop_assert_eq!(unfold(&folded), format!("{line}\r\n"));
        }
    }
}
