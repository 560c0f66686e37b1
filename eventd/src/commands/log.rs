//! Logging to standard error: as text on a terminal, otherwise as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::failure::Failure;

/// Starts logging. Fails if the configured level is invalid.
pub(crate) fn start(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| format!("log must be a level such as info: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    }
}
