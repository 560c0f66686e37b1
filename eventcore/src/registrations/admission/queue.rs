//! The queue of the requests that wait for their batch.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::request::{AdmissionRequest, Admitted};
use crate::db::{BatchLimits, Batcher, Db, Dialect};
use crate::error::Result;
use crate::id::OccurrenceId;

/// The answer to a request.
pub(super) type Outcome = Result<Admitted>;

/// Maximum number of requests in a batch.
const BATCH_SIZE: usize = 64;
/// Batches that run at once on PostgreSQL: while one waits for its COMMIT, the next one runs. SQLite has one
/// writer.
const RUNNING: usize = 2;
/// Transactions at once that wait for the rows of occurrences. Each of them holds a pooled connection.
const WAITING: usize = 4;

/// The queue, and how many may wait for occurrences that others have locked.
#[derive(Debug)]
pub(crate) struct Admissions {
    pub(super) batcher: Batcher<OccurrenceId, AdmissionRequest, Outcome>,
    pub(super) waiting: Arc<Semaphore>,
}

impl Admissions {
    pub(crate) fn new(db: &Db) -> Self {
        let running = match db.dialect() {
            Dialect::Sqlite => 1,
            Dialect::Postgres => RUNNING,
        };
        let batcher = Batcher::new(BatchLimits { size: BATCH_SIZE, running, wait: db.queue_timeout() });
        Self { batcher, waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}
