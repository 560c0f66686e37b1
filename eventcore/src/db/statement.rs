//! A statement with its arguments, and the connections on which it runs.

use std::pin::Pin;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Encode, FromRow, PgConnection, Postgres, SqlStr, Sqlite, SqliteConnection, Type};

use super::dialect::Dialect;
use super::postgres::PostgresReader;
use super::sql::Sql;
use super::sqlite::group_commit::deferred::StatementState;

/// A value that both databases take as an argument. Implemented for all such types.
pub trait Bind:
    for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}

impl<T> Bind for T where
    T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}

/// A type that a row of either database can be read into: tuples, and types that derive `sqlx::FromRow`.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}

impl<T> Row for T
where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    T: Send + Unpin + 'static,
{
}

/// The text of a statement and the arguments bound so far.
pub(super) struct Statement {
    sql: SqlStr,
    arguments: Values,
}

enum Values {
    Sqlite(SqliteArguments),
    Postgres {
        arguments: PgArguments,
        /// Whether the connection caches the prepared statement.
        cached: bool,
    },
}

/// A connection, in use by the task that runs a statement.
pub(super) enum Connection<'c> {
    Sqlite {
        conn: &'c mut SqliteConnection,
        /// `None` outside a transaction.
        statements: Option<&'c mut StatementState>,
    },
    Postgres {
        conn: &'c mut PgConnection,
        caches_statements: bool,
    },
    PostgresReader(&'c mut PostgresReader),
}

impl Connection<'_> {
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } | Self::PostgresReader(_) => Dialect::Postgres,
        }
    }

    pub(super) const fn caches_statements(&self) -> bool {
        match self {
            Self::Postgres { caches_statements, .. } => *caches_statements,
            Self::Sqlite { .. } | Self::PostgresReader(_) => true,
        }
    }
}

type JobFuture<'c, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'c>>;

/// A statement to run in another task, on the connection of that task.
pub(super) struct StatementJob<T>(Box<dyn for<'c> FnOnce(Connection<'c>) -> JobFuture<'c, T> + Send>);

impl<T> StatementJob<T> {
    pub(super) fn new(run: impl for<'c> FnOnce(Connection<'c>) -> JobFuture<'c, T> + Send + 'static) -> Self {
        Self(Box::new(run))
    }

    pub(super) fn run(self, connection: Connection<'_>) -> JobFuture<'_, T> {
        (self.0)(connection)
    }
}

/// Builds the query with `sqlx::$build` and runs `$method` on it, on either database.
macro_rules! run_on {
    ($connection:expr, $statement:expr, $build:ident, $method:ident) => {{
        let Statement { sql, arguments } = $statement;
        match ($connection, arguments) {
            (Connection::Sqlite { conn, mut statements }, Values::Sqlite(arguments)) => {
                if let Some(statements) = &mut statements {
                    statements.before_statement(conn).await?;
                }
                let outcome = sqlx::$build(sql, arguments).$method(conn).await;
                if let (Err(_), Some(statements)) = (&outcome, statements) {
                    statements.set_failed();
                }
                outcome.map(Into::into)
            }
            (Connection::Postgres { conn, .. }, Values::Postgres { arguments, cached }) => {
                sqlx::$build(sql, arguments).persistent(cached).$method(conn).await.map(Into::into)
            }
            (Connection::PostgresReader(reader), Values::Postgres { arguments, cached }) => loop {
                let statement = sqlx::$build(sql.clone(), arguments.clone()).persistent(cached);
                match statement.$method(reader.connection()).await {
                    Err(error) if reader.replace_after(&error).await? => {}
                    outcome => break outcome.map(Into::into),
                }
            },
            (connection, _) => {
                let dialect = connection.dialect();
                Err(sqlx::Error::Protocol(format!("a statement of another dialect than {dialect:?}")))
            }
        }
    }};
}

impl Statement {
    pub(super) fn new(sql: Sql, dialect: Dialect, cached: bool) -> Self {
        let arguments = match dialect {
            Dialect::Sqlite => Values::Sqlite(SqliteArguments::default()),
            Dialect::Postgres => Values::Postgres { arguments: PgArguments::default(), cached },
        };
        Self { sql: sql.for_dialect(dialect), arguments }
    }

    pub(super) fn bind<T: Bind>(&mut self, value: T) -> sqlx::Result<()> {
        let added = match &mut self.arguments {
            Values::Sqlite(arguments) => Arguments::add(arguments, value),
            Values::Postgres { arguments, .. } => Arguments::add(arguments, value),
        };
        added.map_err(sqlx::Error::Encode)
    }

    pub(super) async fn all<R: Row>(self, connection: Connection<'_>) -> sqlx::Result<Vec<R>> {
        run_on!(connection, self, query_as_with, fetch_all)
    }

    pub(super) async fn optional<R: Row>(self, connection: Connection<'_>) -> sqlx::Result<Option<R>> {
        run_on!(connection, self, query_as_with, fetch_optional)
    }

    pub(super) async fn execute(self, connection: Connection<'_>) -> sqlx::Result<u64> {
        let affected: RowsAffected = run_on!(connection, self, query_with, execute)?;
        Ok(affected.0)
    }

    /// Defers the statement to the commit of its transaction, on SQLite.
    pub(super) async fn execute_deferred(self, connection: Connection<'_>) -> sqlx::Result<()> {
        match (self, connection) {
            (
                Self { sql, arguments: Values::Sqlite(arguments) },
                Connection::Sqlite { conn, statements: Some(statements) },
            ) => {
                statements.before_statement(conn).await?;
                statements.defer((sql, arguments));
                Ok(())
            }
            (statement, connection) => statement.execute(connection).await.map(drop),
        }
    }
}

struct RowsAffected(u64);

impl From<sqlx::sqlite::SqliteQueryResult> for RowsAffected {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for RowsAffected {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}
