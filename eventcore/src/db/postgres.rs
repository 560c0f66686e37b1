//! PostgreSQL: connecting, also through a connection pooler, and replacing connections that the server ended.
//!
//! Through a pooler that gives each transaction another server connection (pgbouncer in transaction mode),
//! nothing that belongs to a session works: startup options, named prepared statements, session-level locks.
//! Such a pooler is recognised when connecting. Then every read is a transaction as well, which sets the time
//! limits for itself, and no statement is kept prepared.
//!
//! PostgreSQL plans each statement once for any values (`plan_cache_mode = force_generic_plan`). By default,
//! it plans a prepared statement anew for its first five executions, and for as long as the values promise a
//! cheaper plan than average, which takes longer than most statements, and lets speed depend on the values
//! that came first. Statements are written so that one plan is good for all values: those with variable parts
//! leave no choice of where to begin (see `agenda`).
//!
//! Such a plan stays until the next ANALYZE of its tables. One that was made while a table was empty may read
//! all of it for each row that it looks for, however much the table grows meanwhile. So tables are scanned
//! only where no index serves (`enable_seqscan = off`), and a job analyses tables that have grown (see
//! `analyze`). Where a scan is needed, its estimated cost is so high that PostgreSQL would compile the plan,
//! which takes longer than most statements (`jit = off`).

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, Row, Transaction};

use super::error::{is_connection_lost, is_temporary};
use super::pool_settings::{ACQUIRE_TIMEOUT, PING_AFTER, PoolSettings, STATEMENT_CACHE};
use super::schema_name::SchemaName;
use crate::error::{Cause, Error, Result};

/// Greatest number of times that a transaction is run again after a deadlock or a serialization failure.
pub(crate) const RETRIES: u32 = 8;

/// The name of the connections on the server.
const APPLICATION: &str = "eventcore";
/// A setting of the connection that a server keeps and a pooler does not pass on.
const MARKER: &str = "eventcore.direct";
/// The settings by which statements are planned once, for any values and any size of their tables.
const PLAN_SETTINGS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off")];
/// The setting by which the server looks, while a statement runs, whether its client is still there: since
/// PostgreSQL 14, and where the operating system can tell. Without it, a statement whose client is gone runs
/// until its time limit.
const CLIENT_CHECK: (&str, &str) = ("client_connection_check_interval", "1s");
/// SQLSTATEs with which a pooler, or a server that only speaks PostgreSQL's protocol, refuses startup
/// options: protocol violation, unknown parameter, invalid value, invalid name, feature not supported.
const REFUSES_OPTIONS: [&str; 5] = ["08P01", "42704", "22023", "42602", "0A000"];

/// The connections to a server.
#[derive(Debug)]
pub(super) struct Server {
    pool: PgPool,
    /// The statement that begins a transaction, if it must set the time limits.
    begin: Option<String>,
    /// How many connections the pool may hold, all of which the server may have ended.
    connections: u32,
    /// The address and the user.
    address: Box<PgConnectOptions>,
    /// The schema, if one was chosen.
    schema: Option<SchemaName>,
}

/// A connection for reads outside a transaction.
#[derive(Debug)]
pub(super) struct PostgresReader {
    connection: PoolConnection<Postgres>,
    pool: PgPool,
    /// How often the connection may still be replaced.
    replacements: u32,
}

/// A transaction.
#[derive(Debug)]
pub(super) struct PostgresTx {
    transaction: Transaction<'static, Postgres>,
    caches_statements: bool,
}

impl Server {
    /// Connects to a server, directly or through a pooler.
    pub(super) async fn connect(
        options: PgConnectOptions,
        schema: Option<SchemaName>,
        settings: &PoolSettings,
    ) -> Result<Self> {
        let options = options.application_name(APPLICATION);
        match Self::connect_directly(&options, schema.clone(), settings).await? {
            Some(server) => Ok(server),
            None => Self::connect_through_pooler(options, schema, settings).await,
        }
    }

    /// Connects to a server, of which no connection keeps anything for longer than a transaction.
    pub(super) async fn connect_through_pooler(
        options: PgConnectOptions,
        schema: Option<SchemaName>,
        settings: &PoolSettings,
    ) -> Result<Self> {
        let options = options.application_name(APPLICATION);
        let begin: Vec<String> = std::iter::once("BEGIN".to_owned())
            .chain(
                session_settings(settings, schema.as_ref())
                    .map(|(name, value)| format!("SET LOCAL {name} = {value}")),
            )
            .collect();
        // sqlx sends `extra_float_digits` by default, which pgbouncer refuses.
        let address = Box::new(options.clone());
        let options = options.extra_float_digits(None).statement_cache_capacity(0);
        let pool = pool(settings, options).await?;
        Ok(Self { pool, begin: Some(begin.join("; ")), connections: settings.postgres, address, schema })
    }

    /// `None` if the settings of a connection do not reach the server.
    async fn connect_directly(
        address: &PgConnectOptions,
        schema: Option<SchemaName>,
        settings: &PoolSettings,
    ) -> Result<Option<Self>> {
        let options = address
            .clone()
            .statement_cache_capacity(STATEMENT_CACHE)
            .options(session_settings(settings, schema.as_ref()))
            .options([(MARKER, "on")]);
        let opened = match pool(settings, options.clone().options([CLIENT_CHECK])).await {
            Err(Refused::Options) => pool(settings, options.clone()).await,
            other => other,
        };
        let pool = match opened {
            Err(Refused::Options) => return Ok(None),
            other => other?,
        };
        // Not prepared: a pooler may prepare it on one connection and execute it on another.
        let marker = sqlx::raw_sql("SELECT current_setting('eventcore.direct', true)").fetch_one(&pool).await;
        let marker = marker.and_then(|row| row.try_get::<Option<String>, _>(0));
        if marker.map_err(|error| connect_error(&options, &error))?.as_deref() != Some("on") {
            pool.close().await;
            return Ok(None);
        }
        let address = Box::new(address.clone());
        Ok(Some(Self { pool, begin: None, connections: settings.postgres, address, schema }))
    }

    /// How to connect for notifications: to `url`, or to the same server unless a pooler is in between.
    pub(super) fn listen_options(&self, url: Option<&str>) -> Result<Option<PgConnectOptions>> {
        match url {
            Some(url) => options_of(url, "the URL for notifications").map(Some),
            None if self.keeps_sessions() => Ok(Some((*self.address).clone())),
            None => Ok(None),
        }
    }

    /// The schema, if one was chosen.
    pub(super) const fn schema(&self) -> Option<&SchemaName> {
        self.schema.as_ref()
    }

    pub(super) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The greatest number of connections.
    pub(super) const fn connections(&self) -> u32 {
        self.connections
    }

    /// Whether a session keeps what is set or prepared in it.
    pub(super) const fn keeps_sessions(&self) -> bool {
        self.begin.is_none()
    }

    /// A connection for reads. Only without a pooler.
    pub(super) async fn read(&self) -> sqlx::Result<PostgresReader> {
        let connection = self.pool.acquire().await?;
        Ok(PostgresReader { connection, pool: self.pool.clone(), replacements: self.connections + 1 })
    }

    /// Begins a transaction. BEGIN is the first statement of a connection from the pool, so it finds out
    /// whether the server has ended the connection, and nothing is lost by trying the next one.
    pub(super) async fn begin(&self) -> sqlx::Result<PostgresTx> {
        let mut attempts = 0;
        let transaction = loop {
            let begun = match &self.begin {
                None => self.pool.begin().await,
                Some(begin) => self.pool.begin_with(AssertSqlSafe(begin.clone())).await,
            };
            match begun {
                Err(error) if is_connection_lost(&error) && attempts <= self.connections => attempts += 1,
                other => break other?,
            }
        };
        Ok(PostgresTx { transaction, caches_statements: self.keeps_sessions() })
    }
}

impl PostgresReader {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Closes the connection, by which the server ends the statement that runs on it (see [`CLIENT_CHECK`]).
    pub(super) async fn close(self) {
        if let Err(error) = self.connection.detach().close_hard().await {
            tracing::debug!(%error, "a connection was closed already");
        }
    }

    /// Replaces the connection after `error`, if the server has ended it. Then the caller can repeat the
    /// statement: outside of a transaction a read is complete in itself.
    pub(super) async fn replace_after(&mut self, error: &sqlx::Error) -> sqlx::Result<bool> {
        if !is_connection_lost(error) || self.replacements == 0 {
            return Ok(false);
        }
        self.replacements -= 1;
        self.connection = self.pool.acquire().await?;
        Ok(true)
    }
}

impl PostgresTx {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(super) const fn caches_statements(&self) -> bool {
        self.caches_statements
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }

    pub(super) async fn rollback(self) -> sqlx::Result<()> {
        self.transaction.rollback().await
    }

    /// Lifts the time limits of this transaction.
    pub(super) async fn lift_time_limits(&mut self) -> sqlx::Result<()> {
        self.run("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0").await
    }

    /// Deallocates what is prepared. Through a pooler it would be in the way of the next client.
    pub(super) async fn deallocate(&mut self) -> sqlx::Result<()> {
        if self.caches_statements { Ok(()) } else { self.run("DEALLOCATE ALL").await }
    }

    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        sqlx::Executor::execute(&mut *self.transaction, sql).await.map(drop)
    }
}

/// How to connect to the URL of a database.
pub(super) fn options_of_url(url: &str) -> Result<PgConnectOptions> {
    options_of(url, "the database URL")
}

/// How to connect to a URL, which the error names by `what`.
fn options_of(url: &str, what: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|error| {
        let message = format!("{what} is not valid (postgres://USER@HOST/NAME): {error}");
        Error::unavailable(Cause::WrongUrl, message)
    })?;
    Ok(options.application_name(APPLICATION))
}

/// The settings of a session: its time limits in milliseconds, where 0 is none, how statements are planned,
/// and the schema, if one was chosen. Names of tables mean those of this schema, and never those of another.
fn session_settings(
    settings: &PoolSettings,
    schema: Option<&SchemaName>,
) -> impl Iterator<Item = (&'static str, String)> {
    let limits = [("lock_timeout", settings.lock_timeout), ("statement_timeout", settings.statement_timeout)];
    limits
        .map(|(name, limit)| (name, limit.as_millis().to_string()))
        .into_iter()
        .chain(PLAN_SETTINGS.map(|(name, value)| (name, value.to_owned())))
        .chain(schema.map(|schema| ("search_path", schema.to_string())))
}

/// Why a first connection failed.
enum Refused {
    /// The startup options are refused.
    Options,
    /// Anything else.
    Other(Error),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Options => Self::unavailable(
                Cause::WrongUrl,
                "PostgreSQL refuses the options of the connection: remove them from the database URL",
            ),
            Refused::Other(error) => error,
        }
    }
}

async fn pool(settings: &PoolSettings, options: PgConnectOptions) -> Result<PgPool, Refused> {
    let pool = PgPoolOptions::new()
        .max_connections(settings.postgres)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A ping costs a round trip: recently used connections are not pinged.
        .test_before_acquire(false)
        .before_acquire(|conn, used| {
            Box::pin(async move {
                if used.idle_for >= PING_AFTER {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options.clone())
        .await;
    pool.map_err(|error| {
        let code = error.as_database_error().and_then(|fault| fault.code().map(std::borrow::Cow::into_owned));
        match code {
            Some(code) if REFUSES_OPTIONS.contains(&code.as_str()) => Refused::Options,
            _ => Refused::Other(connect_error(&options, &error)),
        }
    })
}

/// The error of a failed first connection.
fn connect_error(options: &PgConnectOptions, error: &sqlx::Error) -> Error {
    let address = format!("{}:{}", options.get_host(), options.get_port());
    let check = "check that it runs and accepts connections";
    let (cause, message) = match error {
        sqlx::Error::Database(fault) => {
            let is_temporary = fault.code().is_some_and(|code| is_temporary(&code));
            let cause = if is_temporary { Cause::Unreachable } else { Cause::Refused };
            (cause, format!("PostgreSQL at {address} refused the connection: {}", fault.message()))
        }
        sqlx::Error::Protocol(_) => (
            Cause::WrongUrl,
            format!(
                "what listens at {address} is not PostgreSQL: check the host and port in the database URL \
                 ({error})"
            ),
        ),
        sqlx::Error::PoolTimedOut => {
            (Cause::Unreachable, format!("PostgreSQL at {address} cannot be reached: {check}"))
        }
        other => {
            (Cause::Unreachable, format!("PostgreSQL at {address} cannot be reached: {check} ({other})"))
        }
    };
    Error::unavailable(cause, message)
}

/// The wait before attempt number `attempt`, from 1: at least 4 ms, doubled with each attempt up to 256 ms. A
/// random part of up to the same length prevents two transactions from colliding again.
pub(crate) fn backoff(attempt: u32) -> Duration {
    let base = 2_000_u64 << attempt.min(7);
    Duration::from_micros(base + u64::from(random_u32()) % base)
}

fn random_u32() -> u32 {
    uuid::Uuid::new_v4().as_fields().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_is_bounded() {
        for attempt in 1..=RETRIES {
            let wait = backoff(attempt);
            assert!(
                wait >= Duration::from_micros(2_000 << attempt.min(7)) && wait < Duration::from_millis(600),
                "{attempt}: {wait:?}"
            );
        }
    }
}
