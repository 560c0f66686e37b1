//! Reading answers to invitations (METHOD:REPLY, RFC 5546 3.2.3).

use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarEntry, ICalendarMethod, ICalendarParameterName,
    ICalendarParameterValue, ICalendarParticipationStatus, ICalendarProperty, ICalendarValue,
};
use chrono::NaiveDate;
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::id::EventId;
use crate::time::Timestamp;

/// The largest file that is read, in bytes.
const MAX_SIZE: usize = 1024 * 1024;

/// The answer of an attendee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationAnswer {
    /// ACCEPTED.
    Accepted,
    /// DECLINED.
    Declined,
    /// TENTATIVE.
    Tentative,
}

/// RECURRENCE-ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitedOccurrence {
    /// The original start of an occurrence.
    At(Timestamp),
    /// The first day of an all-day occurrence.
    Day(NaiveDate),
}

/// The answer to an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationReply {
    /// The event that the UID names.
    pub event: EventId,
    /// What else the UID has: the mark of the attendee's invitation.
    pub mark: String,
    /// Which occurrence of a series it is about.
    pub occurrence: Option<InvitedOccurrence>,
    /// The e-mail address of the attendee.
    pub attendee: String,
    /// The answer.
    pub answer: InvitationAnswer,
    /// When it was given (DTSTAMP).
    pub answered_at: Option<Timestamp>,
}

/// Reads the answers in an iCalendar file.
///
/// # Errors
/// `invalid_input` if the file is no reply, or one to something else than our invitations.
pub fn read_replies(file: &str) -> Result<Vec<InvitationReply>> {
    if file.len() > MAX_SIZE {
        return Err(invalid("is larger than 1 MiB"));
    }
    let file = file.trim_start_matches('\u{feff}').trim_start();
    let calendar = ICalendar::parse(file).map_err(|_| invalid("is no iCalendar file"))?;
    let methods = || calendar.components.iter().filter_map(|one| one.property(&ICalendarProperty::Method));
    let is_reply = |entry: &ICalendarEntry| match entry.values.first() {
        Some(ICalendarValue::Method(method)) => *method == ICalendarMethod::Reply,
        _ => false,
    };
    if methods().count() != 1 || !methods().all(is_reply) {
        return Err(invalid("is no reply: it needs METHOD:REPLY"));
    }
    let zones = calendar.build_tz_resolver().with_default(calcard::common::timezone::Tz::UTC);
    let instant = |entry: &ICalendarEntry| {
        let Some(ICalendarValue::PartialDateTime(at)) = entry.values.first() else { return None };
        let zone = entry.parameter(&ICalendarParameterName::Tzid).and_then(ICalendarParameterValue::as_text);
        let at = at.to_date_time_with_tz(zones.resolve_or_default(zone))?;
        Some(Timestamp::from(at.to_utc()))
    };
    let events = calendar.components.iter().filter(|one| one.component_type.is_event());
    let replies: Vec<InvitationReply> = events.map(|event| reply(event, &instant)).collect::<Result<_>>()?;
    if replies.is_empty() { Err(invalid("has no VEVENT")) } else { Ok(replies) }
}

fn reply(
    event: &ICalendarComponent,
    instant: &impl Fn(&ICalendarEntry) -> Option<Timestamp>,
) -> Result<InvitationReply> {
    let uid = event.uid().and_then(|uid| uid.trim().split_once('.'));
    let uid = uid.and_then(|(id, mark)| Some((id.parse().ok()?, mark.to_owned())));
    let (id, mark) = uid.ok_or_else(|| invalid("has a UID that is none of ours"))?;
    let mut attendees = event.properties(&ICalendarProperty::Attendee);
    let (Some(attendee), None) = (attendees.next(), attendees.next()) else {
        return Err(invalid("must have one ATTENDEE in each VEVENT"));
    };
    let status = attendee.parameter(&ICalendarParameterName::Partstat);
    let answer = match status {
        Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Accepted)) => {
            InvitationAnswer::Accepted
        }
        Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Declined)) => {
            InvitationAnswer::Declined
        }
        Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Tentative)) => {
            InvitationAnswer::Tentative
        }
        _ => return Err(invalid("has a PARTSTAT that is not ACCEPTED, DECLINED or TENTATIVE")),
    };
    let occurrence = match event.property(&ICalendarProperty::RecurrenceId) {
        None => None,
        Some(entry) => {
            let id = recurrence_id(entry, instant);
            Some(id.ok_or_else(|| invalid("has a RECURRENCE-ID that is no time"))?)
        }
    };
    Ok(InvitationReply {
        event: id,
        mark,
        occurrence,
        attendee: percent_decode_str(attendee.calendar_address().unwrap_or_default().trim())
            .decode_utf8_lossy()
            .into_owned(),
        answer,
        answered_at: event.property(&ICalendarProperty::Dtstamp).and_then(instant),
    })
}

fn recurrence_id(
    entry: &ICalendarEntry,
    instant: &impl Fn(&ICalendarEntry) -> Option<Timestamp>,
) -> Option<InvitedOccurrence> {
    let Some(ICalendarValue::PartialDateTime(at)) = entry.values.first() else { return None };
    if at.hour.is_some() {
        return instant(entry).map(InvitedOccurrence::At);
    }
    let (year, month, day) = (at.year?, at.month?, at.day?);
    NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).map(InvitedOccurrence::Day)
}

fn invalid(what: &str) -> Error {
    Error::invalid("", "invalid_reply", format!("the reply {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &str) -> String {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{lines}END:VCALENDAR\n").replace('\n', "\r\n")
    }

    fn event(lines: &str) -> String {
        let uid = "01900000-0000-7000-8000-000000000000.00ff";
        file(&format!("METHOD:REPLY\nBEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20310301T100000Z\n{lines}END:VEVENT\n"))
    }

    #[test]
    fn an_answer_names_who_gives_it_and_to_what() {
        let accepted = "ATTENDEE;CN=\"Ada, L.\";PARTSTAT=ACCEPTED:mailto:ada@example.org\n";
        let read = |lines: &str| read_replies(&event(lines)).unwrap().remove(0);
        let one = read(accepted);
        assert_eq!((one.attendee.as_str(), one.answer), ("ada@example.org", InvitationAnswer::Accepted));
        assert_eq!(one.mark, "00ff");
        let encoded = read("ATTENDEE;PARTSTAT=DECLINED:MAILTO:a%2Fb%25+c@example.org\n");
        assert_eq!(encoded.attendee, "a/b%+c@example.org");
        assert_eq!((one.occurrence, one.answered_at), (None, Some("2031-03-01T10:00:00Z".parse().unwrap())));
        let at = Some(InvitedOccurrence::At("2031-03-04T17:30:00Z".parse().unwrap()));
        for (value, expected) in [
            (":20310304T173000Z", at),
            (";TZID=Europe/Berlin:20310304T183000", at),
            (";TZID=W. Europe Standard Time:20310304T183000", at),
            (";VALUE=DATE:20310304", Some(InvitedOccurrence::Day("2031-03-04".parse().unwrap()))),
        ] {
            assert_eq!(read(&format!("RECURRENCE-ID{value}\n{accepted}")).occurrence, expected, "{value}");
        }
        let answers = [("DECLINED", InvitationAnswer::Declined), ("TENTATIVE", InvitationAnswer::Tentative)];
        for (word, answer) in answers {
            assert_eq!(read(&accepted.replace("ACCEPTED", word)).answer, answer);
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let accepted = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org\n";
        for wrong in [
            String::new(),
            "BEGIN:VCALENDAR".to_owned(),
            file(""),
            file("METHOD:REPLY\n"),
            event(accepted).replace("REPLY", "REQUEST"),
            event(accepted).replace("01900000", "someone@"),
            event(accepted).replace(".00ff", ""),
            event(&accepted.replace("ACCEPTED", "NEEDS-ACTION")),
            event(&accepted.replace(";PARTSTAT=ACCEPTED", "")),
            event(&accepted.repeat(2)),
            event(""),
            event(&format!("RECURRENCE-ID:soon\n{accepted}")),
            "x".repeat(2 * MAX_SIZE),
        ] {
            assert!(read_replies(&wrong).is_err(), "{wrong:.300}");
        }
    }
}
