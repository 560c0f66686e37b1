//! The server: accepts connections, stacks layers around the routes, and shuts down gracefully.

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

use super::admission::Admission;
use super::call::Context;
use super::edge::{self, EdgeService};
use super::forwarded::TrustedProxies;
use super::problem::Problem;
use super::{caching, etag, route, routes};

/// How long running requests may take to finish after the signal to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest head that hyper reads, in bytes. It is twice the limit, so that the edge service can answer
/// a head in between with a problem. hyper answers larger ones with a bare status.
const HEAD_BUFFER: u32 = 2 * edge::HEAD_LIMIT;

/// The parts and settings of the server.
pub(crate) struct Server {
    pub(crate) core: EventCore,
    pub(crate) public_url: Arc<str>,
    /// The time limit of a request.
    pub(crate) timeout: Duration,
    /// The proxies that name the client.
    pub(crate) proxies: TrustedProxies,
    pub(crate) admission: Arc<Admission>,
    /// Whether to serve `/metrics` here, and not on a listener of its own.
    pub(crate) serves_metrics: bool,
}

/// Serves until `stop` completes, then lets running requests finish, for up to 20 seconds.
pub(crate) async fn run(listener: TcpListener, server: Server, stop: impl Future<Output = ()>) {
    let Server { core, public_url, timeout, proxies, admission, serves_metrics } = server;
    let context = Context {
        core,
        public_url,
        admission: serves_metrics.then(|| admission.clone()),
        document: routes::document(),
    };
    let upkeep = tokio::spawn(admission.clone().run_upkeep());
    let service = ServiceBuilder::new()
        .map_response(edge::add_request_id)
        .map_response(etag::mark_coding)
        .map_response(caching::complete_vary)
        .layer(compression())
        .layer(cors())
        .layer_fn(|inner| EdgeService::new(inner, routes::table(), admission.clone()))
        // The edge service logs failures, with their cause.
        .layer(TraceLayer::new_for_http().make_span_with(edge::span::<Incoming>).on_failure(()))
        .layer(CatchPanicLayer::custom(panic_response))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .service(warp::service(route::filter(&context)));

    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BUFFER as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BUFFER)
        .keep_alive_interval(Duration::from_secs(30));
    let running = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Usually too many open files. Wait until other connections have closed some.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Responses are small and written at once: Nagle's algorithm would only delay them.
        let _ = stream.set_nodelay(true);
        let peer = peer.ip();
        let with_network = ServiceBuilder::new().map_request(move |mut request: Request<Incoming>| {
            let network = proxies.client(peer, request.headers());
            request.extensions_mut().insert(network);
            request
        });
        let service = TowerToHyperService::new(with_network.service(service.clone()));
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let watched = running.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(error, "a connection failed");
            }
        });
    }
    drop(listener);
    upkeep.abort();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, running.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Serves `/metrics` alone, on a listener that only the operator's network reaches. Never returns.
pub(crate) async fn run_metrics(listener: TcpListener, core: EventCore, admission: Arc<Admission>) {
    let metrics = warp::get().and(warp::path!("metrics")).then(move || {
        let (core, admission) = (core.clone(), admission.clone());
        async move { routes::health::metrics_response(&core, &admission).await }
    });
    warp::serve(metrics).incoming(listener).run().await;
}

#[expect(clippy::needless_pass_by_value, reason = "the panic layer passes the panic by value")]
fn panic_response(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::from(Error::internal(format!("a handler panicked: {text}"))).into_response()
}

/// Brotli and gzip for bodies above 1 KiB, at the fastest level: no response is cached in compressed form.
fn compression() -> CompressionLayer<impl Predicate + Send + Sync + 'static> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)))
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
