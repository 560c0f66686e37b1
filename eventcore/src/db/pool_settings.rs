//! Sizes and time limits of the connection pools.

use std::time::Duration;

/// Longest wait for a connection or for SQLite's write lock. After it the call fails with `unavailable`.
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
    /// How long a statement on PostgreSQL waits for a lock, so that a locked table does not keep all
    /// connections busy; zero for no limit. After it the call fails with `unavailable`.
    pub lock_timeout: Duration,
    /// How long a statement on PostgreSQL runs; zero for no limit. After it the call fails with
    /// `unavailable`.
    pub statement_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            sqlite_readers: 4,
            postgres: 16,
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        }
    }
}
