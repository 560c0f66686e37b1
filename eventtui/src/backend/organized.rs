//! The events that the user organizes, each with the occurrence that takes place or comes next.

use eventcore::events::{Event, OccurrenceStatus};
use eventcore::{Cursor, Page};

use crate::api::{EventsApi, OccurrenceFilter, OccurrencesApi, Result};

/// A page of the events. As long as an occurrence takes place, it is in the place of the next one: there
/// people are checked in.
pub(super) async fn events(
    api: &(impl EventsApi + OccurrencesApi),
    cursor: Option<Cursor>,
) -> Result<Page<Event>> {
    let filter = OccurrenceFilter { organized: true, current: true, ..OccurrenceFilter::default() };
    let (mut events, occurrences) =
        tokio::try_join!(api.organized_events(cursor), api.occurrences(&filter, None))?;
    // They are in the order of their starts, so that what takes place now comes first.
    for event in &mut events.items {
        let mut occurrences = occurrences.items.iter().filter(|occurrence| occurrence.event_id == event.id);
        if let Some(first) = occurrences.find(|first| first.status == OccurrenceStatus::Scheduled) {
            event.next_occurrence = Some(first.clone());
        }
    }
    Ok(events)
}
