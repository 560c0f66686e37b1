//! Whether the disk has space for writes.

use std::io::Write;
use std::path::Path;

use super::{Backend, Db};
use crate::error::{Error, Result};

/// How much must fit. A write needs a few pages of the write-ahead log.
const NEEDED: usize = 256 << 10;

impl Db {
    /// Checks that the disk of an SQLite database has space, by writing an unnamed file beside it. Always
    /// succeeds on PostgreSQL, whose disk only its server sees.
    ///
    /// # Errors
    /// `unavailable` if the disk is full, or the folder cannot be written.
    pub async fn must_have_space(&self) -> Result<()> {
        let Backend::Sqlite { readers, .. } = self.backend() else { return Ok(()) };
        let file = readers.connect_options().get_filename().to_owned();
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let written =
            tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)?.write_all(&vec![0; NEEDED]));
        written.await.map_err(Error::internal)?.map_err(|error| {
            Error::Unavailable(format!("{} cannot grow: {error} (free space on its disk)", file.display()))
        })
    }
}
