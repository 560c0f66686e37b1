//! Errors of the database: which of them an operator can remedy, and which are faults of the program.

use sqlx::error::DatabaseError;

use crate::error::Error;

/// Result codes of SQLite.
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;

/// Deadlock and serialization failure on PostgreSQL: the transaction can be run again.
const RETRYABLE: [&str; 2] = ["40P01", "40001"];
/// A write in a read-only transaction, as on a standby server.
const READ_ONLY: &str = "25006";
/// SQLSTATE prefixes of PostgreSQL: connection failure (08), insufficient resources (53), server starting or
/// shutting down (57P0x).
const TEMPORARY: [&str; 3] = ["08", "53", "57P0"];

impl From<sqlx::Error> for Error {
    /// `Contended` for a transaction that can be run again, `Unavailable` for a database that cannot be
    /// reached, is locked, full or read-only, `Internal` for everything else.
    fn from(error: sqlx::Error) -> Self {
        let unavailable = match &error {
            sqlx::Error::PoolTimedOut => "no database connection is free: try again shortly".to_owned(),
            sqlx::Error::PoolClosed => "the database is closed: the program is shutting down".to_owned(),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                "the database does not respond: try again shortly".to_owned()
            }
            sqlx::Error::Database(fault) => match (sqlite_code(fault.as_ref()), fault.code()) {
                (Some(code), _) => match sqlite_unavailable(code, fault.message()) {
                    Some(why) => why,
                    None => return Self::internal(error),
                },
                (None, Some(code)) if RETRYABLE.contains(&&*code) => return Self::Contended,
                (None, Some(code)) => match postgres_unavailable(&code, fault.message()) {
                    Some(why) => why,
                    None => return Self::internal(error),
                },
                (None, None) => return Self::internal(error),
            },
            _ => return Self::internal(error),
        };
        Self::Unavailable(unavailable)
    }
}

/// The message for a result code of SQLite that an operator can remedy.
fn sqlite_unavailable(code: u32, message: &str) -> Option<String> {
    Some(match code {
        SQLITE_BUSY | SQLITE_LOCKED => {
            "the database file is locked by another process: try again shortly".to_owned()
        }
        SQLITE_READONLY => "the database file is read-only: make it writable for this user".to_owned(),
        SQLITE_IOERR => format!("the database file cannot be read or written: {message}"),
        SQLITE_FULL => "the disk is full: free some space".to_owned(),
        SQLITE_CANTOPEN => {
            "the database file cannot be opened: check that its folder exists and is writable".to_owned()
        }
        _ => return None,
    })
}

/// The message for an SQLSTATE of PostgreSQL that an operator can remedy.
fn postgres_unavailable(code: &str, message: &str) -> Option<String> {
    if code == READ_ONLY {
        return Some(
            "the PostgreSQL server is read-only (a standby): connect to its primary server".to_owned(),
        );
    }
    TEMPORARY
        .iter()
        .any(|prefix| code.starts_with(prefix))
        .then(|| format!("the database is temporarily unavailable: {message}"))
}

/// SQLite's primary result code (the low byte of the extended one), or `None` for an error of PostgreSQL.
fn sqlite_code(fault: &dyn DatabaseError) -> Option<u32> {
    fault.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    Some(fault.code()?.parse::<u32>().ok()? & 0xff)
}

/// Whether another process has locked the SQLite file.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlite_code);
    matches!(code, Some(SQLITE_BUSY | SQLITE_LOCKED))
}

/// Whether `error` violates the unique index on `table.column`.
pub(crate) fn violates_unique(error: &sqlx::Error, table: &str, column: &str) -> bool {
    let sqlx::Error::Database(fault) = error else { return false };
    fault.is_unique_violation()
        && match fault.constraint() {
            // PostgreSQL gives the constraint's default name, SQLite the column in the message.
            Some(name) => name == format!("{table}_{column}_key"),
            None => fault.message().contains(&format!("{table}.{column}")),
        }
}
