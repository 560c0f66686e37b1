//! Responses about many resources (RFC 4918, 13).

use eventcore::Error;
use http::{HeaderValue, StatusCode, header};
use tokio::sync::mpsc::Receiver;
use warp::Reply;
use warp::reply::Response;

use super::xml::{CALDAV, CALENDAR_SERVER, DAV, escaped};

const XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");

/// Begins the document.
pub(super) fn begin() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"{DAV}\" xmlns:C=\"{CALDAV}\" \
         xmlns:CS=\"{CALENDAR_SERVER}\">\n"
    )
}

/// Ends the document.
pub(super) const END: &str = "</D:multistatus>\n";

/// The `response` of a resource that is not there, at an address as the client wrote it.
pub(super) fn missing(href: &str) -> String {
    let href = escaped(href);
    format!("<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>\n")
}

/// The `response` of a collection of which not all is told (RFC 6578, 3.6).
pub(super) fn truncated(href: &str) -> String {
    let href = escaped(href);
    format!(
        "<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status>\
         <D:error><D:number-of-matches-within-limits/></D:error></D:response>\n"
    )
}

/// The token to ask with the next time.
pub(super) fn token(uri: &str) -> String {
    format!("<D:sync-token>{uri}</D:sync-token>\n")
}

/// The document with these responses.
pub(super) fn document(responses: &str) -> String {
    begin() + responses + END
}

/// `207` with these responses.
pub(super) fn whole(responses: &str) -> Response {
    of_xml(Response::new(document(responses).into()))
}

/// `207` with a document that comes in parts. An error breaks it off, so that the client sees that it is
/// incomplete.
pub(super) fn streamed(mut parts: Receiver<Result<String, Error>>) -> Response {
    let stream = futures_util::stream::poll_fn(move |cx| parts.poll_recv(cx));
    of_xml(warp::reply::stream(stream).into_response())
}

fn of_xml(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::MULTI_STATUS;
    response.headers_mut().insert(header::CONTENT_TYPE, XML);
    response
}
