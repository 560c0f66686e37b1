//! Access to SQLite and PostgreSQL: pools, transactions, queries and migrations. Nothing here depends on the
//! domain.

mod array_agg;
mod copy;
mod dialect;
mod error;
pub(crate) mod lock_order;
mod migrate;
mod placeholders;
mod pool_settings;
mod postgres;
mod private_file;
mod query;
mod row_gate;
mod row_list;
mod schema;
mod space;
mod sqlite;
mod text_enum;
mod transaction;
mod url;
mod writer;

use std::pin::Pin;
use std::sync::Arc;

use sqlx::sqlite::SqlitePool;

pub(crate) use array_agg::{ArrayAgg, ArrayElement, array_agg};
pub use copy::{backup, restore};
pub use dialect::Dialect;
pub(crate) use error::violates_unique;
pub(crate) use placeholders::placeholders;
pub use pool_settings::PoolSettings;
pub use postgres::{PostgresReader, PostgresTx};
pub(crate) use query::sql;
pub use query::{Bind, Queries, Query, Row, Sql};
pub(crate) use row_gate::RowPermit;
pub(crate) use row_list::RowList;
pub use schema::Schema;
pub(crate) use text_enum::text_enum;
use transaction::SharedTx;
pub(crate) use transaction::{Attempts, transaction};
pub use transaction::{Reader, SharedTxGuard, Tx};
pub use url::hide_passwords;
pub(crate) use writer::{Planning, SqlValue, SqlWriter};

use crate::error::{Error, Result};

/// An open database. Clones share its pools.
#[derive(Clone)]
pub struct Db {
    backend: Arc<Backend>,
    begin_hook: Option<Arc<dyn BeginHook>>,
    /// The transaction that all operations share, if they do.
    shared: Option<SharedTx>,
}

/// Runs at the start of each transaction of a [`Db`]. If it fails, the transaction is not begun.
pub(crate) trait BeginHook: Send + Sync {
    fn after_begin<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>>;
}

#[derive(Debug)]
enum Backend {
    Sqlite { readers: SqlitePool, writer: sqlite::Writer },
    Postgres { server: postgres::Server, row_gate: row_gate::RowGate },
}

/// Number of pooled connections. SQLite's writer is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open connections, idle ones included.
    pub open: usize,
    /// Idle connections.
    pub idle: usize,
}

impl Db {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://…`). A missing SQLite file is created.
    pub async fn connect(url: &str, settings: PoolSettings) -> Result<Self> {
        Self::open(url, settings, true).await
    }

    /// Opens the database at `url`, which must exist.
    ///
    /// # Errors
    /// `unavailable` for a missing SQLite file.
    pub async fn connect_existing(url: &str, settings: PoolSettings) -> Result<Self> {
        Self::open(url, settings, false).await
    }

    async fn open(url: &str, settings: PoolSettings, create: bool) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let (readers, writer) = sqlite::open(url, settings.sqlite_readers, create).await?;
            return Ok(Self::new(Backend::Sqlite { readers, writer }));
        }
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(Error::Unavailable(
                "the database URL must begin with sqlite:// or postgres://, such as sqlite://events.db"
                    .to_owned(),
            ));
        }
        let server = postgres::Server::connect(url, &settings).await?;
        Ok(Self::new(Backend::Postgres { server, row_gate: row_gate::RowGate::new() }))
    }

    fn new(backend: Backend) -> Self {
        Self { backend: Arc::new(backend), begin_hook: None, shared: None }
    }

    /// This database with `hook` run at the start of each transaction. It replaces an earlier hook.
    pub(crate) fn with_begin_hook(&self, hook: Arc<dyn BeginHook>) -> Self {
        Self { begin_hook: Some(hook), ..self.clone() }
    }

    /// The SQL dialect.
    pub fn dialect(&self) -> Dialect {
        match &*self.backend {
            Backend::Sqlite { .. } => Dialect::Sqlite,
            Backend::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// The present number of connections.
    pub fn connections(&self) -> Connections {
        let count = |open: u32, idle| Connections { open: open.try_into().unwrap_or(usize::MAX), idle };
        match &*self.backend {
            Backend::Sqlite { readers, .. } => count(readers.size(), readers.num_idle()),
            Backend::Postgres { server, .. } => count(server.pool().size(), server.pool().num_idle()),
        }
    }

    /// Takes a connection for reads from the pool.
    pub async fn read(&self) -> Result<Reader> {
        if let Some(shared) = &self.shared {
            return shared.read();
        }
        Ok(match &*self.backend {
            Backend::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Backend::Postgres { server, .. } if server.keeps_sessions() => {
                Reader::Postgres(server.read().await?)
            }
            Backend::Postgres { server, .. } => Reader::PostgresTx(server.begin().await?),
        })
    }

    /// Queues for the row `id`, which many transactions change, before a transaction begins that will lock
    /// it. Hold the permit until the transaction ends. Never wait for a second permit while holding one: that
    /// can deadlock.
    pub(crate) async fn row_permit(&self, id: uuid::Uuid) -> RowPermit {
        match &*self.backend {
            Backend::Sqlite { .. } => RowPermit::not_needed(),
            Backend::Postgres { row_gate, .. } => row_gate.acquire(id).await,
        }
    }

    /// Whether calls that change the same row should share one transaction. True on PostgreSQL, unless each
    /// transaction runs a hook of its own caller, or all share one. SQLite's writer groups transactions
    /// already.
    pub(crate) fn batches_by_row(&self) -> bool {
        self.dialect() == Dialect::Postgres && self.begin_hook.is_none() && self.shared.is_none()
    }

    /// Begins a transaction that may write. Operations use `transaction!`, which also commits and retries.
    pub async fn begin(&self) -> Result<Tx> {
        if let Some(shared) = &self.shared {
            return shared.begin();
        }
        let mut tx = match &*self.backend {
            Backend::Sqlite { writer, .. } => Tx::Sqlite(writer.begin().await?),
            Backend::Postgres { server, .. } => Tx::Postgres(server.begin().await?),
        };
        if let Some(hook) = &self.begin_hook {
            hook.after_begin(&mut tx).await?;
        }
        Ok(tx)
    }

    /// A clone whose transactions and reads are parts of one transaction, one after another.
    pub(crate) async fn with_one_transaction(&self) -> Result<Self> {
        let shared = SharedTx::new(self.begin().await?);
        Ok(Self { shared: Some(shared), ..self.clone() })
    }

    /// Commits the transaction of [`Self::with_one_transaction`].
    pub(crate) async fn commit(&self) -> Result<()> {
        match &self.shared {
            Some(shared) => shared.commit().await,
            None => Ok(()),
        }
    }

    /// Rolls the transaction of [`Self::with_one_transaction`] back, unless it is committed.
    pub(crate) fn abandon(&self) {
        if let Some(shared) = &self.shared {
            shared.abandon();
        }
    }

    /// Checks that the database can be written, so that a server can refuse to start if it cannot.
    ///
    /// # Errors
    /// `unavailable` for a read-only file and for a PostgreSQL standby server.
    pub async fn must_be_writable(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        let outcome = tx.query(sql!("UPDATE settings SET value = value WHERE key = ''")).execute().await;
        let rolled_back = tx.rollback().await;
        outcome?;
        rolled_back.map(drop)
    }

    /// The damages that SQLite finds in its file, up to 20. Reads the whole file. Empty on PostgreSQL, whose
    /// server has tools for that.
    pub async fn damages(&self) -> Result<Vec<String>> {
        if self.dialect() == Dialect::Postgres {
            return Ok(Vec::new());
        }
        let verdict: Vec<(String,)> =
            self.read().await?.query(Sql::portable("PRAGMA integrity_check(20)")).all().await?;
        Ok(verdict.into_iter().map(|(line,)| line).filter(|line| line != "ok").collect())
    }

    /// Waits for open transactions and reads to end, then closes all connections.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Backend::Postgres { server, .. } => server.pool().close().await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.backend.fmt(f)
    }
}
