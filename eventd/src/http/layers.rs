//! What stands around the routes: request ids, and the last word on every error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use tower::{BoxError, Service};
use tracing::Span;

use super::accept;
use super::gate::Gate;
use super::openapi::{self, Address};
use super::problem::{Kind, Problem};

/// Bytes that the head of a request may have.
pub(crate) const HEAD_LIMIT: u32 = 16 << 10;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The body of every answer.
pub(crate) type Answered = UnsyncBoxBody<Bytes, Broken>;

/// A body broke off. A type of its own, because today's compiler loses track of the lifetime in a boxed error.
#[derive(Debug)]
pub(crate) struct Broken(BoxError);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Broken {}

fn whole(bytes: impl Into<Bytes>) -> Answered {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The outermost service. It asks the gate, names each request, lets HEAD be answered as GET, and writes every error as a problem, those of the layers below included.
#[derive(Clone)]
pub(crate) struct Door<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Door<S> {
    pub(crate) const fn new(inner: S, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }
}

impl<S, B, E, O> Service<Request<B>> for Door<S>
where
    S: Service<Request<B>, Response = Response<O>, Error = E>,
    S::Future: Send + 'static,
    O: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Answered>;
    type Error = E;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, E>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let came = Instant::now();
        let short = must_be_short(&request);
        let id = request_id(&request);
        request.headers_mut().insert(REQUEST_ID, id.clone());
        let method = request.method().clone();
        let address = openapi::address(request.uri().path());
        if method == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let gate = self.gate.clone();
        let standing = gate.standing(&request);
        let admitted = short
            .and_then(|()| must_apply(&request, address))
            .and_then(|()| must_accept(&request))
            .and_then(|()| gate.admit(standing));
        let admitted = admitted.map(|place| (place, self.inner.call(request)));
        Box::pin(async move {
            let mut response = match admitted {
                Ok((_place, inner)) => {
                    inner.await?.map(|body| body.map_err(|error| Broken(error.into())).boxed_unsync())
                }
                Err(problem) => problem.into_response().map(|_| whole(Bytes::new())),
            };
            if response.status().is_client_error() || response.status().is_server_error() {
                write_problem(&mut response, &id, &method, address.map_or("", |address| &address.path));
            }
            if method == Method::HEAD {
                leave_body_out(&mut response);
            }
            if let (Some(limit), Some(standing)) = (&gate.limit, standing) {
                limit.tell(standing, response.headers_mut());
            }
            response.headers_mut().insert(REQUEST_ID, id);
            // JSON that people wrote HTML into stays JSON, whatever a browser thinks of it.
            response
                .headers_mut()
                .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            gate.meters.count(address, &method, response.status(), came.elapsed());
            Ok(response)
        })
    }
}

/// An answer to HEAD tells the length and sends nothing: HTTP/1 sees to that by itself, HTTP/2 does not.
fn leave_body_out(response: &mut Response<Answered>) {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = whole(Bytes::new());
}

/// Names what was answered before it came to the door, such as the preflights of browsers.
pub(crate) fn name<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().entry(REQUEST_ID).or_insert_with(new_id);
    response
}

fn new_id() -> HeaderValue {
    HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("-"))
}

/// What is logged with everything that happens during a request, where the log goes into such detail.
pub(crate) fn span<B>(request: &Request<B>) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    tracing::debug_span!("request", id, method = %request.method(), path = request.uri().path())
}

/// The id that the request brought, if it is sane: up to 100 visible characters of few kinds; else a new one.
fn request_id<B>(request: &Request<B>) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=100).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
    };
    request.headers().get(REQUEST_ID).filter(sane).cloned().unwrap_or_else(new_id)
}

/// The head, as HTTP/1.1 writes it.
fn must_be_short<B>(request: &Request<B>) -> Result<(), Problem> {
    let uri = request.uri();
    let address = uri.authority().map_or(0, |authority| authority.as_str().len())
        + uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + "\r\n".len())
        .sum();
    let line = request.method().as_str().len() + " ".len() + address + " HTTP/1.1\r\n".len();
    if line + headers + "\r\n".len() <= HEAD_LIMIT as usize {
        return Ok(());
    }
    Err(Problem::new(Kind::HeadTooLarge, "the address and the headers have at most 16 KiB together"))
}

/// What is not said of an address in the document does not apply to it, also where the path would fit another address.
fn must_apply<B>(request: &Request<B>, address: Option<&Address>) -> Result<(), Problem> {
    let method = request.method();
    match address {
        Some(Address { methods: allow, .. }) if !allow.contains(method) => {
            let mut problem = Problem::new(Kind::MethodNotAllowed, format!("{method} does not apply here"));
            problem.allow = Some(allow.iter().map(Method::as_str).collect::<Vec<_>>().join(", "));
            Err(problem)
        }
        _ => Ok(()),
    }
}

fn must_accept<B>(request: &Request<B>) -> Result<(), Problem> {
    let kinds = kinds(request.uri().path());
    if kinds.is_empty() || accepts(request, kinds) {
        return Ok(());
    }
    Err(Problem::new(Kind::NotAcceptable, format!("the answer is {}", kinds.join(" or "))))
}

/// The types of the answers at an address; none are named for pages.
fn kinds(path: &str) -> &'static [&'static str] {
    match path {
        _ if !path.starts_with("/api/") => &[],
        // One's own are no table.
        "/api/v1/registrations" => &["application/json"],
        _ if path.ends_with("/registrations") || path.ends_with("/insights") => {
            &["application/json", "text/csv"]
        }
        _ if path.ends_with("/ticket.svg") => &["image/svg+xml"],
        _ if path.ends_with("/ticket.png") => &["image/png"],
        _ if path.rsplit_once('.').is_some_and(|(_, kind)| kind == "ics") => &["text/calendar"],
        _ => &["application/json"],
    }
}

/// Whether one of the types is among what the client takes; problems may always be asked for.
fn accepts<B>(request: &Request<B>, kinds: &[&str]) -> bool {
    let headers = request.headers();
    kinds.iter().any(|kind| accept::wish(headers, kind).is_one())
        || accept::wish(headers, "application/problem+json").is_by_name()
}

fn write_problem(response: &mut Response<Answered>, id: &HeaderValue, method: &Method, path: &str) {
    let mut problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| Problem::of_status(response.status()));
    if problem.kind == Kind::MethodNotAllowed && problem.allow.is_none() {
        problem = Problem::new(Kind::NotFound, "there is nothing at this address");
    }
    let id = id.to_str().unwrap_or_default();
    if let Some(cause) = &problem.cause {
        cause.log(id, method, path);
    }
    let (headers, body) = problem.render(id);
    *response.status_mut() = problem.kind.status();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    response.headers_mut().extend(headers);
    *response.body_mut() = whole(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Request<()> {
        Request::builder().header(name, value).body(()).unwrap()
    }

    #[test]
    fn a_sane_request_id_is_kept() {
        assert_eq!(request_id(&with("x-request-id", "abc-1:2.3_4")), "abc-1:2.3_4");
        for insane in ["", "a b", "<script>", "\"quoted\""] {
            assert_ne!(request_id(&with("x-request-id", insane)), insane);
        }
    }

    #[test]
    fn what_an_address_has_must_be_taken() {
        let taken = |path: &str, accept| accepts(&with("accept", accept), kinds(path));
        for (accept, json) in [
            ("*/*", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/*", true),
            ("application/problem+json", true),
            ("text/html", false),
            ("text/csv", false),
            ("application/json;q=0", false),
            ("application/json;q=0, application/problem+json;q=0, */*", false),
            ("", true),
        ] {
            assert_eq!(taken("/api/v1/events", accept), json, "{accept}");
        }
        assert!(taken("/api/v1/occurrences/1/registrations", "text/csv"));
        assert!(!taken("/api/v1/registrations", "text/csv"));
        assert!(taken("/api/v1/registrations/1/ticket.svg", "image/avif,image/*"));
        assert!(!taken("/api/v1/registrations/1/ticket.png", "application/json"));
        assert!(kinds("/docs").is_empty());
    }
}
