//! A transaction on a connection of either database.

use super::dialect::Dialect;
use super::postgres::PostgresTx;
use super::sqlite::SqliteTx;
use super::statement::Connection;
use crate::error::Result;

/// A transaction in the task that runs its statements. Dropping it rolls it back.
#[derive(Debug)]
pub(super) enum DirectTx {
    /// A savepoint in the writer's open group.
    Sqlite(SqliteTx),
    /// A transaction at READ COMMITTED.
    Postgres(PostgresTx),
}

/// Whether the connection of a transaction that was rolled back still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connected {
    Yes,
    No,
}

impl DirectTx {
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(super) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(tx) => tx.connection(),
            Self::Postgres(tx) => {
                let caches_statements = tx.caches_statements();
                Connection::Postgres { conn: tx.connection(), caches_statements }
            }
        }
    }

    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Rolls back. If the connection to PostgreSQL does not work any more, its server has rolled back.
    ///
    /// # Errors
    /// On SQLite, if earlier transactions of the same group were not committed: what this one read never
    /// existed.
    pub(super) async fn rollback(self) -> Result<Connected> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => {
                if tx.rollback().await.is_err() {
                    return Ok(Connected::No);
                }
            }
        }
        Ok(Connected::Yes)
    }
}
