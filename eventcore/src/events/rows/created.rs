//! Events as they are read right after a write, computed from what was written.

use chrono::NaiveDateTime;

use super::{EventRow, EventWithOrganizer, OccurrenceRow};
use crate::accounts::PublicProfile;
use crate::error::Result;
use crate::events::aggregate::EventAggregate;
use crate::events::copies::Copies;
use crate::events::event::{Event, OccurrenceStatus};
use crate::events::occurrence::state::OccurrenceState;
use crate::events::schedule::expansion::PlannedOccurrence;
use crate::events::store::NewOccurrence;
use crate::events::window::WindowEdge;
use crate::phase::Phase;
use crate::time::Timestamp;

/// A new event as the API returns it at `now`.
pub(in crate::events) fn created(
    event: &EventRow,
    organizer: &PublicProfile,
    occurrences: &[NewOccurrence],
    now: Timestamp,
) -> Result<Event> {
    let copies = Copies::of(event)?;
    let next = occurrences
        .iter()
        .filter(|new| is_next(new.times(), event.all_day, copies.status, now))
        .min_by_key(|new| (new.planned.original_start, new.id));
    let next = next.map(|new| OccurrenceRow::planned(event, &copies, organizer, new).occurrence(now));
    EventWithOrganizer {
        row: event.clone(),
        username: organizer.username.clone(),
        display_name: organizer.display_name.clone(),
        occurrence_count: i64::try_from(occurrences.len()).unwrap_or(i64::MAX),
    }
    .event(Vec::new(), next)
}

/// An event that is `event` after a change, with these occurrences remaining and added, as the API returns it
/// at `now`.
pub(in crate::events) fn answer(
    stored: &EventAggregate,
    event: &EventRow,
    remaining: &[OccurrenceState],
    added: &[NewOccurrence],
    now: Timestamp,
) -> Result<Event> {
    let copies = Copies::of(event)?;
    let organizer = &stored.organizer;
    let kept = remaining
        .iter()
        .filter(|state| is_next((state.starts_at, state.ends_at), event.all_day, state.status, now))
        .min_by_key(|state| (state.starts_at, state.id));
    let new = added
        .iter()
        .filter(|new| is_next(new.times(), event.all_day, copies.status, now))
        .min_by_key(|new| (new.planned.original_start, new.id));
    let rows = [
        kept.map(|state| OccurrenceRow::stored(event, &copies, organizer, state)),
        new.map(|new| OccurrenceRow::planned(event, &copies, organizer, new)),
    ];
    let next = rows.into_iter().flatten().min_by_key(|row| (row.starts_at, row.id));
    let count = |list: usize| i64::try_from(list).unwrap_or(i64::MAX);
    let deleted = count(stored.remaining.len()) - count(remaining.len());
    EventWithOrganizer {
        row: event.clone(),
        username: organizer.username.clone(),
        display_name: organizer.display_name.clone(),
        occurrence_count: stored.occurrence_count - deleted + count(added.len()),
    }
    .event(stored.co_organizers.clone(), next.map(|row| row.occurrence(now)))
}

/// Whether an occurrence with this start and end may be the next one.
fn is_next(
    (starts_at, ends_at): (Timestamp, Timestamp),
    all_day: bool,
    status: OccurrenceStatus,
    now: Timestamp,
) -> bool {
    status == OccurrenceStatus::Scheduled && Phase::of(starts_at, ends_at, all_day, now) == Phase::Upcoming
}

impl OccurrenceRow {
    /// An occurrence with its overrides.
    fn stored(event: &EventRow, copies: &Copies, organizer: &PublicProfile, state: &OccurrenceState) -> Self {
        let planned = NewOccurrence {
            id: state.id,
            planned: PlannedOccurrence {
                original_start: state.original_start,
                local: NaiveDateTime::default(),
                ends_at: state.ends_at,
            },
        };
        let inherited = Self::planned(event, copies, organizer, &planned);
        Self {
            starts_at: state.starts_at,
            status: state.status,
            title: state.title.clone().unwrap_or(inherited.title),
            description: state.description.clone().unwrap_or(inherited.description),
            location: state.location.clone().unwrap_or(inherited.location),
            url: state.url.clone().or(inherited.url),
            overrides: override_bits(state),
            capacity: state.capacity,
            seats_taken: state.seats_taken,
            waitlist_length: state.waitlist_length,
            version: state.version,
            open_period: state.open_period,
            ..inherited
        }
    }

    /// A new occurrence, which overrides nothing.
    fn planned(event: &EventRow, copies: &Copies, organizer: &PublicProfile, new: &NewOccurrence) -> Self {
        Self {
            id: new.id,
            event_id: event.id,
            original_start: new.planned.original_start,
            starts_at: new.planned.original_start,
            ends_at: new.planned.ends_at,
            status: copies.status,
            title: event.title.clone(),
            description: event.description.clone(),
            location: event.location.clone(),
            url: event.url.clone(),
            overrides: 0,
            capacity: event.capacity,
            seats_taken: 0,
            waitlist_length: 0,
            version: 1,
            timezone: event.timezone.clone(),
            all_day: event.all_day,
            event_status: event.status,
            visibility: event.visibility,
            waitlist_enabled: event.waitlist_enabled,
            open_period: copies.open_period(new.planned.original_start),
            recurring: event.rrule.is_some() || event.rdate != "[]",
            category: event.category.clone(),
            tags: copies.tags.clone(),
            organizer_id: event.organizer_id,
            username: organizer.username.clone(),
            display_name: organizer.display_name.clone(),
        }
    }
}

/// A bit for each of [`OVERRIDABLE`](super::OVERRIDABLE), as statements that read an occurrence compute it.
fn override_bits(state: &OccurrenceState) -> i64 {
    let window = |edge: Option<WindowEdge>| match edge {
        None => [false, false],
        Some(WindowEdge::At(_)) => [true, false],
        Some(WindowEdge::Before(_)) => [false, true],
    };
    let fields = [
        state.title.is_some(),
        state.description.is_some(),
        state.location.is_some(),
        state.url.is_some(),
        state.capacity_override.is_some(),
        state.moved,
    ];
    let windows = [window(state.registration_opens), window(state.registration_closes)];
    let all = fields.into_iter().chain(windows.into_iter().flatten());
    all.enumerate().map(|(bit, is_set)| i64::from(is_set) << bit).sum()
}
