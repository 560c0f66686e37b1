//! The calendars of a user as collections of files, one for each event, as CalDAV has them (RFC 4791, 4.1).

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::event_entries::{CalendarEvent, CalendarOccurrence};
use super::feed_summary::summaries;
use super::file::CalendarFile;
use super::member_filter::CalendarPeriod;
use super::personal::shown_to;
use super::shown::{Attendance, FeedEvent, Shown, add_reminders};
use super::source::{self, CalendarOccurrenceRow, Source};
use crate::accounts::CalendarOwner;
use crate::core::EventCore;
use crate::db::{Queries, sql, text_enum};
use crate::error::Result;
use crate::events::OccurrenceStatus;
use crate::id::{EventId, OccurrenceId, UserId};
use crate::reminder_list::ReminderList;
use crate::time::LeadTime;

/// Is part of all tags. It rises with every change of how entries are written, so that programs read them
/// again.
const FORMAT: u8 = 1;
/// Number of events that one statement reads.
const EVENTS_OF_STATEMENT: usize = 1_000;

text_enum! {
    /// Which calendar of a user.
    pub enum CalendarKind {
        /// The occurrences that they attend or wait for, of events that others organize.
        Attending = "attending",
        /// The events that they organize, whole.
        Organizing = "organizing",
    }
}

/// A file in a calendar: that of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarMember {
    /// The event.
    pub event: EventId,
    /// Differs whenever the file does.
    pub tag: u64,
}

/// A calendar of a user, as it was when it was read.
#[derive(Debug, Clone)]
pub struct CalendarCollection {
    pub(super) core: EventCore,
    pub(super) owner: UserId,
    kind: CalendarKind,
    /// By event.
    members: Vec<CalendarMember>,
    /// What the calendar shows of each member.
    shown: Vec<FeedEvent>,
    /// When programs remind of events that are shown whole.
    reminders: Vec<LeadTime>,
}

impl EventCore {
    /// A calendar of a user. The two of them together have what the feed at their secret address has: what
    /// they organize, and what they attend or wait for, until 90 days after the end.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read.
    pub async fn calendar_collection(
        &self,
        owner: &CalendarOwner,
        kind: CalendarKind,
    ) -> Result<CalendarCollection> {
        let mut db = self.db().read().await?;
        let found: Option<(Option<String>,)> =
            db.query(sql!("SELECT reminders FROM users WHERE id = $1")).bind(owner.id).optional().await?;
        let reminders = ReminderList::read(found.and_then(|(list,)| list).as_deref())?;
        let shown = shown_to(&mut db, owner.id, &reminders, self.now()).await?;
        let of_kind = shown.into_iter().filter(|(_, shown)| kind.shows(shown));
        let events: Vec<FeedEvent> = of_kind.map(|(id, shown)| FeedEvent { id, shown }).collect();
        let mut collection = CalendarCollection {
            core: self.clone(),
            owner: owner.id,
            kind,
            members: Vec::with_capacity(events.len()),
            shown: Vec::with_capacity(events.len()),
            reminders: reminders.as_slice().to_vec(),
        };
        collection.add(&mut db, events).await?;
        Ok(collection)
    }
}

impl CalendarKind {
    const fn shows(self, shown: &Shown) -> bool {
        match shown {
            Shown::Whole => matches!(self, Self::Organizing),
            Shown::Some(_) => matches!(self, Self::Attending),
        }
    }

    /// What programs show as the name of the calendar.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Attending => "Attending",
            Self::Organizing => "Organizing",
        }
    }
}

impl CalendarCollection {
    /// Which calendar it is.
    pub const fn kind(&self) -> CalendarKind {
        self.kind
    }

    /// The files, in the order of their events.
    pub fn members(&self) -> &[CalendarMember] {
        &self.members
    }

    /// The file of an event, if it is in the calendar.
    pub fn member(&self, event: EventId) -> Option<CalendarMember> {
        self.position(event).map(|at| self.members[at])
    }

    /// Differs whenever a file does.
    pub fn token(&self) -> Uuid {
        token(&self.members)
    }

    /// The iCalendar files of some members, in their order, without those whose events have been deleted
    /// since the calendar was read. What has been changed since is in the files: its tag is that of an older
    /// file, so that programs read it again.
    ///
    /// With `expanded`, a file has the stored occurrences within this period instead, each by itself, with
    /// times in UTC (RFC 4791, 9.6.5).
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read.
    pub async fn files(
        &self,
        members: &[CalendarMember],
        expanded: Option<CalendarPeriod>,
    ) -> Result<Vec<(CalendarMember, CalendarFile)>> {
        let ids: Vec<EventId> = members.iter().map(|member| member.event).collect();
        let loaded = source::load(&mut self.core.db().read().await?, &ids).await?;
        let mut loaded: HashMap<EventId, _> = loaded.into_iter().map(|one| (one.0.id(), one)).collect();
        let mut files = Vec::with_capacity(members.len());
        for member in members {
            let (Some(at), Some((source, rows))) =
                (self.position(member.event), loaded.remove(&member.event))
            else {
                continue;
            };
            let file = self.file(source, rows, &self.shown[at].shown, expanded)?;
            files.extend(file.map(|file| (*member, file)));
        }
        Ok(files)
    }

    pub(super) fn shown(&self) -> &[FeedEvent] {
        &self.shown
    }

    fn position(&self, event: EventId) -> Option<usize> {
        self.members.binary_search_by_key(&event, |member| member.event).ok()
    }

    /// Adds events, which come in the order of their ids. One that was deleted meanwhile is left out.
    async fn add(&mut self, db: &mut impl Queries, events: Vec<FeedEvent>) -> Result<()> {
        let now = self.core.now();
        for some in events.chunks(EVENTS_OF_STATEMENT) {
            let found = summaries(db, some, now).await?;
            let mut events = some.iter();
            for summary in found {
                let Some(event) = events.find(|event| event.id == summary.id()) else { break };
                let mut digest = Sha256::new();
                digest.update([FORMAT]);
                digest.update(chrono_tz::IANA_TZDB_VERSION);
                summary.add_to(&mut digest);
                event.shown.add_to(&mut digest);
                if event.shown == Shown::Whole {
                    add_reminders(&mut digest, &self.reminders);
                }
                self.members.push(CalendarMember { event: event.id, tag: first_eight(&digest.finalize()) });
                self.shown.push(event.clone());
            }
        }
        Ok(())
    }

    fn file(
        &self,
        mut source: Source,
        rows: Vec<CalendarOccurrenceRow>,
        shown: &Shown,
        expanded: Option<CalendarPeriod>,
    ) -> Result<Option<CalendarFile>> {
        let is_one_of_many = source.event.recurrence.is_some() || rows.len() > 1;
        if expanded.is_some() && !source.event.span.all_day {
            source.event.tz = Tz::UTC;
        }
        let event = &source.event;
        let occurrences = match shown {
            Shown::Whole => {
                let all = rows.into_iter().map(CalendarOccurrenceRow::into_occurrence);
                let all = event.identified(all.collect::<Result<Vec<_>>>()?);
                if expanded.is_none() {
                    let mut entries = event.entries(&all);
                    for entry in &mut entries {
                        entry.reminders.clone_from(&self.reminders);
                    }
                    return source.calendar(&entries, &all).map(Some);
                }
                let attends = Attendance::Attends(self.reminders.clone());
                all.into_iter().map(|occurrence| (occurrence, attends.clone())).collect()
            }
            Shown::Some(attended) => attended_of(event, rows, attended)?,
        };
        let is_shown = |occurrence: &CalendarOccurrence| {
            expanded.is_none_or(|period| occurrence.starts_at < period.to && occurrence.ends_at > period.from)
        };
        let (occurrences, attendances): (Vec<_>, Vec<_>) =
            occurrences.into_iter().filter(|(occurrence, _)| is_shown(occurrence)).unzip();
        let entries: Vec<_> = occurrences
            .iter()
            .zip(&attendances)
            .map(|(occurrence, attendance)| attendance.entry(event, occurrence, is_one_of_many))
            .collect();
        // Occurrences may have been deleted since the calendar was read. A period may have none.
        if entries.is_empty() && expanded.is_none() {
            return Ok(None);
        }
        source.calendar(&entries, &occurrences).map(Some)
    }
}

/// The occurrences that a person attends, as each of them, in order. Of several with one RECURRENCE-ID a file
/// has one, and rather one that takes place.
fn attended_of(
    event: &CalendarEvent,
    rows: Vec<CalendarOccurrenceRow>,
    attended: &BTreeMap<OccurrenceId, Attendance>,
) -> Result<Vec<(CalendarOccurrence, Attendance)>> {
    let mut found = Vec::new();
    for row in rows {
        let Some(attendance) = attended.get(&row.id) else { continue };
        let identified = event.identified(vec![row.into_occurrence()?]);
        found.extend(identified.into_iter().map(|occurrence| (occurrence, attendance.clone())));
    }
    found.sort_by_key(|(occurrence, _)| {
        (occurrence.original_start, occurrence.status == OccurrenceStatus::Cancelled)
    });
    found.dedup_by_key(|(occurrence, _)| occurrence.original_start);
    Ok(found)
}

/// The token of a calendar with these members.
pub(super) fn token(members: &[CalendarMember]) -> Uuid {
    let mut digest = Sha256::new();
    for member in members {
        digest.update(member.event.as_uuid().as_bytes());
        digest.update(member.tag.to_be_bytes());
    }
    let digest: [u8; 32] = digest.finalize().into();
    uuid::Builder::from_custom_bytes(digest.first_chunk().copied().unwrap_or_default()).into_uuid()
}

fn first_eight(digest: &[u8]) -> u64 {
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}
