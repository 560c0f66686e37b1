//! Turns: a line in this process, before the one in PostgreSQL, for a row that many want to change at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Lines that there are; rows share one by chance, and then only wait a little longer.
const LINES: usize = 256;
/// Transactions of one line that run at once: one holds the row, and the next stands behind it in the database already.
const AT_ONCE: usize = 2;

/// Without them each transaction that waits for a row occupies a connection, and each end of one wakes them all up in the server.
#[derive(Debug)]
pub(super) struct Turns(Vec<Arc<Semaphore>>);

impl Turns {
    pub(super) fn new() -> Self {
        Self((0..LINES).map(|_| Arc::new(Semaphore::new(AT_ONCE))).collect())
    }

    /// Waits for a turn at a row, in the order in which callers came.
    pub(super) async fn wait(&self, row: Uuid) -> Turn {
        let line = usize::from(row.as_bytes()[15]) % LINES;
        // Lines are never closed.
        Turn { _permit: self.0[line].clone().acquire_owned().await.ok() }
    }
}

/// One's turn, until it is dropped.
#[derive(Debug)]
#[must_use = "a turn ends when it is dropped"]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// Of a database that has but one writer anyway.
    pub(super) const fn at_once() -> Self {
        Self { _permit: None }
    }
}
