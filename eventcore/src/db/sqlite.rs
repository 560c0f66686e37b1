//! SQLite: a pool of readers, and one writer whose queued transactions share a COMMIT, and so an fsync.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, SqlSafeStr, SqlStr, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::Instant;

use super::query::Progress;
use super::{PATIENCE, Query, STATEMENTS, Sql};
use crate::error::{Error, Result};

/// Transactions that share one COMMIT, at most.
const GROUP_LIMIT: usize = 256;
/// What the writer keeps of the file in memory: 16 MiB, by SQLite's way of saying it. Rows that are far apart are changed in one group.
const WRITER_CACHE: &str = "-16384";
/// Pages of the log, 32 MiB, after which the writer copies them into the file. In a rush the same pages change again and again: each is copied once for
/// all that happened to it meanwhile, which eight times as often (SQLite's own 1,000 pages) cost a fifth of all registrations.
const LOG_PAGES: &str = "8192";

pub(super) async fn open(url: &str, readers: u32) -> Result<(SqlitePool, Writer)> {
    let options: SqliteConnectOptions = url
        .parse()
        .map_err(|error| Error::Unavailable(format!("the database URL {url} cannot be read: {error}")))?;
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(Error::Unavailable(
            "a database in memory cannot be shared by a writer and readers: name a file, such as sqlite://events.db".to_owned(),
        ));
    }
    let file = options.get_filename().display().to_string();
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        .pragma("temp_store", "memory");
    let unopened = |error| match super::classify(error) {
        Error::Unavailable(why) => Error::Unavailable(format!("{file}: {why}")),
        _ => Error::Unavailable(format!("{file} is not an SQLite database: name another file")),
    };
    let writing = options.clone().pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", LOG_PAGES);
    let conn = connect(&writing).await.map_err(unopened)?;
    let pool = SqlitePoolOptions::new()
        .max_connections(readers.max(1))
        .acquire_timeout(PATIENCE)
        // The reader is on the same machine and file: asking it whether it lives costs as much as the query.
        .test_before_acquire(false)
        .connect_with(options.read_only(true))
        .await
        .map_err(unopened)?;
    Ok((pool, Writer::new(conn)))
}

/// Connects. Of several processes that open a new file at once, one makes it a WAL file; SQLite turns the others away without waiting.
async fn connect(options: &SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
    const PAUSE: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match options.connect().await {
            Err(error) if super::is_locked(&error) && Instant::now() < deadline => {
                tokio::time::sleep(PAUSE).await
            }
            outcome => return outcome,
        }
    }
}

/// The single writer. Transactions that queue up are savepoints of one `BEGIN IMMEDIATE … COMMIT`, and each is told its outcome after the COMMIT.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    group: Arc<Mutex<Group>>,
    /// Callers who stand in line for the lock: while there are some, the group is handed on instead of committed.
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Group {
    /// `None` once closed.
    conn: Option<SqliteConnection>,
    /// A BEGIN is open, and in it a savepoint for the member at work, or for the next one.
    begun: bool,
    /// Members that wait for the shared COMMIT.
    members: usize,
    /// Announces whether the shared COMMIT took place.
    outcome: watch::Sender<Option<bool>>,
}

/// Runs `work` to its end even when the caller is dropped: what changes the state of the group must never stop half way.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    tokio::spawn(work).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl Writer {
    fn new(conn: SqliteConnection) -> Self {
        let outcome = watch::channel(None).0;
        let group = Group { conn: Some(conn), begun: false, members: 0, outcome };
        Self { group: Arc::new(Mutex::new(group)), waiting: Arc::default() }
    }

    pub(super) async fn begin(&self) -> sqlx::Result<SqliteTx> {
        let place = Place::in_line(self.clone());
        let group = self.group.clone().lock_owned().await;
        place.served();
        let writer = self.clone();
        if group.begun {
            return Ok(SqliteTx { group: Some(group), writer, progress: Progress::default() });
        }
        // If the caller is gone when this is done, the transaction is dropped, and so rolled back.
        to_the_end(async move { writer.open_member(group).await }).await
    }

    async fn open_member(self, mut group: OwnedMutexGuard<Group>) -> sqlx::Result<SqliteTx> {
        group.begin().await?;
        Ok(SqliteTx { group: Some(group), writer: self, progress: Progress::default() })
    }

    /// Whether the group is handed on to who waits, instead of committed.
    fn goes_on(&self, group: &Group) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0 && group.members < GROUP_LIMIT
    }

    /// Commits the group if nobody waits to join it.
    async fn settle(&self, mut group: OwnedMutexGuard<Group>) {
        if group.begun && !self.goes_on(&group) {
            group.finish().await;
        }
    }

    /// Takes back what the member at work has done, and hands the writer on.
    async fn roll_back(&self, mut group: OwnedMutexGuard<Group>) {
        if group.run("ROLLBACK TO member").await.is_ok() {
            self.settle(group).await;
        } else {
            group.abort().await;
        }
    }

    /// Commits what is left over when the last one in line has gone away.
    async fn settle_abandoned(self) {
        let group = self.group.clone().lock_owned().await;
        self.settle(group).await;
    }

    /// Runs `work` on the writer's connection while no group is open.
    pub(super) async fn exclusively<T, E: From<sqlx::Error>>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut group = self.group.lock().await;
        if group.begun {
            group.finish().await;
        }
        work(group.conn.as_mut().ok_or(sqlx::Error::PoolClosed)?).await
    }

    pub(super) async fn close(&self) {
        let mut group = self.group.clone().lock_owned().await;
        if group.begun {
            group.finish().await;
        }
        if let Some(conn) = group.conn.take() {
            // Closing checkpoints the log; where that fails, the next opening does it.
            drop(conn.close().await);
        }
    }
}

impl Group {
    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        let conn = self.conn.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        conn.execute(sql).await.map(drop)
    }

    async fn begin(&mut self) -> sqlx::Result<()> {
        if let Err(error) = self.run("BEGIN IMMEDIATE; SAVEPOINT member").await {
            // Of the two the second may have failed; where it was the first, nothing is open.
            drop(self.run("ROLLBACK").await);
            return Err(error);
        }
        self.begun = true;
        self.outcome = watch::channel(None).0;
        Ok(())
    }

    /// Keeps what the member at work has done and does at `last`, and lets the next one begin if the group goes on: at one go, because each command for
    /// the connection's thread costs more than what it does there.
    async fn keep(&mut self, last: Option<(SqlStr, SqliteArguments)>, goes_on: bool) -> sqlx::Result<()> {
        const NEXT: &str = "RELEASE member; SAVEPOINT member";
        match (last, goes_on) {
            (None, false) => {}
            (None, true) => self.run(NEXT).await?,
            (Some((sql, args)), _) => {
                let sql = if goes_on {
                    AssertSqlSafe(format!("{}; {NEXT}", sql.as_str())).into_sql_str()
                } else {
                    sql
                };
                let conn = self.conn.as_mut().ok_or(sqlx::Error::PoolClosed)?;
                conn.execute(sqlx::query_with(sql, args)).await?;
            }
        }
        self.members += 1;
        Ok(())
    }

    /// Commits; that releases what savepoints there are.
    async fn finish(&mut self) {
        let committed = self.run("COMMIT").await;
        if let Err(error) = &committed {
            tracing::error!(%error, members = self.members, "a group of transactions could not be committed");
            self.abort().await;
        } else {
            self.end(true);
        }
    }

    /// Gives the whole group up: SQLite itself rolls back all when a disk is full or broken, so no member may be told that it is stored.
    async fn abort(&mut self) {
        // Fails where SQLite has rolled back by itself.
        drop(self.run("ROLLBACK").await);
        self.end(false);
    }

    fn end(&mut self, committed: bool) {
        self.begun = false;
        self.members = 0;
        self.outcome.send_replace(Some(committed));
    }
}

/// A place in the line for the writer's lock.
struct Place {
    writer: Option<Writer>,
}

impl Place {
    fn in_line(writer: Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self { writer: Some(writer) }
    }

    /// The lock is ours: whoever holds it settles.
    fn served(mut self) {
        if let Some(writer) = self.writer.take() {
            writer.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        writer.waiting.fetch_sub(1, Ordering::SeqCst);
        // Somebody may have left the group open for us.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(writer.settle_abandoned());
        }
    }
}

/// One member of the group. Dropped before it is committed, it is rolled back alone.
#[derive(Debug)]
pub struct SqliteTx {
    /// `None` once it is committed or rolled back.
    group: Option<OwnedMutexGuard<Group>>,
    writer: Writer,
    progress: Progress,
}

impl SqliteTx {
    pub(super) fn query(&mut self, sql: Sql) -> Query<'_> {
        match self.group.as_mut().and_then(|group| group.conn.as_mut()) {
            Some(conn) => Query::sqlite(conn, Some(&mut self.progress), sql),
            None => {
                unreachable!("`commit` takes the transaction, and `begin` fails once the database is closed")
            }
        }
    }

    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        self.progress.must_not_have_failed()?;
        let last = self.progress.last.take();
        let Some(mut group) = self.group.take() else { return Ok(()) };
        let writer = self.writer.clone();
        to_the_end(async move {
            let mut outcome = group.outcome.subscribe();
            let goes_on = writer.goes_on(&group);
            if let Err(error) = group.keep(last, goes_on).await {
                writer.roll_back(group).await;
                return Err(error);
            }
            if !goes_on {
                group.finish().await;
            }
            drop(group);
            match outcome.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(true)) => Ok(()),
                _ => Err(sqlx::Error::WorkerCrashed),
            }
        })
        .await
    }
}

impl SqliteTx {
    /// Rolls this member back alone. What it saw of members before it is true only once they are committed, so it waits for that; an error says
    /// that they are not.
    pub(super) async fn rollback(mut self) -> sqlx::Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let writer = self.writer.clone();
        to_the_end(async move {
            let (depends, mut outcome) = (group.members > 0, group.outcome.subscribe());
            writer.roll_back(group).await;
            if !depends {
                return Ok(());
            }
            match outcome.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(true)) => Ok(()),
                _ => Err(sqlx::Error::WorkerCrashed),
            }
        })
        .await
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        let Some(group) = self.group.take() else { return };
        let writer = self.writer.clone();
        // Without a runtime the process is ending, and SQLite rolls back what was not committed.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move { writer.roll_back(group).await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Begins a transaction that stands in line until whoever is at work is done.
    async fn in_line(writer: &Writer) -> tokio::task::JoinHandle<sqlx::Result<SqliteTx>> {
        let next = writer.clone();
        let begun = tokio::spawn(async move { next.begin().await });
        while writer.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        begun
    }

    #[tokio::test]
    async fn a_refusal_waits_for_what_it_is_based_on() {
        let dir = tempfile::tempdir().unwrap();
        let (_, writer) = open(&format!("sqlite://{}/x.db", dir.path().display()), 1).await.unwrap();
        let mut first = writer.begin().await.unwrap();
        first.query(Sql::same("CREATE TABLE seen (x INTEGER)")).execute().await.unwrap();
        let second = in_line(&writer).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        // It sees what is not committed yet, and is refused because of that.
        second.query(Sql::same("SELECT x FROM seen")).execute().await.unwrap();
        let third = in_line(&writer).await;
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
    async fn what_is_left_for_the_end_fails_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (_, writer) = open(&format!("sqlite://{}/x.db", dir.path().display()), 1).await.unwrap();
        let mut first = writer.begin().await.unwrap();
        first.query(Sql::same("CREATE TABLE once (x INTEGER UNIQUE)")).execute().await.unwrap();
        let insert = Sql::same("INSERT INTO once VALUES ($1); INSERT INTO once VALUES ($1 + 1)");
        first.query(insert.clone()).bind(1_i64).execute_last().await.unwrap();
        // What comes after it finds it done.
        let count = Sql::same("SELECT count(*) FROM once");
        assert_eq!(first.query(count.clone()).scalar::<i64>().await.unwrap(), 2);
        let second = in_line(&writer).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap().unwrap();
        second.query(insert.clone()).bind(2_i64).execute_last().await.unwrap();
        let third = in_line(&writer).await;
        assert!(second.commit().await.is_err(), "2 is there already");
        let mut third = third.await.unwrap().unwrap();
        third.query(insert).bind(3_i64).execute_last().await.unwrap();
        assert_eq!(third.query(count.clone()).scalar::<i64>().await.unwrap(), 4, "all but of the second");
        third.commit().await.unwrap();
        first.await.unwrap().unwrap();
    }
}
