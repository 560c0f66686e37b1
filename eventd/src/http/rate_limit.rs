//! Rate limits per client (draft-ietf-httpapi-ratelimit-headers).

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::RateLimiter;
use governor::clock::DefaultClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::client_network::ClientNetwork;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_FORWARDED_FOR: &str = "x-forwarded-for";

type Limiter = RateLimiter<
    ClientNetwork,
    DefaultKeyedStateStore<ClientNetwork>,
    DefaultClock,
    StateInformationMiddleware,
>;

/// A number of requests per second for each client.
pub(crate) struct RateLimit {
    limiter: Limiter,
    policy: HeaderValue,
    /// Whether to take clients' addresses from `X-Forwarded-For`.
    trust_proxy: bool,
}

/// A client's quota after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quota {
    /// The request is within the limit, and this many more may follow at once.
    Remaining(u32),
    /// The request is over the limit.
    Exceeded,
}

impl RateLimit {
    pub(crate) fn new(per_second: NonZeroU32, trust_proxy: bool) -> Self {
        let limiter = RateLimiter::keyed(governor::Quota::per_second(per_second)).with_middleware();
        let policy = HeaderValue::from_str(&format!("\"client\";q={per_second};w=1"))
            .unwrap_or(HeaderValue::from_static("\"client\""));
        Self { limiter, policy, trust_proxy }
    }

    /// Counts a request against the quota of its client.
    pub(crate) fn take<B>(&self, request: &Request<B>) -> Quota {
        match self.limiter.check_key(&self.client(request)) {
            Ok(state) => Quota::Remaining(state.remaining_burst_capacity()),
            Err(_) => Quota::Exceeded,
        }
    }

    /// Writes the headers `RateLimit` and `RateLimit-Policy`.
    pub(crate) fn write_headers(&self, quota: Quota, headers: &mut HeaderMap) {
        let remaining = match quota {
            Quota::Remaining(remaining) => remaining,
            Quota::Exceeded => 0,
        };
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        if let Ok(value) = HeaderValue::from_str(&format!("\"client\";r={remaining};t=1")) {
            headers.insert(RATE_LIMIT, value);
        }
    }

    /// Removes clients whose quota is full again.
    pub(crate) fn remove_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    fn client<B>(&self, request: &Request<B>) -> ClientNetwork {
        let peer = request.extensions().get().copied().unwrap_or(ClientNetwork::UNKNOWN);
        let forwarded = if self.trust_proxy { forwarded_for(request.headers()) } else { None };
        forwarded.map_or(peer, ClientNetwork::of)
    }
}

/// The last entry of `X-Forwarded-For`. The proxy adds it; the client can forge all entries before it.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(X_FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_from(peer: &str, forwarded: &'static str) -> Request<()> {
        let mut request = Request::builder().header(X_FORWARDED_FOR, forwarded).body(()).unwrap();
        request.extensions_mut().insert(ClientNetwork::of(peer.parse().unwrap()));
        request
    }

    #[test]
    fn each_client_has_its_own_quota() {
        let limit = RateLimit::new(NonZeroU32::new(2).unwrap(), false);
        let (one, other) = (request_from("192.0.2.1", ""), request_from("192.0.2.2", ""));
        let quotas = [&one, &one, &one, &other].map(|request| limit.take(request));
        let expected = [Quota::Remaining(1), Quota::Remaining(0), Quota::Exceeded, Quota::Remaining(1)];
        assert_eq!(quotas, expected);
    }

    #[test]
    fn a_client_is_a_network_and_only_a_trusted_proxy_names_it() {
        let direct = RateLimit::new(NonZeroU32::MIN, false);
        let proxied = RateLimit::new(NonZeroU32::MIN, true);
        let request = request_from("192.0.2.1", "203.0.113.9, 198.51.100.7");
        assert_eq!(direct.client(&request).to_string(), "192.0.2.1");
        assert_eq!(proxied.client(&request).to_string(), "198.51.100.7");
        assert_eq!(proxied.client(&request_from("192.0.2.1", "unknown")).to_string(), "192.0.2.1");
    }

    #[test]
    fn headers_show_the_quota() {
        let mut headers = HeaderMap::new();
        let limit = RateLimit::new(NonZeroU32::new(5).unwrap(), false);
        limit.write_headers(Quota::Remaining(3), &mut headers);
        assert_eq!(headers.get(RATE_LIMIT_POLICY).unwrap(), "\"client\";q=5;w=1");
        assert_eq!(headers.get(RATE_LIMIT).unwrap(), "\"client\";r=3;t=1");
    }
}
