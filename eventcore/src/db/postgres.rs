//! PostgreSQL: connection options, and how often an aborted transaction is run again.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::pool_settings::STATEMENT_CACHE;
use crate::error::{Error, Result};

/// Greatest number of times that a transaction is run again after a deadlock or a serialization failure.
pub(super) const RETRIES: u32 = 8;

pub(super) fn options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|error| {
        Error::Unavailable(format!("the database URL is not valid (postgres://USER@HOST/NAME): {error}"))
    })?;
    Ok(options.application_name("eventcore").statement_cache_capacity(STATEMENT_CACHE))
}

/// The error of a failed first connection to the server at `address`.
pub(super) fn connect_error(address: &str, error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(fault) => {
            Error::Unavailable(format!("PostgreSQL at {address} refused the connection: {}", fault.message()))
        }
        sqlx::Error::Protocol(_) => Error::Unavailable(format!(
            "what listens at {address} is not PostgreSQL: check host and port of the database URL ({error})"
        )),
        sqlx::Error::PoolTimedOut => Error::Unavailable(format!(
            "PostgreSQL at {address} cannot be reached: check that it runs and accepts connections"
        )),
        other => Error::Unavailable(format!(
            "PostgreSQL at {address} cannot be reached: check that it runs and accepts connections ({other})"
        )),
    }
}

/// The wait before attempt number `attempt`, from 1: at least 4 ms, doubled with each attempt up to 256 ms. A
/// random part of up to the same length prevents two transactions from colliding again.
pub(super) fn backoff(attempt: u32) -> Duration {
    let base = 2_000_u64 << attempt.min(7);
    Duration::from_micros(base + u64::from(random_u32()) % base)
}

fn random_u32() -> u32 {
    uuid::Uuid::new_v4().as_fields().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_is_bounded() {
        for attempt in 1..=RETRIES {
            let wait = backoff(attempt);
            assert!(
                wait >= Duration::from_micros(2_000 << attempt.min(7)) && wait < Duration::from_millis(600),
                "{attempt}: {wait:?}"
            );
        }
    }
}
