//! Attendees as a table, page by page as the client takes it, so that a full hall never stands in memory.

use eventcore::registrations::{Registration, RegistrationStatus, WaitlistPositions};
use eventcore::{Actor, Error, EventCore, OccurrenceId, PageRequest};
use futures_util::stream;
use tokio::sync::mpsc;
use warp::reply::Response;

use super::table;

const HEAD: [&str; 9] = [
    "username",
    "display_name",
    "status",
    "party_size",
    "position",
    "ticket_code",
    "created_at",
    "checked_in_at",
    "registration_id",
];

/// Everyone of a date, or those who stand as `status` says.
pub(crate) async fn csv(
    core: EventCore,
    actor: Actor,
    date: OccurrenceId,
    status: Option<RegistrationStatus>,
) -> Result<Response, Error> {
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    // Whoever may not see it is told so before anything is sent.
    let mut walk = WaitlistPositions::default();
    let first = core.registrations_with_positions(&actor, date, status, &request, &mut walk).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut page = Ok(first);
        let mut head = Some(&HEAD[..]);
        loop {
            let next = page.as_ref().ok().and_then(|page| page.next.clone());
            let piece = page.and_then(|page| table::piece(head.take(), page.items.iter().map(row)));
            let broken = piece.is_err();
            // Who hangs up wants no more.
            if sender.send(piece).await.is_err() || broken || next.is_none() {
                return;
            }
            request.cursor = next;
            page = core.registrations_with_positions(&actor, date, status, &request, &mut walk).await;
        }
    });
    let pieces = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Ok(table::answer(pieces, "registrations"))
}

fn row(registration: &Registration) -> [String; 9] {
    let Registration { user, status, party_size, position, ticket_code, .. } = registration;
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        user.username.clone(),
        user.display_name.clone(),
        status.to_string(),
        party_size.to_string(),
        text(position.map(|position| position.to_string())),
        text(ticket_code.clone()),
        registration.created_at.to_string(),
        text(registration.checked_in_at.map(|at| at.to_string())),
        registration.id.to_string(),
    ]
}
