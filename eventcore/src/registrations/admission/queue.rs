//! The queue of the requests that wait for their batch.

use super::request::{AdmissionRequest, Admitted};
use crate::db::{BatchLimits, Db, Dialect, JointQueue};
use crate::id::OccurrenceId;

/// Maximum number of requests in a batch.
const BATCH_SIZE: usize = 64;
/// Batches that run at once on PostgreSQL: while one waits for its COMMIT, the next one runs. SQLite has one
/// writer.
const RUNNING: usize = 2;

/// The requests that wait for their batch.
#[derive(Debug)]
pub(crate) struct Admissions(JointQueue<OccurrenceId, AdmissionRequest, Admitted>);

impl Admissions {
    pub(crate) fn new(db: &Db) -> Self {
        let running = match db.dialect() {
            Dialect::Sqlite => 1,
            Dialect::Postgres => RUNNING,
        };
        Self(JointQueue::new(BatchLimits { size: BATCH_SIZE, running, wait: db.queue_timeout() }))
    }

    pub(super) const fn queue(&self) -> &JointQueue<OccurrenceId, AdmissionRequest, Admitted> {
        &self.0
    }
}
