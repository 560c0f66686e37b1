//! Responses in CSV (RFC 4180), streamed in chunks of rows.

use eventcore::Error;
use futures_util::Stream;
use http::{HeaderValue, header};
use hyper::body::Bytes;
use warp::Reply;
use warp::reply::Response;

use super::accept;
use super::call::Call;

/// Whether the client prefers CSV to JSON: by weight, then by how exactly `Accept` lists the type.
pub(crate) fn is_preferred(call: &Call) -> bool {
    accept::quality(&call.headers, "text/csv") > accept::quality(&call.headers, "application/json")
}

/// A download named `name.csv`. A chunk is only produced when the client has read those before it.
pub(crate) fn stream(
    chunks: impl Stream<Item = Result<Bytes, Error>> + Send + Sync + 'static,
    name: &str,
) -> Response {
    let mut response = warp::reply::stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\""));
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment")),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
