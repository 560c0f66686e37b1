//! A `VEVENT` with its values, as far as an import takes them.
//!
//! `calcard` reads texts. Times and rules are read by the parsers of this library, which refuse what they do
//! not understand.

use calcard::icalendar::{ICalendar, ICalendarEntry};
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::content::{ContentLine, RawComponent};
use super::note::{ImportNote, Place, shortened};
use super::report::ImportedComponent;
use super::texts;
use super::zones::Zones;
use crate::recurrence::{DateValue, Rule};
use crate::time::{IsoDuration, Timestamp, resolve_leniently};

const DAY: i64 = 86_400;

/// A time of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Date(NaiveDate),
    /// A local time.
    Local(NaiveDateTime, Tz),
    Utc(Timestamp),
}

impl When {
    /// The instant; for a date the beginning of the day in `tz`.
    pub(super) fn instant(self, tz: Tz) -> Timestamp {
        match self {
            Self::Date(date) => crate::time::start_of_day(date, tz),
            Self::Local(local, own) => resolve_leniently(local, own),
            Self::Utc(instant) => instant,
        }
    }

    /// The date, in `tz` for an instant.
    pub(super) fn date(self, tz: Tz) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Local(local, _) => local.date(),
            Self::Utc(instant) => instant.in_zone(tz).date_naive(),
        }
    }

    pub(super) const fn is_date(self) -> bool {
        matches!(self, Self::Date(_))
    }
}

/// STATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileStatus {
    Tentative,
    Confirmed,
    Cancelled,
}

/// RECURRENCE-ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecurrenceId {
    pub(super) when: When,
    /// RANGE is THISANDFUTURE.
    pub(super) and_following: bool,
}

/// A `VEVENT`.
#[derive(Debug, Clone)]
pub(super) struct Vevent {
    pub(super) place: Place,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) url: Option<String>,
    /// `None` if there is no CATEGORIES.
    pub(super) categories: Option<Vec<String>>,
    /// Whether CLASS is PRIVATE or CONFIDENTIAL.
    pub(super) is_private: bool,
    pub(super) status: Option<FileStatus>,
    pub(super) start: When,
    /// The length in seconds; for days, 86,400 each.
    pub(super) seconds: i64,
    pub(super) rule: Option<Rule>,
    /// RDATE, each with its own length if it is a PERIOD.
    pub(super) rdates: Vec<(When, Option<i64>)>,
    pub(super) exdates: Vec<When>,
    pub(super) recurrence_id: Option<RecurrenceId>,
    /// The line of the rule, or of the start.
    pub(super) rule_place: Place,
}

/// Reads a component, and notes in `report` what it is called and what was filled in.
///
/// # Errors
/// Why it cannot be imported.
pub(super) fn read(
    raw: &RawComponent,
    zones: &mut Zones<'_>,
    report: &mut ImportedComponent,
) -> Result<Vevent, ImportNote> {
    report.notes.extend(raw.notes.iter().cloned());
    let mut reader = EventReader { raw, zones, notes: Vec::new() };
    report.uid = uid(raw).map(|uid| shortened(&uid, 200));
    report.title = reader.text("SUMMARY").map(|title| shortened(&title, 200));
    report.recurrence_id = reader.line("RECURRENCE-ID").map(|line| shortened(line.plain_value(), 40));
    let read = match &raw.fault {
        Some(fault) => Err(fault.clone()),
        None => reader.vevent(),
    };
    report.notes.append(&mut reader.notes);
    read
}

/// The UID of a component.
pub(super) fn uid(raw: &RawComponent) -> Option<String> {
    let values = entry(raw.lines.iter().find(|line| line.name == "UID")?)?.values;
    let uid = values.first()?.as_text()?.trim();
    (!uid.is_empty()).then(|| uid.to_owned())
}

struct EventReader<'r, 'c> {
    raw: &'r RawComponent,
    zones: &'r mut Zones<'c>,
    notes: Vec<ImportNote>,
}

impl<'r> EventReader<'r, '_> {
    fn lines(&self, name: &'r str) -> impl Iterator<Item = &'r ContentLine> + use<'r> {
        self.raw.lines.iter().filter(move |line| line.name == name)
    }

    fn line(&self, name: &'r str) -> Option<&'r ContentLine> {
        self.lines(name).next()
    }

    /// A TEXT or URI value.
    fn text(&self, name: &'r str) -> Option<String> {
        let values = entry(self.line(name)?)?.values;
        Some(values.first()?.as_text()?.to_owned())
    }

    fn vevent(&mut self) -> Result<Vevent, ImportNote> {
        let place = self.raw.place;
        let start_line = self.line("DTSTART").ok_or_else(|| {
            ImportNote::at("start_missing", place, "DTSTART is missing: an event needs a start")
        })?;
        let start = self.time(start_line)?;
        let seconds = self.length(start, start_line)?;
        let rule = self.rule()?;
        let rdates = self.rdates()?;
        let mut exdates = Vec::new();
        for line in self.lines("EXDATE") {
            exdates.extend(self.times(line)?);
        }
        let recurrence_id = self.recurrence_id()?;
        let (url, url_place) = (self.text("URL"), self.line("URL").map_or(place, |line| line.place));
        let url = url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
        let web_url = url.clone().filter(|url| texts::is_web_address(url));
        if url.is_some() && web_url.is_none() {
            let message = "the address is left out: it is neither http nor https";
            self.notes.push(ImportNote::at("url_left_out", url_place, message));
        }
        let status = self.line("STATUS").map(|line| line.plain_value().to_ascii_uppercase());
        let class = self.line("CLASS").map(|line| line.plain_value().to_ascii_uppercase());
        Ok(Vevent {
            place,
            title: self.short_text("SUMMARY", 200),
            description: self.description(),
            location: self.short_text("LOCATION", 300),
            url: web_url,
            categories: self.categories(),
            is_private: matches!(class.as_deref(), Some("PRIVATE" | "CONFIDENTIAL")),
            status: match status.as_deref() {
                Some("TENTATIVE") => Some(FileStatus::Tentative),
                Some("CONFIRMED") => Some(FileStatus::Confirmed),
                Some("CANCELLED") => Some(FileStatus::Cancelled),
                _ => None,
            },
            start,
            seconds,
            rule,
            rdates,
            exdates,
            recurrence_id,
            rule_place: self.line("RRULE").unwrap_or(start_line).place,
        })
    }

    fn short_text(&mut self, name: &'r str, characters: usize) -> Option<String> {
        let place = self.line(name)?.place;
        let (text, is_cut) = texts::one_line(&self.text(name)?, characters);
        if is_cut {
            let message = format!("{name} is shortened to {characters} characters");
            self.notes.push(ImportNote::at("text_shortened", place, message));
        }
        (!text.is_empty()).then_some(text)
    }

    fn description(&mut self) -> Option<String> {
        let place = self.line("DESCRIPTION")?.place;
        let (text, is_cut) = texts::many_lines(&self.text("DESCRIPTION")?, 20_000);
        if is_cut {
            let message = "DESCRIPTION is shortened to 20,000 characters";
            self.notes.push(ImportNote::at("text_shortened", place, message));
        }
        Some(text)
    }

    fn categories(&self) -> Option<Vec<String>> {
        self.line("CATEGORIES")?;
        let entries = self.lines("CATEGORIES").filter_map(entry);
        let values = entries.flat_map(|entry| entry.values);
        Some(values.filter_map(|value| value.as_text().map(str::to_owned)).collect())
    }

    fn rule(&self) -> Result<Option<Rule>, ImportNote> {
        if let Some(line) = self.line("EXRULE") {
            let message = "EXRULE is not supported: list the excluded dates as EXDATE";
            return Err(ImportNote::at("unsupported", line.place, message));
        }
        let mut rules = self.lines("RRULE");
        let Some(line) = rules.next() else { return Ok(None) };
        if let Some(another) = rules.next() {
            let message = "a second RRULE is not supported: an event has one rule";
            return Err(ImportNote::at("unsupported", another.place, message));
        }
        let rule: Result<Rule, _> = without_noise(line.plain_value()).parse();
        let fault = |error: crate::recurrence::RuleError| {
            ImportNote::at(error.code(), line.place, error.message().to_owned())
        };
        rule.map(Some).map_err(fault)
    }

    fn rdates(&mut self) -> Result<Vec<(When, Option<i64>)>, ImportNote> {
        let mut rdates = Vec::new();
        for line in self.lines("RDATE") {
            for value in line.plain_value().split(',').filter(|value| !value.trim().is_empty()) {
                let Some((start, end)) = value.split_once('/') else {
                    rdates.push((self.value(line, value)?, None));
                    continue;
                };
                let start = self.value(line, start)?;
                let seconds = match duration(end) {
                    Some(seconds) => seconds,
                    None => {
                        let end = self.value(line, end)?;
                        seconds_between(start, end, self.zones.default)
                    }
                };
                if seconds <= 0 {
                    let message = "a PERIOD of RDATE ends before it starts";
                    return Err(ImportNote::at("ends_before_start", line.place, message));
                }
                rdates.push((start, Some(seconds)));
            }
        }
        Ok(rdates)
    }

    fn recurrence_id(&mut self) -> Result<Option<RecurrenceId>, ImportNote> {
        let Some(line) = self.line("RECURRENCE-ID") else { return Ok(None) };
        let when = self.time(line)?;
        let range = parameter(line, "RANGE").map(str::to_ascii_uppercase);
        match range.as_deref() {
            None => Ok(Some(RecurrenceId { when, and_following: false })),
            Some("THISANDFUTURE") => Ok(Some(RecurrenceId { when, and_following: true })),
            Some(_) => {
                let message = "of the ranges only THISANDFUTURE is supported";
                Err(ImportNote::at("unsupported", line.place, message))
            }
        }
    }

    /// The length by DTEND or DURATION.
    fn length(&mut self, start: When, start_line: &ContentLine) -> Result<i64, ImportNote> {
        let (seconds, place) = if let Some(line) = self.line("DTEND") {
            let end = self.time(line)?;
            if end.is_date() != start.is_date() {
                let message = "DTSTART and DTEND must both be dates, or both have a time";
                return Err(ImportNote::at("invalid_end", line.place, message));
            }
            (seconds_between(start, end, self.zones.default), line.place)
        } else if let Some(line) = self.line("DURATION") {
            let seconds = duration(line.plain_value()).ok_or_else(|| {
                let message = "DURATION is not a duration such as PT1H30M, of at most ten years";
                ImportNote::at("invalid_end", line.place, message)
            })?;
            (seconds, line.place)
        } else if start.is_date() {
            return Ok(DAY);
        } else {
            (0, start_line.place)
        };
        match seconds {
            ..0 => Err(ImportNote::at("ends_before_start", place, "it ends before it starts")),
            0 => {
                let (length, words) = if start.is_date() { (DAY, "one day") } else { (3_600, "one hour") };
                let message = format!("it has no length: {words} is filled in");
                self.notes.push(ImportNote::at("length_filled", place, message));
                Ok(length)
            }
            _ if start.is_date() && seconds % DAY != 0 => {
                let message = "the length of an event of whole days must be whole days";
                Err(ImportNote::at("invalid_end", place, message))
            }
            _ => Ok(seconds),
        }
    }

    /// The only value of a line.
    fn time(&mut self, line: &ContentLine) -> Result<When, ImportNote> {
        self.value(line, line.plain_value())
    }

    fn times(&mut self, line: &ContentLine) -> Result<Vec<When>, ImportNote> {
        let values = line.plain_value().split(',').filter(|value| !value.trim().is_empty());
        values.map(|value| self.value(line, value)).collect()
    }

    fn value(&mut self, line: &ContentLine, value: &str) -> Result<When, ImportNote> {
        let invalid = || {
            let message = format!(
                "{} is not a date (20270304) or a time (20270304T183000): {}",
                line.name,
                shortened(value, 40)
            );
            ImportNote::at("invalid_time", line.place, message)
        };
        let read = DateValue::from_basic(&value.trim().to_ascii_uppercase()).ok_or_else(invalid)?;
        let is_date = parameter(line, "VALUE").is_some_and(|value| value.eq_ignore_ascii_case("DATE"));
        match read {
            DateValue::Date(date) => Ok(When::Date(date)),
            // Some programs write dates with a time.
            DateValue::Local(local) if is_date => Ok(When::Date(local.date())),
            DateValue::Utc(instant) if is_date => Ok(When::Date(instant.to_utc().date_naive())),
            DateValue::Utc(instant) => Ok(When::Utc(instant)),
            DateValue::Local(local) => match parameter(line, "TZID") {
                Some(id) => match self.zones.find(id) {
                    Some(tz) => {
                        if line.name == "DTSTART" && self.zones.is_approximate(id) {
                            let message = format!(
                                "the time zone {} is taken for {}, whose clocks change at other hours",
                                shortened(id, 80),
                                tz.name()
                            );
                            self.notes.push(ImportNote::at("timezone_approximated", line.place, message));
                        }
                        Ok(When::Local(local, tz))
                    }
                    None => {
                        let why = if self.zones.defines(id) {
                            "and no known one has the offsets that the file defines"
                        } else {
                            "and the file does not define it"
                        };
                        let message = format!("the time zone {} is unknown, {why}", shortened(id, 80));
                        Err(ImportNote::at("unknown_timezone", line.place, message))
                    }
                },
                None => {
                    let tz = self.zones.default;
                    if line.name == "DTSTART" {
                        let message = format!("the time has no time zone: {} is filled in", tz.name());
                        self.notes.push(ImportNote::at("timezone_filled", line.place, message));
                    }
                    Ok(When::Local(local, tz))
                }
            },
        }
    }
}

fn seconds_between(start: When, end: When, tz: Tz) -> i64 {
    if let (When::Date(first), When::Date(end)) = (start, end) {
        return i64::from(end.num_days_from_ce() - first.num_days_from_ce()) * DAY;
    }
    (end.instant(tz).as_micros() - start.instant(tz).as_micros()).div_euclid(1_000_000)
}

/// A rule without the blanks around its parts and their values, and without what RFC 7529 adds if it is the
/// default. Blanks within a value stay: nobody knows whether `COUNT=1 0` means 10.
fn without_noise(rule: &str) -> String {
    let trimmed = |text: &str, separator: &str| {
        text.split(separator).map(str::trim).collect::<Vec<_>>().join(separator)
    };
    let is_default =
        |part: &String| matches!(part.to_ascii_uppercase().as_str(), "RSCALE=GREGORIAN" | "SKIP=OMIT");
    let parts = rule.split(';').map(|part| trimmed(&trimmed(part, "="), ","));
    parts.filter(|part| !is_default(part)).collect::<Vec<_>>().join(";")
}

/// A DURATION in seconds, which may be negative.
fn duration(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_uppercase();
    let (sign, length) = match text.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    length.parse::<IsoDuration>().ok().map(|length| sign * length.as_seconds())
}

/// A parameter of a line whose value has no colon. Some programs write colons in TZID without quotes.
fn parameter<'l>(line: &'l ContentLine, name: &str) -> Option<&'l str> {
    let (parameters, _) = line.text.rsplit_once(':')?;
    let mut is_quoted = false;
    let parameters = parameters.split(|c: char| {
        is_quoted ^= c == '"';
        c == ';' && !is_quoted
    });
    let mut values = parameters.skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = values.find(|(found, _)| found.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

/// The line as `calcard` reads it.
fn entry(line: &ContentLine) -> Option<ICalendarEntry> {
    let text = line.text.replace(['\r', '\n'], " ");
    let parsed = ICalendar::parse(format!("BEGIN:VEVENT\r\n{text}\r\nEND:VEVENT\r\n")).ok()?;
    parsed.components.into_iter().next()?.entries.into_iter().next()
}

#[cfg(test)]
mod tests;
