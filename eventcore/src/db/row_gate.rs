//! A queue in this process in front of the lock of a PostgreSQL row that many transactions change.
//!
//! A transaction that waits for a row lock holds a pooled connection, and each commit wakes all transactions
//! that wait for the row. The gate lets only a few of them reach the database.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::enqueued::Enqueued;

/// Number of semaphores. Rows share one if the last bytes of their ids are equal, and then only wait longer.
const SEMAPHORES: usize = 256;
/// Transactions per semaphore that run at once: one holds the row lock, and one already waits for it in the
/// database.
const CONCURRENT: usize = 2;

/// The semaphores of all rows.
#[derive(Debug)]
pub(super) struct RowGate(Vec<Arc<Semaphore>>);

impl RowGate {
    pub(super) fn new() -> Self {
        Self((0..SEMAPHORES).map(|_| Arc::new(Semaphore::new(CONCURRENT))).collect())
    }

    /// Waits for a permit for the row `id`. Callers get one in the order of their calls.
    pub(super) fn acquire(&self, id: Uuid) -> Enqueued<RowPermit> {
        let semaphore = self.0[usize::from(id.as_bytes()[15]) % SEMAPHORES].clone();
        // `acquire_owned` fails only on a closed semaphore, and these are never closed.
        Enqueued::new(async { RowPermit { _permit: semaphore.acquire_owned().await.ok() } })
    }
}

/// Permission to lock a row. Dropping it admits the next caller.
#[derive(Debug)]
#[must_use = "dropping the permit gives it back"]
pub(crate) struct RowPermit {
    _permit: Option<OwnedSemaphorePermit>,
}
