//! The content lines and components of a file: unfolded, bounded, and with their places, before a parser sees
//! any of them.

use std::borrow::Cow;

use super::note::{ImportNote, Place, shortened};
use crate::error::{Error, Result};

/// The greatest number of components of a file, time zones included.
const MAX_COMPONENTS: usize = 20_000;
/// The greatest number of bytes of an unfolded line.
const MAX_LINE: usize = 1024 * 1024;
/// How deep components may be nested.
const MAX_DEPTH: usize = 8;

/// A content line of a component (RFC 5545, 3.1), unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentLine {
    pub(super) place: Place,
    /// In upper case.
    pub(super) name: String,
    pub(super) text: String,
}

impl ContentLine {
    /// What follows the last colon. Use it for values that contain none, such as times and rules.
    pub(super) fn plain_value(&self) -> &str {
        self.text.rsplit_once(':').map_or("", |(_, value)| value).trim()
    }
}

/// A component of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawComponent {
    /// Its name in upper case.
    pub(super) kind: String,
    pub(super) place: Place,
    /// The lines that an import reads.
    pub(super) lines: Vec<ContentLine>,
    /// The parts of a time zone.
    pub(super) parts: Vec<RawComponent>,
    /// Why it cannot be read.
    pub(super) fault: Option<ImportNote>,
    /// What was left out.
    pub(super) notes: Vec<ImportNote>,
}

impl RawComponent {
    fn new(kind: String, place: Place) -> Self {
        let (lines, parts, notes) = (Vec::new(), Vec::new(), Vec::new());
        Self { kind, place, lines, parts, fault: None, notes }
    }

    fn is_zone(&self) -> bool {
        self.kind == "VTIMEZONE"
    }
}

/// A `VCALENDAR`.
#[derive(Debug, Default)]
pub(super) struct RawCalendar {
    /// METHOD in upper case.
    pub(super) method: Option<String>,
    /// X-WR-TIMEZONE.
    pub(super) timezone: Option<String>,
    pub(super) zones: Vec<RawComponent>,
    pub(super) components: Vec<RawComponent>,
}

/// The properties that an import reads. All others are left out unread.
const READ: [&str; 16] = [
    "UID",
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "URL",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "EXRULE",
    "RECURRENCE-ID",
    "STATUS",
    "CLASS",
    "CATEGORIES",
];
const READ_OF_ZONES: [&str; 8] = [
    "TZID",
    "X-LIC-LOCATION",
    "X-MICROSOFT-CDO-TZID",
    "DTSTART",
    "RRULE",
    "RDATE",
    "TZOFFSETFROM",
    "TZOFFSETTO",
];

/// Reads the calendars of a file.
///
/// # Errors
/// `invalid_input` if it is not a complete iCalendar file in UTF-8, or if it exceeds a limit. The message
/// names the line.
pub(super) fn read(file: &[u8]) -> Result<Vec<RawCalendar>> {
    if file.starts_with(&[0xFF, 0xFE]) || file.starts_with(&[0xFE, 0xFF]) {
        return Err(refused("not_utf8", "the file is in UTF-16: save it in UTF-8"));
    }
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let mut reader = FileReader::default();
    for line in LogicalLines::new(file) {
        reader.read(&line)?;
    }
    reader.finish()
}

/// An error about the file as a whole.
pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Error {
    Error::invalid("", code, message)
}

/// An unfolded line, which may be longer than the limit.
struct LogicalLine<'f> {
    place: Place,
    bytes: Cow<'f, [u8]>,
    is_too_long: bool,
}

/// Iterates over the unfolded lines. Lines end with CRLF or LF, or with CR in a file without LF.
struct LogicalLines<'f> {
    rest: &'f [u8],
    separator: u8,
    line: u32,
}

impl<'f> LogicalLines<'f> {
    fn new(file: &'f [u8]) -> Self {
        let separator = if file.contains(&b'\n') { b'\n' } else { b'\r' };
        Self { rest: file, separator, line: 0 }
    }

    fn physical(&mut self) -> Option<&'f [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.line = self.line.saturating_add(1);
        let end = self.rest.iter().position(|byte| *byte == self.separator);
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl<'f> Iterator for LogicalLines<'f> {
    type Item = LogicalLine<'f>;

    fn next(&mut self) -> Option<LogicalLine<'f>> {
        let first = self.physical()?;
        let place = Place { line: self.line };
        let mut bytes = Cow::Borrowed(first);
        let mut is_too_long = first.len() > MAX_LINE;
        while let Some(b' ' | b'\t') = self.rest.first() {
            let Some(more) = self.physical() else { break };
            if bytes.len() + more.len() > MAX_LINE {
                is_too_long = true;
            } else {
                // Programs fold between the bytes of a character, too.
                bytes.to_mut().extend_from_slice(&more[1..]);
            }
        }
        Some(LogicalLine { place, bytes, is_too_long })
    }
}

/// Puts components together.
#[derive(Default)]
struct FileReader {
    calendars: Vec<RawCalendar>,
    /// The names and places of the components that have begun.
    open: Vec<(String, Place)>,
    component: Option<RawComponent>,
    count: usize,
}

impl FileReader {
    fn read(&mut self, line: &LogicalLine<'_>) -> Result<()> {
        let bytes = line.bytes.trim_ascii();
        if bytes.is_empty() || bytes == [0x1A] {
            return Ok(());
        }
        let length = bytes.iter().position(|byte| matches!(byte, b':' | b';')).unwrap_or(bytes.len());
        let name = String::from_utf8_lossy(&bytes[..length.min(64)]).trim().to_ascii_uppercase();
        let value = || String::from_utf8_lossy(&bytes[bytes.len().min(length + 1)..]).trim().to_owned();
        match (name.as_str(), self.open.len()) {
            ("BEGIN", _) => self.begin(value().to_ascii_uppercase(), line.place),
            ("END", _) => self.end(&value().to_ascii_uppercase(), line.place),
            (_, 0) => {
                Err(refused("not_a_calendar", format!("line {}: not an iCalendar file", line.place.line)))
            }
            (_, 1) => {
                if let Some(calendar) = self.calendars.last_mut() {
                    match name.as_str() {
                        "METHOD" => calendar.method = Some(value().to_ascii_uppercase()),
                        "X-WR-TIMEZONE" => calendar.timezone = Some(value()),
                        _ => {}
                    }
                }
                Ok(())
            }
            (_, depth) => self.property(name, depth, length == bytes.len(), line),
        }
    }

    fn begin(&mut self, kind: String, place: Place) -> Result<()> {
        let line = place.line;
        match (kind.as_str(), self.open.len()) {
            ("VCALENDAR", 0) => self.calendars.push(RawCalendar::default()),
            (_, 0) => {
                let message = format!("line {line}: the component is outside of a VCALENDAR");
                return Err(refused("not_a_calendar", message));
            }
            ("VCALENDAR" | "VEVENT", 1..) if kind == "VCALENDAR" || self.open.len() > 1 => {
                return Err(self.unended(&format!("another {kind} begins"), place));
            }
            (_, 1) => {
                self.count += 1;
                if self.count > MAX_COMPONENTS {
                    let message =
                        format!("line {line}: the file has more than {MAX_COMPONENTS} components: split it");
                    return Err(refused("too_many_components", message));
                }
                self.component = Some(RawComponent::new(kind.clone(), place));
            }
            (_, MAX_DEPTH..) => {
                let message = format!("line {line}: components are nested deeper than {MAX_DEPTH}");
                return Err(refused("nested_too_deep", message));
            }
            (_, 2) => {
                if let Some(zone) = self.component.as_mut().filter(|component| component.is_zone()) {
                    zone.parts.push(RawComponent::new(kind.clone(), place));
                }
            }
            _ => {}
        }
        self.open.push((kind, place));
        Ok(())
    }

    fn end(&mut self, kind: &str, place: Place) -> Result<()> {
        match self.open.pop() {
            Some((open, _)) if open == kind => {}
            Some(open) => {
                self.open.push(open);
                return Err(self.unended(&format!("END:{}", shortened(kind, 40)), place));
            }
            None => {
                let message = format!("line {}: END without BEGIN", place.line);
                return Err(refused("not_a_calendar", message));
            }
        }
        if self.open.len() == 1
            && let (Some(component), Some(calendar)) = (self.component.take(), self.calendars.last_mut())
        {
            let list = if component.is_zone() { &mut calendar.zones } else { &mut calendar.components };
            list.push(component);
        }
        Ok(())
    }

    /// The error that a component has not ended where `what` is.
    fn unended(&self, what: &str, place: Place) -> Error {
        let (open, begun) =
            self.open.last().map_or(("component", 0), |(kind, place)| (kind.as_str(), place.line));
        let message = format!(
            "line {}: {what}, but the {} of line {begun} has not ended",
            place.line,
            shortened(open, 40)
        );
        refused("unbalanced", message)
    }

    fn property(&mut self, name: String, depth: usize, is_bare: bool, line: &LogicalLine<'_>) -> Result<()> {
        let Some(component) = &mut self.component else { return Ok(()) };
        let is_zone = component.is_zone();
        let target = match (depth, is_zone) {
            (2, _) => component,
            (3, true) => match component.parts.last_mut() {
                Some(part) => part,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if is_bare && !is_zone {
            let message = "the line has no value and is left out: a line break within a text must be folded";
            target.notes.push(ImportNote::at("line_left_out", line.place, message));
            return Ok(());
        }
        let reads: &[&str] = if is_zone { &READ_OF_ZONES } else { &READ };
        if !reads.contains(&name.as_str()) {
            return Ok(());
        }
        if line.is_too_long {
            let message = format!("{name} is longer than {MAX_LINE} bytes");
            target.fault.get_or_insert(ImportNote::at("line_too_long", line.place, message));
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(&line.bytes) else {
            let message = format!("line {}: {name} is not in UTF-8: save the file in UTF-8", line.place.line);
            return Err(refused("not_utf8", message));
        };
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace()).to_owned();
        target.lines.push(ContentLine { place: line.place, name, text });
        Ok(())
    }

    fn finish(self) -> Result<Vec<RawCalendar>> {
        if let Some((kind, place)) = self.open.last() {
            let message = format!(
                "the file ends within the {} of line {}: it is truncated",
                shortened(kind, 40),
                place.line
            );
            return Err(refused("truncated", message));
        }
        if self.calendars.is_empty() {
            return Err(refused("not_a_calendar", "the file is empty: it has no VCALENDAR"));
        }
        Ok(self.calendars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(file: &[u8]) -> String {
        match read(file) {
            Ok(_) => "ok".to_owned(),
            Err(Error::Invalid(violations)) => {
                violations.as_slice()[0].code.to_string() + ": " + &violations.as_slice()[0].message
            }
            Err(other) => other.to_string(),
        }
    }

    fn calendar(body: &str) -> Vec<u8> {
        format!("BEGIN:VCALENDAR\r\n{body}END:VCALENDAR\r\n").into_bytes()
    }

    #[test]
    fn what_is_no_calendar_is_refused_with_its_line() {
        for (file, message) in [
            (&b""[..], "not_a_calendar: the file is empty: it has no VCALENDAR"),
            (b"PK\x03\x04", "not_a_calendar: line 1: not an iCalendar file"),
            (b"\xFF\xFEB\0", "not_utf8: the file is in UTF-16: save it in UTF-8"),
            (
                b"BEGIN:VEVENT\nEND:VEVENT\n",
                "not_a_calendar: line 1: the component is outside of a VCALENDAR",
            ),
            (
                b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n",
                "truncated: the file ends within the VEVENT of line 2: it is truncated",
            ),
            (
                b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n",
                "unbalanced: line 3: END:VCALENDAR, but the VEVENT of line 2 has not ended",
            ),
            (
                b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:caf\xE9\nEND:VEVENT\nEND:VCALENDAR\n",
                "not_utf8: line 3: SUMMARY is not in UTF-8: save the file in UTF-8",
            ),
            (b"END:VCALENDAR\n", "not_a_calendar: line 1: END without BEGIN"),
        ] {
            assert_eq!(code(file), message, "{}", String::from_utf8_lossy(file));
        }
        let deep = "BEGIN:X\n".repeat(100_000);
        assert!(code(&calendar(&deep)).starts_with("nested_too_deep: line 9"));
        let event = "BEGIN:VEVENT\nEND:VEVENT\n";
        assert_eq!(code(&calendar(&event.repeat(20_000))), "ok");
        assert!(code(&calendar(&event.repeat(20_001))).starts_with("too_many_components: line 40002"));
    }

    #[test]
    fn lines_are_unfolded_whatever_ends_them() {
        for end in ["\r\n", "\n", "\r"] {
            let file = [
                "\u{feff}BEGIN:VCALENDAR",
                "BEGIN:VEVENT",
                "SUMMARY:Caf",
                " \u{e9}",
                "\t!",
                "X-LONG:1",
                "DTSTART:1",
                "END:VEVENT",
                "END:VCALENDAR",
            ];
            let file = file.join(end);
            // The fold is between the bytes of a character.
            let split = file.replace(&format!("Caf{end} \u{e9}"), "Caf@");
            let at = split.find('@').unwrap();
            let mut bytes = split.into_bytes();
            bytes.splice(at..=at, [&[0xC3][..], end.as_bytes(), b" \xA9"].concat());
            let calendars = read(&bytes).unwrap();
            let event = &calendars[0].components[0];
            assert_eq!((event.kind.as_str(), event.place.line), ("VEVENT", 2));
            let lines: Vec<_> =
                event.lines.iter().map(|line| (line.place.line, line.text.as_str())).collect();
            assert_eq!(lines, [(3, "SUMMARY:Café!"), (7, "DTSTART:1")]);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_a_fault_only_if_it_is_read() {
        let long = "x".repeat(MAX_LINE);
        let body =
            format!("BEGIN:VEVENT\nATTACH:{long}\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:{long}\nEND:VEVENT\n");
        let calendars = read(&calendar(&body)).unwrap();
        let faults: Vec<_> =
            calendars[0].components.iter().map(|component| component.fault.is_some()).collect();
        assert_eq!(faults, [false, true]);
    }

    #[test]
    fn alarms_are_left_out_and_time_zones_keep_their_parts() {
        let body = "METHOD:request\nX-WR-TIMEZONE:Europe/Berlin\nBEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\n\
                    DTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\nBEGIN:VALARM\n\
                    SUMMARY:alarm\nEND:VALARM\nbroken\nEND:VEVENT\n";
        let calendars = read(&calendar(body)).unwrap();
        let [calendar] = calendars.as_slice() else { panic!("one calendar") };
        assert_eq!(calendar.method.as_deref(), Some("REQUEST"));
        assert_eq!(calendar.timezone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(calendar.zones[0].parts[0].lines[0].plain_value(), "19700101T000000");
        assert_eq!(calendar.components[0].lines.len(), 1);
        assert_eq!(calendar.components[0].notes[0].code, "line_left_out");
    }
}
