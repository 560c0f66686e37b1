//! Replies: JSON, with what stands in their headers.

use eventcore::page::Page;
use eventcore::time::Timestamp;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use warp::reply::Response;

use super::call::{Answer, Call};
use super::etag;

fn body(value: &impl Serialize) -> Result<Vec<u8>, eventcore::Error> {
    serde_json::to_vec(value).map_err(eventcore::Error::internal)
}

fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Sets a header, if its value can be one.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// `200` with the thing.
pub(crate) fn json(value: &impl Serialize) -> Answer {
    Ok(respond(StatusCode::OK, "application/json", body(value)?))
}

/// `204`.
pub(crate) fn nothing() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A text of some type.
pub(crate) fn text(kind: &'static str, text: impl Into<Vec<u8>>) -> Response {
    respond(StatusCode::OK, kind, text.into())
}

/// Bytes of some type that only the caller may see.
pub(crate) fn secret(kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = respond(StatusCode::OK, kind, bytes);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

/// A single thing that has a version.
pub(crate) struct Versioned<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) version: i64,
    pub(crate) updated_at: Option<Timestamp>,
}

/// A file that has a version: `200` with it, to be kept under `name`, or `304` for who has it already.
pub(crate) fn file(
    call: &Call,
    kind: &'static str,
    name: &str,
    bytes: Vec<u8>,
    version: i64,
    updated_at: Timestamp,
) -> Response {
    let tag = etag::tag(version, &bytes);
    if etag::is_known(&call.headers, &tag) {
        return not_modified(&tag);
    }
    let mut response = respond(StatusCode::OK, kind, bytes);
    mark(&mut response, &tag, Some(updated_at));
    set(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    response
}

fn not_modified(tag: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    set(&mut response, header::ETAG, tag);
    response
}

/// Says which version of a thing an answer is.
fn mark(response: &mut Response, tag: &str, updated_at: Option<Timestamp>) {
    set(response, header::ETAG, tag);
    set(response, header::CACHE_CONTROL, "no-cache");
    if let Some(at) = updated_at {
        // RFC 9110 5.6.7.
        set(response, header::LAST_MODIFIED, &at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    }
}

impl<T: Serialize> Versioned<'_, T> {
    /// `200` with the thing and its tag, or `304` for who has it already.
    pub(crate) fn ok(self, call: &Call) -> Answer {
        let body = body(self.value)?;
        let tag = etag::tag(self.version, &body);
        if etag::is_known(&call.headers, &tag) {
            return Ok(not_modified(&tag));
        }
        Ok(self.tagged(StatusCode::OK, &tag, body))
    }

    /// `200` with what became of the thing.
    pub(crate) fn changed(self) -> Answer {
        let body = body(self.value)?;
        let tag = etag::tag(self.version, &body);
        Ok(self.tagged(StatusCode::OK, &tag, body))
    }

    /// `201` with the thing and where it is.
    pub(crate) fn created(self, location: &str) -> Answer {
        let body = body(self.value)?;
        let tag = etag::tag(self.version, &body);
        let mut response = self.tagged(StatusCode::CREATED, &tag, body);
        set(&mut response, header::LOCATION, location);
        Ok(response)
    }

    fn tagged(self, status: StatusCode, tag: &str, body: Vec<u8>) -> Response {
        let mut response = respond(status, "application/json", body);
        mark(&mut response, tag, self.updated_at);
        response
    }
}

/// `201` with a thing that has no version.
pub(crate) fn created(value: &impl Serialize, location: &str) -> Answer {
    let mut response = respond(StatusCode::CREATED, "application/json", body(value)?);
    set(&mut response, header::LOCATION, location);
    Ok(response)
}

/// `200` with a page, and links to its neighbours (RFC 8288).
pub(crate) fn page<T: Serialize>(call: &Call, path: &str, page: &Page<T>) -> Answer {
    page_with(call, path, page, page)
}

/// As [`page`], where the answer holds more than the page.
pub(crate) fn page_with<T>(call: &Call, path: &str, page: &Page<T>, whole: &impl Serialize) -> Answer {
    let mut response = respond(StatusCode::OK, "application/json", body(whole)?);
    let link = |cursor: &eventcore::Cursor, rel: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            form_urlencoded::parse(call.raw_query().as_bytes()).filter(|(name, _)| name != "cursor")
        {
            query.append_pair(&name, &value);
        }
        query.append_pair("cursor", cursor.as_str());
        format!("<{}/api/v1{path}?{}>; rel=\"{rel}\"", call.public_url, query.finish())
    };
    let next = page.next.as_ref().map(|cursor| link(cursor, "next"));
    let previous = page.previous.as_ref().map(|cursor| link(cursor, "prev"));
    let links: Vec<String> = next.into_iter().chain(previous).collect();
    if !links.is_empty() {
        set(&mut response, header::LINK, &links.join(", "));
    }
    Ok(response)
}
