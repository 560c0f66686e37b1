//! The connections that read an SQLite file.
//!
//! A statement of SQLite runs in a thread of its connection, which looks at nobody else until it has a row.
//! So each connection has a flag that its progress handler reads: once it is set, the statement ends.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::pool_settings::ACQUIRE_TIMEOUT;

/// About how many instructions of SQLite's virtual machine run between two looks at the flag: less than a
/// millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// Read-only connections to a file. They are opened when they are needed, and stay open. Clones share them.
#[derive(Debug, Clone)]
pub(in crate::db) struct Readers(Arc<SharedReaders>);

#[derive(Debug)]
struct SharedReaders {
    options: SqliteConnectOptions,
    /// The connection that was used last is the next to be used: its page cache is the warmest.
    idle: Mutex<Vec<Interruptible>>,
    /// One for each connection that may be in use.
    places: Arc<Semaphore>,
    size: u32,
    open: AtomicU32,
}

/// A connection, and the flag that ends its statement.
#[derive(Debug)]
struct Interruptible {
    connection: SqliteConnection,
    interrupted: Arc<AtomicBool>,
}

/// A connection in use. It is given back when it is dropped.
#[derive(Debug)]
pub(in crate::db) struct SqliteReader {
    /// `None` only while it is given back.
    taken: Option<Interruptible>,
    readers: Readers,
    _place: OwnedSemaphorePermit,
}

impl Readers {
    /// Opens the first of up to `size` connections.
    pub(super) async fn open(options: SqliteConnectOptions, size: u32) -> sqlx::Result<Self> {
        let size = size.max(1);
        let places = Arc::new(Semaphore::new(size.try_into().unwrap_or(Semaphore::MAX_PERMITS)));
        let (idle, open) = (Mutex::default(), AtomicU32::new(0));
        let readers = Self(Arc::new(SharedReaders { options, idle, places, size, open }));
        drop(readers.acquire().await?);
        Ok(readers)
    }

    /// Takes a connection. Waits for one to be given back if all are in use.
    pub(in crate::db) async fn acquire(&self) -> sqlx::Result<SqliteReader> {
        let place = tokio::time::timeout(ACQUIRE_TIMEOUT, self.0.places.clone().acquire_owned()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.with_idle(Vec::pop);
        let taken = Some(match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        });
        Ok(SqliteReader { taken, readers: self.clone(), _place: place })
    }

    async fn connect(&self) -> sqlx::Result<Interruptible> {
        let mut connection = self.0.options.connect().await?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = interrupted.clone();
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS, move || !flag.load(Ordering::Relaxed));
        self.0.open.fetch_add(1, Ordering::Relaxed);
        Ok(Interruptible { connection, interrupted })
    }

    fn with_idle<T>(&self, work: impl FnOnce(&mut Vec<Interruptible>) -> T) -> T {
        work(&mut self.0.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file.
    pub(in crate::db) fn file(&self) -> &Path {
        self.0.options.get_filename()
    }

    /// The greatest number of connections.
    pub(in crate::db) fn size(&self) -> u32 {
        self.0.size
    }

    /// The number of open connections, idle ones included.
    pub(in crate::db) fn open_connections(&self) -> u32 {
        self.0.open.load(Ordering::Relaxed)
    }

    /// The number of idle connections.
    pub(in crate::db) fn idle_connections(&self) -> usize {
        self.with_idle(|idle| idle.len())
    }

    /// Waits until no connection is in use, and closes all of them.
    pub(in crate::db) async fn close(&self) {
        // Those who come later wait behind this, and find the connections closed.
        let all = self.0.places.acquire_many(self.0.size).await;
        self.0.places.close();
        drop(all);
        for Interruptible { connection, .. } in self.with_idle(std::mem::take) {
            self.0.open.fetch_sub(1, Ordering::Relaxed);
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a reading connection was closed already");
            }
        }
    }
}

impl SqliteReader {
    /// The connection; fails if it was closed.
    pub(in crate::db) fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        self.taken.as_mut().map(|taken| &mut taken.connection).ok_or(sqlx::Error::PoolClosed)
    }

    /// Ends the statement that runs on the connection though nobody waits for it, and gives the connection
    /// back.
    pub(in crate::db) async fn interrupt(mut self) {
        let Some(taken) = &mut self.taken else { return };
        taken.interrupted.store(true, Ordering::Relaxed);
        // Answered after the statement has ended.
        let ended = taken.connection.ping().await;
        taken.interrupted.store(false, Ordering::Relaxed);
        if let Err(error) = ended {
            tracing::warn!(%error, "a reading connection was lost");
            self.taken = None;
            self.readers.0.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for SqliteReader {
    fn drop(&mut self) {
        // Before its place is given back.
        if let Some(taken) = self.taken.take() {
            self.readers.with_idle(|idle| idle.push(taken));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A statement that never ends, and has no row.
    const ENDLESS: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    async fn readers(size: u32) -> (Readers, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let options =
            SqliteConnectOptions::new().filename(folder.path().join("x.db")).create_if_missing(true);
        (Readers::open(options, size).await.unwrap(), folder)
    }

    async fn answers(reader: &mut SqliteReader) -> i64 {
        sqlx::query_scalar("SELECT 1").fetch_one(reader.connection().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_statement_that_is_interrupted_leaves_a_connection_that_can_be_used() {
        let (readers, _folder) = readers(1).await;
        let mut reader = readers.acquire().await.unwrap();
        let connection = reader.connection().unwrap();
        let endless = sqlx::query_scalar::<_, i64>(ENDLESS).fetch_one(connection);
        assert!(tokio::time::timeout(Duration::from_millis(10), endless).await.is_err());
        reader.interrupt().await;
        assert_eq!((readers.open_connections(), readers.idle_connections()), (1, 1));
        assert_eq!(answers(&mut readers.acquire().await.unwrap()).await, 1);
    }

    #[tokio::test]
    async fn connections_are_opened_when_they_are_needed_and_shared() {
        let (readers, _folder) = readers(2).await;
        let (mut one, mut two) = (readers.acquire().await.unwrap(), readers.acquire().await.unwrap());
        assert_eq!((answers(&mut one).await, answers(&mut two).await), (1, 1));
        assert_eq!((readers.open_connections(), readers.idle_connections()), (2, 0));
        let mut third = std::pin::pin!(readers.acquire());
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut third).await.is_err());
        drop(one);
        drop((third.await.unwrap(), two));
        assert_eq!((readers.open_connections(), readers.idle_connections()), (2, 2));
        readers.close().await;
        assert_eq!((readers.open_connections(), readers.idle_connections()), (0, 0));
        assert!(matches!(readers.acquire().await, Err(sqlx::Error::PoolClosed)));
    }
}
