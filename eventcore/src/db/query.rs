//! Queries: a statement, its arguments, and what comes back, alike for both databases.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, Encode, FromRow, PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite,
    SqliteConnection, Type,
};

use super::Dialect;

/// A statement. Made by `sql!` from literals, so that a test can find and prepare each one; or built where a list has filters.
#[derive(Debug, Clone)]
pub struct Sql(Text);

#[derive(Debug, Clone)]
enum Text {
    Same(&'static str),
    Each { sqlite: &'static str, postgres: &'static str },
    Built(String),
}

impl Sql {
    /// The same text for both databases. Use `sql!` in the library.
    pub const fn same(text: &'static str) -> Self {
        Self(Text::Same(text))
    }

    /// A text for each database. Use `sql!` in the library.
    pub const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self(Text::Each { sqlite, postgres })
    }

    /// A text put together from literals: never from anything that came from outside.
    pub const fn built(text: String) -> Self {
        Self(Text::Built(text))
    }

    fn for_dialect(self, dialect: Dialect) -> SqlStr {
        match (self.0, dialect) {
            (Text::Same(text) | Text::Each { sqlite: text, .. }, Dialect::Sqlite)
            | (Text::Same(text) | Text::Each { postgres: text, .. }, Dialect::Postgres) => {
                text.into_sql_str()
            }
            (Text::Built(text), _) => AssertSqlSafe(text).into_sql_str(),
        }
    }
}

/// A statement from a literal: `sql!("SELECT …")`, `sql!("SELECT …", for update)` where PostgreSQL must lock what SQLite's single writer has
/// locked already, or `sql!(sqlite "…", postgres "…")` where they differ.
macro_rules! sql {
    ($text:literal) => {
        $crate::db::Sql::same($text)
    };
    ($text:literal, for update) => {
        $crate::db::Sql::each($text, concat!($text, " FOR UPDATE"))
    };
    (sqlite $sqlite:literal, postgres $postgres:literal) => {
        $crate::db::Sql::each($sqlite, $postgres)
    };
}
pub(crate) use sql;

/// A value that both databases can take.
pub trait Bind:
    for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}

impl<T> Bind for T where
    T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}

/// A row that both databases can give: whatever derives `sqlx::FromRow`, and tuples.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What runs queries: a reader or a transaction.
pub trait Queries: Send {
    /// Begins a query; bind its arguments in order, then choose how to fetch.
    fn query(&mut self, sql: Sql) -> Query<'_>;

    /// Which database it is.
    fn dialect(&self) -> Dialect;
}

/// A query that gathers its arguments.
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
        /// That of the transaction, if it is one.
        progress: Option<&'c mut Progress>,
    },
    Postgres {
        conn: &'c mut PgConnection,
        args: PgArguments,
        /// Whether the statement is kept, and after some runs planned for whatever its arguments may be.
        kept: bool,
    },
}

/// How far a transaction on SQLite is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// A statement failed: nothing more is run in it, as PostgreSQL has it too.
    pub(super) failed: bool,
    /// What is to be run with the commit, or before whatever else comes.
    pub(super) last: Option<(SqlStr, SqliteArguments)>,
}

impl Progress {
    /// Passes where nothing has failed, and runs what was left for the end: it was not the end.
    async fn go_on(&mut self, conn: &mut SqliteConnection) -> sqlx::Result<()> {
        self.must_not_have_failed()?;
        if let Some((sql, args)) = self.last.take() {
            // Unless it comes to its end.
            self.failed = true;
            sqlx::query_with(sql, args).execute(conn).await?;
            self.failed = false;
        }
        Ok(())
    }

    pub(super) fn must_not_have_failed(&self) -> sqlx::Result<()> {
        if self.failed {
            return Err(sqlx::Error::Protocol(
                "a statement of this transaction has failed before".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Runs one way of fetching on whichever connection it is.
macro_rules! run {
    ($query:expr, $build:ident, $method:ident) => {{
        if let Some(error) = $query.unencodable {
            return Err(error);
        }
        match $query.target {
            Target::Sqlite { conn, args, mut progress } => {
                if let Some(progress) = &mut progress {
                    progress.go_on(conn).await?;
                }
                let outcome = sqlx::$build($query.sql, args).$method(conn).await;
                if let (Err(_), Some(progress)) = (&outcome, progress) {
                    progress.failed = true;
                }
                outcome.map(Into::into)
            }
            Target::Postgres { conn, args, kept } => {
                sqlx::$build($query.sql, args).persistent(kept).$method(conn).await.map(Into::into)
            }
        }
    }};
}

impl<'c> Query<'c> {
    pub(super) fn sqlite(
        conn: &'c mut SqliteConnection,
        progress: Option<&'c mut Progress>,
        sql: Sql,
    ) -> Self {
        let target = Target::Sqlite { conn, args: SqliteArguments::default(), progress };
        Self { sql: sql.for_dialect(Dialect::Sqlite), target, unencodable: None }
    }

    pub(super) fn postgres(conn: &'c mut PgConnection, sql: Sql) -> Self {
        let target = Target::Postgres { conn, args: PgArguments::default(), kept: true };
        Self { sql: sql.for_dialect(Dialect::Postgres), target, unencodable: None }
    }

    /// Gives the next argument.
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

    /// Plans it for these arguments, where PostgreSQL would soon plan it for any: for conditions that much or little may fulfil, where the wrong plan
    /// costs more than planning. SQLite plans for any.
    pub fn planned_anew(mut self) -> Self {
        if let Target::Postgres { kept, .. } = &mut self.target {
            *kept = false;
        }
        self
    }

    /// All rows.
    pub async fn all<R: Row>(self) -> sqlx::Result<Vec<R>> {
        run!(self, query_as_with, fetch_all)
    }

    /// The first row, if there is one.
    pub async fn optional<R: Row>(self) -> sqlx::Result<Option<R>> {
        run!(self, query_as_with, fetch_optional)
    }

    /// The first row, of which there must be one.
    pub async fn one<R: Row>(self) -> sqlx::Result<R> {
        self.optional().await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// The one column of the one row.
    pub async fn scalar<T: Send + Unpin>(self) -> sqlx::Result<T>
    where
        (T,): Row,
    {
        self.one::<(T,)>().await.map(|(value,)| value)
    }

    /// Runs it with the commit, at one go where the database can: for the last change of a transaction in which a rush waits for each way to the
    /// database. What comes after it in the transaction comes after it all the same; where it fails, so does that, or the commit.
    pub async fn execute_last(self) -> sqlx::Result<()> {
        match self {
            Self {
                sql,
                target: Target::Sqlite { conn, args, progress: Some(progress) },
                unencodable: None,
            } => {
                progress.go_on(conn).await?;
                progress.last = Some((sql, args));
                Ok(())
            }
            other => other.execute().await.map(drop),
        }
    }

    /// Runs it; answers how many rows it touched.
    pub async fn execute(self) -> sqlx::Result<u64> {
        let touched: Touched = run!(self, query_with, execute)?;
        Ok(touched.0)
    }
}

struct Touched(u64);

impl From<sqlx::sqlite::SqliteQueryResult> for Touched {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for Touched {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}
