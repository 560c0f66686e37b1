//! `VEVENT` (RFC 5545, 3.6.1) and the calendar around it, from plain values.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::line::{Lines, date, local};
use super::timezone;
use crate::id::EventId;
use crate::time::Timestamp;

/// Who wrote the file.
const PRODID: &str = "-//eventcore//Events//EN";
/// Dates in one RDATE or EXDATE: a longer list goes on in another, since some readers have short buffers.
const LISTED: usize = 50;

/// A time as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// A whole day.
    Day(NaiveDate),
    /// By the clocks of the file's zone.
    Clock(NaiveDateTime),
    /// An instant, where the clocks show a time twice and the second is meant, or the zone is UTC.
    Instant(Timestamp),
}

impl When {
    fn parameter(self, tz: Tz) -> String {
        match self {
            Self::Day(_) => ";VALUE=DATE".to_owned(),
            Self::Clock(_) => format!(";TZID={}", tz.name()),
            Self::Instant(_) => String::new(),
        }
    }

    fn value(self) -> String {
        match self {
            Self::Day(day) => date(day),
            Self::Clock(at) => local(at),
            Self::Instant(at) => utc(at),
        }
    }
}

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    At(When),
    /// After so many seconds.
    After(i64),
}

/// What repeats an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Repeats {
    pub(super) rrule: Option<String>,
    pub(super) rdate: Vec<When>,
    pub(super) exdate: Vec<When>,
}

/// Whether it takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A draft.
    Tentative,
    Confirmed,
    Cancelled,
}

/// One `VEVENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) starts: When,
    pub(super) ends: Ends,
    /// Which of the dates it is about.
    pub(super) recurrence_id: Option<When>,
    pub(super) repeats: Repeats,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) location: &'a str,
    pub(super) url: Option<&'a str>,
    pub(super) standing: Standing,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// Rises with every change.
    pub(super) sequence: i64,
}

/// What all entries of a file share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shared<'a> {
    pub(super) event: EventId,
    pub(super) tz: Tz,
    pub(super) categories: Vec<&'a str>,
    pub(super) private: bool,
    /// From when to when the clocks of the zone matter.
    pub(super) years: (Timestamp, Timestamp),
}

/// The whole file.
pub(super) fn calendar(shared: &Shared<'_>, entries: &[Entry<'_>]) -> String {
    let mut lines = Lines::default();
    lines.raw("BEGIN", "VCALENDAR");
    lines.raw("VERSION", "2.0");
    lines.raw("PRODID", PRODID);
    lines.raw("CALSCALE", "GREGORIAN");
    if entries.iter().any(Entry::is_by_the_clock) {
        timezone::write(&mut lines, shared.tz, shared.years.0, shared.years.1);
    }
    for entry in entries {
        entry.write(&mut lines, shared);
    }
    lines.raw("END", "VCALENDAR");
    lines.finish()
}

impl Entry<'_> {
    fn is_by_the_clock(&self) -> bool {
        let ends = match self.ends {
            Ends::At(when) => Some(when),
            Ends::After(_) => None,
        };
        let single = [Some(self.starts), ends, self.recurrence_id].into_iter().flatten();
        let mut all =
            single.chain(self.repeats.rdate.iter().copied()).chain(self.repeats.exdate.iter().copied());
        all.any(|when| matches!(when, When::Clock(_)))
    }

    fn write(&self, lines: &mut Lines, shared: &Shared<'_>) {
        lines.raw("BEGIN", "VEVENT");
        lines.raw("UID", &shared.event.to_string());
        if let Some(date) = self.recurrence_id {
            time(lines, "RECURRENCE-ID", shared.tz, date);
        }
        lines.raw("SEQUENCE", &self.sequence.to_string());
        lines.raw("DTSTAMP", &utc(self.updated_at));
        lines.raw("CREATED", &utc(self.created_at));
        lines.raw("LAST-MODIFIED", &utc(self.updated_at));
        time(lines, "DTSTART", shared.tz, self.starts);
        match self.ends {
            Ends::At(when) => time(lines, "DTEND", shared.tz, when),
            Ends::After(seconds) => lines.raw("DURATION", &exact(seconds)),
        }
        if let Some(rrule) = &self.repeats.rrule {
            lines.raw("RRULE", rrule);
        }
        times(lines, "RDATE", shared.tz, &self.repeats.rdate);
        times(lines, "EXDATE", shared.tz, &self.repeats.exdate);
        lines.text("SUMMARY", self.title);
        if !self.description.is_empty() {
            lines.text("DESCRIPTION", self.description);
        }
        lines.text("LOCATION", self.location);
        if let Some(url) = self.url {
            lines.raw("URL", url);
        }
        lines.raw(
            "STATUS",
            match self.standing {
                Standing::Tentative => "TENTATIVE",
                Standing::Confirmed => "CONFIRMED",
                Standing::Cancelled => "CANCELLED",
            },
        );
        lines.texts("CATEGORIES", shared.categories.iter().copied());
        if shared.private {
            lines.raw("CLASS", "PRIVATE");
        }
        lines.raw("END", "VEVENT");
    }
}

fn time(lines: &mut Lines, name: &str, tz: Tz, when: When) {
    lines.raw(&format!("{name}{}", when.parameter(tz)), &when.value());
}

/// Those of a kind share a line: days, local times and instants differ in their parameters.
fn times(lines: &mut Lines, name: &str, tz: Tz, times: &[When]) {
    for alike in times.chunk_by(|a, b| std::mem::discriminant(a) == std::mem::discriminant(b)) {
        for some in alike.chunks(LISTED) {
            let values: Vec<_> = some.iter().map(|when| when.value()).collect();
            lines.raw(&format!("{name}{}", some[0].parameter(tz)), &values.join(","));
        }
    }
}

/// A length in hours, minutes or seconds, which pass alike whatever the clocks do; days and weeks go by the clock (RFC 5545, 3.3.6).
fn exact(seconds: i64) -> String {
    match (seconds % 3_600, seconds % 60) {
        (0, _) => format!("PT{}H", seconds / 3_600),
        (_, 0) => format!("PT{}M", seconds / 60),
        _ => format!("PT{seconds}S"),
    }
}

/// `20270304T173000Z`
fn utc(at: Timestamp) -> String {
    local(at.to_utc().naive_utc()) + "Z"
}
