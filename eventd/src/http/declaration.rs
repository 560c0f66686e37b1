//! What a route declares in its `#[utoipa::path]`, read back from the OpenAPI operation.

use http::{HeaderValue, Method};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{RefOr, Response};

/// The declaration of one route: the server decides 405, 406 and 415 by it.
pub(crate) struct Declaration {
    pub(crate) method: Method,
    /// The path template, such as `/api/v1/events/{event}`.
    pub(crate) path: String,
    /// Media types of the request body. Empty if the route takes no body.
    pub(crate) request_types: Vec<String>,
    /// Media types of which the client must accept one: those of successful responses. A response without a
    /// body counts as JSON, as its problems are. Empty if the route does not declare 406.
    pub(crate) negotiated_types: Vec<String>,
    /// The `Content-Type` of a response of the first declared type.
    pub(crate) content_type: HeaderValue,
    pub(crate) sign_in: SignIn,
}

/// Which credentials a route reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn {
    Unused,
    /// A bearer token, if there is one.
    Optional,
    /// A bearer token.
    Required,
    /// The route reads the name and the personal access token of a calendar program.
    CalendarProgram,
}

impl Declaration {
    /// Whether the response is a page for readers.
    pub(crate) fn is_page(&self) -> bool {
        self.content_type.as_bytes().starts_with(b"text/html")
    }

    /// The declaration of a method of CalDAV, whose bodies and responses are XML.
    pub(crate) fn of_dav(path: &str, method: Method, sign_in: SignIn) -> Self {
        Self {
            method,
            path: path.to_owned(),
            request_types: Vec::new(),
            negotiated_types: Vec::new(),
            content_type: content_type("application/xml"),
            sign_in,
        }
    }

    pub(crate) fn new(path: &str, method: Method, operation: &Operation) -> Self {
        let request_types = match &operation.request_body {
            Some(RefOr::T(body)) => body.content.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let responses = &operation.responses.responses;
        let successes = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let mut response_types: Vec<String> =
            successes.flat_map(|(_, response)| media_types(response)).collect();
        response_types.dedup();
        let content_type = content_type(response_types.first().map_or("", String::as_str));
        if response_types.is_empty() {
            response_types.push("application/json".to_owned());
        }
        let is_negotiated = responses.contains_key("406");
        Self {
            method,
            path: path.to_owned(),
            request_types,
            negotiated_types: if is_negotiated { response_types } else { Vec::new() },
            content_type,
            sign_in: SignIn::of(operation),
        }
    }
}

impl SignIn {
    /// A token is optional if the operation also lists the empty requirement.
    fn of(operation: &Operation) -> Self {
        match operation.security.as_deref() {
            None | Some([]) => Self::Unused,
            Some(either) if either.contains(&SecurityRequirement::default()) => Self::Optional,
            Some(_) => Self::Required,
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

/// The methods that routes declare, in the order of `Allow`.
pub(crate) const METHODS: [Method; 5] =
    [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::PATCH];

/// The operations of a path with their methods.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    METHODS.into_iter().zip(operations).filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
