//! The settings of live streams: how many, and how processes learn of each other's changes.

use std::num::NonZeroUsize;

use clap::Args;

use crate::http::StreamBounds;

/// Settings from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LiveFlags {
    /// URL of PostgreSQL for notifications between processes, if a connection pooler is in front of the
    /// database [default: the database URL; none through a pooler]
    #[arg(long, env = "DATABASE_LISTEN_URL", global = true, value_name = "URL", hide_env_values = true)]
    database_listen_url: Option<String>,
    /// Maximum number of open live streams; more are answered with 503 [default: 10000]
    #[arg(long, env = "MAX_STREAMS", global = true, value_name = "NUMBER")]
    max_streams: Option<String>,
    /// Open live streams of a client network; more are answered with 429 [default: 100]
    #[arg(long, env = "STREAMS_PER_NETWORK", global = true, value_name = "NUMBER")]
    streams_per_network: Option<String>,
    /// Open live streams of an account; more are answered with 429 [default: 20]
    #[arg(long, env = "STREAMS_PER_ACCOUNT", global = true, value_name = "NUMBER")]
    streams_per_account: Option<String>,
}

impl LiveFlags {
    /// The names of the settings.
    pub(crate) const KEYS: [&str; 4] =
        ["database_listen_url", "max_streams", "streams_per_network", "streams_per_account"];

    /// The settings that are given.
    pub(crate) fn values(&self) -> [(&'static str, &Option<String>); Self::KEYS.len()] {
        [
            ("database_listen_url", &self.database_listen_url),
            ("max_streams", &self.max_streams),
            ("streams_per_network", &self.streams_per_network),
            ("streams_per_account", &self.streams_per_account),
        ]
    }
}

/// How many streams may be open, each read by `read` from its name and its default.
pub(crate) fn stream_bounds<E>(
    mut read: impl FnMut(&'static str, &str) -> Result<NonZeroUsize, E>,
) -> Result<StreamBounds, E> {
    Ok(StreamBounds {
        max: read("max_streams", "10000")?.get(),
        per_network: read("streams_per_network", "100")?.get(),
        per_account: read("streams_per_account", "20")?.get(),
    })
}
