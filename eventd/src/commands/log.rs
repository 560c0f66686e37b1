//! Logging to standard error: as text on a terminal, otherwise as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::failure::Failure;

/// The default for commands that end by themselves: their message is enough.
const QUIET: &str = "error";

/// Starts logging. Fails if the configured level is invalid.
pub(crate) fn start(config: &Config, is_server: bool) -> Result<(), Failure> {
    let level = if is_server || !config.log_is_default { &config.log } else { QUIET };
    let filter =
        EnvFilter::try_new(level).map_err(|error| format!("log must be a level such as info: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would panic if nobody reads standard error any more.
        .log_internal_errors(false);
    if std::io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    }
}
