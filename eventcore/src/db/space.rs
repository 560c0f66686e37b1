//! Whether the database can be written, and its disk has space.

use std::io::Write;
use std::path::Path;

use super::{Backend, Db, Queries, Tx, sql, transaction};
use crate::error::{Cause, Error, Result};

/// How much must fit beside an SQLite database. A write needs a few pages of the write-ahead log.
const NEEDED: usize = 256 << 10;

impl Db {
    /// Checks that the database can be written and its disk has space.
    ///
    /// On SQLite it writes an unnamed file beside the database. On PostgreSQL, whose disk only the server
    /// sees, it commits the update of a row and lets the server write a temporary file.
    ///
    /// # Errors
    /// `unavailable` if the disk is full, the folder of an SQLite database cannot be written, or the
    /// PostgreSQL server is read-only.
    pub async fn must_have_space(&self) -> Result<()> {
        let Backend::Sqlite { readers, .. } = self.backend() else {
            return transaction!(self, |tx| write_on_postgres(tx));
        };
        let file = readers.file().to_owned();
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let written =
            tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)?.write_all(&vec![0; NEEDED]));
        written.await.map_err(Error::internal)?.map_err(|error| {
            Error::unavailable(
                Cause::Full,
                format!("{} cannot grow: {error} (free space on its disk)", file.display()),
            )
        })
    }
}

/// An update of a row alone finds space in pages and log files that exist. What does not fit into `work_mem`
/// goes to a new file, which leaves nothing behind.
async fn write_on_postgres(tx: &mut Tx) -> Result<()> {
    tx.query(sql!(
        "INSERT INTO settings (key, value) VALUES ('write_probe', '')
         ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    ))
    .execute()
    .await?;
    let limit_memory = sql!(
        sqlite "SELECT ''",
        postgres "SELECT set_config('work_mem', '64kB', true)"
    );
    let _: String = tx.query(limit_memory).scalar().await?;
    let spill = sql!(
        sqlite "SELECT 0",
        postgres "SELECT count(*) FROM generate_series(1, 40000)"
    );
    let _: i64 = tx.query(spill).scalar().await?;
    Ok(())
}
