//! Whether an SQLite file is the database of another program.

use sqlx::{ConnectOptions, Connection};

use super::borrowed::BorrowedConnection;
use super::error::is_locked;
use super::pool_settings::ACQUIRE_TIMEOUT;
use super::schema::{FoundSchema, Schema};
use super::sqlite::file::{DatabaseFile, unreadable};
use crate::error::{Cause, Error, Result};

/// Refuses the file of another program, before opening it switches it to WAL mode.
pub(super) async fn must_be_ours(file: &DatabaseFile) -> Result<()> {
    // A file without content is a new database.
    if !std::fs::metadata(file.path()).is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let options = file.options.clone().read_only(true).create_if_missing(false);
    // A file that cannot be opened like this may be one that the writer can open, after waiting.
    let Ok(mut connection) = options.busy_timeout(ACQUIRE_TIMEOUT).connect().await else { return Ok(()) };
    let found = FoundSchema::read(&mut BorrowedConnection::Sqlite(&mut connection), true).await;
    drop(connection.close().await);
    match found {
        Err(error) if is_locked(&error) => Ok(()),
        Err(error) => Err(unreadable(file.path(), error)),
        Ok(found) if found.schema == Schema::Foreign => {
            let message = format!("{}: {}", file.path().display(), Schema::Foreign.refusal());
            Err(Error::unavailable(Cause::Foreign, message))
        }
        Ok(_) => Ok(()),
    }
}
