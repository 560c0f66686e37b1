//! Jobs as an operator sees them.

use serde::Serialize;
use sqlx::FromRow;

use crate::db::text_enum;
use crate::id::JobId;
use crate::time::Timestamp;

text_enum! {
    /// The state of a job.
    pub enum JobState {
        /// A worker takes it once it is due.
        Waiting = "waiting",
        /// A worker has it, or had it when its process ended.
        Running = "running",
        /// It is done, and deleted after a day.
        Finished = "finished",
        /// Its last attempt failed. It stays until an operator retries or drops it.
        Failed = "failed",
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct JobSummary {
    /// The id.
    pub id: JobId,
    /// The kind: a word of [`JobKind`](super::JobKind), unless a newer version of the program wrote it.
    pub kind: String,
    /// The state.
    pub state: JobState,
    /// When a worker may take it; of a running job, when its lease ends.
    pub due_at: Timestamp,
    /// Attempts since it last succeeded.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// What is to be done, as JSON.
    pub payload: String,
}

pub(super) const COLUMNS: &str =
    "id, kind, state, due_at, attempts, last_error, created_at, updated_at, payload";
