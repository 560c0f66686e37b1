//! Who is let in: the places for requests that run at once, the rate limits, and the count of it all.

use std::sync::Arc;
use std::time::Duration;

use eventcore::EventCore;
use http::Request;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limit::{RateLimit, Standing};
use super::meters::Meters;
use super::openapi;
use super::problem::{Kind, Problem};

/// How often what is no longer needed is cleared away.
const TIDY: Duration = Duration::from_secs(5);

/// What all connections share.
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    most: usize,
    pub(crate) limit: Option<RateLimit>,
    pub(crate) meters: Meters,
}

impl Gate {
    pub(crate) fn new(most: usize, limit: Option<RateLimit>) -> Self {
        let meters = Meters::new(openapi::addresses().len());
        Self { places: Arc::new(Semaphore::new(most)), most, limit, meters }
    }

    /// How the client stands, where its requests are limited: probes and pages are not.
    pub(crate) fn standing<B>(&self, request: &Request<B>) -> Option<Standing> {
        let limit = self.limit.as_ref().filter(|_| request.uri().path().starts_with("/api/"))?;
        Some(limit.count(request))
    }

    /// A place for a request.
    pub(crate) fn admit(&self, standing: Option<Standing>) -> Result<OwnedSemaphorePermit, Problem> {
        if standing == Some(Standing::Beyond) {
            return Err(Problem::new(
                Kind::RateLimited,
                "too many requests from your address: wait a second",
            ));
        }
        let full = |_| Problem::new(Kind::Unavailable, "too many requests run at once: try again shortly");
        self.places.clone().try_acquire_owned().map_err(full)
    }

    /// All figures as Prometheus reads them.
    pub(crate) async fn figures(&self, core: &EventCore) -> String {
        self.meters.render(core, self.most - self.places.available_permits().min(self.most)).await
    }

    /// Clears away what is no longer needed, for ever.
    pub(crate) async fn keep_tidy(self: Arc<Self>) {
        let mut time = tokio::time::interval(TIDY);
        loop {
            time.tick().await;
            self.meters.tidy();
            if let Some(limit) = &self.limit {
                limit.tidy();
            }
        }
    }
}
