//! Rate limits per client network (draft-ietf-httpapi-ratelimit-headers).
//!
//! Every request to the API counts against the policy `requests`. Costly ones count against a second policy
//! too. Each process counts for itself: several of them behind a balancer allow that many times as much.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

use super::client_network::ClientNetwork;
use super::problem::{Problem, whole_seconds};
use super::problem_kind::Kind;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Paths that are never limited: an operator's probes must not fail because of clients.
const UNLIMITED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Requests that a client may send, each within the window of its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateQuotas {
    /// All requests, per second.
    pub(crate) requests: NonZeroU32,
    /// Changes, per 10 seconds.
    pub(crate) changes: NonZeroU32,
    /// Searches, facets and previews of rules, per 10 seconds.
    pub(crate) searches: NonZeroU32,
    /// Passwords given, per minute.
    pub(crate) sign_ins: NonZeroU32,
    /// New accounts, per 10 minutes.
    pub(crate) sign_ups: NonZeroU32,
}

/// What a request costs beyond being a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cost {
    Plain,
    Change,
    Search,
    SignIn,
    SignUp,
}

impl Cost {
    /// `path` is the template of the matched path.
    fn of(method: &Method, path: &str, query: &str) -> Self {
        const WORDS: [&str; 3] = ["q", "title", "location"];
        if method == Method::GET || method == Method::HEAD {
            let has_words =
                || form_urlencoded::parse(query.as_bytes()).any(|(key, _)| WORDS.contains(&&*key));
            return if path.ends_with("/facets") || has_words() { Self::Search } else { Self::Plain };
        }
        match (method.as_str(), path.strip_prefix("/api/v1").unwrap_or(path)) {
            (
                "POST",
                "/auth/login"
                | "/auth/confirm"
                | "/auth/forgot-password"
                | "/auth/reset-password"
                | "/auth/verify-email"
                | "/users/me/verify-email"
                | "/reset-password"
                | "/verify-email",
            )
            | ("PUT", "/users/me/password") => Self::SignIn,
            ("POST", "/users") => Self::SignUp,
            ("POST", "/recurrence/preview") => Self::Search,
            // Mail services post for all of their users from few addresses (RFC 8058).
            ("POST", "/unsubscribe") | ("OPTIONS" | "PROPFIND" | "REPORT", _) => Self::Plain,
            _ => Self::Change,
        }
    }
}

type Limiter = RateLimiter<
    ClientNetwork,
    DefaultKeyedStateStore<ClientNetwork>,
    DefaultClock,
    StateInformationMiddleware,
>;

/// A number of requests within a window for each client. It is replenished evenly.
struct Policy {
    name: &'static str,
    limiter: Limiter,
    /// The item of `RateLimit-Policy`.
    item: String,
    /// The time after which one more request is allowed.
    replenish: Duration,
}

/// What a policy says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is within the limit, and this many more may follow at once.
    Within(u32),
    /// It is over the limit, and the next one is allowed after this time.
    Over(Duration),
}

impl Policy {
    fn new(name: &'static str, requests: NonZeroU32, seconds: u32) -> Self {
        let replenish = Duration::from_secs(seconds.into()) / requests.get();
        let quota = governor::Quota::with_period(replenish.max(Duration::from_nanos(1)));
        let quota = quota.unwrap_or(governor::Quota::per_second(requests)).allow_burst(requests);
        let item = format!("\"{name}\";q={requests};w={seconds}");
        Self { name, limiter: RateLimiter::keyed(quota).with_middleware(), item, replenish }
    }

    fn take(&self, client: ClientNetwork) -> Verdict {
        match self.limiter.check_key(&client) {
            Ok(state) => Verdict::Within(state.remaining_burst_capacity()),
            Err(refused) => Verdict::Over(refused.wait_time_from(self.limiter.clock().now())),
        }
    }

    /// The item of `RateLimit`: `t` is the time after which more requests are allowed.
    fn state(&self, verdict: Verdict) -> String {
        let (remaining, wait) = match verdict {
            Verdict::Within(remaining) => (remaining, self.replenish),
            Verdict::Over(wait) => (0, wait),
        };
        format!("\"{}\";r={remaining};t={}", self.name, whole_seconds(wait).max(1))
    }
}

/// All policies.
pub(crate) struct RateLimits {
    requests: Policy,
    changes: Policy,
    searches: Policy,
    sign_ins: Policy,
    sign_ups: Policy,
}

/// The state of a client after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quota {
    policies: String,
    states: String,
    /// How long the client must wait, if the request is over a limit.
    over: Option<Duration>,
}

impl RateLimits {
    pub(crate) fn new(quotas: RateQuotas) -> Self {
        Self {
            requests: Policy::new("requests", quotas.requests, 1),
            changes: Policy::new("changes", quotas.changes, 10),
            searches: Policy::new("searches", quotas.searches, 10),
            sign_ins: Policy::new("sign-ins", quotas.sign_ins, 60),
            sign_ups: Policy::new("sign-ups", quotas.sign_ups, 600),
        }
    }

    fn all(&self) -> [&Policy; 5] {
        [&self.requests, &self.changes, &self.searches, &self.sign_ins, &self.sign_ups]
    }

    /// Counts a request against the quotas of its client. `path` is the template of the matched path. `None`
    /// if the request is not limited.
    pub(crate) fn take<B>(&self, request: &Request<B>, path: &str) -> Option<Quota> {
        if UNLIMITED.contains(&path) {
            return None;
        }
        let client = request.extensions().get().copied().unwrap_or(ClientNetwork::UNKNOWN);
        let costly = match Cost::of(request.method(), path, request.uri().query().unwrap_or_default()) {
            Cost::Plain => None,
            Cost::Change => Some(&self.changes),
            Cost::Search => Some(&self.searches),
            Cost::SignIn => Some(&self.sign_ins),
            Cost::SignUp => Some(&self.sign_ups),
        };
        let policies = std::iter::once(&self.requests).chain(costly);
        let verdicts: Vec<_> = policies.map(|policy| (policy, policy.take(client))).collect();
        let over = verdicts.iter().filter_map(|(_, verdict)| match verdict {
            Verdict::Over(wait) => Some(*wait),
            Verdict::Within(_) => None,
        });
        let join = |items: Vec<String>| items.join(", ");
        Some(Quota {
            over: over.max(),
            policies: join(verdicts.iter().map(|(policy, _)| policy.item.clone()).collect()),
            states: join(verdicts.iter().map(|(policy, verdict)| policy.state(*verdict)).collect()),
        })
    }

    /// Removes clients whose quotas are full again.
    pub(crate) fn remove_idle(&self) {
        for policy in self.all() {
            policy.limiter.retain_recent();
            policy.limiter.shrink_to_fit();
        }
    }
}

impl Quota {
    /// Refuses a request that is over a limit.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let Some(wait) = self.over else { return Ok(()) };
        let seconds = whole_seconds(wait).max(1);
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let detail = format!("too many requests from your network: try again in {seconds} {unit}");
        let mut problem = Problem::new(Kind::RateLimited, detail);
        problem.retry_after = Some(Duration::from_secs(seconds));
        Err(problem)
    }

    /// Writes the headers `RateLimit` and `RateLimit-Policy`.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in [(RATE_LIMIT_POLICY, &self.policies), (RATE_LIMIT, &self.states)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        let number = |number| NonZeroU32::new(number).unwrap();
        let (requests, changes, searches) = (number(1_000), number(20), number(10));
        RateLimits::new(RateQuotas { requests, changes, searches, sign_ins: number(2), sign_ups: number(1) })
    }

    fn request(method: &str, uri: &str, peer: &str) -> Request<()> {
        let mut request = Request::builder().method(method).uri(uri).body(()).unwrap();
        request.extensions_mut().insert(ClientNetwork::of(peer.parse().unwrap()));
        request
    }

    fn take(limits: &RateLimits, method: &str, uri: &str, peer: &str) -> Quota {
        let request = request(method, uri, peer);
        let path = request.uri().path().to_owned();
        limits.take(&request, &path).unwrap()
    }

    #[test]
    fn costly_requests_have_their_own_quotas() {
        for (method, path, query, cost) in [
            ("GET", "/api/v1/occurrences", "from=2027-01-01&tag=q", Cost::Plain),
            ("GET", "/api/v1/occurrences", "tag=x&q=rust", Cost::Search),
            ("GET", "/api/v1/occurrences", "%71=rust", Cost::Search),
            ("HEAD", "/api/v1/events", "title=rust", Cost::Search),
            ("GET", "/api/v1/occurrences/facets", "", Cost::Search),
            ("POST", "/api/v1/recurrence/preview", "", Cost::Search),
            ("POST", "/api/v1/auth/login", "", Cost::SignIn),
            ("POST", "/api/v1/auth/confirm", "", Cost::SignIn),
            ("PUT", "/api/v1/users/me/password", "", Cost::SignIn),
            ("POST", "/api/v1/users", "", Cost::SignUp),
            ("POST", "/api/v1/auth/refresh", "", Cost::Change),
            ("POST", "/api/v1/events", "q=x", Cost::Change),
            ("GET", "", "", Cost::Plain),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(Cost::of(&method, path, query), cost, "{method} {path} {query}");
        }
    }

    #[test]
    fn each_client_has_its_own_quota() {
        let limits = limits();
        let sign_in = |peer| take(&limits, "POST", "/api/v1/auth/login", peer).check().is_ok();
        let taken = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"].map(sign_in);
        assert_eq!(taken, [true, true, false, true]);
        // Networks of IPv6 are clients too.
        assert_eq!(["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(sign_in), [true, true, false]);
        assert!(take(&limits, "GET", "/api/v1/events", "192.0.2.1").check().is_ok());
    }

    #[test]
    fn the_wait_is_told() {
        let limits = limits();
        let sign_up = || take(&limits, "POST", "/api/v1/users", "192.0.2.1");
        assert!(sign_up().check().is_ok());
        let refused = sign_up();
        assert_eq!(refused.check().unwrap_err().retry_after, Some(Duration::from_mins(10)));
        let mut headers = HeaderMap::new();
        refused.write_headers(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"requests\";q=1000;w=1, \"sign-ups\";q=1;w=600");
        assert!(headers[RATE_LIMIT].to_str().unwrap().ends_with(", \"sign-ups\";r=0;t=600"), "{headers:?}");
    }

    #[test]
    fn headers_show_the_quota() {
        let mut headers = HeaderMap::new();
        take(&limits(), "GET", "/api/v1/events?q=x", "192.0.2.1").write_headers(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"requests\";q=1000;w=1, \"searches\";q=10;w=10");
        assert_eq!(headers[RATE_LIMIT], "\"requests\";r=999;t=1, \"searches\";r=9;t=1");
    }

    #[test]
    fn probes_are_not_limited() {
        for path in UNLIMITED {
            assert_eq!(limits().take(&request("GET", path, "192.0.2.1"), path), None);
        }
    }
}
