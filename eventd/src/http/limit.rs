//! Limits of how often one client may ask (draft-ietf-httpapi-ratelimit-headers).

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::DefaultClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue, Request};

const STATE: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const FORWARDED: &str = "x-forwarded-for";

/// So many requests a second from each client.
pub(crate) struct RateLimit {
    limiter: RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>,
    policy: HeaderValue,
    /// Whether a proxy stands before us and names the clients.
    proxied: bool,
}

/// Who asks, as the connection tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// How a client stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// So many more are let through at once.
    Within(u32),
    /// This one is too many.
    Beyond,
}

impl RateLimit {
    pub(crate) fn new(per_second: NonZeroU32, proxied: bool) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_second(per_second)).with_middleware();
        let policy = HeaderValue::from_str(&format!("\"client\";q={per_second};w=1"))
            .unwrap_or(HeaderValue::from_static("\"client\""));
        Self { limiter, policy, proxied }
    }

    /// Counts a request.
    pub(crate) fn count<B>(&self, request: &Request<B>) -> Standing {
        match self.limiter.check_key(&self.client(request)) {
            Ok(state) => Standing::Within(state.remaining_burst_capacity()),
            Err(_) => Standing::Beyond,
        }
    }

    /// Tells the client how it stands.
    pub(crate) fn tell(&self, standing: Standing, headers: &mut HeaderMap) {
        let left = match standing {
            Standing::Within(left) => left,
            Standing::Beyond => 0,
        };
        headers.insert(POLICY, self.policy.clone());
        if let Ok(state) = HeaderValue::from_str(&format!("\"client\";r={left};t=1")) {
            headers.insert(STATE, state);
        }
    }

    /// Forgets who has not asked for a while.
    pub(crate) fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    fn client<B>(&self, request: &Request<B>) -> IpAddr {
        let peer =
            request.extensions().get::<Peer>().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0);
        let named = if self.proxied { forwarded(request.headers()) } else { None };
        network(named.unwrap_or(peer))
    }
}

/// The last entry is the proxy's own; whatever stands before it, the client may have made up.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// A household has one IPv4 address, or 2^64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &'static str) -> Request<()> {
        let mut request = Request::builder().header(FORWARDED, forwarded).body(()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        request
    }

    #[test]
    fn each_client_has_its_own_count() {
        let limit = RateLimit::new(NonZeroU32::new(2).unwrap(), false);
        let (one, other) = (from("192.0.2.1", ""), from("192.0.2.2", ""));
        let seen = [&one, &one, &one, &other].map(|request| limit.count(request));
        assert_eq!(seen, [Standing::Within(1), Standing::Within(0), Standing::Beyond, Standing::Within(1)]);
    }

    #[test]
    fn a_client_is_a_network_and_only_a_trusted_proxy_names_it() {
        let alone = RateLimit::new(NonZeroU32::MIN, false);
        let proxied = RateLimit::new(NonZeroU32::MIN, true);
        let request = from("192.0.2.1", "203.0.113.9, 198.51.100.7");
        assert_eq!(alone.client(&request).to_string(), "192.0.2.1");
        assert_eq!(proxied.client(&request).to_string(), "198.51.100.7");
        assert_eq!(proxied.client(&from("192.0.2.1", "unknown")).to_string(), "192.0.2.1");
        assert_eq!(alone.client(&from("2001:db8::1:2:3:4", "")).to_string(), "2001:db8::");
        assert_eq!(alone.client(&from("::ffff:192.0.2.1", "")).to_string(), "192.0.2.1");
    }

    #[test]
    fn the_standing_is_told() {
        let mut headers = HeaderMap::new();
        RateLimit::new(NonZeroU32::new(5).unwrap(), false).tell(Standing::Within(3), &mut headers);
        assert_eq!(headers.get(POLICY).unwrap(), "\"client\";q=5;w=1");
        assert_eq!(headers.get(STATE).unwrap(), "\"client\";r=3;t=1");
    }
}
