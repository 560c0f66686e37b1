//! Queries: a statement, its arguments and its result, with one interface for both databases.

use std::pin::Pin;

use super::dialect::Dialect;
use super::held::HeldTx;
use super::reader::Reader;
use super::sql::Sql;
use super::statement::{Bind, Connection, Row, Statement, StatementJob};
use super::transaction::{Tx, TxTarget};

/// Something that runs queries: a reader or a transaction.
pub trait Queries: Send {
    /// Prepares a query. Bind its arguments in order, then call the method that fetches or executes it.
    fn query(&mut self, sql: Sql) -> Query<'_>;

    /// The SQL dialect of the database.
    fn dialect(&self) -> Dialect;
}

/// The future result of a query.
///
/// It is boxed so that the future of an operation does not contain those of its queries: the compiler would
/// check all types in them again for each operation.
pub type QueryFuture<'c, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'c>>;

/// A query with the arguments bound so far.
#[must_use = "a query does nothing until it is fetched or executed"]
pub struct Query<'c> {
    statement: Statement,
    target: Target<'c>,
    unencodable: Option<sqlx::Error>,
}

/// Where a query runs.
enum Target<'c> {
    /// On a connection of the task that runs it.
    Connection(Connection<'c>),
    /// In the task of a reader.
    Reader(&'c mut Reader),
    /// In a task of its own, in a transaction that the caller holds.
    Held(&'c HeldTx),
}

/// Runs `$method` of the statement on its connection.
macro_rules! run {
    ($query:expr, $method:ident) => {{
        let Query { statement, target, unencodable } = $query;
        if let Some(error) = unencodable {
            return Err(error);
        }
        match target {
            Target::Connection(connection) => statement.$method(connection).await,
            Target::Reader(reader) => {
                reader.run(StatementJob::new(|on| Box::pin(statement.$method(on)))).await
            }
            Target::Held(held) => held.run(StatementJob::new(|on| Box::pin(statement.$method(on)))).await,
        }
    }};
}

impl Queries for Reader {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        let statement = Statement::new(sql, self.dialect(), self.caches_statements());
        Query { statement, target: Target::Reader(self), unencodable: None }
    }

    fn dialect(&self) -> Dialect {
        Self::dialect(self)
    }
}

impl Queries for Tx {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        match self.target() {
            TxTarget::Connection(connection) => Query::on_connection(connection, sql),
            TxTarget::Held(held) => {
                let statement = Statement::new(sql, held.dialect(), held.caches_statements());
                Query { statement, target: Target::Held(held), unencodable: None }
            }
        }
    }

    fn dialect(&self) -> Dialect {
        Self::dialect(self)
    }
}

impl<'c> Query<'c> {
    pub(super) fn on_connection(connection: Connection<'c>, sql: Sql) -> Self {
        let statement = Statement::new(sql, connection.dialect(), connection.caches_statements());
        Self { statement, target: Target::Connection(connection), unencodable: None }
    }

    /// Binds the next argument.
    pub fn bind<T: Bind>(mut self, value: T) -> Self {
        if let Err(error) = self.statement.bind(value) {
            self.unencodable = Some(error);
        }
        self
    }

    /// Fetches all rows.
    pub fn all<R: Row>(self) -> QueryFuture<'c, Vec<R>> {
        Box::pin(async move { run!(self, all) })
    }

    /// Fetches the first row, if there is one.
    pub fn optional<R: Row>(self) -> QueryFuture<'c, Option<R>> {
        Box::pin(self.first())
    }

    /// Fetches the first row.
    ///
    /// # Errors
    /// `RowNotFound` if there is none.
    pub fn one<R: Row>(self) -> QueryFuture<'c, R> {
        Box::pin(async move { self.first().await?.ok_or(sqlx::Error::RowNotFound) })
    }

    /// Fetches the single column of the first row.
    ///
    /// # Errors
    /// `RowNotFound` if there is none.
    pub fn scalar<T: Send + Unpin + 'static>(self) -> QueryFuture<'c, T>
    where
        (T,): Row,
    {
        Box::pin(async move {
            let row: Option<(T,)> = self.first().await?;
            row.map(|(value,)| value).ok_or(sqlx::Error::RowNotFound)
        })
    }

    async fn first<R: Row>(self) -> sqlx::Result<Option<R>> {
        run!(self, optional)
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
    pub fn execute_deferred(self) -> QueryFuture<'c, ()> {
        Box::pin(async move { run!(self, execute_deferred) })
    }

    /// Executes the statement and returns the number of affected rows.
    pub fn execute(self) -> QueryFuture<'c, u64> {
        Box::pin(async move { run!(self, execute) })
    }
}
