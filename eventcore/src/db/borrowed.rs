//! A connection that no reader and no transaction of this module owns, such as that of a migration.

use sqlx::{PgConnection, SqliteConnection};

use super::dialect::Dialect;
use super::query::{Queries, Query};
use super::sql::Sql;
use super::statement::Connection;

/// A connection, for queries one after another. On PostgreSQL it keeps nothing prepared.
pub(super) enum BorrowedConnection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Queries for BorrowedConnection<'_> {
    fn query(&mut self, sql: Sql) -> Query<'_> {
        let connection = match self {
            Self::Sqlite(conn) => Connection::Sqlite { conn, statements: None },
            Self::Postgres(conn) => Connection::Postgres { conn, caches_statements: false },
        };
        Query::on_connection(connection, sql)
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}
