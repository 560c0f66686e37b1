//! The settings of connections and request bodies: how many, how long, how slow.

use clap::Args;

/// Settings from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConnectionFlags {
    /// Maximum number of concurrent requests of one client network [default: a quarter of all]
    #[arg(long, env = "MAX_CONCURRENT_PER_NETWORK", global = true, value_name = "NUMBER")]
    max_concurrent_per_network: Option<String>,
    /// Maximum number of open connections; the oldest idle one makes room for a new one [default: 10000,
    /// or what the limit of open files allows]
    #[arg(long, env = "MAX_CONNECTIONS", global = true, value_name = "NUMBER")]
    max_connections: Option<String>,
    /// Maximum number of open connections of one client network [default: a quarter of all; no limit if
    /// `TRUSTED_HOPS` is set]
    #[arg(long, env = "MAX_CONNECTIONS_PER_NETWORK", global = true, value_name = "NUMBER")]
    max_connections_per_network: Option<String>,
    /// Serve /metrics to every client, not only to those on this machine: true or false [default: false]
    #[arg(long, env = "METRICS_PUBLIC", global = true, value_name = "BOOLEAN")]
    metrics_public: Option<String>,
    /// Seconds from a connection to its first byte, and from there to the end of the head [default: 10]
    #[arg(long, env = "HEAD_TIMEOUT", global = true, value_name = "SECONDS", hide = true)]
    head_timeout: Option<String>,
    /// Seconds that a connection may be idle between two requests [default: 75]
    #[arg(long, env = "IDLE_TIMEOUT", global = true, value_name = "SECONDS", hide = true)]
    idle_timeout: Option<String>,
    /// Seconds that a client may take to read a response, beside a second for each KiB [default: 30]
    #[arg(long, env = "WRITE_TIMEOUT", global = true, value_name = "SECONDS", hide = true)]
    write_timeout: Option<String>,
    /// Seconds that a request body may take [default: 30]
    #[arg(long, env = "BODY_TIMEOUT", global = true, value_name = "SECONDS", hide = true)]
    body_timeout: Option<String>,
    /// Least rate of a request body in bytes per second [default: 1024]
    #[arg(long, env = "BODY_RATE", global = true, value_name = "NUMBER", hide = true)]
    body_rate: Option<String>,
}

impl ConnectionFlags {
    /// The names of the settings.
    pub(crate) const KEYS: [&str; 9] = [
        "max_concurrent_per_network",
        "max_connections",
        "max_connections_per_network",
        "metrics_public",
        "head_timeout",
        "idle_timeout",
        "write_timeout",
        "body_timeout",
        "body_rate",
    ];

    /// The settings that are given.
    pub(crate) fn values(&self) -> [(&'static str, &Option<String>); Self::KEYS.len()] {
        [
            ("max_concurrent_per_network", &self.max_concurrent_per_network),
            ("max_connections", &self.max_connections),
            ("max_connections_per_network", &self.max_connections_per_network),
            ("metrics_public", &self.metrics_public),
            ("head_timeout", &self.head_timeout),
            ("idle_timeout", &self.idle_timeout),
            ("write_timeout", &self.write_timeout),
            ("body_timeout", &self.body_timeout),
            ("body_rate", &self.body_rate),
        ]
    }
}
