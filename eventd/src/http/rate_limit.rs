//! Rate limits per client (draft-ietf-httpapi-ratelimit-headers).

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::RateLimiter;
use governor::clock::DefaultClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// A number of requests per second for each client.
pub(crate) struct RateLimit {
    limiter: RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>,
    policy: HeaderValue,
    /// Whether to take clients' addresses from `X-Forwarded-For`.
    trust_proxy: bool,
}

/// The address of the peer of a connection, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

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

    fn client<B>(&self, request: &Request<B>) -> IpAddr {
        let peer = request.extensions().get::<PeerAddress>();
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0);
        let forwarded = if self.trust_proxy { forwarded_for(request.headers()) } else { None };
        client_network(forwarded.unwrap_or(peer))
    }
}

/// The last entry of `X-Forwarded-For`. The proxy adds it; the client can forge all entries before it.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(X_FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// The whole IPv4 address, or the /64 network of an IPv6 address, which is commonly assigned to one
/// household.
fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_from(peer: &str, forwarded: &'static str) -> Request<()> {
        let mut request = Request::builder().header(X_FORWARDED_FOR, forwarded).body(()).unwrap();
        request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
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
        assert_eq!(direct.client(&request_from("2001:db8::1:2:3:4", "")).to_string(), "2001:db8::");
        assert_eq!(direct.client(&request_from("::ffff:192.0.2.1", "")).to_string(), "192.0.2.1");
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
