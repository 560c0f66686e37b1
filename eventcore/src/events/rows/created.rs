//! Rows as the database would return them right after they were inserted, without reading them again.

use super::{EventRow, EventWithOrganizer, OccurrenceRow};
use crate::accounts::PublicProfile;
use crate::error::Result;
use crate::events::copies::Copies;
use crate::events::event::{Event, OccurrenceStatus};
use crate::events::store::NewOccurrence;
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
        .filter(|new| new.planned.original_start >= now && copies.status == OccurrenceStatus::Scheduled)
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

impl OccurrenceRow {
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
            waitlist_enabled: event.waitlist_enabled,
            open_period: copies.open_period(new.planned.original_start),
            recurring: event.rrule.is_some() || event.rdate != "[]",
            category: event.category.clone(),
            tags: event.tags.clone(),
            organizer_id: event.organizer_id,
            username: organizer.username.clone(),
            display_name: organizer.display_name.clone(),
        }
    }
}
