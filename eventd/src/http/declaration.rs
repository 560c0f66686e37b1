//! What a route declares in its `#[utoipa::path]`, read back from the OpenAPI operation.

use http::{HeaderValue, Method};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{RefOr, Response};

/// The declaration of one route: the server decides 405, 406 and 415 by it.
pub(crate) struct Declaration {
    pub(crate) method: Method,
    /// The path template, such as `/api/v1/events/{event}`.
    pub(crate) path: String,
    /// Media types of the request body. Empty if the route takes no body.
    pub(crate) request_types: Vec<String>,
    /// Media types of successful responses. Empty if they have no body.
    pub(crate) response_types: Vec<String>,
    /// Whether the route declares 406, and so refuses requests that accept none of its response types.
    pub(crate) is_negotiated: bool,
    /// The `Content-Type` of a response of the first declared type.
    pub(crate) content_type: HeaderValue,
}

impl Declaration {
    pub(crate) fn new(path: &str, method: Method, operation: &Operation) -> Self {
        let body = match &operation.request_body {
            Some(RefOr::T(body)) => body.content.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let responses = &operation.responses.responses;
        let successes = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let mut response_types: Vec<String> =
            successes.flat_map(|(_, response)| media_types(response)).collect();
        response_types.dedup();
        Self {
            method,
            path: path.to_owned(),
            request_types: body,
            content_type: content_type(response_types.first().map_or("", String::as_str)),
            response_types,
            is_negotiated: responses.contains_key("406"),
        }
    }
}

fn media_types(response: &RefOr<Response>) -> Vec<String> {
    match response {
        RefOr::T(response) => response.content.keys().cloned().collect(),
        RefOr::Ref(_) => Vec::new(),
    }
}

/// Text is always sent as UTF-8.
fn content_type(media_type: &str) -> HeaderValue {
    let charset = if media_type.starts_with("text/") { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{media_type}{charset}"))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The operations of a path with their methods, in the order in which `Allow` lists them.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
