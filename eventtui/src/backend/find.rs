//! Occurrences by an id or a link.

use eventcore::EventId;
use eventcore::events::Occurrence;

use super::boxed::Boxed;
use crate::api::{Api, ApiError, EARLIEST, ErrorKind, OccurrenceFilter, Result};
use crate::reference::Reference;

/// The occurrence that a reference names; of an event the next one, else the last.
pub(super) fn occurrence(
    api: &impl Api,
    reference: Reference,
) -> Boxed<impl Future<Output = Result<Occurrence>>> {
    Box::pin(async move {
        match reference {
            Reference::Occurrence(id) => api.occurrence(id).await,
            Reference::Event(id) => of_event(api, id).await,
            Reference::Either(occurrence, event) => match api.occurrence(occurrence).await {
                Err(error) if error.kind == ErrorKind::Other => of_event(api, event).await.map_err(|_| error),
                outcome => outcome,
            },
        }
    })
}

async fn of_event(api: &impl Api, id: EventId) -> Result<Occurrence> {
    let event = api.event(id).await?;
    if let Some(next) = event.next_occurrence {
        return Ok(next);
    }
    let past = OccurrenceFilter {
        event: Some(id),
        from: Some(EARLIEST),
        latest_first: true,
        ..OccurrenceFilter::default()
    };
    let page = api.occurrences(&past, None).await?;
    page.items.into_iter().next().ok_or_else(|| ApiError::other("this event has no occurrence"))
}
