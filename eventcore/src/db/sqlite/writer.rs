//! The writer: queues transactions for the one writing connection and groups their COMMITs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::super::query::{Query, Sql};
use super::deferred::StatementState;
use super::group::Group;
use crate::error::Result;

/// The single writer. Clones share its connection.
#[derive(Debug, Clone)]
pub(in crate::db) struct Writer {
    group: Arc<Mutex<Group>>,
    /// Callers that wait for the lock on `group`. While there are any, the group stays open for them.
    queued: Arc<AtomicUsize>,
}

/// Runs `work` on a task of its own, so that it finishes even if the caller is dropped: the steps that change
/// the state of a group must all run.
async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    tokio::spawn(work).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl Writer {
    pub(super) fn new(conn: SqliteConnection) -> Self {
        Self { group: Arc::new(Mutex::new(Group::new(conn))), queued: Arc::default() }
    }

    /// Waits for the writer and begins a transaction. Callers are served in the order of their calls.
    pub(in crate::db) async fn begin(&self) -> sqlx::Result<SqliteTx> {
        let queued = QueuedCaller::new(self.clone());
        let group = self.group.clone().lock_owned().await;
        queued.locked();
        let writer = self.clone();
        if group.is_open() {
            return Ok(SqliteTx::new(group, writer));
        }
        // If the caller is dropped meanwhile, so is the transaction, which rolls it back.
        run_to_completion(async move { writer.open_group(group).await }).await
    }

    async fn open_group(self, mut group: OwnedMutexGuard<Group>) -> sqlx::Result<SqliteTx> {
        group.begin().await?;
        Ok(SqliteTx::new(group, self))
    }

    /// Whether another transaction joins the group before it is committed.
    fn another_follows(&self, group: &Group) -> bool {
        self.queued.load(Ordering::SeqCst) > 0 && !group.is_full()
    }

    /// Commits the group, unless another transaction follows.
    async fn commit_if_last(&self, mut group: OwnedMutexGuard<Group>) {
        if !self.another_follows(&group) {
            group.commit().await;
        }
    }

    /// Rolls back the member at work. If SQLite cannot do that, the whole group is rolled back.
    async fn roll_back_member(&self, mut group: OwnedMutexGuard<Group>) {
        if group.roll_back_member().await.is_ok() {
            self.commit_if_last(group).await;
        } else {
            group.abort().await;
        }
    }

    /// Commits the group that was left open for a queued caller that was dropped.
    async fn commit_abandoned(self) {
        let group = self.group.clone().lock_owned().await;
        self.commit_if_last(group).await;
    }

    /// Commits the open group and runs `work` on the writer's connection, outside any transaction. Other
    /// writers wait.
    pub(in crate::db) async fn with_connection<T, E: From<sqlx::Error>>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut group = self.group.lock().await;
        group.commit().await;
        work(group.conn()?).await
    }

    /// Commits the open group and closes the connection. Later transactions fail with `PoolClosed`.
    pub(in crate::db) async fn close(&self) {
        let mut group = self.group.clone().lock_owned().await;
        group.commit().await;
        group.close_connection().await;
    }
}

/// Counts a caller as queued until it has the lock. If it is dropped before, it commits a group left open for
/// it.
struct QueuedCaller {
    /// `None` once the caller has the lock.
    writer: Option<Writer>,
}

impl QueuedCaller {
    fn new(writer: Writer) -> Self {
        writer.queued.fetch_add(1, Ordering::SeqCst);
        Self { writer: Some(writer) }
    }

    /// The caller has the lock: from now on its transaction commits the group.
    fn locked(mut self) {
        if let Some(writer) = self.writer.take() {
            writer.queued.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for QueuedCaller {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        writer.queued.fetch_sub(1, Ordering::SeqCst);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(writer.commit_abandoned());
        }
    }
}

/// A transaction on SQLite: one member of a group. Dropping it rolls back this member alone.
#[derive(Debug)]
pub struct SqliteTx {
    /// `None` once it is committed or rolled back.
    group: Option<OwnedMutexGuard<Group>>,
    writer: Writer,
    statements: StatementState,
}

impl SqliteTx {
    fn new(group: OwnedMutexGuard<Group>, writer: Writer) -> Self {
        Self { group: Some(group), writer, statements: StatementState::default() }
    }

    pub(in crate::db) fn query(&mut self, sql: Sql) -> Query<'_> {
        match self.group.as_mut().and_then(|group| group.conn().ok()) {
            Some(conn) => Query::sqlite(conn, Some(&mut self.statements), sql),
            None => {
                unreachable!(
                    "`commit` consumes the transaction, and `begin` fails once the database is closed"
                )
            }
        }
    }

    /// Waits for the COMMIT that the transaction shares. The COMMIT takes place even if the caller is
    /// dropped.
    ///
    /// # Errors
    /// If a statement failed before, if the deferred statement fails, or if the group could not be committed.
    pub(in crate::db) async fn commit(mut self) -> sqlx::Result<()> {
        let deferred = self.statements.take_deferred()?;
        let Some(mut group) = self.group.take() else { return Ok(()) };
        let writer = self.writer.clone();
        run_to_completion(async move {
            let outcome = group.outcome();
            let another_follows = writer.another_follows(&group);
            if let Err(error) = group.add_member(deferred, another_follows).await {
                writer.roll_back_member(group).await;
                return Err(error);
            }
            if !another_follows {
                group.commit().await;
            }
            drop(group);
            outcome.wait().await
        })
        .await
    }

    /// Rolls back this transaction alone. Its reads saw what earlier members of the group wrote, so it waits
    /// for their COMMIT before the caller may rely on what it read.
    ///
    /// # Errors
    /// If the group with the earlier members was rolled back.
    pub(in crate::db) async fn rollback(mut self) -> sqlx::Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let writer = self.writer.clone();
        run_to_completion(async move {
            let earlier_members = group.has_members().then(|| group.outcome());
            writer.roll_back_member(group).await;
            match earlier_members {
                Some(outcome) => outcome.wait().await,
                None => Ok(()),
            }
        })
        .await
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        let Some(group) = self.group.take() else { return };
        let writer = self.writer.clone();
        // Without a runtime the process is ending, and SQLite rolls back what is not committed.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move { writer.roll_back_member(group).await });
    }
}

#[cfg(test)]
mod tests {
    use super::super::open;
    use super::*;

    /// Begins a transaction on a task of its own. It is queued until the transaction at work ends.
    async fn queue(writer: &Writer) -> tokio::task::JoinHandle<sqlx::Result<SqliteTx>> {
        let next = writer.clone();
        let begun = tokio::spawn(async move { next.begin().await });
        while writer.queued.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        begun
    }

    #[tokio::test]
    async fn rollback_waits_for_the_commit_of_earlier_members() {
        let dir = tempfile::tempdir().unwrap();
        let (_, writer) = open(&format!("sqlite://{}/x.db", dir.path().display()), 1, true).await.unwrap();
        let mut first = writer.begin().await.unwrap();
        first.query(Sql::portable("CREATE TABLE seen (x INTEGER)")).execute().await.unwrap();
        let second = queue(&writer).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        // It reads what the first wrote, which is not committed yet.
        second.query(Sql::portable("SELECT x FROM seen")).execute().await.unwrap();
        let third = queue(&writer).await;
        let second = tokio::spawn(second.rollback());
        let third = third.await.unwrap().unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!first.is_finished() && !second.is_finished());
        third.commit().await.unwrap();
        second.await.unwrap().unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_failed_deferred_statement_rolls_back_its_member_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (_, writer) = open(&format!("sqlite://{}/x.db", dir.path().display()), 1, true).await.unwrap();
        let mut first = writer.begin().await.unwrap();
        first.query(Sql::portable("CREATE TABLE once (x INTEGER UNIQUE)")).execute().await.unwrap();
        let insert = Sql::portable("INSERT INTO once VALUES ($1); INSERT INTO once VALUES ($1 + 1)");
        first.query(insert.clone()).bind(1_i64).execute_deferred().await.unwrap();
        // The next statement runs the deferred one first.
        let count = Sql::portable("SELECT count(*) FROM once");
        assert_eq!(first.query(count.clone()).scalar::<i64>().await.unwrap(), 2);
        let second = queue(&writer).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        second.query(insert.clone()).bind(2_i64).execute_deferred().await.unwrap();
        let third = queue(&writer).await;
        assert!(second.commit().await.is_err(), "2 violates the unique constraint");
        let mut third = third.await.unwrap().unwrap();
        third.query(insert).bind(3_i64).execute_deferred().await.unwrap();
        assert_eq!(third.query(count.clone()).scalar::<i64>().await.unwrap(), 4, "the second wrote nothing");
        third.commit().await.unwrap();
        first.await.unwrap().unwrap();
    }
}
