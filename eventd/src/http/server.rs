//! The server: connections in, layers around the routes, and an end that lets running requests finish.

use std::sync::Arc;
use std::time::Duration;

use eventcore::{Error, EventCore};
use http::{HeaderName, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, DefaultPredicate};
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use warp::Filter;
use warp::reply::Response;

use super::call::{Context, unrouted};
use super::gate::Gate;
use super::layers::{self, Door};
use super::limit::Peer;
use super::problem::Problem;
use super::routes;

/// For how long running requests may go on once the server is told to stop.
const GRACE: Duration = Duration::from_secs(20);
/// For how long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a head that are read: twice what it may have, so that whoever asks too long a question is told so by the door. Beyond, all that
/// is ever said is the status.
const HEAD_READ: u32 = 2 * layers::HEAD_LIMIT;

/// What the server needs.
pub(crate) struct Server {
    pub(crate) core: EventCore,
    pub(crate) public_url: Arc<str>,
    /// For how long a request may run.
    pub(crate) timeout: Duration,
    pub(crate) gate: Arc<Gate>,
    /// Whether `/metrics` is answered here.
    pub(crate) metrics: bool,
}

/// Serves until `stop` comes, then lets running requests finish.
pub(crate) async fn run(listener: TcpListener, server: Server, stop: impl Future<Output = ()>) {
    let Server { core, public_url, timeout, gate, metrics } = server;
    let routes = routes::all(&Context { core, public_url, figures: metrics.then(|| gate.clone()) })
        .recover(async |rejection: warp::Rejection| {
            Ok::<_, std::convert::Infallible>(unrouted(&rejection).into_response())
        })
        .unify()
        .boxed();
    let limited = gate.limit.is_some();
    let tidying = tokio::spawn(gate.clone().keep_tidy());
    let service = ServiceBuilder::new()
        .map_response(layers::name)
        .layer(compression())
        .layer(cors())
        .layer_fn(|inner| Door::new(inner, gate.clone()))
        // Failures are logged at the door, with their cause.
        .layer(TraceLayer::new_for_http().make_span_with(layers::span::<Incoming>).on_failure(()))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .service(warp::service(routes));

    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_READ as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_READ)
        .keep_alive_interval(Duration::from_secs(30));
    let running = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: existing connections will free some.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Answers are small and written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let peer = limited.then(|| Peer(peer.ip()));
        let named = ServiceBuilder::new().map_request(move |mut request: Request<Incoming>| {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            request
        });
        let service = TowerToHyperService::new(named.service(service.clone()));
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let watched = running.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(error, "a connection broke");
            }
        });
    }
    drop(listener);
    tidying.abort();
    if tokio::time::timeout(GRACE, running.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Serves `/metrics` alone, for ever: an address that only the operator's network reaches.
pub(crate) async fn run_metrics(listener: TcpListener, core: EventCore, gate: Arc<Gate>) {
    warp::serve(routes::health::only_metrics(core, gate)).incoming(listener).run().await;
}

#[expect(clippy::needless_pass_by_value, reason = "this is how the layer calls it")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::from(Error::internal(format!("a panic: {text}"))).into_response()
}

/// br and gzip above 1 KiB, as fast as they go: the answers are made anew each time.
fn compression() -> CompressionLayer<impl Predicate + Send + Sync + 'static> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)))
}

/// Any page may call: callers prove themselves by a token in a header, never by a cookie.
fn cors() -> CorsLayer {
    let seen = [
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
    // By name, because `*` leaves out `Authorization`.
    let sent = [
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
        .allow_headers(sent)
        .expose_headers(seen)
        .max_age(Duration::from_hours(1))
}
