//! The operator's view of the jobs: list, show, retry, drop.

use super::row::{COLUMNS, JobState, JobSummary};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::JobId;
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

impl EventCore {
    /// A page of the jobs in a state, or of all that are not finished, oldest first. For the operator.
    pub async fn jobs(
        &self,
        actor: &Actor,
        state: Option<JobState>,
        page: &PageRequest,
    ) -> Result<Page<JobSummary>> {
        actor.must_be_system()?;
        let keyset = Keyset::new(page, &format!("jobs {state:?}"), Order::Ascending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let mut db = self.db().read().await?;
        let rows: Vec<JobSummary> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM jobs
                 WHERE (state = $1 OR ($1 = '' AND state <> 'finished')) AND {}",
                keyset.beyond("created_at", "id", 2)
            )))
            .bind(state.map_or("", JobState::as_str))
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .all()
            .await?;
        Ok(keyset.page(rows, |row| SortKey { number: row.created_at.as_micros(), id: row.id.as_uuid() }))
    }

    /// A job. For the operator.
    pub async fn job(&self, actor: &Actor, id: JobId) -> Result<JobSummary> {
        actor.must_be_system()?;
        let found = Sql::dynamic(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1"));
        self.db().read().await?.query(found).bind(id).optional().await?.ok_or(Error::NotFound("job"))
    }

    /// Makes a job due at once, with all its attempts before it: one that failed for good, or that waits for
    /// its next attempt. For the operator.
    ///
    /// # Errors
    /// `invalid_input` for a job that is running or finished.
    pub async fn retry_job(&self, actor: &Actor, id: JobId) -> Result<()> {
        actor.must_be_system()?;
        let now = self.now();
        transaction!(self.db(), |tx| retry(tx, id, now))
    }

    /// Deletes a job. If a worker has it, the worker ends its attempt and the job does not go on. A recurring
    /// job is created again when workers start. For the operator.
    pub async fn drop_job(&self, actor: &Actor, id: JobId) -> Result<()> {
        actor.must_be_system()?;
        transaction!(self.db(), |tx| delete(tx, id))
    }
}

async fn retry(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<()> {
    let state: Option<(JobState,)> =
        tx.query(sql!("SELECT state FROM jobs WHERE id = $1", for update)).bind(id).optional().await?;
    match state {
        None => return Err(Error::NotFound("job")),
        Some((JobState::Running | JobState::Finished,)) => {
            return Err(Error::invalid(
                "/id",
                "not_waiting",
                "is running or finished: there is nothing to retry",
            ));
        }
        Some((JobState::Waiting | JobState::Failed,)) => {}
    }
    tx.query(sql!(
        "UPDATE jobs SET state = 'waiting', due_at = $2, attempts = 0, updated_at = $2 WHERE id = $1"
    ))
    .bind(id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

async fn delete(tx: &mut Tx, id: JobId) -> Result<()> {
    match tx.query(sql!("DELETE FROM jobs WHERE id = $1")).bind(id).execute().await? {
        0 => Err(Error::NotFound("job")),
        _ => Ok(()),
    }
}
