//! SQLite: a pool of read-only connections, and one writing connection that commits transactions in groups.

pub(super) mod file;
pub(super) mod group_commit;
mod readers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::time::Instant;

use file::DatabaseFile;
pub(super) use group_commit::{QueuedCaller, SqliteTx, Writer};
pub(super) use readers::{Readers, SqliteReader};

use super::error::is_locked;
use super::pool_settings::{ACQUIRE_TIMEOUT, STATEMENT_CACHE};
use super::private_file;
use crate::error::Result;

/// Page cache of the writer: 16 MiB. A negative number counts KiB. The rows that one group changes are far
/// apart.
const WRITER_CACHE: &str = "-16384";
/// WAL pages (32 MiB) after which the writer runs a checkpoint. Under load the same pages change again and
/// again, and a checkpoint copies each of them once. SQLite's default of 1,000 pages cost a fifth of the
/// registrations a second.
const CHECKPOINT_PAGES: &str = "8192";

/// Opens the file that `url` names; if it is missing, creates it or fails. Both the writer and the `readers`
/// connections that read use WAL mode.
pub(super) async fn open(url: &str, create: bool, readers: u32) -> Result<(Readers, Writer)> {
    let file = DatabaseFile::parse(url)?;
    file.must_be_usable(create)?;
    if create {
        // If the file cannot be created, SQLite reports it next.
        drop(private_file::create(file.path()));
    }
    for file in files_of(file.path()) {
        if let Err(error) = private_file::restrict(&file) {
            tracing::warn!(file = %file.display(), %error, "cannot make this file private");
        }
    }
    connect_all(&file, create, SqliteSynchronous::Full, readers).await
}

/// Opens a new file in `folder`, which need not survive a crash of the machine.
pub(super) async fn open_temporary(folder: &Path, readers: u32) -> Result<(Readers, Writer)> {
    let file = DatabaseFile::at(folder.join("events.db"));
    connect_all(&file, true, SqliteSynchronous::Off, readers).await
}

async fn connect_all(
    file: &DatabaseFile,
    create: bool,
    synchronous: SqliteSynchronous,
    readers: u32,
) -> Result<(Readers, Writer)> {
    let options = file.options.clone();
    let options = options
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(ACQUIRE_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENT_CACHE)
        .pragma("temp_store", "memory");
    let cannot_open = |error| file.cannot_open(error);
    let writer =
        options.clone().pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    let writer = connect(&writer).await.map_err(cannot_open)?;
    let readers = Readers::open(options.read_only(true), readers).await.map_err(cannot_open)?;
    Ok((readers, Writer::new(writer)))
}

/// The files of a database.
fn files_of(database: &Path) -> Vec<PathBuf> {
    let with = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    ["", "-wal", "-shm", "-journal"].map(with).into()
}

/// Connects, and retries for [`ACQUIRE_TIMEOUT`] while the file is locked. Switching a new file to WAL mode
/// needs an exclusive lock, and SQLite does not apply its busy timeout to that.
async fn connect(options: &SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
    const PAUSE: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + ACQUIRE_TIMEOUT;
    loop {
        match options.connect().await {
            Err(error) if is_locked(&error) && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}
