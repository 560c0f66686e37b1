//! Admission control: the limit on concurrent requests, rate limits, and metrics of all requests.

use std::sync::Arc;
use std::time::Duration;

use eventcore::EventCore;
use http::Request;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::metrics::Metrics;
use super::problem::Problem;
use super::problem_kind::Kind;
use super::rate_limit::{Quota, RateLimits};

/// How often expired state is removed.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The state that all connections share.
pub(crate) struct Admission {
    permits: Arc<Semaphore>,
    max_concurrent: usize,
    /// `None` if rates are not limited.
    rate_limits: Option<RateLimits>,
    pub(crate) metrics: Metrics,
}

impl Admission {
    /// Admits up to `max_concurrent` requests at once, and counts them for `paths` paths.
    pub(crate) fn new(max_concurrent: usize, rate_limits: Option<RateLimits>, paths: usize) -> Self {
        let permits = Arc::new(Semaphore::new(max_concurrent));
        Self { permits, max_concurrent, rate_limits, metrics: Metrics::new(paths) }
    }

    /// Counts a request against the quotas of its client. `path` is the template of the matched path, or
    /// empty.
    pub(crate) fn take_quota<B>(&self, request: &Request<B>, path: &str) -> Option<Quota> {
        self.rate_limits.as_ref()?.take(request, path)
    }

    /// A permit for a request, to be held until it is answered.
    pub(crate) fn admit(&self, quota: Option<&Quota>) -> Result<OwnedSemaphorePermit, Problem> {
        quota.map_or(Ok(()), Quota::check)?;
        let overloaded = |_| {
            Problem::new(Kind::Unavailable, "the server is at its limit of concurrent requests: try again")
        };
        self.permits.clone().try_acquire_owned().map_err(overloaded)
    }

    /// All metrics in the text format of Prometheus.
    pub(crate) async fn render_metrics(&self, core: &EventCore) -> String {
        let in_flight = self.max_concurrent - self.permits.available_permits().min(self.max_concurrent);
        self.metrics.render(core, in_flight).await
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
