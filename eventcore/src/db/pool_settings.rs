//! Sizes and time limits of the connection pools.

use std::time::Duration;

/// Longest wait for a connection, and for the lock of an SQLite file that another process holds. After it the
/// call fails with `unavailable`.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A PostgreSQL connection idle for this long is pinged before it is used.
pub(super) const PING_AFTER: Duration = Duration::from_secs(1);
/// Prepared statements cached per connection.
pub(super) const STATEMENT_CACHE: usize = 500;

/// Sizes and time limits of the connection pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Read-only connections to the SQLite file. There is always one more, which writes.
    pub sqlite_readers: u32,
    /// Connections to PostgreSQL.
    pub postgres: u32,
    /// How long a transaction waits in this process for others: on SQLite for the writer, on PostgreSQL for
    /// those that change the same row; zero for no limit. After it the call fails with `unavailable`.
    /// Default: 10 seconds.
    pub queue_timeout: Duration,
    /// How long a statement on PostgreSQL waits for a lock, so that a locked table does not keep all
    /// connections busy; zero for no limit. After it the call fails with `unavailable`.
    pub lock_timeout: Duration,
    /// How long a statement on PostgreSQL runs; zero for no limit. After it the call fails with
    /// `unavailable`.
    pub statement_timeout: Duration,
    /// How long a transaction that the embedding program has begun may stay idle between two operations; zero
    /// for no limit. After it the transaction is rolled back, so that it does not keep others from writing.
    /// Default: 5 seconds, less than others wait.
    pub idle_transaction_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            sqlite_readers: 4,
            postgres: 16,
            queue_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            idle_transaction_timeout: Duration::from_secs(5),
        }
    }
}

/// Waits for `future`, up to `limit`; zero is no limit. `None` after the limit.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    if limit.is_zero() {
        return Some(future.await);
    }
    tokio::time::timeout(limit, future).await.ok()
}
