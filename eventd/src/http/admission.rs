//! Admission control: the limit on concurrent requests, rate limits, and metrics of all requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eventcore::EventCore;
use http::Request;

use super::body::BodyReader;
use super::client_network::ClientNetwork;
use super::connections::{ConnectionBounds, Connections};
use super::metrics::{Gauges, Metrics};
use super::problem::Problem;
use super::problem_kind::Kind;
use super::progress::Deadlines;
use super::rate_limit::{Quota, RateLimits};
use super::readiness::Readiness;
use super::shares::{Share, Shares};
use super::streams::{StreamBounds, Streams};
use super::unsent::Unsent;

/// How often expired state is removed.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// How long a request waits for a place.
const PLACE_TIMEOUT: Duration = Duration::from_secs(2);

/// The state that all connections share.
pub(crate) struct Admission {
    /// The places of requests whose body has been read.
    places: Arc<Shares>,
    /// Requests that are not answered yet, including those whose body is being read.
    in_flight: Arc<AtomicUsize>,
    pub(crate) bodies: BodyReader,
    pub(crate) unsent: Arc<Unsent>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) readiness: Readiness,
    /// `None` if rates are not limited.
    rate_limits: Option<RateLimits>,
    pub(crate) metrics: Metrics,
}

/// The limits that hold for all clients together and for each of them, whether `--limits` is on or off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Concurrent requests.
    pub(crate) max_concurrent: usize,
    /// Concurrent requests of one client network.
    pub(crate) max_concurrent_per_network: usize,
    pub(crate) connections: ConnectionBounds,
    pub(crate) deadlines: Deadlines,
    /// Live streams.
    pub(crate) streams: StreamBounds,
    /// How long a request body may take.
    pub(crate) body_timeout: Duration,
    /// The least rate of a request body, in bytes per second.
    pub(crate) body_rate: u32,
}

/// A request until it is answered, for the metrics.
pub(crate) struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    /// Admits requests within `bounds`, and counts them for `paths` paths.
    pub(crate) fn new(bounds: Bounds, rate_limits: Option<RateLimits>, paths: usize) -> Self {
        Self {
            places: Shares::new(bounds.max_concurrent, bounds.max_concurrent_per_network),
            in_flight: Arc::default(),
            unsent: Arc::default(),
            connections: Connections::new(bounds.connections, bounds.deadlines),
            streams: Streams::new(bounds.streams),
            readiness: Readiness::default(),
            bodies: BodyReader::new(bounds.body_timeout, bounds.body_rate),
            rate_limits,
            metrics: Metrics::new(paths),
        }
    }

    /// Counts a request as in flight until the result is dropped.
    pub(crate) fn enter(&self) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self.in_flight.clone())
    }

    /// Counts a request against the quotas of its client. `path` is the template of the matched path, or
    /// empty.
    pub(crate) fn take_quota<B>(&self, request: &Request<B>, path: &str) -> Option<Quota> {
        self.rate_limits.as_ref()?.take(request, path)
    }

    /// A place for a request whose body has been read, to be held until it is answered. Waits up to two
    /// seconds for one. No client network takes all places.
    pub(crate) async fn place(&self, network: ClientNetwork) -> Result<Share, Problem> {
        if self.unsent.is_exceeded(network) {
            let detail = "too many responses to your network wait to be read: read them first";
            return Err(Problem::new(Kind::Unavailable, detail));
        }
        let place = tokio::time::timeout(PLACE_TIMEOUT, self.places.take(network, 1)).await;
        place.map_err(|_| {
            Problem::new(Kind::Unavailable, "the server is at its limit of concurrent requests: try again")
        })
    }

    /// All metrics in the text format of Prometheus.
    pub(crate) async fn render_metrics(&self, core: &EventCore) -> String {
        let gauges = Gauges {
            requests_in_flight: self.in_flight.load(Ordering::Relaxed),
            places_taken: self.places.taken(),
            body_bytes: self.bodies.reserved(),
            response_bytes: self.unsent.total(),
            connections: self.connections.count(),
            streams: self.streams.count(),
            streams_cut_off: core.live_counts().cut_off,
            is_ready: self.readiness.check(core).await.is_ok(),
        };
        self.metrics.render(core, gauges)
    }

    /// Removes expired state at intervals. Never returns.
    pub(crate) async fn run_upkeep(self: Arc<Self>) {
        let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
        loop {
            interval.tick().await;
            self.metrics.run_upkeep();
            if let Some(limits) = &self.rate_limits {
                limits.remove_idle();
            }
        }
    }
}
