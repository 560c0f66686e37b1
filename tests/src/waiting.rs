//! Waiting for a condition, by looking again and again.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long to wait. Nothing should take so long on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until something is there, and returns it. What `look` tells instead is in the message of a failure.
pub async fn eventually<T, E: Display>(look: impl AsyncFn() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < deadline, "waited in vain: {instead}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A moment before a condition is looked at again, so that the loop does not take a processor from others.
pub async fn pause() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// Waits until a condition holds.
pub async fn wait_until(what: &str, holds: impl AsyncFn() -> bool) {
    eventually(async || if holds().await { Ok(()) } else { Err(what) }).await;
}
