//! The database: one door to SQLite and PostgreSQL. It knows pools, transactions and queries, and nothing of the domain.

mod array_agg;
mod batch;
mod copy;
mod migrate;
mod postgres;
mod query;
mod row_gate;
mod sqlite;
mod text_enum;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Connection, Postgres, Sqlite, Transaction};

pub(crate) use array_agg::{Element, Gathered, gathered};
pub(crate) use batch::{batches, placeholders, values};
pub use copy::{backup, restore};
pub use migrate::Schema;
pub(crate) use query::sql;
pub use query::{Bind, Queries, Query, Row, Sql};
pub(crate) use row_gate::Turn;
pub(crate) use text_enum::text_enum;

use crate::error::{Error, Result};

/// How long a caller waits for a connection, or for SQLite's write lock, before the database counts as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection to PostgreSQL that nobody used for so long is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(1);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 500;

/// A database that is open. Cloning is cheap and shares the pools.
#[derive(Clone)]
pub struct Db {
    backend: Arc<Backend>,
    prelude: Option<Arc<dyn Prelude>>,
}

/// What a transaction does before anything else; where it fails, so does the transaction.
pub(crate) trait Prelude: Send + Sync {
    fn run<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>>;
}

#[derive(Debug)]
enum Backend {
    Sqlite { readers: SqlitePool, writer: sqlite::Writer },
    Postgres { pool: PgPool, turns: row_gate::Turns },
}

/// Which of the two databases it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite in a file.
    Sqlite,
    /// PostgreSQL, or what speaks its protocol.
    Postgres,
}

/// Sizes of the pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSizes {
    /// Connections that read from the SQLite file; one more writes.
    pub sqlite_readers: u32,
    /// Connections to PostgreSQL.
    pub postgres: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { sqlite_readers: 4, postgres: 16 }
    }
}

/// How many connections there are; SQLite's writer is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// All of them.
    pub open: usize,
    /// Those that nobody uses.
    pub idle: usize,
}

impl Db {
    /// The file of a SQLite database that is not there, and that opening it would make.
    pub fn missing_file(url: &str) -> Option<PathBuf> {
        let options: SqliteConnectOptions = url.starts_with("sqlite:").then(|| url.parse().ok())??;
        let file = options.get_filename();
        (!file.exists()).then(|| file.to_owned())
    }

    /// Opens the database at `url` (`sqlite://FILE` or `postgres://…`); a SQLite file that is missing is made.
    pub async fn connect(url: &str, sizes: PoolSizes) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let (readers, writer) = sqlite::open(url, sizes.sqlite_readers).await?;
            return Ok(Self::on(Backend::Sqlite { readers, writer }));
        }
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(Error::Unavailable(
                "the database URL must begin with sqlite:// or postgres://, such as sqlite://events.db"
                    .to_owned(),
            ));
        }
        let options = postgres::options(url)?;
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let pool = PgPoolOptions::new()
            .max_connections(sizes.postgres)
            .acquire_timeout(PATIENCE)
            // Asking a connection whether it lives costs a way to the server and back: those that were used just now are not asked.
            .test_before_acquire(false)
            .before_acquire(|conn, used| {
                Box::pin(async move {
                    if used.idle_for >= RESTED {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| postgres::unreachable(&place, &error))?;
        Ok(Self::on(Backend::Postgres { pool, turns: row_gate::Turns::new() }))
    }

    fn on(backend: Backend) -> Self {
        Self { backend: Arc::new(backend), prelude: None }
    }

    /// The same database, where each transaction begins with `prelude`.
    pub(crate) fn beginning_with(&self, prelude: Arc<dyn Prelude>) -> Self {
        Self { backend: self.backend.clone(), prelude: Some(prelude) }
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match &*self.backend {
            Backend::Sqlite { .. } => Dialect::Sqlite,
            Backend::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// The connections at this moment.
    pub fn connections(&self) -> Connections {
        let count = |open: u32, idle| Connections { open: open.try_into().unwrap_or(usize::MAX), idle };
        match &*self.backend {
            Backend::Sqlite { readers, .. } => count(readers.size(), readers.num_idle()),
            Backend::Postgres { pool, .. } => count(pool.size(), pool.num_idle()),
        }
    }

    /// A connection that only reads, and sees what has been committed.
    pub async fn read(&self) -> Result<Reader> {
        Ok(match &*self.backend {
            Backend::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Backend::Postgres { pool, .. } => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// Waits for a turn at a row that many want to change at once, before a transaction begins that will lock it. One at a time: whoever waits for a
    /// second turn while they have one may wait for ever.
    pub(crate) async fn turn(&self, row: uuid::Uuid) -> Turn {
        match &*self.backend {
            Backend::Sqlite { .. } => Turn::at_once(),
            Backend::Postgres { turns, .. } => turns.wait(row).await,
        }
    }

    /// Whether transactions that change one row stand in line for it, so that whoever waits there is better served together. Not where each
    /// transaction begins with something of its own; and SQLite's single writer takes them together anyway.
    pub(crate) fn forms_lines(&self) -> bool {
        self.dialect() == Dialect::Postgres && self.prelude.is_none()
    }

    /// Begins a transaction that may write. Dropping it rolls it back; `transaction!` is what operations use.
    pub async fn begin(&self) -> Result<Tx> {
        let mut tx = match &*self.backend {
            Backend::Sqlite { writer, .. } => Tx::Sqlite(writer.begin().await?),
            Backend::Postgres { pool, .. } => Tx::Postgres(pool.begin().await?),
        };
        if let Some(prelude) = &self.prelude {
            prelude.run(&mut tx).await?;
        }
        Ok(tx)
    }

    /// Makes sure that it takes changes, so that a server says so before it serves.
    ///
    /// # Errors
    /// `unavailable` for a file that may only be read, and for a PostgreSQL server that only follows another.
    pub async fn must_be_writable(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        let outcome = tx.query(sql!("UPDATE settings SET value = value WHERE key = ''")).execute().await;
        let rolled_back = tx.rollback().await;
        outcome?;
        rolled_back
    }

    /// Waits until nothing is under way any more, and closes all connections.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Backend::Postgres { pool, .. } => pool.close().await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.backend.fmt(f)
    }
}

/// A connection that only reads.
#[derive(Debug)]
pub enum Reader {
    /// Of the reader pool.
    Sqlite(sqlx::pool::PoolConnection<Sqlite>),
    /// Of the one pool.
    Postgres(sqlx::pool::PoolConnection<Postgres>),
}

impl Queries for Reader {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        match self {
            Self::Sqlite(conn) => Query::sqlite(conn, None, sql),
            Self::Postgres(conn) => Query::postgres(conn, sql),
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// A transaction. After a statement in it has failed, it can only be rolled back, on both databases.
#[derive(Debug)]
pub enum Tx {
    /// A savepoint of the writer's open group.
    Sqlite(sqlite::SqliteTx),
    /// A transaction at READ COMMITTED.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes it durable. What is answered `Ok` survives a crash.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Takes everything back. An error says that what the transaction read did not come to stay either.
    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            // Where this fails the connection is broken, and the server has rolled back already.
            Self::Postgres(tx) => drop(tx.rollback().await),
        }
        Ok(())
    }
}

/// Runs an async function in a transaction and commits if it returns `Ok`: `transaction!(db, |tx| store(tx, &input, now))`.
///
/// A transaction that PostgreSQL aborts for a deadlock or a serialization failure (`40P01`, `40001`) is run again, a
/// bounded number of times, so the function must have no effects outside its transaction.
///
/// This is a macro rather than a function that takes an async closure, because the compiler cannot yet prove that the
/// future of a closure that borrows its argument is `Send`.
macro_rules! transaction {
    ($db:expr, |$tx:ident| $work:expr) => {{
        let db: &$crate::db::Db = $db;
        let mut attempts = $crate::db::Attempts::default();
        loop {
            let mut transaction = db.begin().await?;
            let outcome: $crate::error::Result<_> = {
                let $tx = &mut transaction;
                $work.await
            };
            if let Some(outcome) = attempts.settle(transaction, outcome).await {
                break outcome;
            }
        }
    }};
    ($db:expr, $tx:ident => $work:block) => {
        $crate::db::transaction!($db, |$tx| async { $work })
    };
}
pub(crate) use transaction;

/// How often a transaction has been tried.
#[derive(Debug, Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Ends the transaction as its outcome demands; nothing if it should be run again.
    pub(crate) async fn settle<T>(&mut self, tx: Tx, outcome: Result<T>) -> Option<Result<T>> {
        let outcome = match outcome {
            Ok(value) => tx.commit().await.map(|()| value),
            Err(error) => match tx.rollback().await {
                Err(lost) if !error.is_unavailable() => Err(lost),
                _ => Err(error),
            },
        };
        if matches!(outcome, Err(Error::Contended)) && self.0 < postgres::RETRIES {
            self.0 += 1;
            tokio::time::sleep(postgres::backoff(self.0)).await;
            return None;
        }
        Some(outcome)
    }
}

impl Queries for Tx {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        match self {
            Self::Sqlite(tx) => tx.query(sql),
            Self::Postgres(tx) => Query::postgres(tx, sql),
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        classify(error)
    }
}

/// Tells a database that is away, locked or full from a fault of the program.
pub(crate) fn classify(error: sqlx::Error) -> Error {
    use sqlx::Error as E;
    match &error {
        E::PoolTimedOut => {
            Error::Unavailable("the database has no connection free: try again shortly".to_owned())
        }
        E::PoolClosed => Error::Unavailable("the database is closed: the program is ending".to_owned()),
        E::Io(_) | E::Tls(_) | E::WorkerCrashed => {
            Error::Unavailable("the database does not answer: try again shortly".to_owned())
        }
        E::Database(fault) => match (primary_code(fault.as_ref()), fault.code().as_deref()) {
            (Some(code), _) => match sqlite_excuse(code, fault.message()) {
                Some(excuse) => Error::Unavailable(excuse),
                None => Error::internal(error),
            },
            (None, Some("40001" | "40P01")) => Error::Contended,
            (None, Some("25006")) => Error::Unavailable(
                "the PostgreSQL server takes no changes: name the one that it follows".to_owned(),
            ),
            // PostgreSQL: the connection failed (08), resources ran out (53), the server is ending or starting (57P0x).
            (None, Some(code)) if ["08", "53", "57P0"].iter().any(|class| code.starts_with(class)) => {
                Error::Unavailable(format!("the database refuses for now: {}", fault.message()))
            }
            _ => Error::internal(error),
        },
        _ => Error::internal(error),
    }
}

/// What to say of a result code of SQLite that an operator can mend.
fn sqlite_excuse(code: u32, message: &str) -> Option<String> {
    Some(match code {
        BUSY | LOCKED => "the database file is locked by another process: try again shortly".to_owned(),
        8 => "the database file is read-only: make it writable for this user".to_owned(),
        10 => format!("the database file cannot be read or written: {message}"),
        13 => "the disk is full: free some space".to_owned(),
        14 => "the database file cannot be opened: check that its folder exists and is writable".to_owned(),
        _ => return None,
    })
}

/// `SQLITE_BUSY` and `SQLITE_LOCKED`.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;

/// SQLite's primary result code: the low byte of the extended one.
fn primary_code(fault: &dyn sqlx::error::DatabaseError) -> Option<u32> {
    fault.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    Some(fault.code()?.parse::<u32>().ok()? & 0xff)
}

/// Whether another process holds the SQLite file.
fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(primary_code);
    matches!(code, Some(BUSY | LOCKED))
}

/// Whether `error` is the violation of the unique index over `column` (`table.column`), which on PostgreSQL is named `table_column_key`.
pub(crate) fn violates(error: &sqlx::Error, table: &str, column: &str) -> bool {
    let sqlx::Error::Database(fault) = error else { return false };
    fault.is_unique_violation()
        && match fault.constraint() {
            Some(name) => name == format!("{table}_{column}_key"),
            None => fault.message().contains(&format!("{table}.{column}")),
        }
}
