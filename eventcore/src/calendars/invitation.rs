//! Invitations: what the calendar of an attendee is told of their occurrence (iTIP, RFC 5546).
//!
//! An invitation has one entry, for the occurrence alone: nobody is invited to the others of a series. Its
//! SEQUENCE is that of the event's entries, and rises besides with each end and each renewal of the
//! registration.
//!
//! # Identity
//!
//! The UID and the RECURRENCE-ID never change, whatever becomes of the schedule, so that the occurrence moves
//! in the calendar instead of being there twice. `occurrences` has what they were:
//!
//! - without `invitation_event` the occurrence is known by its event: as an occurrence of a series, whose
//!   RECURRENCE-ID is `invitation_start` if it has another original start now, or as a single event, without
//!   one;
//! - with `invitation_event` it is known as of that event, by `invitation_start`; without that start it was a
//!   single event. This is so once it became part of another event, or its event became a series or ceased
//!   to be one.
//!
//! The UID also has a mark that only the installation can make, of the event and the attendee. Everyone may
//! know the id of an event and the address of a friend: the mark is what shows that an answer comes from a
//! reader of the invitation.

use chrono_tz::Tz;
use sqlx::FromRow;

use super::entry::{
    CalendarEntry, EntryEnd, EntryStatus, Participant, Participants, TimeValue, write_calendar,
};
use super::event_entries::CalendarOccurrence;
use super::source::{self, CalendarOccurrenceRow, Source};
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::{EventId, OccurrenceId, UserId};
use crate::mails::{Invitation, InvitationMethod};
use crate::signed_link::{LinkKey, SignedPurpose};
use crate::time::{Timestamp, parse_local};

/// Who is invited, and how often that has changed.
#[derive(FromRow)]
struct AttendeeRow {
    email: String,
    display_name: String,
    /// Registrations for the occurrence, cancelled ones included.
    registrations: i64,
    cancelled: i64,
    changed_at: Option<Timestamp>,
}

/// What may be told to someone who may not see the event any more.
#[derive(Debug, Clone)]
pub(crate) struct ToldBefore {
    pub(crate) title: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) tz: Tz,
    pub(crate) all_day: bool,
}

/// Who writes an invitation.
#[derive(Debug)]
pub(crate) struct Inviter<'a> {
    /// The address to which answers go.
    pub(crate) address: &'a str,
    pub(crate) key: &'a LinkKey,
    pub(crate) now: Timestamp,
}

/// The mark of an event and an attendee.
fn marked(event: EventId, user: UserId) -> [u8; 32] {
    let mut subject = [0; 32];
    subject[..16].copy_from_slice(event.as_uuid().as_bytes());
    subject[16..].copy_from_slice(user.as_uuid().as_bytes());
    subject
}

/// The UID of the invitations of a user to occurrences of an event.
fn invitation_uid(key: &LinkKey, event: EventId, user: UserId) -> String {
    format!("{event}.{}", key.mark(SignedPurpose::Invitation, &marked(event, user)))
}

/// Whether a mark is that of the UID of a user's invitations.
pub(super) fn is_mark_of(key: &LinkKey, event: EventId, user: UserId, mark: &str) -> bool {
    key.is_mark(SignedPurpose::Invitation, &marked(event, user), mark)
}

/// The invitation of a user to an occurrence, or its end. `told` is all that it may tell, if given. `None` if
/// the user or the occurrence is gone.
pub(crate) async fn invitation(
    db: &mut impl Queries,
    (occurrence, user): (OccurrenceId, UserId),
    method: InvitationMethod,
    inviter: &Inviter<'_>,
    told: Option<&ToldBefore>,
) -> Result<Option<Invitation>> {
    let row: Option<CalendarOccurrenceRow> =
        db.query(sql!("SELECT * FROM occurrences WHERE id = $1")).bind(occurrence).optional().await?;
    let (Some(row), Some(attendee)) = (row, find_attendee(db, occurrence, user).await?) else {
        return Ok(None);
    };
    let source = source::load_for_one(db, row.event_id).await?;
    let known_as = row.invitation_local.clone().zip(row.invitation_start);
    let has_recurrence_id = match row.invitation_event {
        Some(_) => known_as.is_some(),
        None => source.event.recurrence.is_some(),
    };
    let uid = invitation_uid(inviter.key, row.invitation_event.unwrap_or(row.event_id), user);
    let all = source.event.identified(vec![row.into_occurrence()?]);
    let Some(occurrence) = all.first() else { return Ok(None) };
    let entry = source.event.entry(occurrence, has_recurrence_id);
    let recurrence_id = match known_as.filter(|_| has_recurrence_id) {
        Some((local, at)) => Some(source.event.value(parse_local(&local)?, at)),
        None => entry.recurrence_id,
    };
    let entry = CalendarEntry {
        recurrence_id,
        sequence: entry.sequence + attendee.registrations + attendee.cancelled - 1,
        updated_at: attendee.changed_at.map_or(entry.updated_at, |at| at.max(entry.updated_at)),
        ..entry
    };
    let entry = match method {
        InvitationMethod::Request => entry,
        InvitationMethod::Cancel => CalendarEntry { status: EntryStatus::Cancelled, ..entry },
    };
    let entry = match told {
        Some(told) => told.of(entry),
        None => entry,
    };
    let participant =
        |name: &str, email: &str| Participant { name: name.to_owned(), email: email.to_owned() };
    let participants = Participants {
        method,
        at: inviter.now,
        organizer: participant(if told.is_some() { "" } else { source.organizer() }, inviter.address),
        attendee: participant(&attendee.display_name, &attendee.email),
    };
    let calendar = text(&source, uid, entry, occurrence, &participants, told.is_some())?;
    Ok(Some(Invitation { method, calendar }))
}

fn text(
    source: &Source,
    uid: String,
    entry: CalendarEntry<'_>,
    occurrence: &CalendarOccurrence,
    participants: &Participants,
    is_closed: bool,
) -> Result<String> {
    let tags = source.tags()?;
    let period = source.period(std::slice::from_ref(occurrence));
    let mut shared = source.properties(&tags, period);
    shared.uid = uid;
    if is_closed {
        shared.categories = Vec::new();
    }
    Ok(write_calendar(&shared, Some(participants), &[entry]))
}

impl ToldBefore {
    /// The entry with no more than this.
    fn of<'a>(&'a self, entry: CalendarEntry<'a>) -> CalendarEntry<'a> {
        let starts = if self.all_day {
            TimeValue::Date(self.starts_at.in_zone(self.tz).date_naive())
        } else {
            TimeValue::Utc(self.starts_at)
        };
        CalendarEntry {
            starts,
            ends: EntryEnd::Untold,
            title: &self.title,
            description: "",
            location: "",
            url: None,
            ..entry
        }
    }
}

async fn find_attendee(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    user: UserId,
) -> Result<Option<AttendeeRow>> {
    Ok(db
        .query(sql!(
            "SELECT u.email, u.display_name, count(r.id) AS registrations,
                count(CASE WHEN r.status = 'cancelled' THEN 1 END) AS cancelled,
                max(r.updated_at) AS changed_at
             FROM users u LEFT JOIN registrations r ON r.user_id = u.id AND r.occurrence_id = $2
             WHERE u.id = $1 AND u.email IS NOT NULL
             GROUP BY u.id"
        ))
        .bind(user)
        .bind(occurrence)
        .optional()
        .await?)
}
