//! Copies of an SQLite database: taken while it is in use, and brought back.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::migrate::Schema;
use crate::error::{Error, Result};

/// How long a copy waits for a database that is locked.
const PATIENCE: Duration = Duration::from_secs(30);

/// Copies the SQLite database at `url`, as it is at this moment and while others use it, to `file`, which must not exist yet. Answers its size in bytes.
///
/// The file has its name once it is whole and on disk.
pub async fn backup(url: &str, file: &Path) -> Result<u64> {
    let database = file_of(url)?;
    let mut source = open(&database).await?;
    let copied = copy(&mut source, file).await;
    close(source).await;
    copied
}

/// Makes the SQLite database at `url`, which must not exist yet, from a copy. Answers its size in bytes.
///
/// # Errors
/// `unavailable` where the copy is damaged, is none of this library's databases, or comes from a newer version.
pub async fn restore(url: &str, file: &Path) -> Result<u64> {
    let database = file_of(url)?;
    must_be_free(&database)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let left = with_suffix(&database, suffix);
        if left.exists() {
            return Err(refused(format!(
                "{} is left of another database: move it away first",
                left.display()
            )));
        }
    }
    let mut source = open(file).await?;
    let checked = check(&mut source, file).await;
    let copied = match checked {
        Ok(()) => copy(&mut source, &database).await,
        Err(error) => Err(error),
    };
    close(source).await;
    copied
}

fn refused(why: String) -> Error {
    Error::Unavailable(why)
}

fn file_of(url: &str) -> Result<PathBuf> {
    if !url.starts_with("sqlite:") {
        return Err(refused(
            "only SQLite is copied this way: use pg_dump and pg_restore for PostgreSQL".to_owned(),
        ));
    }
    let options: SqliteConnectOptions =
        url.parse().map_err(|error| refused(format!("the database URL {url} cannot be read: {error}")))?;
    Ok(options.get_filename().to_owned())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

async fn open(file: &Path) -> Result<SqliteConnection> {
    let place = file.display();
    if !file.exists() {
        return Err(refused(format!("{place} does not exist")));
    }
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(PATIENCE);
    options.connect().await.map_err(|error| unreadable(file, error))
}

async fn close(connection: SqliteConnection) {
    // It has only read.
    drop(connection.close().await);
}

fn unreadable(file: &Path, error: sqlx::Error) -> Error {
    let place = file.display();
    match super::classify(error) {
        Error::Unavailable(why) => refused(format!("{place}: {why}")),
        _ => refused(format!("{place} is not an SQLite database, or is damaged")),
    }
}

/// Whether a copy can be trusted and understood.
async fn check(source: &mut SqliteConnection, file: &Path) -> Result<()> {
    let found: Vec<(String,)> = sqlx::query_as("PRAGMA integrity_check(1)")
        .fetch_all(&mut *source)
        .await
        .map_err(|error| unreadable(file, error))?;
    if found != [("ok".to_owned(),)] {
        return Err(refused(format!("{} is damaged: bring back another copy", file.display())));
    }
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&mut *source)
            .await
            .map_err(|_| refused(format!("{} is not a copy of an event database", file.display())))?;
    match Schema::of_sqlite(&applied) {
        Schema::Current | Schema::Behind(_) => Ok(()),
        unusable => Err(unusable.refusal()),
    }
}

fn must_be_free(file: &Path) -> Result<()> {
    if file.exists() {
        return Err(refused(format!(
            "{} exists already: name another file, or move it away",
            file.display()
        )));
    }
    Ok(())
}

async fn copy(source: &mut SqliteConnection, to: &Path) -> Result<u64> {
    must_be_free(to)?;
    let partial = with_suffix(to, ".partial");
    let unwritten = |error: std::io::Error| refused(format!("{} cannot be written: {error}", to.display()));
    if partial.exists() {
        std::fs::remove_file(&partial).map_err(unwritten)?;
    }
    let name = partial.to_str().ok_or_else(|| refused(format!("{} is not a name in UTF-8", to.display())))?;
    let done = sqlx::query("VACUUM INTO $1").bind(name).execute(source).await;
    if let Err(error) = done {
        // What is left of a failed copy is of no use, and the failure is what matters.
        drop(std::fs::remove_file(&partial));
        return Err(match super::classify(error) {
            Error::Unavailable(why) => refused(format!("{}: {why}", to.display())),
            other => other,
        });
    }
    settle(&partial, to).map_err(unwritten)
}

/// Puts a finished file on disk, then gives it its name.
fn settle(partial: &Path, to: &Path) -> std::io::Result<u64> {
    let file = File::open(partial)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    std::fs::rename(partial, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(bytes)
}
