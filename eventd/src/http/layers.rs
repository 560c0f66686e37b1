//! What stands around the routes: request ids, and the last word on every error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use tokio::sync::Semaphore;
use tower::{BoxError, Service};

use super::openapi;
use super::problem::{Kind, Problem};

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

/// The outermost service. It lets in as many requests as there are places, names each request, lets HEAD be answered as GET, and writes every error as a problem, those of the layers below included.
#[derive(Debug, Clone)]
pub(crate) struct Door<S> {
    inner: S,
    places: Arc<Semaphore>,
}

impl<S> Door<S> {
    pub(crate) const fn new(inner: S, places: Arc<Semaphore>) -> Self {
        Self { inner, places }
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
        let id = request_id(&request);
        request.headers_mut().insert(REQUEST_ID, id.clone());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let acceptable = accepts_json(&request) || !path.starts_with("/api/");
        if method == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let place = self.places.clone().try_acquire_owned();
        let inner = (acceptable && place.is_ok()).then(|| self.inner.call(request));
        Box::pin(async move {
            let mut response = match inner {
                Some(inner) => {
                    inner.await?.map(|body| body.map_err(|error| Broken(error.into())).boxed_unsync())
                }
                None if acceptable => {
                    refusal(Kind::Unavailable, "too many requests run at once: try again shortly")
                }
                None => refusal(Kind::NotAcceptable, "answers are application/json"),
            };
            if response.status().is_client_error() || response.status().is_server_error() {
                write_problem(&mut response, &id, &method, &path);
            }
            if method == Method::HEAD {
                leave_body_out(&mut response);
            }
            response.headers_mut().insert(REQUEST_ID, id);
            drop(place);
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

fn refusal(kind: Kind, detail: &str) -> Response<Answered> {
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = kind.status();
    response.extensions_mut().insert(Problem::new(kind, detail));
    response
}

/// Names what was answered before it came to the door, such as the preflights of browsers.
pub(crate) fn name<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().entry(REQUEST_ID).or_insert_with(new_id);
    response
}

fn new_id() -> HeaderValue {
    HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("-"))
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

/// Whether JSON is among what the client takes. Weights are not weighed: there is one answer, or none.
fn accepts_json<B>(request: &Request<B>) -> bool {
    let mut ranges = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() {
        return true;
    }
    let taken = ["*/*", "application/*", "application/json", "application/problem+json"];
    ranges.any(|range| taken.iter().any(|known| range.eq_ignore_ascii_case(known)))
}

fn write_problem(response: &mut Response<Answered>, id: &HeaderValue, method: &Method, path: &str) {
    let mut problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| Problem::of_status(response.status()));
    if matches!(problem.kind, Kind::NotFound | Kind::MethodNotAllowed)
        && let Some(allow) = openapi::allowed(path)
        && !allow.contains(method)
        && *method != Method::HEAD
    {
        problem = Problem::new(Kind::MethodNotAllowed, format!("{method} does not apply here"));
        problem.allow = Some(allow.iter().map(Method::as_str).collect::<Vec<_>>().join(", "));
    } else if problem.kind == Kind::MethodNotAllowed {
        problem = Problem::new(Kind::NotFound, "there is nothing at this address");
    }
    let (headers, body) = problem.render(id.to_str().unwrap_or_default());
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
    fn json_must_be_taken() {
        for (accept, taken) in [
            ("*/*", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/html", false),
            ("", true),
        ] {
            assert_eq!(accepts_json(&with("accept", accept)), taken, "{accept}");
        }
    }
}
