//! Cross-origin requests from browsers, and OPTIONS requests of calendar programs, which are none.

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::Either;
use http::{HeaderName, Method, Request, Response, header};
use tower::{Layer, Service};
use tower_http::cors::{Any, Cors, CorsLayer};

use super::dav;

/// Answers preflight requests of browsers, and all OPTIONS requests outside `/dav/`.
#[derive(Clone)]
pub(crate) struct CorsService<S> {
    cors: Cors<S>,
    inner: S,
}

impl<S: Clone> CorsService<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { cors: cors().layer(inner.clone()), inner }
    }
}

impl<S, B, O> Service<Request<B>> for CorsService<S>
where
    S: Service<Request<B>, Response = Response<O>>,
    O: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, <Cors<S> as Service<Request<B>>>::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        match self.cors.poll_ready(cx) {
            Poll::Ready(Ok(())) => self.inner.poll_ready(cx),
            other => other,
        }
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let is_preflight = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if *request.method() == Method::OPTIONS && !is_preflight && dav::is_address(request.uri().path()) {
            Either::Left(self.inner.call(request))
        } else {
            Either::Right(self.cors.call(request))
        }
    }
}

/// Allows every origin: clients authenticate by a header, never by a cookie that a foreign page could use.
fn cors() -> CorsLayer {
    let response_headers = [
        header::ETAG,
        header::LOCATION,
        header::LINK,
        header::LAST_MODIFIED,
        header::RETRY_AFTER,
        header::ALLOW,
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
        HeaderName::from_static("x-request-id"),
    ];
    // Listed by name, because `*` does not include `Authorization`.
    let request_headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("x-request-id"),
    ];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(request_headers)
        .expose_headers(response_headers)
        .max_age(Duration::from_hours(1))
}
