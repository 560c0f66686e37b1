//! Writing `VEVENT` components (RFC 5545, 3.6.1) and the `VCALENDAR` around them.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::content_lines::{ContentLines, format_date, format_local};
use super::timezone;
use crate::mails::InvitationMethod;
use crate::time::{LeadTime, Timestamp};

/// PRODID: the program that wrote the file.
const PRODID: &str = "-//eventcore//Events//EN";
/// Greatest number of values in one RDATE or EXDATE. Longer lists are split, because some calendars have
/// short buffers.
const VALUES_PER_PROPERTY: usize = 50;

/// A DATE or DATE-TIME value (RFC 5545, 3.3.4 and 3.3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeValue {
    /// A date, of an all-day event.
    Date(NaiveDate),
    /// A local time in the zone of the file.
    Local(NaiveDateTime),
    /// An instant: the zone is UTC, or the second of two equal local times is meant.
    Utc(Timestamp),
}

impl TimeValue {
    fn parameter(self, tz: Tz) -> String {
        match self {
            Self::Date(_) => ";VALUE=DATE".to_owned(),
            Self::Local(_) => format!(";TZID={}", tz.name()),
            Self::Utc(_) => String::new(),
        }
    }

    fn value(self) -> String {
        match self {
            Self::Date(date) => format_date(date),
            Self::Local(at) => format_local(at),
            Self::Utc(at) => format_utc(at),
        }
    }
}

/// The end of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryEnd {
    /// DTEND.
    At(TimeValue),
    /// DURATION, in seconds.
    After(i64),
    /// Neither.
    Untold,
}

/// RRULE, RDATE and EXDATE of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EntryRecurrence {
    pub(super) rrule: Option<String>,
    pub(super) rdate: Vec<TimeValue>,
    pub(super) exdate: Vec<TimeValue>,
}

/// STATUS (RFC 5545, 3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryStatus {
    /// The event is a draft.
    Tentative,
    Confirmed,
    Cancelled,
}

/// One `VEVENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CalendarEntry<'a> {
    pub(super) starts: TimeValue,
    pub(super) ends: EntryEnd,
    /// RECURRENCE-ID: the original start, if the entry is one occurrence of several.
    pub(super) recurrence_id: Option<TimeValue>,
    pub(super) recurrence: EntryRecurrence,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) location: &'a str,
    pub(super) url: Option<&'a str>,
    pub(super) status: EntryStatus,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// SEQUENCE: rises with every change of what the entries of the event show.
    pub(super) sequence: i64,
    /// How long before the start programs remind (VALARM), unless it does not take place for sure.
    pub(super) reminders: Vec<LeadTime>,
}

/// What all entries of a file have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileProperties<'a> {
    pub(super) uid: String,
    pub(super) tz: Tz,
    pub(super) categories: Vec<&'a str>,
    /// CLASS is PRIVATE.
    pub(super) private: bool,
    /// The first and the last instant for which the file needs offsets of the zone.
    pub(super) period: (Timestamp, Timestamp),
}

/// Whom an invitation is from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Participants {
    pub(super) method: InvitationMethod,
    /// DTSTAMP: when the invitation was written (RFC 5545, 3.8.7.2).
    pub(super) at: Timestamp,
    pub(super) organizer: Participant,
    pub(super) attendee: Participant,
}

/// A name and an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Participant {
    pub(super) name: String,
    pub(super) email: String,
}

/// Writes the file: one to publish, or an invitation.
pub(super) fn write_calendar(
    shared: &FileProperties<'_>,
    participants: Option<&Participants>,
    entries: &[CalendarEntry<'_>],
) -> String {
    let mut lines = ContentLines::default();
    begin_calendar(&mut lines);
    if let Some(participants) = participants {
        lines.property("METHOD", participants.method.as_str());
    }
    if entries.iter().any(CalendarEntry::has_local_times) {
        timezone::write(&mut lines, shared.tz, shared.period.0, shared.period.1);
    }
    for entry in entries {
        entry.write(&mut lines, shared, participants);
    }
    end_calendar(&mut lines);
    lines.finish()
}

/// Begins the `VCALENDAR`.
pub(super) fn begin_calendar(lines: &mut ContentLines) {
    lines.property("BEGIN", "VCALENDAR");
    lines.property("VERSION", "2.0");
    lines.property("PRODID", PRODID);
    lines.property("CALSCALE", "GREGORIAN");
}

/// Writes the entries of one event.
pub(super) fn write_entries(
    lines: &mut ContentLines,
    shared: &FileProperties<'_>,
    entries: &[CalendarEntry<'_>],
) {
    for entry in entries {
        entry.write(lines, shared, None);
    }
}

/// Ends the `VCALENDAR`.
pub(super) fn end_calendar(lines: &mut ContentLines) {
    lines.property("END", "VCALENDAR");
}

impl CalendarEntry<'_> {
    fn has_local_times(&self) -> bool {
        let ends = match self.ends {
            EntryEnd::At(when) => Some(when),
            EntryEnd::After(_) | EntryEnd::Untold => None,
        };
        let single = [Some(self.starts), ends, self.recurrence_id].into_iter().flatten();
        let mut all =
            single.chain(self.recurrence.rdate.iter().copied()).chain(self.recurrence.exdate.iter().copied());
        all.any(|when| matches!(when, TimeValue::Local(_)))
    }

    fn write(
        &self,
        lines: &mut ContentLines,
        shared: &FileProperties<'_>,
        participants: Option<&Participants>,
    ) {
        lines.property("BEGIN", "VEVENT");
        lines.property("UID", &shared.uid);
        if let Some(original_start) = self.recurrence_id {
            time_property(lines, "RECURRENCE-ID", shared.tz, original_start);
        }
        lines.property("SEQUENCE", &self.sequence.to_string());
        let stamp = participants.map_or(self.updated_at, |participants| participants.at);
        lines.property("DTSTAMP", &format_utc(stamp));
        lines.property("CREATED", &format_utc(self.created_at));
        lines.property("LAST-MODIFIED", &format_utc(self.updated_at));
        time_property(lines, "DTSTART", shared.tz, self.starts);
        match self.ends {
            EntryEnd::At(when) => time_property(lines, "DTEND", shared.tz, when),
            EntryEnd::After(seconds) => lines.property("DURATION", &format_duration(seconds)),
            EntryEnd::Untold => {}
        }
        if let Some(rrule) = &self.recurrence.rrule {
            lines.property("RRULE", rrule);
        }
        time_list_properties(lines, "RDATE", shared.tz, &self.recurrence.rdate);
        time_list_properties(lines, "EXDATE", shared.tz, &self.recurrence.exdate);
        lines.text_property("SUMMARY", self.title);
        if !self.description.is_empty() {
            lines.text_property("DESCRIPTION", self.description);
        }
        if !self.location.is_empty() {
            lines.text_property("LOCATION", self.location);
        }
        if let Some(url) = self.url {
            lines.property("URL", url);
        }
        lines.property(
            "STATUS",
            match self.status {
                EntryStatus::Tentative => "TENTATIVE",
                EntryStatus::Confirmed => "CONFIRMED",
                EntryStatus::Cancelled => "CANCELLED",
            },
        );
        lines.text_list_property("CATEGORIES", shared.categories.iter().copied());
        if let Some(participants) = participants {
            participants.write(lines);
        }
        if shared.private {
            lines.property("CLASS", "PRIVATE");
        }
        if self.status == EntryStatus::Confirmed {
            self.write_reminders(lines);
        }
        lines.property("END", "VEVENT");
    }

    fn write_reminders(&self, lines: &mut ContentLines) {
        for lead in &self.reminders {
            lines.property("BEGIN", "VALARM");
            lines.property("ACTION", "DISPLAY");
            lines.text_property("DESCRIPTION", self.title);
            // Its days are calendar days, as those of the lead time are (RFC 5545, 3.3.6).
            lines.property("TRIGGER", &format!("-{lead}"));
            lines.property("END", "VALARM");
        }
    }
}

impl Participants {
    fn write(&self, lines: &mut ContentLines) {
        self.organizer.write(lines, "ORGANIZER", "");
        // Who is invited has registered, and may change their mind.
        let parameters = match self.method {
            InvitationMethod::Request => {
                ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE"
            }
            InvitationMethod::Cancel => ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT",
        };
        self.attendee.write(lines, "ATTENDEE", parameters);
    }
}

impl Participant {
    fn write(&self, lines: &mut ContentLines, property: &str, parameters: &str) {
        let name = if self.name.is_empty() { String::new() } else { format!(";CN={}", quoted(&self.name)) };
        // Characters that a URI cannot have, or that would end the address (RFC 6068, 2).
        let address: String = self
            .email
            .chars()
            .map(|c| if "%?#&^`{|}/".contains(c) { format!("%{:02X}", u32::from(c)) } else { c.to_string() })
            .collect();
        lines.property(&format!("{property}{name}{parameters}"), &format!("mailto:{address}"));
    }
}

/// The value of a parameter. It cannot contain quotes (RFC 5545, 3.2).
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "'"))
}

fn time_property(lines: &mut ContentLines, name: &str, tz: Tz, when: TimeValue) {
    lines.property(&format!("{name}{}", when.parameter(tz)), &when.value());
}

/// Writes one property for each run of equal value types, because dates, local times and instants need
/// different parameters.
fn time_list_properties(lines: &mut ContentLines, name: &str, tz: Tz, times: &[TimeValue]) {
    for same_type in times.chunk_by(|a, b| std::mem::discriminant(a) == std::mem::discriminant(b)) {
        for some in same_type.chunks(VALUES_PER_PROPERTY) {
            let values: Vec<_> = some.iter().map(|when| when.value()).collect();
            lines.property(&format!("{name}{}", some[0].parameter(tz)), &values.join(","));
        }
    }
}

/// A DURATION in hours, minutes or seconds of elapsed time. Days and weeks would be nominal (RFC 5545,
/// 3.3.6).
fn format_duration(seconds: i64) -> String {
    match (seconds % 3_600, seconds % 60) {
        (0, _) => format!("PT{}H", seconds / 3_600),
        (_, 0) => format!("PT{}M", seconds / 60),
        _ => format!("PT{seconds}S"),
    }
}

/// `20270304T173000Z`
fn format_utc(at: Timestamp) -> String {
    format_local(at.to_utc().naive_utc()) + "Z"
}
