//! The calendars of a user as collections of files, one for each event, as CalDAV has them (RFC 4791, 4.1).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cached_calendars::CalendarKey;
use super::calendar_content::{CalendarContent, CalendarKind, CalendarMember};
use super::event_entries::{CalendarEvent, CalendarOccurrence};
use super::feed_summary::summaries;
use super::file::CalendarFile;
use super::member_filter::CalendarPeriod;
use super::personal::{KEPT, ShownToUser, shown_to};
use super::shown::{Attendance, FeedEvent, Shown, add_reminders};
use super::source::{self, CalendarOccurrenceRow, Source};
use crate::accounts::CalendarOwner;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::events::OccurrenceStatus;
use crate::id::{EventId, OccurrenceId, UserId};
use crate::reminder_list::ReminderList;
use crate::time::Timestamp;

/// Is part of all tags. It rises with every change of how entries are written, so that programs read them
/// again.
const FORMAT: u8 = 1;
/// Number of events that one statement reads.
const EVENTS_OF_STATEMENT: usize = 1_000;

/// A calendar of a user, as it was when it was read.
#[derive(Debug, Clone)]
pub struct CalendarCollection {
    pub(super) core: EventCore,
    pub(super) owner: UserId,
    kind: CalendarKind,
    pub(super) content: Arc<CalendarContent>,
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
        let content = self.calendar_content((owner.id, kind)).await?;
        Ok(CalendarCollection { core: self.clone(), owner: owner.id, kind, content })
    }

    async fn calendar_content(&self, key: CalendarKey) -> Result<Arc<CalendarContent>> {
        let now = self.now();
        let read = async || read(&mut self.db().read().await?, key, now).await.map(Arc::new);
        if !self.db().may_batch() {
            // Nobody else sees what this transaction has changed.
            return read().await;
        }
        let (known, generation) = self.calendar_cache().calendar(self.db(), key, now).await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let content = read().await?;
        self.calendar_cache().keep_calendar(key, content.clone(), generation, now).await;
        Ok(content)
    }
}

/// Reads a calendar of a user.
async fn read(db: &mut impl Queries, (owner, kind): CalendarKey, now: Timestamp) -> Result<CalendarContent> {
    let found: Option<(Option<String>,)> =
        db.query(sql!("SELECT reminders FROM users WHERE id = $1")).bind(owner).optional().await?;
    let reminders = ReminderList::read(found.and_then(|(list,)| list).as_deref())?;
    let watched = watched(db, owner, kind).await?;
    let ShownToUser { events, first_end } = shown_to(db, owner, &reminders, now).await?;
    let events = events.into_iter().filter(|(_, shown)| kind.shows(shown));
    let events: Vec<FeedEvent> = events.map(|(id, shown)| FeedEvent { id, shown }).collect();
    let mut last_ends = None;
    let mut members = Vec::with_capacity(events.len());
    for some in events.chunks(EVENTS_OF_STATEMENT) {
        let found = summaries(db, some, now).await?;
        let mut events = some.iter();
        for summary in found {
            // One that was deleted meanwhile is left out.
            let Some(event) = events.find(|event| event.id == summary.id()) else { break };
            let mut digest = Sha256::new();
            digest.update([FORMAT]);
            digest.update(chrono_tz::IANA_TZDB_VERSION);
            summary.add_to(&mut digest);
            event.shown.add_to(&mut digest);
            if event.shown == Shown::Whole {
                add_reminders(&mut digest, reminders.as_slice());
            }
            let tag = first_eight(&digest.finalize());
            members.push((CalendarMember { event: event.id, tag }, event.clone()));
            last_ends = last_ends.into_iter().chain([summary.last_end]).min();
        }
    }
    let first_end = match kind {
        CalendarKind::Attending => first_end,
        CalendarKind::Organizing => last_ends,
    };
    let leaves_at = first_end.map(|end| end.plus(KEPT));
    Ok(CalendarContent::new(members, watched, leaves_at, reminders.as_slice().to_vec()))
}

/// The events whose changes may change a calendar, by id.
async fn watched(db: &mut impl Queries, owner: UserId, kind: CalendarKind) -> Result<Vec<EventId>> {
    let sql = match kind {
        CalendarKind::Attending => {
            sql!("SELECT DISTINCT event_id FROM registrations WHERE user_id = $1 AND status <> 'cancelled'")
        }
        CalendarKind::Organizing => sql!(
            "SELECT id FROM events WHERE organizer_id = $1
             UNION SELECT event_id FROM event_organizers WHERE user_id = $1"
        ),
    };
    let found: Vec<(EventId,)> = db.query(sql).bind(owner).all().await?;
    let mut watched: Vec<EventId> = found.into_iter().map(|(id,)| id).collect();
    watched.sort_unstable();
    Ok(watched)
}

impl CalendarCollection {
    /// Which calendar it is.
    pub const fn kind(&self) -> CalendarKind {
        self.kind
    }

    /// The files, in the order of their events.
    pub fn members(&self) -> &[CalendarMember] {
        &self.content.members
    }

    /// The file of an event, if it is in the calendar.
    pub fn member(&self, event: EventId) -> Option<CalendarMember> {
        self.position(event).map(|at| self.content.members[at])
    }

    /// Differs whenever a file does.
    pub fn token(&self) -> Uuid {
        self.content.token
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
    ) -> Result<Vec<(CalendarMember, Arc<CalendarFile>)>> {
        let kept = |member: &CalendarMember| match expanded {
            None => self.content.file(member.event),
            Some(_) => None,
        };
        let mut known: HashMap<EventId, Arc<CalendarFile>> =
            members.iter().filter_map(|member| Some((member.event, kept(member)?))).collect();
        let unknown = members.iter().map(|member| member.event).filter(|event| !known.contains_key(event));
        let unknown: Vec<EventId> = unknown.collect();
        let loaded = if unknown.is_empty() {
            Vec::new()
        } else {
            source::load(&mut self.core.db().read().await?, &unknown).await?
        };
        for (source, rows) in loaded {
            let event = source.id();
            let Some(at) = self.position(event) else { continue };
            if let Some(file) = self.file(source, rows, &self.content.shown[at].shown, expanded)? {
                let file = Arc::new(file);
                if expanded.is_none() {
                    self.content.keep_file(event, &file);
                }
                known.insert(event, file);
            }
        }
        let found = |member: &CalendarMember| Some((*member, known.get(&member.event)?.clone()));
        Ok(members.iter().filter_map(found).collect())
    }

    pub(super) fn shown(&self) -> &[FeedEvent] {
        &self.content.shown
    }

    fn position(&self, event: EventId) -> Option<usize> {
        self.content.members.binary_search_by_key(&event, |member| member.event).ok()
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
                        entry.reminders.clone_from(&self.content.reminders);
                    }
                    return source.calendar(&entries, &all).map(Some);
                }
                let attends = Attendance::Attends(self.content.reminders.clone());
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

fn first_eight(digest: &[u8]) -> u64 {
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}
