//! Taking jobs, and what becomes of them.

use std::time::Duration;

use sqlx::FromRow;

use super::job::{Job, JobKind};
use super::lane::Lane;
use super::retry::Retries;
use crate::db::{Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::JobId;
use crate::time::Timestamp;

/// How long a worker has a job before another may take it, unless it renews the lease.
pub const LEASE: Duration = Duration::from_mins(1);

/// What is told of a job whose workers ended while they had it.
const ABANDONED: &str = "its worker ended before the job did";
/// The longest stored error, in bytes.
const MAX_ERROR: usize = 2_000;

/// A job that a worker has taken.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Lease {
    /// The job.
    pub(crate) id: JobId,
    kind: String,
    payload: String,
    /// The number of the lease.
    leases: i64,
    /// Attempts so far, with this one.
    attempts: i64,
}

/// What becomes of a job after a successful attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is finished.
    Done,
    /// It goes on as `job`, from `at` on.
    Again { job: Job, at: Timestamp },
}

impl Lease {
    /// What is to be done.
    ///
    /// # Errors
    /// If a newer version of the program wrote the job: leave it to a process of that version.
    pub(crate) fn job(&self) -> Result<Job> {
        serde_json::from_str(&self.payload).map_err(Error::internal)
    }

    /// A newer version of the program may know other retries of a kind that this one does not know.
    fn retries(&self) -> Retries {
        self.kind.parse().map_or(Retries::DEFAULT, JobKind::retries)
    }

    /// Whether no other attempt follows if this one fails.
    pub(crate) fn is_last_attempt(&self) -> bool {
        self.retries().exhausted(self.attempts)
    }

    fn retry_delay(&self) -> Result<Duration> {
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
        Ok(self.retries().delay(self.attempts, u32::from_ne_bytes(random)))
    }
}

/// Whether a job is due in a lane. Cheaper than [`take`], which writes.
pub(crate) async fn is_due(db: &mut impl Queries, lane: Lane, now: Timestamp) -> Result<bool> {
    let due = sql!(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE state IN ('waiting', 'running') AND due_at <= $1
            AND priority BETWEEN $2 AND $3)"
    );
    let (least, greatest) = lane.priorities();
    Ok(db.query(due).bind(now).bind(least).bind(greatest).scalar().await?)
}

/// Takes the job of a lane that is due first among those of the highest priority, if one is due.
pub(crate) async fn take(tx: &mut Tx, lane: Lane, now: Timestamp) -> Result<Option<Lease>> {
    let (least, greatest) = lane.priorities();
    Ok(tx
        .query(sql!(
            sqlite "UPDATE jobs SET state = 'running', due_at = $2, leases = leases + 1,
                attempts = attempts + 1, updated_at = $1
             WHERE id = (SELECT id FROM jobs WHERE state IN ('waiting', 'running') AND due_at <= $1
                AND priority BETWEEN $3 AND $4 ORDER BY priority, due_at, id LIMIT 1)
             RETURNING id, kind, payload, leases, attempts",
            postgres "UPDATE jobs SET state = 'running', due_at = $2, leases = leases + 1,
                attempts = attempts + 1, updated_at = $1
             WHERE id = (SELECT id FROM jobs WHERE state IN ('waiting', 'running') AND due_at <= $1
                AND priority BETWEEN $3 AND $4 ORDER BY priority, due_at, id LIMIT 1
                FOR UPDATE SKIP LOCKED)
             RETURNING id, kind, payload, leases, attempts"
        ))
        .bind(now)
        .bind(now.plus(LEASE))
        .bind(least)
        .bind(greatest)
        .optional()
        .await?)
}

/// Renews a lease, and locks the job until the transaction ends, so that nobody else takes it. False if the
/// lease is lost: another worker has taken the job, or an operator has dropped it.
pub(crate) async fn hold(tx: &mut Tx, lease: &Lease, now: Timestamp) -> Result<bool> {
    let held = tx
        .query(sql!("UPDATE jobs SET due_at = $3 WHERE id = $1 AND leases = $2 AND state = 'running'"))
        .bind(lease.id)
        .bind(lease.leases)
        .bind(now.plus(LEASE))
        .execute()
        .await?;
    Ok(held > 0)
}

/// Records a success. Call [`hold`] before, in the same transaction.
pub(crate) async fn succeed(tx: &mut Tx, lease: &Lease, next: &Next, now: Timestamp) -> Result<()> {
    let statement = match next {
        Next::Done => sql!(
            "UPDATE jobs SET state = 'finished', attempts = 0, last_error = NULL, updated_at = $3
             WHERE id = $1 AND leases = $2 AND state = 'running'"
        ),
        Next::Again { .. } => sql!(
            "UPDATE jobs SET state = 'waiting', attempts = 0, last_error = NULL, updated_at = $3,
                payload = $4, due_at = $5
             WHERE id = $1 AND leases = $2 AND state = 'running'"
        ),
    };
    let mut query = tx.query(statement).bind(lease.id).bind(lease.leases).bind(now);
    if let Next::Again { job, at } = next {
        query = query.bind(job.to_json()?).bind(*at);
    }
    query.execute().await?;
    Ok(())
}

/// Records a failure: the job is repeated after a delay, or set aside after its last attempt. True if it is
/// set aside.
pub(crate) async fn fail(tx: &mut Tx, lease: &Lease, error: &str, now: Timestamp) -> Result<bool> {
    let exhausted = lease.retries().exhausted(lease.attempts);
    let error = &error[..error.floor_char_boundary(MAX_ERROR)];
    tx.query(sql!(
        "UPDATE jobs SET state = $3, due_at = $4, last_error = $5, updated_at = $6
         WHERE id = $1 AND leases = $2 AND state = 'running'"
    ))
    .bind(lease.id)
    .bind(lease.leases)
    .bind(if exhausted { "failed" } else { "waiting" })
    .bind(now.plus(lease.retry_delay()?))
    .bind(error.to_owned())
    .bind(now)
    .execute()
    .await?;
    Ok(exhausted)
}

/// Sets a job aside that was taken more often than its kind allows: each worker that took it has ended.
pub(crate) async fn give_up(tx: &mut Tx, lease: &Lease, now: Timestamp) -> Result<bool> {
    if !lease.retries().exhausted(lease.attempts - 1) {
        return Ok(false);
    }
    fail(tx, lease, ABANDONED, now).await
}
