//! Which database is opened.

use sqlx::postgres::PgConnectOptions;

use super::schema_name::SchemaName;
use crate::error::{Cause, Error, Result};

/// Which database is opened, and what it may have.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) address: Address,
    /// The schema on PostgreSQL, if one was chosen. Otherwise it is that of the connections, such as
    /// `public`.
    pub(crate) schema: Option<SchemaName>,
    /// Whether a missing SQLite file is created.
    pub(crate) create: bool,
    /// Whether a database is refused that has tables, and none of this library.
    pub(crate) refuses_foreign: bool,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// `sqlite://FILE` or `postgres://…`.
    Url(String),
    #[cfg_attr(not(feature = "sqlx-0_9"), expect(dead_code, reason = "only that feature shows the options"))]
    Postgres(Box<PgConnectOptions>),
    /// A new SQLite file, which is deleted when it is closed.
    Temporary,
}

impl Location {
    /// The database at `url`, which is created if it is missing.
    pub(crate) fn of_url(url: &str) -> Self {
        Self { address: Address::Url(url.to_owned()), schema: None, create: true, refuses_foreign: false }
    }

    /// Refuses a schema, on SQLite.
    pub(super) fn must_have_no_schema(&self) -> Result<()> {
        match self.schema {
            None => Ok(()),
            Some(_) => Err(Error::unavailable(
                Cause::WrongSetting,
                "SQLite has no schemas: choose none, and give each library a file of its own",
            )),
        }
    }
}
