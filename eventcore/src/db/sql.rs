//! The texts of statements.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::dialect::Dialect;

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

    pub(super) fn for_dialect(self, dialect: Dialect) -> SqlStr {
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
