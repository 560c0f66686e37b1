//! The settings of limits per client: rates, and the proxies that name the client.

use std::num::NonZeroU32;

use clap::Args;

use crate::http::RateQuotas;

/// Settings from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LimitFlags {
    /// Limits per client and account: on, or off for tests and benchmarks. Limits on connections, memory and
    /// concurrent requests always apply [default: on]
    #[arg(long, env = "LIMITS", global = true, value_name = "ON|OFF")]
    limits: Option<String>,
    /// API requests per second and client network; more are answered with 429 [default: 100]
    #[arg(long, env = "RATE_LIMIT", global = true, value_name = "NUMBER")]
    rate_limit: Option<String>,
    /// Changes per 10 seconds and client network [default: 200]
    #[arg(long, env = "CHANGE_LIMIT", global = true, value_name = "NUMBER")]
    change_limit: Option<String>,
    /// Searches, facets and previews of rules per 10 seconds and client network [default: 100]
    #[arg(long, env = "SEARCH_LIMIT", global = true, value_name = "NUMBER")]
    search_limit: Option<String>,
    /// Sign-ins per minute and client network [default: 30]
    #[arg(long, env = "SIGN_IN_LIMIT", global = true, value_name = "NUMBER")]
    sign_in_limit: Option<String>,
    /// New accounts per 10 minutes and client network [default: 30]
    #[arg(long, env = "SIGN_UP_LIMIT", global = true, value_name = "NUMBER")]
    sign_up_limit: Option<String>,
    /// Number of proxies between clients and this server, each of which appends the address of its own peer
    /// to the forwarding header; 0 ignores the header [default: 0]
    #[arg(long, env = "TRUSTED_HOPS", global = true, value_name = "NUMBER")]
    trusted_hops: Option<String>,
    /// The header in which proxies name the client: x-forwarded-for or forwarded (RFC 7239) [default:
    /// x-forwarded-for]
    #[arg(long, env = "FORWARDING_HEADER", global = true, value_name = "NAME")]
    forwarding_header: Option<String>,
}

impl LimitFlags {
    /// The names of the settings.
    pub(crate) const KEYS: &[&str] = &[
        "limits",
        "rate_limit",
        "change_limit",
        "search_limit",
        "sign_in_limit",
        "sign_up_limit",
        "trusted_hops",
        "forwarding_header",
    ];

    /// The settings that are given.
    pub(crate) fn values(&self) -> [(&'static str, &Option<String>); Self::KEYS.len()] {
        [
            ("limits", &self.limits),
            ("rate_limit", &self.rate_limit),
            ("change_limit", &self.change_limit),
            ("search_limit", &self.search_limit),
            ("sign_in_limit", &self.sign_in_limit),
            ("sign_up_limit", &self.sign_up_limit),
            ("trusted_hops", &self.trusted_hops),
            ("forwarding_header", &self.forwarding_header),
        ]
    }
}

/// The rate limits, each read by `read` from its name and its default.
pub(crate) fn rate_quotas<E>(
    mut read: impl FnMut(&'static str, &str) -> Result<NonZeroU32, E>,
) -> Result<RateQuotas, E> {
    Ok(RateQuotas {
        requests: read("rate_limit", "100")?,
        changes: read("change_limit", "200")?,
        searches: read("search_limit", "100")?,
        sign_ins: read("sign_in_limit", "30")?,
        sign_ups: read("sign_up_limit", "30")?,
    })
}
