//! The outermost service: matches each request to its route, admits it, and writes every error as a problem.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use tower::{BoxError, Service};
use tracing::Span;

use super::accept;
use super::admission::Admission;
use super::caching::CachePolicy;
use super::client_network::ClientNetwork;
use super::head;
use super::page_security;
use super::pages;
use super::problem::Problem;
use super::problem_kind::Kind;
use super::rate_limit::Quota;
use super::route::{Endpoint, Matched, PathParameters, Route, RouteTable};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The body of every response.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, BodyError>;

/// A response body broke off. This wraps the boxed error because the compiler cannot prove a future with a
/// bare `BoxError` in its body type to be `Send`.
#[derive(Debug)]
pub(crate) struct BodyError(BoxError);

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for BodyError {}

fn full_body(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Sets request ids, matches routes, answers 405, 406, 429 and 431, serves HEAD as GET, and renders all
/// problems, including those of the layers below.
#[derive(Clone)]
pub(crate) struct EdgeService<S> {
    inner: S,
    routes: &'static RouteTable,
    admission: Arc<Admission>,
    public_url: Arc<str>,
}

impl<S> EdgeService<S> {
    pub(crate) const fn new(
        inner: S,
        routes: &'static RouteTable,
        admission: Arc<Admission>,
        public_url: Arc<str>,
    ) -> Self {
        Self { inner, routes, admission, public_url }
    }
}

impl<S, B, E, O> Service<Request<B>> for EdgeService<S>
where
    S: Service<Request<B>, Response = Response<O>, Error = E>,
    S::Future: Send + 'static,
    O: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = E;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, E>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let started = Instant::now();
        let head = head::check(&request);
        // What follows an ambiguous head on the connection may not be what the client means.
        let is_ambiguous = head.is_err();
        let is_http_1 = request.version() <= Version::HTTP_11;
        let has_body = has_body(request.headers());
        let id = request_id(&request);
        request.headers_mut().insert(REQUEST_ID, id.clone());
        let method = request.method().clone();
        let caching = CachePolicy::of(&request);
        if method == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let found = self.routes.find(request.uri().path());
        let endpoint = found.as_ref().map(|(endpoint, _)| *endpoint);
        let reader = is_for_page(&request, endpoint).then(|| self.public_url.clone());
        let admission = self.admission.clone();
        let quota = admission.take_quota(&request, endpoint.map_or("", |endpoint| &endpoint.path));
        let in_flight = admission.enter();
        let network = client_network(&request);
        let admitted = head
            .and_then(|()| match_route(&mut request, found))
            .and_then(|()| quota.as_ref().map_or(Ok(()), Quota::check))
            .map(|()| self.inner.call(request));
        let is_refused = admitted.is_err();
        Box::pin(async move {
            let _in_flight = in_flight;
            let mut response = match admitted {
                Ok(inner) => {
                    let response = inner.await?;
                    let boxed =
                        response.map(|body| body.map_err(|error| BodyError(error.into())).boxed_unsync());
                    boxed.map(|body| admission.unsent.count(body, network).boxed_unsync())
                }
                Err(problem) => problem.into_response().map(|_| full_body(Bytes::new())),
            };
            let path = endpoint.map_or("", |endpoint| &endpoint.path);
            if response.status().is_client_error() || response.status().is_server_error() {
                write_problem(&mut response, &id, &method, path, reader.as_deref());
            }
            if method == Method::HEAD {
                drop_body(&mut response);
            }
            if let Some(quota) = quota {
                quota.write_headers(response.headers_mut());
            }
            response.headers_mut().insert(REQUEST_ID, id);
            // Where the body is left unread, the connection ends after the response: a client that is not
            // told loses its next request.
            let unread = has_body && (is_refused || leaves_body_unread(response.status()));
            if is_http_1 && (is_ambiguous || unread) {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            caching.apply(response.headers_mut());
            page_security::apply(response.headers_mut());
            let endpoint = endpoint.map(|endpoint| (endpoint.index, endpoint.path.as_str()));
            admission.metrics.count(endpoint, &method, response.status(), started.elapsed());
            Ok(response)
        })
    }
}

/// Whether a request is that of a reader in a browser for a page, so that its problems are pages too.
fn is_for_page<B>(request: &Request<B>, endpoint: Option<&Endpoint>) -> bool {
    let is_page = match endpoint {
        Some(endpoint) => endpoint.route(&Method::GET).is_some_and(|route| route.declaration().is_page()),
        None => !request.uri().path().starts_with("/api/"),
    };
    is_page && accept::quality(request.headers(), "text/html").is_explicit()
}

/// Whether a body follows the head of a request.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// Whether a response is sent before the whole body was read.
fn leaves_body_unread(status: StatusCode) -> bool {
    matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT)
}

/// Removes the body of a response to HEAD and keeps its length. hyper does so for HTTP/1 only.
fn drop_body(response: &mut Response<ResponseBody>) {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = full_body(Bytes::new());
}

/// Adds a request id to responses that did not pass the edge service, such as CORS preflights.
pub(crate) fn add_request_id<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().entry(REQUEST_ID).or_insert_with(new_id);
    response
}

fn new_id() -> HeaderValue {
    HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("-"))
}

/// The tracing span of a request.
pub(crate) fn span<B>(request: &Request<B>) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let path = without_secrets(request.uri().path());
    tracing::debug_span!("request", id, method = %request.method(), path)
}

/// A path for the log. Whoever reads the log must not learn the secrets that some paths end in.
fn without_secrets(path: &str) -> &str {
    const BEFORE_SECRETS: [&str; 2] = ["/tickets/", "/api/v1/calendars/personal/"];
    BEFORE_SECRETS.into_iter().find(|start| path.starts_with(start)).unwrap_or(path)
}

/// The client's request id if it is 1 to 100 ASCII letters, digits and `-_.:`, otherwise a new one. Other
/// characters could forge log lines.
fn request_id<B>(request: &Request<B>) -> HeaderValue {
    let is_safe = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=100).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
    };
    request.headers().get(REQUEST_ID).filter(is_safe).cloned().unwrap_or_else(new_id)
}

/// Passes the matched route on to the filter that serves it. An unknown path passes without one: it still
/// counts against the limits before it is answered with 404.
fn match_route<B>(
    request: &mut Request<B>,
    found: Option<(&'static Endpoint, PathParameters)>,
) -> Result<(), Problem> {
    let Some((endpoint, parameters)) = found else { return Ok(()) };
    let route = find_route(endpoint, request.method())?;
    // Whether there is anything to read decides before its type.
    if request.method() != Method::GET {
        accept::check(request.headers(), &route.declaration().negotiated_types)?;
    }
    let network = client_network(request);
    request.extensions_mut().insert(Matched { route, parameters, network });
    Ok(())
}

fn client_network<B>(request: &Request<B>) -> ClientNetwork {
    request.extensions().get().copied().unwrap_or(ClientNetwork::UNKNOWN)
}

fn find_route(endpoint: &'static Endpoint, method: &Method) -> Result<&'static Route, Problem> {
    endpoint.route(method).ok_or_else(|| {
        let allow = endpoint.allow();
        let detail = format!("{method} is not allowed here: use {}", allow.replace(", ", " or "));
        let mut problem = Problem::new(Kind::MethodNotAllowed, detail);
        problem.allow = Some(allow);
        problem
    })
}

/// Writes the problem of a response: as a page for a `reader`, who is given as the public URL of this server.
fn write_problem(
    response: &mut Response<ResponseBody>,
    id: &HeaderValue,
    method: &Method,
    path: &str,
    reader: Option<&str>,
) {
    let problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| Problem::from_status(response.status()));
    let id = id.to_str().unwrap_or_default();
    if let Some(cause) = &problem.cause {
        cause.log(id, method, path);
    }
    let (headers, body) = problem.render(id);
    *response.status_mut() = problem.kind.status();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    response.headers_mut().extend(headers);
    *response.body_mut() = full_body(body);
    let page = reader.map(|public_url| pages::problem_page(public_url, &problem, id));
    match page {
        Some(Ok((headers, html))) => {
            response.headers_mut().extend(headers);
            *response.body_mut() = full_body(html);
        }
        Some(Err(error)) => tracing::error!(request = id, %error, "a problem is not shown as a page"),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_with(name: &'static str, value: &'static str) -> Request<()> {
        Request::builder().header(name, value).body(()).unwrap()
    }

    #[test]
    fn a_safe_request_id_is_kept() {
        assert_eq!(request_id(&request_with("x-request-id", "abc-1:2.3_4")), "abc-1:2.3_4");
        for unsafe_id in ["", "a b", "<script>", "\"quoted\""] {
            assert_ne!(request_id(&request_with("x-request-id", unsafe_id)), unsafe_id);
        }
    }

    #[test]
    fn paths_in_the_log_have_no_secrets() {
        assert_eq!(without_secrets("/tickets/QK8Z-FPAY"), "/tickets/");
        assert_eq!(without_secrets("/api/v1/tickets"), "/api/v1/tickets");
    }
}
