//! The two kinds of databases.

/// The SQL dialect of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, a file.
    Sqlite,
    /// PostgreSQL, or a server with its protocol and SQL.
    Postgres,
}
