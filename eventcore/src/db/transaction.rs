//! Transactions and read-only connections on either database.

use std::sync::Arc;

use sqlx::Sqlite;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::dialect::Dialect;
use super::postgres::{self, PostgresReader, PostgresTx};
use super::query::{Queries, Query, Sql};
use super::sqlite::SqliteTx;
use crate::error::{Error, Result};

/// A connection for reads outside a transaction: each statement sees what is committed when it begins.
#[derive(Debug)]
pub enum Reader {
    /// A read-only connection.
    Sqlite(sqlx::pool::PoolConnection<Sqlite>),
    /// A connection of the pool, which transactions share.
    Postgres(PostgresReader),
    /// A transaction at READ COMMITTED, through a connection pooler.
    PostgresTx(PostgresTx),
    /// The transaction that several operations share: reads see what they wrote.
    Shared(SharedTxGuard),
}

impl Queries for Reader {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        match self {
            Self::Sqlite(conn) => Query::sqlite(conn, None, sql),
            Self::Postgres(reader) => Query::postgres_reader(reader, sql),
            Self::PostgresTx(tx) => Query::postgres(tx, sql),
            Self::Shared(guard) => guard.tx().query(sql),
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) | Self::PostgresTx(_) => Dialect::Postgres,
            Self::Shared(guard) => guard.dialect,
        }
    }
}

/// A transaction. After a failed statement it can only be rolled back, on both databases. Dropping it rolls
/// it back.
#[derive(Debug)]
pub enum Tx {
    /// A savepoint in the writer's open group.
    Sqlite(SqliteTx),
    /// A transaction at READ COMMITTED.
    Postgres(PostgresTx),
    /// A part of a transaction that several operations share.
    Shared(SharedTxGuard),
}

impl Tx {
    /// Commits. After `Ok` the changes survive a crash.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
            Self::Shared(guard) => guard.succeed(),
        }
        Ok(())
    }

    /// Rolls back. Returns whether the connection still works: if not, the server has rolled back.
    ///
    /// # Errors
    /// On SQLite, if earlier transactions of the same group were not committed: what this one read never
    /// existed.
    pub(crate) async fn rollback(self) -> Result<Connected> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => {
                if tx.rollback().await.is_err() {
                    return Ok(Connected::No);
                }
            }
            // The whole transaction cannot be committed any more.
            Self::Shared(guard) => drop(guard),
        }
        Ok(Connected::Yes)
    }
}

/// Whether the connection of a transaction that was rolled back still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connected {
    Yes,
    No,
}

impl Queries for Tx {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        match self {
            Self::Sqlite(tx) => tx.query(sql),
            Self::Postgres(tx) => Query::postgres(tx, sql),
            Self::Shared(guard) => guard.tx().query(sql),
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Shared(guard) => guard.dialect,
        }
    }
}

/// A transaction that several operations share, one after another: all of them are stored, or none.
#[derive(Debug, Clone)]
pub(super) struct SharedTx {
    state: Arc<Mutex<SharedTxState>>,
    dialect: Dialect,
}

#[derive(Debug)]
struct SharedTxState {
    /// `None` once it is committed or rolled back.
    tx: Option<Tx>,
    /// An operation has failed.
    failed: bool,
}

/// The use of a `SharedTx` by one operation. If it is dropped before the operation succeeds, nothing of the
/// transaction will be stored.
#[derive(Debug)]
pub struct SharedTxGuard {
    state: OwnedMutexGuard<SharedTxState>,
    dialect: Dialect,
    /// The operation only reads, or has succeeded.
    settled: bool,
}

impl SharedTx {
    pub(super) fn new(tx: Tx) -> Self {
        let dialect = tx.dialect();
        Self { state: Arc::new(Mutex::new(SharedTxState { tx: Some(tx), failed: false })), dialect }
    }

    /// Takes the transaction for an operation that writes.
    pub(super) fn begin(&self) -> Result<Tx> {
        Ok(Tx::Shared(self.guard(false)?))
    }

    /// Takes the transaction for reads.
    pub(super) fn read(&self) -> Result<Reader> {
        Ok(Reader::Shared(self.guard(true)?))
    }

    fn guard(&self, settled: bool) -> Result<SharedTxGuard> {
        let state = self.state.clone().try_lock_owned();
        let state = state.map_err(|_| Error::internal("operations of one transaction run one at a time"))?;
        if state.failed || state.tx.is_none() {
            return Err(Error::Contended);
        }
        Ok(SharedTxGuard { state, dialect: self.dialect, settled })
    }

    /// Commits what all operations wrote.
    ///
    /// # Errors
    /// If an operation has failed. Then nothing is stored.
    pub(super) async fn commit(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        match state.tx.take() {
            Some(tx) if !state.failed => tx.commit().await,
            Some(tx) => {
                tx.rollback().await?;
                Err(Error::internal("an operation of the transaction failed"))
            }
            None => Err(Error::internal("the transaction is over")),
        }
    }

    /// Rolls back, unless it is committed.
    pub(super) fn abandon(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            state.tx = None;
        }
    }
}

impl SharedTxGuard {
    fn tx(&mut self) -> &mut Tx {
        match &mut self.state.tx {
            Some(tx) => tx,
            None => unreachable!("the transaction ends only while it has no guard"),
        }
    }

    fn succeed(mut self) {
        self.settled = true;
    }
}

impl Drop for SharedTxGuard {
    fn drop(&mut self) {
        if !self.settled {
            self.state.failed = true;
        }
    }
}

/// Runs an async function in a transaction and commits if it returns `Ok`:
/// `transaction!(db, |tx| store(tx, &input, now))`.
///
/// A transaction that PostgreSQL aborts for a deadlock or a serialization failure (`40P01`, `40001`), or
/// whose connection the server ends before the COMMIT, is run again, a bounded number of times. The
/// function must have no effects outside its transaction.
///
/// This is a macro rather than a function that takes an async closure, because the compiler cannot yet prove
/// that the future of a closure that borrows its argument is `Send`.
macro_rules! transaction {
    ($db:expr, |$tx:ident| $work:expr) => {{
        let db = $db;
        let mut attempts = $crate::db::Attempts::default();
        loop {
            let mut transaction = db.begin().await?;
            let outcome: $crate::error::Result<_> = {
                let $tx = &mut transaction;
                $work.await
            };
            if let Some(outcome) = attempts.end(transaction, outcome).await {
                break outcome;
            }
        }
    }};
}
pub(crate) use transaction;

/// Counts the attempts to run a transaction.
#[derive(Debug, Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Commits if `outcome` is `Ok`, otherwise rolls back. `None` means that the caller should run the
    /// transaction again; this function has then waited before it returns.
    pub(crate) async fn end<T>(&mut self, tx: Tx, outcome: Result<T>) -> Option<Result<T>> {
        let (outcome, connected) = match outcome {
            // After a lost COMMIT nobody knows whether it was executed: it is not run again.
            Ok(value) => (tx.commit().await.map(|()| value), Connected::Yes),
            Err(error) => match tx.rollback().await {
                // What the refusal is based on was not committed: only the failed rollback may be reported.
                Err(rollback) if !error.is_unavailable() => (Err(rollback), Connected::Yes),
                Err(_) => (Err(error), Connected::Yes),
                Ok(connected) => (Err(error), connected),
            },
        };
        let again = match &outcome {
            Ok(_) => false,
            Err(Error::Contended) => true,
            Err(error) => connected == Connected::No && error.is_unavailable(),
        };
        if again && self.0 < postgres::RETRIES {
            self.0 += 1;
            tokio::time::sleep(postgres::backoff(self.0)).await;
            return None;
        }
        Some(outcome)
    }
}
