//! The settings of limits per client and account: rates, the proxies that name the client, and quotas.

use std::num::NonZeroU32;

use clap::Args;
use eventcore::Quotas;

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
    /// Events that an account may create within 24 hours [default: 500]
    #[arg(long, env = "EVENTS_PER_DAY", global = true, value_name = "NUMBER")]
    events_per_day: Option<String>,
    /// Occurrences of one event; a series without an end has so many ahead at a time [default: 2000]
    #[arg(long, env = "OCCURRENCES_PER_EVENT", global = true, value_name = "NUMBER")]
    occurrences_per_event: Option<String>,
    /// Future occurrences of all events of an account [default: 20000]
    #[arg(long, env = "OCCURRENCES_PER_ACCOUNT", global = true, value_name = "NUMBER")]
    occurrences_per_account: Option<String>,
    /// Comments that an account may write within a minute [default: 20]
    #[arg(long, env = "COMMENTS_PER_MINUTE", global = true, value_name = "NUMBER")]
    comments_per_minute: Option<String>,
    /// Comments that an account may write within 24 hours [default: 500]
    #[arg(long, env = "COMMENTS_PER_DAY", global = true, value_name = "NUMBER")]
    comments_per_day: Option<String>,
    /// Personal access tokens of an account [default: 50]
    #[arg(long, env = "TOKENS_PER_ACCOUNT", global = true, value_name = "NUMBER")]
    tokens_per_account: Option<String>,
    /// Webhooks of an account [default: 20]
    #[arg(long, env = "WEBHOOKS_PER_ACCOUNT", global = true, value_name = "NUMBER")]
    webhooks_per_account: Option<String>,
    /// Calendars that an account may follow [default: 20]
    #[arg(long, env = "SUBSCRIPTIONS_PER_ACCOUNT", global = true, value_name = "NUMBER")]
    subscriptions_per_account: Option<String>,
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
        "events_per_day",
        "occurrences_per_event",
        "occurrences_per_account",
        "comments_per_minute",
        "comments_per_day",
        "tokens_per_account",
        "webhooks_per_account",
        "subscriptions_per_account",
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
            ("events_per_day", &self.events_per_day),
            ("occurrences_per_event", &self.occurrences_per_event),
            ("occurrences_per_account", &self.occurrences_per_account),
            ("comments_per_minute", &self.comments_per_minute),
            ("comments_per_day", &self.comments_per_day),
            ("tokens_per_account", &self.tokens_per_account),
            ("webhooks_per_account", &self.webhooks_per_account),
            ("subscriptions_per_account", &self.subscriptions_per_account),
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

/// The quotas of an account, each read by `read` from its name and its default.
pub(crate) fn quotas<E>(mut read: impl FnMut(&'static str, &str) -> Result<u32, E>) -> Result<Quotas, E> {
    let defaults = Quotas::default();
    let mut quota = |name, default: Option<u32>| {
        let default = default.map_or_else(|| u32::MAX.to_string(), |number| number.to_string());
        read(name, &default).map(Some)
    };
    Ok(Quotas {
        events_per_day: quota("events_per_day", defaults.events_per_day)?,
        occurrences_per_event: quota("occurrences_per_event", defaults.occurrences_per_event)?,
        occurrences_per_account: quota("occurrences_per_account", defaults.occurrences_per_account)?,
        comments_per_minute: quota("comments_per_minute", defaults.comments_per_minute)?,
        comments_per_day: quota("comments_per_day", defaults.comments_per_day)?,
        tokens: quota("tokens_per_account", defaults.tokens)?,
        webhooks: quota("webhooks_per_account", defaults.webhooks)?,
        subscriptions: quota("subscriptions_per_account", defaults.subscriptions)?,
    })
}
