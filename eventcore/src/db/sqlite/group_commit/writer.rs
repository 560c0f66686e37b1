//! The writer, as the rest of the module `db` sees it.

use sqlx::SqliteConnection;

use super::group::Group;
use super::lock::GroupLock;
use super::queue::QueuedCaller;
use crate::error::Result;

/// The single writer. Clones share its connection.
#[derive(Debug, Clone)]
pub(in crate::db) struct Writer {
    lock: GroupLock,
}

impl Writer {
    pub(in crate::db::sqlite) fn new(conn: SqliteConnection) -> Self {
        Self { lock: GroupLock::new(Group::new(conn)) }
    }

    /// Joins the queue for the writer. Callers are served in the order of their calls.
    pub(in crate::db) fn enqueue(&self) -> QueuedCaller {
        QueuedCaller::join(self.lock.clone())
    }

    /// Commits the open group and runs `work` on the writer's connection, outside any transaction. Other
    /// writers wait.
    pub(in crate::db) async fn with_connection<T, E: From<sqlx::Error>>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut group = self.lock.lock().await;
        group.settle().await;
        group.commit().await;
        work(group.conn()?).await
    }

    /// Commits the open group and closes the connection. Later transactions fail with `PoolClosed`.
    pub(in crate::db) async fn close(&self) {
        let mut group = self.lock.lock().await;
        group.settle().await;
        group.commit().await;
        group.close_connection().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::super::query::Query;
    use super::super::super::super::sql::Sql;
    use super::super::super::open_temporary;
    use super::super::transaction::SqliteTx;
    use super::*;
    use crate::error::Error;

    const LONG: Duration = Duration::from_mins(5);

    async fn new_writer() -> (tempfile::TempDir, Writer) {
        let dir = tempfile::tempdir().unwrap();
        let (_, writer) = open_temporary(dir.path(), 1).await.unwrap();
        (dir, writer)
    }

    async fn execute(tx: &mut SqliteTx, sql: &'static str) {
        Query::on_connection(tx.connection(), Sql::portable(sql)).execute().await.unwrap();
    }

    async fn insert_deferred(tx: &mut SqliteTx, value: i64) {
        let insert = Sql::portable("INSERT INTO once VALUES ($1); INSERT INTO once VALUES ($1 + 1)");
        Query::on_connection(tx.connection(), insert).bind(value).execute_deferred().await.unwrap();
    }

    async fn count(tx: &mut SqliteTx) -> i64 {
        Query::on_connection(tx.connection(), Sql::portable("SELECT count(*) FROM once"))
            .scalar()
            .await
            .unwrap()
    }

    /// Queues a transaction, which begins when the one at work ends.
    fn queue(writer: &Writer) -> tokio::task::JoinHandle<Result<SqliteTx>> {
        tokio::spawn(writer.enqueue().begin(LONG))
    }

    #[tokio::test]
    async fn rollback_waits_for_the_commit_of_earlier_members() {
        let (_dir, writer) = new_writer().await;
        let mut first = writer.enqueue().begin(LONG).await.unwrap();
        execute(&mut first, "CREATE TABLE seen (x INTEGER)").await;
        let second = queue(&writer);
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        // It reads what the first wrote, which is not committed yet.
        execute(&mut second, "SELECT x FROM seen").await;
        let third = queue(&writer);
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
        let (_dir, writer) = new_writer().await;
        let mut first = writer.enqueue().begin(LONG).await.unwrap();
        execute(&mut first, "CREATE TABLE once (x INTEGER UNIQUE)").await;
        insert_deferred(&mut first, 1).await;
        // The next statement runs the deferred one first.
        assert_eq!(count(&mut first).await, 2);
        let second = queue(&writer);
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        insert_deferred(&mut second, 2).await;
        let third = queue(&writer);
        assert!(second.commit().await.is_err(), "2 violates the unique constraint");
        let mut third = third.await.unwrap().unwrap();
        insert_deferred(&mut third, 3).await;
        assert_eq!(count(&mut third).await, 4, "the second wrote nothing");
        third.commit().await.unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_dropped_member_is_rolled_back_alone() {
        let (_dir, writer) = new_writer().await;
        let mut first = writer.enqueue().begin(LONG).await.unwrap();
        execute(&mut first, "CREATE TABLE once (x INTEGER)").await;
        let second = queue(&writer);
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        execute(&mut second, "INSERT INTO once VALUES (1)").await;
        drop(second);
        first.await.unwrap().unwrap();
        let mut third = writer.enqueue().begin(LONG).await.unwrap();
        assert_eq!(count(&mut third).await, 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_for_the_writer_is_refused_and_leaves_the_queue() {
        let (_dir, writer) = new_writer().await;
        let mut first = writer.enqueue().begin(LONG).await.unwrap();
        execute(&mut first, "CREATE TABLE once (x INTEGER)").await;
        let refused = writer.enqueue().begin(Duration::from_millis(1)).await;
        assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
        // Otherwise this commit would wait for another member.
        first.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_caller_that_is_never_polled_again_keeps_nobody_waiting() {
        let (_dir, writer) = new_writer().await;
        let mut first = writer.enqueue().begin(LONG).await.unwrap();
        execute(&mut first, "CREATE TABLE once (x INTEGER)").await;
        let gone = writer.enqueue();
        let first = tokio::spawn(first.commit());
        drop(gone);
        first.await.unwrap().unwrap();
        writer.enqueue().begin(LONG).await.unwrap();
    }
}
