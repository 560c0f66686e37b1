//! PostgreSQL: how to reach it, and how often to try again where transactions get in each other's way.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::STATEMENTS;
use crate::error::{Error, Result};

/// How many times a transaction is run again after a deadlock or a serialization failure.
pub(super) const RETRIES: u32 = 8;

pub(super) fn options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|error| {
        Error::Unavailable(format!("the database URL cannot be read (postgres://USER@HOST/NAME): {error}"))
    })?;
    Ok(options.application_name("eventcore").statement_cache_capacity(STATEMENTS))
}

pub(super) fn unreachable(place: &str, error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(fault) => {
            Error::Unavailable(format!("PostgreSQL at {place} refuses: {}", fault.message()))
        }
        other => Error::Unavailable(format!(
            "PostgreSQL at {place} cannot be reached: check that it runs and accepts connections ({other})"
        )),
    }
}

/// Doubles from 2 ms and adds as much again by chance, so that two that collided do not collide again.
pub(super) fn backoff(attempt: u32) -> Duration {
    let ceiling = 2_000_u64 << attempt.min(7);
    Duration::from_micros(ceiling + u64::from(random_u32()) % ceiling)
}

fn random_u32() -> u32 {
    uuid::Uuid::new_v4().as_fields().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_but_never_long() {
        for attempt in 1..=RETRIES {
            let wait = backoff(attempt);
            assert!(
                wait >= Duration::from_micros(2_000 << attempt.min(7)) && wait < Duration::from_millis(600),
                "{attempt}: {wait:?}"
            );
        }
    }
}
