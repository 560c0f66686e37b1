//! Responses: JSON, pages of lists, files and texts, with their headers.

use eventcore::Error;
use eventcore::page::Page;
use eventcore::time::Timestamp;
use futures_util::Stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use tokio::sync::mpsc::Receiver;
use warp::Reply;
use warp::reply::Response;

use super::call::{Answer, Call};
use super::etag;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    to_json_of_size(value, 0)
}

/// JSON of about `size` bytes: a good guess saves copies.
fn to_json_of_size(value: &impl Serialize, size: usize) -> Result<Vec<u8>, Error> {
    let mut json = Vec::with_capacity(size.max(1_024));
    serde_json::to_writer(&mut json, value).map_err(Error::internal)?;
    Ok(json)
}

fn respond(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Sets a header, unless the value has characters that no header may have.
fn set_header(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Prefixes the path in `Location` with the address of this server.
pub(crate) fn make_location_absolute(response: &mut Response, base: &str) {
    let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    if let Some(path) = location.filter(|location| location.starts_with('/')) {
        let absolute = format!("{base}{path}");
        set_header(response, header::LOCATION, &absolute);
    }
}

/// `200` with a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Answer {
    Ok(respond(StatusCode::OK, JSON, to_json(value)?))
}

/// `204`.
pub(crate) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// `200` with a body of the first media type that the route declares.
pub(crate) fn content(call: &Call, body: impl Into<Vec<u8>>) -> Response {
    respond(StatusCode::OK, call.declaration.content_type.clone(), body.into())
}

/// `200` with a body of a type that varies, or has parameters that the declaration lacks.
pub(crate) fn content_of_type(content_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    respond(StatusCode::OK, HeaderValue::from_static(content_type), body.into())
}

/// As [`content`], never stored by a cache.
pub(crate) fn private_content(call: &Call, body: Vec<u8>) -> Response {
    let mut response = content(call, body);
    set_header(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

/// `200` with a file to download, or `304` if `If-None-Match` has its tag.
pub(crate) fn file(call: &Call, name: &str, bytes: Vec<u8>, version: i64, updated_at: Timestamp) -> Answer {
    let tag = etag::tag(version, &bytes)?;
    if let Some(known) = etag::known(&call.headers, &tag) {
        return Ok(not_modified(known));
    }
    let mut response = content(call, bytes);
    set_version(&mut response, tag, Some(updated_at));
    set_header(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    Ok(response)
}

/// `200` with a body that comes in parts. An error breaks the body off, so that the client sees that it is
/// incomplete.
pub(crate) fn streamed(
    call: &Call,
    mut parts: Receiver<Result<String, Error>>,
    tag: HeaderValue,
    updated_at: Timestamp,
) -> Response {
    let stream = futures_util::stream::poll_fn(move |cx| parts.poll_recv(cx));
    let mut response = warp::reply::stream(stream).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, call.declaration.content_type.clone());
    set_version(&mut response, tag, Some(updated_at));
    response
}

/// `200` with a stream of events, which nothing on the way may buffer, compress or store.
pub(crate) fn event_stream(
    call: &Call,
    parts: impl Stream<Item = Result<String, Error>> + Send + Sync + 'static,
) -> Response {
    let mut response = warp::reply::stream(parts).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, call.declaration.content_type.clone());
    set_header(&mut response, header::CACHE_CONTROL, "no-store, no-transform");
    // nginx, and others that follow it.
    set_header(&mut response, HeaderName::from_static("x-accel-buffering"), "no");
    response
}

/// Marks a response that is not compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uncompressed;

/// Sends the response as it is: compressed, it would have an entity tag of its own.
pub(crate) fn keep_uncompressed(response: &mut Response) {
    response.extensions_mut().insert(Uncompressed);
}

/// Keeps shared caches from storing the response, which one person may read.
pub(crate) fn set_private(response: &mut Response) {
    set_header(response, header::CACHE_CONTROL, "private, no-cache");
}

/// `304`.
pub(crate) fn not_modified(tag: HeaderValue) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Sets `ETag` and `Last-Modified`, and makes caches revalidate before each use.
pub(crate) fn set_version(response: &mut Response, tag: HeaderValue, updated_at: Option<Timestamp>) {
    response.headers_mut().insert(header::ETAG, tag);
    set_header(response, header::CACHE_CONTROL, "no-cache");
    if let Some(at) = updated_at {
        // The date format of RFC 9110 5.6.7.
        let date = at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        set_header(response, header::LAST_MODIFIED, &date);
    }
}

/// A value with a version, to be sent with its entity tag.
pub(crate) struct Versioned<T> {
    pub(crate) value: T,
    pub(crate) version: i64,
    pub(crate) updated_at: Option<Timestamp>,
}

impl<T: Serialize> Versioned<T> {
    /// `200`, or `304` if `If-None-Match` has the tag.
    pub(crate) fn ok(self, call: &Call) -> Answer {
        let (body, tag) = self.encode()?;
        if let Some(known) = etag::known(&call.headers, &tag) {
            return Ok(not_modified(known));
        }
        Ok(self.respond(StatusCode::OK, tag, body))
    }

    /// `200` after a change. Without `Last-Modified`: what the value shows may have changed later than the
    /// value.
    pub(crate) fn changed(self) -> Answer {
        let this = Self { updated_at: None, ..self };
        let (body, tag) = this.encode()?;
        Ok(this.respond(StatusCode::OK, tag, body))
    }

    /// `201` with `Location`.
    pub(crate) fn created(self, location: &str) -> Answer {
        let (body, tag) = self.encode()?;
        let mut response = self.respond(StatusCode::CREATED, tag, body);
        set_header(&mut response, header::LOCATION, location);
        Ok(response)
    }

    fn encode(&self) -> Result<(Vec<u8>, HeaderValue), Error> {
        let body = to_json(&self.value)?;
        let tag = etag::tag(self.version, &body)?;
        Ok((body, tag))
    }

    fn respond(&self, status: StatusCode, tag: HeaderValue, body: Vec<u8>) -> Response {
        let mut response = respond(status, JSON, body);
        set_version(&mut response, tag, self.updated_at);
        response
    }
}

/// `201` with a value that has no version, and `Location`.
pub(crate) fn created(value: &impl Serialize, location: &str) -> Answer {
    let mut response = respond(StatusCode::CREATED, JSON, to_json(value)?);
    set_header(&mut response, header::LOCATION, location);
    Ok(response)
}

/// `200` with a page of a list, and links to the next and previous pages (RFC 8288).
pub(crate) fn page<T: Serialize>(call: &Call, page: &Page<T>) -> Answer {
    page_within(call, page, page)
}

/// As [`page`], for a response `value` that contains the page.
pub(crate) fn page_within<T>(call: &Call, page: &Page<T>, value: &impl Serialize) -> Answer {
    // An occurrence takes about 2,000 bytes.
    let body = to_json_of_size(value, 512 + page.items.len() * 2_048)?;
    let mut response = respond(StatusCode::OK, JSON, body);
    let link = |cursor: &eventcore::Cursor, rel: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let parameters = form_urlencoded::parse(call.raw_query().as_bytes());
        for (name, value) in parameters.filter(|(name, _)| name != "cursor") {
            query.append_pair(&name, &value);
        }
        query.append_pair("cursor", cursor.as_str());
        format!("<{}{}?{}>; rel=\"{rel}\"", call.public_url, call.path.as_str(), query.finish())
    };
    let next = page.next.as_ref().map(|cursor| link(cursor, "next"));
    let previous = page.previous.as_ref().map(|cursor| link(cursor, "prev"));
    let links: Vec<String> = next.into_iter().chain(previous).collect();
    if !links.is_empty() {
        set_header(&mut response, header::LINK, &links.join(", "));
    }
    Ok(response)
}
