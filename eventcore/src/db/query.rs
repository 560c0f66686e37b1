//! Queries: a statement, its arguments and its result, with one interface for both databases.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, Encode, FromRow, PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite,
    SqliteConnection, Type,
};

use super::dialect::Dialect;
use super::postgres::{PostgresReader, PostgresTx};
use super::sqlite::deferred::StatementState;

/// The text of a statement. The library writes constant ones with `sql!`: a test finds and prepares each of
/// them on both databases. Statements with variable parts, such as filters, are [`Sql::dynamic`].
#[derive(Debug, Clone)]
pub struct Sql(Text);

#[derive(Debug, Clone)]
enum Text {
    Portable(&'static str),
    PerDialect { sqlite: &'static str, postgres: &'static str },
    Dynamic(String),
}

impl Sql {
    /// One text for both databases. The library itself uses `sql!`.
    pub const fn portable(text: &'static str) -> Self {
        Self(Text::Portable(text))
    }

    /// A text for each database. The library itself uses `sql!`.
    pub const fn per_dialect(sqlite: &'static str, postgres: &'static str) -> Self {
        Self(Text::PerDialect { sqlite, postgres })
    }

    /// A text composed at run time. Compose it of literals only and bind all values: user input in it would
    /// be an SQL injection.
    pub const fn dynamic(text: String) -> Self {
        Self(Text::Dynamic(text))
    }

    fn for_dialect(self, dialect: Dialect) -> SqlStr {
        match (self.0, dialect) {
            (Text::Portable(text) | Text::PerDialect { sqlite: text, .. }, Dialect::Sqlite)
            | (Text::Portable(text) | Text::PerDialect { postgres: text, .. }, Dialect::Postgres) => {
                text.into_sql_str()
            }
            (Text::Dynamic(text), _) => AssertSqlSafe(text).into_sql_str(),
        }
    }
}

/// A statement from literals:
///
/// - `sql!("SELECT …")` for both databases;
/// - `sql!("SELECT …", for update)` to lock the rows on PostgreSQL. SQLite needs no row locks: it has one
///   writer;
/// - `sql!(sqlite "…", postgres "…")` if the databases need different texts.
macro_rules! sql {
    ($text:literal) => {
        $crate::db::Sql::portable($text)
    };
    ($text:literal, for update) => {
        $crate::db::Sql::per_dialect($text, concat!($text, " FOR UPDATE"))
    };
    (sqlite $sqlite:literal, postgres $postgres:literal) => {
        $crate::db::Sql::per_dialect($sqlite, $postgres)
    };
}
pub(crate) use sql;

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
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// Something that runs queries: a reader or a transaction.
pub trait Queries: Send {
    /// Prepares a query. Bind its arguments in order, then call the method that fetches or executes it.
    fn query(&mut self, sql: Sql) -> Query<'_>;

    /// The SQL dialect of the database.
    fn dialect(&self) -> Dialect;
}

/// A query with the arguments bound so far.
#[must_use = "a query does nothing until it is fetched or executed"]
pub struct Query<'c> {
    sql: SqlStr,
    target: Target<'c>,
    unencodable: Option<sqlx::Error>,
}

enum Target<'c> {
    Sqlite {
        conn: &'c mut SqliteConnection,
        args: SqliteArguments,
        /// `None` outside a transaction.
        statements: Option<&'c mut StatementState>,
    },
    Postgres {
        session: PostgresSession<'c>,
        args: PgArguments,
        /// Whether the connection caches the prepared statement.
        cached: bool,
    },
}

enum PostgresSession<'c> {
    Transaction(&'c mut PgConnection),
    Reader(&'c mut PostgresReader),
}

/// Builds the query with `sqlx::$build` and runs `$method` on it, on either database.
macro_rules! run {
    ($query:expr, $build:ident, $method:ident) => {{
        if let Some(error) = $query.unencodable {
            return Err(error);
        }
        match $query.target {
            Target::Sqlite { conn, args, mut statements } => {
                if let Some(statements) = &mut statements {
                    statements.before_statement(conn).await?;
                }
                let outcome = sqlx::$build($query.sql, args).$method(conn).await;
                if let (Err(_), Some(statements)) = (&outcome, statements) {
                    statements.set_failed();
                }
                outcome.map(Into::into)
            }
            Target::Postgres { session: PostgresSession::Transaction(conn), args, cached } => {
                sqlx::$build($query.sql, args).persistent(cached).$method(conn).await.map(Into::into)
            }
            Target::Postgres { session: PostgresSession::Reader(reader), args, cached } => loop {
                let statement = sqlx::$build($query.sql.clone(), args.clone()).persistent(cached);
                match statement.$method(reader.connection()).await {
                    Err(error) if reader.replace_after(&error).await? => {}
                    outcome => break outcome.map(Into::into),
                }
            },
        }
    }};
}

impl<'c> Query<'c> {
    pub(super) fn sqlite(
        conn: &'c mut SqliteConnection,
        statements: Option<&'c mut StatementState>,
        sql: Sql,
    ) -> Self {
        let target = Target::Sqlite { conn, args: SqliteArguments::default(), statements };
        Self { sql: sql.for_dialect(Dialect::Sqlite), target, unencodable: None }
    }

    pub(super) fn postgres(tx: &'c mut PostgresTx, sql: Sql) -> Self {
        let cached = tx.caches_statements();
        let session = PostgresSession::Transaction(tx.connection());
        let target = Target::Postgres { session, args: PgArguments::default(), cached };
        Self { sql: sql.for_dialect(Dialect::Postgres), target, unencodable: None }
    }

    pub(super) fn postgres_reader(reader: &'c mut PostgresReader, sql: Sql) -> Self {
        let session = PostgresSession::Reader(reader);
        let target = Target::Postgres { session, args: PgArguments::default(), cached: true };
        Self { sql: sql.for_dialect(Dialect::Postgres), target, unencodable: None }
    }

    /// Binds the next argument.
    pub fn bind<T: Bind>(mut self, value: T) -> Self {
        let added = match &mut self.target {
            Target::Sqlite { args, .. } => Arguments::add(args, value),
            Target::Postgres { args, .. } => Arguments::add(args, value),
        };
        if let Err(error) = added {
            self.unencodable = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// Makes PostgreSQL plan the statement for these arguments instead of using a cached, generic plan. Use
    /// it if the number of matching rows varies much with the arguments: a wrong plan then costs more than
    /// planning. It has no effect on SQLite, which does not plan by argument.
    pub fn without_cached_plan(mut self) -> Self {
        if let Target::Postgres { cached, .. } = &mut self.target {
            *cached = false;
        }
        self
    }

    /// Fetches all rows.
    pub async fn all<R: Row>(self) -> sqlx::Result<Vec<R>> {
        run!(self, query_as_with, fetch_all)
    }

    /// Fetches the first row, if there is one.
    pub async fn optional<R: Row>(self) -> sqlx::Result<Option<R>> {
        run!(self, query_as_with, fetch_optional)
    }

    /// Fetches the first row.
    ///
    /// # Errors
    /// `RowNotFound` if there is none.
    pub async fn one<R: Row>(self) -> sqlx::Result<R> {
        self.optional().await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Fetches the single column of the first row.
    ///
    /// # Errors
    /// `RowNotFound` if there is none.
    pub async fn scalar<T: Send + Unpin>(self) -> sqlx::Result<T>
    where
        (T,): Row,
    {
        self.one::<(T,)>().await.map(|(value,)| value)
    }

    /// Executes the statement, on SQLite together with the commit, in one command. Use it for the last
    /// statement of a transaction that many callers run at once: it saves a command to the connection's
    /// thread.
    ///
    /// A further statement of the transaction runs this one first.
    ///
    /// # Errors
    /// On SQLite `Ok` does not mean that the statement succeeded: its error is returned by the next statement
    /// or by the commit.
    pub async fn execute_deferred(self) -> sqlx::Result<()> {
        match self {
            Self {
                sql,
                target: Target::Sqlite { conn, args, statements: Some(statements) },
                unencodable: None,
            } => {
                statements.before_statement(conn).await?;
                statements.defer((sql, args));
                Ok(())
            }
            other => other.execute().await.map(drop),
        }
    }

    /// Executes the statement and returns the number of affected rows.
    pub async fn execute(self) -> sqlx::Result<u64> {
        let affected: RowsAffected = run!(self, query_with, execute)?;
        Ok(affected.0)
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
