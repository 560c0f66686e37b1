//! The server: accepts connections, stacks layers around the routes, and shuts down gracefully.

use std::sync::Arc;
use std::time::Duration;

use eventcore::{Error, EventCore};
use http::{Extensions, HeaderMap, Request, StatusCode, Version};
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, DefaultPredicate};
use tower_http::trace::TraceLayer;
use warp::Filter;
use warp::reply::Response;

use super::admission::Admission;
use super::call::{Context, MetricsAccess};
use super::connections::{ConnectionBounds, Connections};
use super::cors::CorsService;
use super::edge::{self, EdgeService};
use super::forwarded::{ForwardingHeader, TrustedProxies};
use super::head::HEAD_LIMIT;
use super::listener::{Accepted, Listener, drive};
use super::problem::Problem;
use super::progress::Deadlines;
use super::watched::{WatchedRequest, WatchedResponse, WatchedStream};
use super::{caching, etag, reply, route, routes};

/// How long running requests may take to finish after the signal to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest head that hyper reads, in bytes. It is twice the limit, so that the edge service can answer
/// a head in between with a problem. hyper answers larger ones with a bare status.
const HEAD_BUFFER: u32 = 2 * HEAD_LIMIT;

/// Concurrent requests of one HTTP/2 connection.
const MAX_STREAMS: u32 = 64;
/// How much of the bodies of an HTTP/2 connection may arrive before it is read, in bytes: the smallest window
/// that a connection can have (RFC 9113 6.9.2).
const WINDOW: u32 = (1 << 16) - 1;

/// A few scrapers read the metrics.
const METRICS_CONNECTIONS: ConnectionBounds = ConnectionBounds { max: 64, max_per_network: 64 };

/// The parts and settings of the server.
pub(crate) struct Server {
    pub(crate) core: EventCore,
    pub(crate) public_url: Arc<str>,
    /// The time limit of a request whose body has been read.
    pub(crate) timeout: Duration,
    /// The proxies that name the client.
    pub(crate) proxies: TrustedProxies,
    pub(crate) admission: Arc<Admission>,
    pub(crate) metrics_access: MetricsAccess,
}

/// Serves until `stop` completes, then lets running requests finish, for up to 20 seconds.
pub(crate) async fn run(listener: TcpListener, server: Server, stop: impl Future<Output = ()>) {
    let Server { core, public_url, timeout, proxies, admission, metrics_access } = server;
    let context = Context {
        core,
        public_url: public_url.clone(),
        admission: admission.clone(),
        metrics_access,
        timeout,
        document: routes::document,
    };
    let upkeep = tokio::spawn(admission.clone().run_upkeep());
    let deadlines = tokio::spawn(admission.connections.clone().run_deadlines());
    let listener = Listener::new(listener, admission.connections.clone());
    let service = ServiceBuilder::new()
        .map_response(edge::add_request_id)
        .map_response(etag::mark_coding)
        .map_response(caching::complete_vary)
        .layer(compression())
        .layer_fn(CorsService::new)
        .layer_fn(|inner| EdgeService::new(inner, routes::table(), admission.clone(), public_url.clone()))
        // The edge service logs failures, with their cause.
        .layer(
            TraceLayer::new_for_http().make_span_with(edge::span::<WatchedRequest<Incoming>>).on_failure(()),
        )
        .layer(CatchPanicLayer::custom(panic_response))
        .service(warp::service(route::filter(&context)));

    let http = protocols();
    serve_connections(&http, listener, proxies, service, stop).await;
    upkeep.abort();
    deadlines.abort();
}

/// Serves connections until `stop` completes, then lets them finish.
async fn serve_connections<S, B>(
    http: &Builder<TokioExecutor>,
    mut listener: Listener,
    proxies: TrustedProxies,
    service: S,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request<WatchedRequest<Incoming>>, Response = http::Response<B>>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let stopping = watch::Sender::new(());
    // Cloned for each request only: each connection that waits would hold half a kilobyte.
    let service = Arc::new(service);
    let mut stop = std::pin::pin!(stop);
    loop {
        let Accepted { stream, peer, open } = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let connection = open.0.clone();
        let stream = TokioIo::new(WatchedStream::new(stream, connection.clone()));
        let service = service.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let open_request = connection.begin_request();
            let mut request = request.map(|body| WatchedRequest::new(body, connection.clone()));
            let client = proxies.client(peer, request.headers());
            request.extensions_mut().insert(client);
            let response = S::clone(&service).oneshot(request);
            async move {
                let response = response.await?;
                Ok::<_, S::Error>(response.map(|body| WatchedResponse::new(body, open_request)))
            }
        });
        let connection = Box::pin(http.serve_connection(stream, service).into_owned());
        tokio::spawn(drive(connection, open, stopping.subscribe()));
    }
    drop(listener);
    // Without an effect if there are no connections.
    let _ = stopping.send(());
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, stopping.closed()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// How connections are served.
fn protocols() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // The deadlines of connections include that of heads.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None::<Duration>)
        .max_buf_size(HEAD_BUFFER as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BUFFER)
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .keep_alive_interval(Duration::from_secs(30));
    http
}

/// Serves `/metrics` alone, on a listener that only the operator's network reaches. Never returns.
pub(crate) async fn run_metrics(
    listener: TcpListener,
    core: EventCore,
    admission: Arc<Admission>,
    deadlines: Deadlines,
) {
    let connections = Connections::new(METRICS_CONNECTIONS, deadlines);
    let closing = tokio::spawn(connections.clone().run_deadlines());
    let metrics = warp::get().and(warp::path!("metrics")).then(move || {
        let (core, admission) = (core.clone(), admission.clone());
        async move { routes::health::metrics_response(&core, &admission).await }
    });
    let listener = Listener::new(listener, connections);
    let proxies = TrustedProxies { hops: 0, header: ForwardingHeader::XForwardedFor };
    let service = warp::service(metrics);
    serve_connections(&protocols(), listener, proxies, service, std::future::pending()).await;
    closing.abort();
}

#[expect(clippy::needless_pass_by_value, reason = "the panic layer passes the panic by value")]
fn panic_response(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::from(Error::internal(format!("a handler panicked: {text}"))).into_response()
}

/// Brotli and gzip for bodies above 1 KiB, at the fastest level: no response is cached in compressed form.
fn compression() -> CompressionLayer<impl Predicate + Send + Sync + 'static> {
    let may_be_compressed = |_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions| {
        extensions.get::<reply::Uncompressed>().is_none()
    };
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)).and(may_be_compressed))
}
