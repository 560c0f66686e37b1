//! Writing jobs in the transaction that causes them.

use super::job::{Job, JobKind};
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::Result;
use crate::id::JobId;
use crate::time::Timestamp;

/// Adds jobs that are due at `due`, in one statement. One with a [key](Job::key) is added
/// only if no unfinished one has it.
pub(crate) async fn enqueue(tx: &mut Tx, jobs: &[Job], due: Timestamp, now: Timestamp) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let payloads: Vec<String> = jobs.iter().map(Job::to_json).collect::<Result<_>>()?;
    let kinds = || jobs.iter().map(Job::kind);
    let rows = RowList::default()
        .ids("id", jobs.iter().map(|_| JobId::at(now).as_uuid()))
        .texts("kind", kinds().map(|kind| kind.to_string()))
        .texts("payload", payloads)
        .texts("key", jobs.iter().map(Job::key))
        .integers("priority", kinds().map(JobKind::priority));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("INSERT INTO jobs (id, kind, payload, key, priority, state, due_at, created_at, updated_at)");
    sql.push(" SELECT v.id, v.kind, v.payload, v.key, v.priority, 'waiting', ").value(due);
    sql.push(", ").value(now).push(", ").value(now).push(" FROM ").rows("v", rows);
    // SQLite would read ON CONFLICT as the condition of a join.
    sql.push(" WHERE true ON CONFLICT (key) WHERE key IS NOT NULL AND state IN ('waiting', 'running')");
    sql.push(" DO NOTHING");
    sql.query(tx).execute().await?;
    Ok(())
}

/// Makes a job with a key due at `now`, if it waits for later.
pub(crate) async fn hasten(tx: &mut Tx, job: &Job, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE jobs SET due_at = $2, updated_at = $2 WHERE key = $1 AND state = 'waiting' AND due_at > $2"
    ))
    .bind(job.key())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
