//! Errors of the database: which of them an operator can remedy, and which are faults of the program.

use sqlx::error::DatabaseError;

use crate::error::{Cause, Error};

/// Result codes of SQLite.
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
const SQLITE_NOTADB: u32 = 26;
/// Extended result code of SQLite.
const SQLITE_READONLY_DBMOVED: u32 = 1032;

/// Deadlock and serialization failure on PostgreSQL: the transaction can be run again.
const RETRYABLE: [&str; 2] = ["40P01", "40001"];
/// A write in a read-only transaction, as on a standby server.
const READ_ONLY: &str = "25006";
/// The disk of the PostgreSQL server is full.
const DISK_FULL: &str = "53100";
/// SQLSTATE prefixes of PostgreSQL: connection failure (08), insufficient resources (53), server starting or
/// shutting down (57P0x), files that cannot be read or written (58).
const TEMPORARY: [&str; 4] = ["08", "53", "57P0", "58"];
/// No such database (3D000), and refused users and passwords (28xxx).
const REFUSED: [&str; 2] = ["3D000", "28"];
/// The user lacks a privilege, or may use no schema.
const FORBIDDEN: [&str; 2] = ["42501", "3F000"];
/// No such table, column or function. The statements are tested, so the schema was changed.
const CHANGED_SCHEMA: [&str; 3] = ["42P01", "42703", "42883"];
/// What SQLite's messages say in these cases, for which it has no codes.
const CHANGED_SCHEMA_MESSAGES: [&str; 3] = ["no such table", "no such column", "no such module"];
/// Data or an index is damaged on PostgreSQL.
const DAMAGED: [&str; 2] = ["XX001", "XX002"];
/// A lock that was not available within `lock_timeout`.
const LOCKED: &str = "55P03";
/// A statement that ran for longer than `statement_timeout`.
const TOOK_TOO_LONG: &str = "57014";
/// A prepared statement that does not exist, or exists already: a connection pooler that was not recognised.
const LOST_STATEMENT: [&str; 2] = ["26000", "42P05"];
/// SQLSTATE prefixes with which a connection ends: connection failure, the server shuts down or was told to
/// end the connection, the server recovers from a crash.
const CONNECTION_LOST: [&str; 3] = ["08", "57P01", "57P02"];

impl From<sqlx::Error> for Error {
    /// `Contended` for a transaction that can be run again, `Unavailable` for a database that cannot be
    /// reached, is locked, full or read-only, `Internal` for everything else.
    fn from(error: sqlx::Error) -> Self {
        let (cause, message) = match &error {
            sqlx::Error::PoolTimedOut => {
                (Cause::Busy, "no database connection is free: try again shortly".to_owned())
            }
            sqlx::Error::PoolClosed => {
                (Cause::Closed, "the database is closed: the program is shutting down".to_owned())
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                (Cause::Unreachable, "the database does not respond: try again shortly".to_owned())
            }
            sqlx::Error::Database(fault) => match (extended_code(fault.as_ref()), fault.code()) {
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
            _ => {
                return match error {
                    // An error of this library, which came through a query.
                    sqlx::Error::AnyDriverError(inner) => {
                        inner.downcast().map_or_else(Self::internal, |error| *error)
                    }
                    error => Self::internal(error),
                };
            }
        };
        Self::Unavailable { cause, message }
    }
}

/// The cause and the message for an extended result code of SQLite that an operator can remedy.
fn sqlite_unavailable(extended: u32, message: &str) -> Option<(Cause, String)> {
    let (cause, text) = match primary(extended) {
        SQLITE_BUSY | SQLITE_LOCKED => {
            (Cause::Locked, "the database file is locked by another process: try again shortly")
        }
        SQLITE_READONLY if extended == SQLITE_READONLY_DBMOVED => (
            Cause::File,
            "the database file was moved or deleted while it was in use: put it back and restart",
        ),
        SQLITE_READONLY => {
            (Cause::ReadOnly, "the database file is read-only: make it writable for this user")
        }
        SQLITE_IOERR => {
            return Some((Cause::File, format!("the database file cannot be read or written: {message}")));
        }
        SQLITE_CORRUPT => {
            let text = format!("the database file is damaged: restore a backup ({message})");
            return Some((Cause::Damaged, text));
        }
        SQLITE_FULL => (Cause::Full, "the disk is full: free some space"),
        SQLITE_CANTOPEN => {
            (Cause::File, "the database file cannot be opened: check that its folder exists and is writable")
        }
        SQLITE_NOTADB => (Cause::WrongUrl, "this is not an SQLite database: name another file"),
        _ if CHANGED_SCHEMA_MESSAGES.iter().any(|start| message.starts_with(start)) => {
            return Some(changed_schema(message));
        }
        _ => return None,
    };
    Some((cause, text.to_owned()))
}

/// The cause and the message for an SQLSTATE of PostgreSQL that an operator can remedy.
fn postgres_unavailable(code: &str, message: &str) -> Option<(Cause, String)> {
    let starts_with_any = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    Some(if code == LOCKED {
        let text = "a table or row is locked by another transaction: try again shortly";
        (Cause::Locked, text.to_owned())
    } else if code == TOOK_TOO_LONG {
        (Cause::TooSlow, "a statement took longer than the statement timeout".to_owned())
    } else if LOST_STATEMENT.contains(&code) {
        let text = "a connection pooler does not keep prepared statements: add statement-cache-capacity=0 to \
                    the parameters of the database URL";
        (Cause::WrongUrl, text.to_owned())
    } else if code == READ_ONLY {
        let text = "the PostgreSQL server is read-only (a standby): connect to its primary server";
        (Cause::ReadOnly, text.to_owned())
    } else if code == DISK_FULL {
        (Cause::Full, format!("the disk of the PostgreSQL server is full: free some space ({message})"))
    } else if starts_with_any(&FORBIDDEN) {
        let advice = "grant its user the privilege, or name another user";
        (Cause::Refused, format!("PostgreSQL refused this: {advice} ({message})"))
    } else if starts_with_any(&REFUSED) {
        (Cause::Refused, format!("PostgreSQL refused the connection: {message}"))
    } else if starts_with_any(&CHANGED_SCHEMA) {
        changed_schema(message)
    } else if starts_with_any(&DAMAGED) {
        (Cause::Damaged, format!("the database is damaged: restore a backup ({message})"))
    } else if is_temporary(code) {
        (Cause::Unreachable, format!("the database is temporarily unavailable: {message}"))
    } else {
        return None;
    })
}

/// Whether an SQLSTATE of PostgreSQL passes by itself.
pub(super) fn is_temporary(code: &str) -> bool {
    TEMPORARY.iter().any(|prefix| code.starts_with(prefix))
}

fn changed_schema(message: &str) -> (Cause, String) {
    let text = "another program has changed the schema of the database: restore a backup";
    (Cause::ChangedSchema, format!("{text} ({message})"))
}

/// SQLite's primary result code, the low byte of the extended one.
const fn primary(extended: u32) -> u32 {
    extended & 0xff
}

/// SQLite's extended result code, or `None` for an error of PostgreSQL.
fn extended_code(fault: &dyn DatabaseError) -> Option<u32> {
    fault.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    fault.code()?.parse().ok()
}

/// Whether another process has locked the SQLite file.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(extended_code).map(primary);
    matches!(code, Some(SQLITE_BUSY | SQLITE_LOCKED))
}

/// Whether a table, column or function is missing.
pub(super) fn is_schema_changed(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|fault| match (extended_code(fault), fault.code()) {
        (Some(_), _) => CHANGED_SCHEMA_MESSAGES.iter().any(|start| fault.message().starts_with(start)),
        (None, Some(code)) => CHANGED_SCHEMA.contains(&&*code),
        (None, None) => false,
    })
}

/// Whether PostgreSQL has aborted the transaction because of others, so that it can be run again.
pub(super) fn is_retryable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().filter(|fault| extended_code(*fault).is_none());
    code.and_then(DatabaseError::code).is_some_and(|code| RETRYABLE.contains(&&*code))
}

/// Whether the connection to PostgreSQL has ended.
pub(super) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(fault) => {
            fault.code().is_some_and(|code| CONNECTION_LOST.iter().any(|prefix| code.starts_with(prefix)))
        }
        _ => false,
    }
}

/// Whether `error` violates the unique index on `table.column`.
pub(crate) fn violates_unique(error: &sqlx::Error, table: &str, column: &str) -> bool {
    let sqlx::Error::Database(fault) = error else { return false };
    fault.is_unique_violation()
        && match fault.constraint() {
            // PostgreSQL gives the name of the constraint or of the index, SQLite the column in the message.
            Some(name) => name == format!("{table}_{column}_key") || name == format!("{table}_by_{column}"),
            None => fault.message().contains(&format!("{table}.{column}")),
        }
}
