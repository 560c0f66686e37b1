//! A queue in this process in front of the lock of a PostgreSQL row that many transactions change.
//!
//! A transaction that waits for a row lock holds a pooled connection, and each commit wakes all transactions
//! that wait for the row. The gate lets only a few of them reach the database.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

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
    pub(super) async fn acquire(&self, id: Uuid) -> RowPermit {
        let semaphore = usize::from(id.as_bytes()[15]) % SEMAPHORES;
        // `acquire_owned` fails only on a closed semaphore, and these are never closed.
        RowPermit { _permit: self.0[semaphore].clone().acquire_owned().await.ok() }
    }
}

/// Permission to lock a row. Dropping it admits the next caller.
#[derive(Debug)]
#[must_use = "dropping the permit gives it back"]
pub(crate) struct RowPermit {
    _permit: Option<OwnedSemaphorePermit>,
}

impl RowPermit {
    /// A permit that nobody waits for: SQLite has one writer, so rows need no gate.
    pub(super) const fn not_needed() -> Self {
        Self { _permit: None }
    }
}
