//! Access to SQLite and PostgreSQL: pools, transactions, queries and migrations. Nothing here depends on the
//! domain; a transaction only carries the values that tell what the operation has changed.

mod access;
mod analyze;
pub(crate) mod argument;
mod array_agg;
mod attempts;
mod backend;
mod batcher;
mod borrowed;
mod copy;
mod created_names;
mod dialect;
mod direct_tx;
mod enqueued;
mod error;
mod foreign_file;
mod held;
mod insert_hook;
mod joint;
mod left_joined;
mod location;
pub(crate) mod lock_order;
mod locking;
mod migrate;
mod observer;
mod one_transaction;
mod placeholders;
mod pool_settings;
mod postgres;
mod private_file;
mod query;
mod reader;
mod row_list;
mod schema;
mod schema_name;
mod shared_read;
mod space;
mod sql;
mod sqlite;
mod statement;
mod task;
mod text_enum;
mod transaction;
mod url;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::sync::Semaphore;

use access::Access;
pub(crate) use access::{BeginHook, CommitHook};
pub(crate) use array_agg::{ArrayAgg, ArrayElement, array_agg};
pub(crate) use attempts::{Attempts, transaction, transaction_in_this_task};
use backend::Backend;
pub(crate) use batcher::BatchLimits;
pub use copy::{backup, restore};
pub use dialect::Dialect;
pub(crate) use error::violates_unique;
pub(crate) use insert_hook::{InsertHook, RowInsert};
pub(crate) use joint::{JointQueue, JointWork, run_jointly};
pub(crate) use left_joined::{Joinable, LeftJoined};
pub(crate) use location::{Address, Location};
pub(crate) use locking::Locking;
pub use observer::{Observer, ObserverFuture};
pub(crate) use placeholders::placeholders;
pub use pool_settings::PoolSettings;
pub(crate) use postgres::{RETRIES, backoff};
pub use query::{Queries, Query, QueryFuture};
pub use reader::Reader;
pub(crate) use row_list::RowList;
pub use schema::Schema;
pub(crate) use schema_name::SchemaName;
use schema_name::notification_channel;
pub(crate) use shared_read::{SharedRead, Turn};
pub use sql::Sql;
pub(crate) use sql::sql;
pub use statement::{Bind, Row};
pub(crate) use task::run_to_its_end;
pub(crate) use text_enum::text_enum;
pub use transaction::Tx;
pub use url::hide_passwords;
pub(crate) use writer::{SqlValue, SqlWriter};

use crate::changes::ChangeBus;
use crate::error::Result;

/// An open database. Clones share its pools.
#[derive(Clone)]
pub struct Db {
    access: Access,
}

/// Where processes notify each other.
pub(crate) enum NotificationServer {
    /// Nowhere: SQLite has no server.
    Absent,
    /// They can notify, and not listen.
    BehindPooler,
    At(Box<PgConnectOptions>),
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
    ///
    /// # Errors
    /// `unavailable` if it cannot be opened.
    pub async fn connect(url: &str, settings: PoolSettings) -> Result<Self> {
        Self::open(&Location::of_url(url), settings).await
    }

    /// Opens a database.
    ///
    /// # Errors
    /// `unavailable` if it cannot be opened, or is not what the location permits.
    pub(crate) async fn open(location: &Location, settings: PoolSettings) -> Result<Self> {
        if let Address::Url(url) = &location.address
            && location.refuses_foreign
            && url.starts_with("sqlite:")
        {
            foreign_file::must_be_ours(&sqlite::file::DatabaseFile::parse(url)?).await?;
        }
        let backend = Arc::new(Backend::open(location, &settings).await?);
        let bus = ChangeBus::default();
        Ok(Self {
            access: Access {
                long_reads: long_reads(backend.connections()),
                backend,
                settings,
                refuses_foreign: location.refuses_foreign,
                bus,
                begin_hook: None,
                commit_hook: None,
                observers: Vec::new(),
                held: None,
            },
        })
    }

    /// This database with `hook` run at the start of each transaction. It replaces an earlier hook.
    pub(crate) fn with_begin_hook(&self, hook: Arc<dyn BeginHook>) -> Self {
        Self { access: Access { begin_hook: Some(hook), ..self.access.clone() } }
    }

    /// This database with `hook` run before the commit of each transaction that has changed something. It
    /// replaces an earlier hook.
    pub(crate) fn with_commit_hook(self, hook: Arc<dyn CommitHook>) -> Self {
        Self { access: Access { commit_hook: Some(hook), ..self.access } }
    }

    /// This database with observers of its transactions, in place of earlier ones.
    pub(crate) fn with_observers(self, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self { access: Access { observers, ..self.access } }
    }

    /// Joins the queue for a transaction. Used by `transaction!`.
    pub(crate) fn attempts(&self) -> Attempts {
        Attempts::new(self.access.clone())
    }

    /// Publishes what transactions have changed.
    pub(crate) fn change_bus(&self) -> &ChangeBus {
        &self.access.bus
    }

    /// Where processes notify each other: at `url`, or at the database itself unless a pooler is in between.
    ///
    /// # Errors
    /// `unavailable` if the URL is not valid.
    pub(crate) fn notification_server(&self, url: Option<&str>) -> Result<NotificationServer> {
        match self.backend() {
            Backend::Sqlite { .. } => Ok(NotificationServer::Absent),
            Backend::Postgres(server) => Ok(match server.listen_options(url)? {
                Some(options) => NotificationServer::At(Box::new(options)),
                None => NotificationServer::BehindPooler,
            }),
        }
    }

    /// The channel on which processes notify each other of changes. Each schema of a database has its own.
    pub(crate) fn notification_channel(&self) -> String {
        notification_channel(match self.backend() {
            Backend::Sqlite { .. } => None,
            Backend::Postgres(server) => server.schema(),
        })
    }

    /// Whether a database with tables, and none of this library, is foreign.
    fn refuses_foreign(&self) -> bool {
        self.access.refuses_foreign
    }

    fn backend(&self) -> &Backend {
        &self.access.backend
    }

    /// The SQL dialect.
    pub fn dialect(&self) -> Dialect {
        self.backend().dialect()
    }

    /// The present number of connections.
    pub fn connections(&self) -> Connections {
        let count = |open: u32, idle| Connections { open: open.try_into().unwrap_or(usize::MAX), idle };
        match self.backend() {
            Backend::Sqlite { readers, .. } => count(readers.open_connections(), readers.idle_connections()),
            Backend::Postgres(server) => count(server.pool().size(), server.pool().num_idle()),
        }
    }

    /// Reads. A connection is taken from the pool for each statement, or for several in a row.
    ///
    /// # Errors
    /// None so far: a statement fails with `unavailable` if no connection is free.
    #[expect(
        clippy::unused_async,
        reason = "whether a connection is taken here is not part of the interface"
    )]
    pub async fn read(&self) -> Result<Reader> {
        Ok(match &self.access.held {
            Some(held) => Reader::in_transaction(held.clone()),
            None => Reader::from_pool(self.access.backend.clone(), None),
        })
    }

    /// Reads many rows, as for counts. Such reads take at most a part of the connections, so that others find
    /// one free.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub(crate) async fn read_long(&self) -> Result<Reader> {
        Ok(match &self.access.held {
            Some(_) => self.read().await?,
            None => Reader::from_pool(self.access.backend.clone(), Some(self.access.long_reads.clone())),
        })
    }

    /// Whether requests of several callers may share a transaction. Not if each transaction runs a hook of
    /// its own caller, or all of them are parts of one.
    pub(crate) fn may_batch(&self) -> bool {
        self.access.begin_hook.is_none() && self.access.held.is_none()
    }

    /// How long a request waits in this process for others; zero for no limit.
    pub(crate) fn queue_timeout(&self) -> Duration {
        self.access.settings.queue_timeout
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
        match self.backend() {
            Backend::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Backend::Postgres(server) => server.pool().close().await,
        }
    }
}

/// How many long reads may run at a time on so many connections: a quarter, and at least two where one is
/// left.
fn long_reads(connections: u32) -> Arc<Semaphore> {
    let places = (connections / 4).max(2).min(connections.saturating_sub(1)).max(1);
    Arc::new(Semaphore::new(places.try_into().unwrap_or(1)))
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.backend().fmt(f)
    }
}
