//! [`ContentLine`]: a line of a calendar file (RFC 5545, 3.1).

use crate::error::{RuleError, RuleResult};

/// A line of a calendar file, unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentLine {
    /// The name of the property, in upper case.
    pub(super) name: String,
    /// Names in upper case, and values without quotation marks.
    parameters: Vec<(String, String)>,
    pub(super) value: String,
}

impl ContentLine {
    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Parses a line that is unfolded.
    ///
    /// # Errors
    /// `invalid_line`.
    fn parse(line: &str) -> RuleResult<Self> {
        let malformed = || {
            let start: String = line.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
            invalid_line(format!("{start:?} is no line such as RRULE:FREQ=DAILY"))
        };
        let (head, value) = split_unquoted(line, ':').ok_or_else(malformed)?;
        let mut parts = Vec::new();
        let mut rest = head;
        while let Some((part, after)) = split_unquoted(rest, ';') {
            parts.push(part);
            rest = after;
        }
        parts.push(rest);
        let mut parts = parts.into_iter();
        let name = parts.next().unwrap_or_default().trim().to_ascii_uppercase();
        let parameters = parts.map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()))
        });
        let parameters = parameters.collect::<Option<Vec<_>>>().ok_or_else(malformed)?;
        Ok(Self { name, parameters, value: value.trim().to_owned() })
    }
}

/// The lines of a text. Lines that begin with a space or a tab continue the one before; empty ones are
/// skipped.
///
/// # Errors
/// `invalid_line`.
pub(super) fn content_lines(text: &str) -> RuleResult<Vec<ContentLine>> {
    let mut unfolded: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix([' ', '\t']), unfolded.last_mut()) {
            (Some(more), Some(last)) => last.push_str(more),
            _ => unfolded.push(line.to_owned()),
        }
    }
    unfolded.iter().map(|line| ContentLine::parse(line)).collect()
}

/// Splits at the first `separator` that is not in quotation marks.
fn split_unquoted(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = text.find(|c| {
        quoted ^= c == '"';
        !quoted && c == separator
    })?;
    Some((&text[..at], &text[at + separator.len_utf8()..]))
}

pub(super) fn invalid_line(message: impl Into<String>) -> RuleError {
    RuleError::at("", "invalid_line", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_split() {
        let text =
            "dtstart;TZID=\"Odd:Zone;1\";value=DATE-TIME:20270325T18\r\n 3000\r\n\r\nRRULE:FREQ=\n\tDAILY";
        let lines = content_lines(text).unwrap();
        let shown: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.value.as_str())).collect();
        assert_eq!(shown, [("DTSTART", "20270325T183000"), ("RRULE", "FREQ=DAILY")]);
        assert_eq!(lines[0].parameter("TZID"), Some("Odd:Zone;1"));
        assert_eq!(lines[0].parameter("VALUE"), Some("DATE-TIME"));
        assert_eq!(lines[1].parameter("TZID"), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for text in ["FREQ=DAILY", "DTSTART;TZID:20270325", "DTSTART;TZID=\"Europe/Berlin:20270325", " "] {
            let refused = content_lines(text).map(|lines| lines.len());
            assert!(matches!(refused, Err(_) | Ok(0)), "{text}: {refused:?}");
        }
    }
}
