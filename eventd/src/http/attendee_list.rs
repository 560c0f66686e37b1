//! The attendee list of an occurrence as CSV, read page by page so that memory stays bounded.

use eventcore::registrations::{RegistrationStatus, WaitlistPositions, attendee_table};
use eventcore::{Actor, Error, EventCore, OccurrenceId, PageRequest};
use futures_util::stream;
use hyper::body::Bytes;
use tokio::sync::mpsc;
use warp::reply::Response;

use super::csv_reply;

/// All registrations of an occurrence, or those of one status. An error after the first page cuts the
/// response off.
pub(crate) async fn csv(
    core: EventCore,
    actor: Actor,
    occurrence: OccurrenceId,
    status: Option<RegistrationStatus>,
) -> Result<Response, Error> {
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    let mut positions = WaitlistPositions::default();
    // Read the first page before the response starts, so that permission errors have their status.
    let first =
        core.registrations_with_positions(&actor, occurrence, status, &request, &mut positions).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut page = Ok(first);
        let mut is_first = true;
        loop {
            let next = page.as_ref().ok().and_then(|page| page.next.clone());
            let chunk = page.and_then(|page| attendee_table(&page.items, std::mem::take(&mut is_first)));
            let chunk = chunk.map(Bytes::from);
            let failed = chunk.is_err();
            // Sending fails once the client has closed the connection.
            if sender.send(chunk).await.is_err() || failed || next.is_none() {
                return;
            }
            request.cursor = next;
            page =
                core.registrations_with_positions(&actor, occurrence, status, &request, &mut positions).await;
        }
    });
    let chunks = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Ok(csv_reply::stream(chunks, "registrations"))
}
