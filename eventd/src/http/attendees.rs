//! Attendees as a table (RFC 4180), page by page as the client takes it, so that a full hall never stands in memory.

use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::{Actor, Error, EventCore, OccurrenceId, Page, PageRequest};
use futures_util::stream;
use http::{HeaderValue, header};
use hyper::body::Bytes;
use tokio::sync::mpsc;
use warp::Reply;
use warp::reply::Response;

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
    let first = core.registrations(&actor, date, status, &request).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut page = Ok(first);
        let mut head = Some(HEAD);
        loop {
            let next = page.as_ref().ok().and_then(|page| page.next.clone());
            let piece = page.and_then(|page| table(head.take(), &page));
            let broken = piece.is_err();
            // Who hangs up wants no more.
            if sender.send(piece).await.is_err() || broken || next.is_none() {
                return;
            }
            request.cursor = next;
            page = core.registrations(&actor, date, status, &request).await;
        }
    });
    let pieces = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let mut response = warp::reply::stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"registrations.csv\""),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn table(head: Option<[&str; 9]>, page: &Page<Registration>) -> Result<Bytes, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if let Some(head) = head {
        writer.write_record(head).map_err(Error::internal)?;
    }
    for registration in &page.items {
        writer.write_record(row(registration)).map_err(Error::internal)?;
    }
    Ok(writer.into_inner().map_err(|error| Error::internal(error.to_string()))?.into())
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
    .map(defused)
}

/// A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front.
fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("Ada = Bob", "Ada = Bob"),
            ("", ""),
        ] {
            assert_eq!(defused(cell.to_owned()), safe);
        }
    }
}
