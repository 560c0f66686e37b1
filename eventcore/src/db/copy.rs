//! Backup and restore of SQLite databases, while they are in use.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::borrowed::BorrowedConnection;
use super::private_file;
use super::schema::{FoundSchema, Schema};
use super::sqlite::file::{DatabaseFile, unreadable};
use crate::error::{Cause, Error, Result};

/// Longest wait for a locked database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Copies a consistent snapshot of the SQLite database at `url` to `file`, which must not exist. The database
/// may be in use. Returns the size of the copy in bytes.
///
/// The copy is written under another name, synced to disk and then renamed to `file`.
pub async fn backup(url: &str, file: &Path) -> Result<u64> {
    let database = file_of(url)?;
    let mut source = open(&database).await?;
    let found = schema_of(&mut source, &database).await;
    let copied = match found {
        Ok(Schema::Foreign) => Err(Schema::Foreign.refusal()),
        Ok(_) => copy(&mut source, file, Purpose::Backup).await,
        Err(error) => Err(error),
    };
    close(source).await;
    copied
}

/// Creates the SQLite database at `url`, which must not exist, from the backup `file`. Returns its size in
/// bytes.
///
/// The copy has no sessions, no personal access tokens and no keys that sign access tokens: they may have
/// ended since the backup, the copy may be in other hands, and the original, if it still runs, must not take
/// the tokens of its copy for its own.
///
/// # Errors
/// `unavailable` if the backup is damaged, is not a database of this library, or was made by a newer version.
pub async fn restore(url: &str, file: &Path) -> Result<u64> {
    let database = file_of(url)?;
    must_not_exist(&database)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let left = with_suffix(&database, suffix);
        if left.exists() {
            return Err(refused(format!(
                "{} was left by another database: move it away first",
                left.display()
            )));
        }
    }
    let mut source = open(file).await?;
    let checked = check(&mut source, file).await;
    let copied = match checked {
        Ok(()) => copy(&mut source, &database, Purpose::Restore).await,
        Err(error) => Err(error),
    };
    close(source).await;
    copied
}

fn refused(why: String) -> Error {
    Error::unavailable(Cause::File, why)
}

fn file_of(url: &str) -> Result<PathBuf> {
    if !url.starts_with("sqlite:") {
        let why = "this command copies SQLite databases: use pg_dump and pg_restore for PostgreSQL";
        return Err(Error::unavailable(Cause::WrongUrl, why));
    }
    Ok(DatabaseFile::parse(url)?.path().to_owned())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

async fn open(file: &Path) -> Result<SqliteConnection> {
    let name = file.display();
    if !file.exists() {
        return Err(refused(format!("{name} does not exist")));
    }
    let options =
        SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
    options.connect().await.map_err(|error| unreadable(file, error))
}

async fn close(connection: SqliteConnection) {
    // The connection has only read: an error when it closes loses nothing.
    drop(connection.close().await);
}

/// Checks that the backup is intact and has a schema of this program.
async fn check(source: &mut SqliteConnection, file: &Path) -> Result<()> {
    let found: Vec<(String,)> = sqlx::query_as("PRAGMA integrity_check(1)")
        .fetch_all(&mut *source)
        .await
        .map_err(|error| unreadable(file, error))?;
    if found != [("ok".to_owned(),)] {
        let message = format!("{} is damaged: restore another backup", file.display());
        return Err(Error::unavailable(Cause::Damaged, message));
    }
    match schema_of(source, file).await? {
        Schema::Current | Schema::Behind(_) => Ok(()),
        Schema::Empty | Schema::Foreign => {
            let message = format!("{} is not a backup of an event database", file.display());
            Err(Error::unavailable(Cause::Foreign, message))
        }
        unusable @ (Schema::Newer | Schema::Unreleased) => Err(unusable.refusal()),
    }
}

/// The schema of a database, which is foreign if it has tables, and none of this library.
async fn schema_of(source: &mut SqliteConnection, file: &Path) -> Result<Schema> {
    let found = FoundSchema::read(&mut BorrowedConnection::Sqlite(source), true).await;
    found.map(|found| found.schema).map_err(|error| unreadable(file, error))
}

fn must_not_exist(file: &Path) -> Result<()> {
    if file.exists() {
        return Err(refused(format!(
            "{} already exists: name another file, or move it away",
            file.display()
        )));
    }
    Ok(())
}

/// What a copy is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Backup,
    Restore,
}

async fn copy(source: &mut SqliteConnection, to: &Path, purpose: Purpose) -> Result<u64> {
    must_not_exist(to)?;
    let partial = with_suffix(to, ".partial");
    let unwritten = |error: std::io::Error| refused(format!("{} cannot be written: {error}", to.display()));
    if partial.exists() {
        std::fs::remove_file(&partial).map_err(unwritten)?;
    }
    let name =
        partial.to_str().ok_or_else(|| refused(format!("the file name {} is not UTF-8", to.display())))?;
    // VACUUM INTO takes an empty file, and keeps its permissions.
    private_file::create(&partial).map_err(unwritten)?;
    let mut written = sqlx::query("VACUUM INTO $1").bind(name).execute(source).await.map(drop);
    if written.is_ok() && purpose == Purpose::Restore {
        written = delete_credentials(&partial).await;
    }
    if let Err(error) = written {
        // Removes the incomplete copy. If that fails too, the first error is the one to report.
        drop(std::fs::remove_file(&partial));
        return Err(match Error::from(error) {
            Error::Unavailable { cause, message } => {
                Error::unavailable(cause, format!("{}: {message}", to.display()))
            }
            other => other,
        });
    }
    sync_and_rename(&partial, to).map_err(unwritten)
}

/// Deletes the sessions, the personal access tokens, the secret addresses of calendars, the links in mails
/// and the signing keys of a database that nobody uses. The schema may be an older one.
async fn delete_credentials(database: &Path) -> sqlx::Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .journal_mode(SqliteJournalMode::Delete)
        // Overwrites what is deleted.
        .pragma("secure_delete", "on");
    let mut copy = options.connect().await?;
    let tables = [
        "refresh_tokens",
        "sessions",
        "access_tokens",
        "personal_calendars",
        "account_links",
        "signing_keys",
    ];
    for table in tables {
        let found: Option<(i64,)> =
            sqlx::query_as("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1")
                .bind(table)
                .fetch_optional(&mut copy)
                .await?;
        if found.is_some() {
            // The names are those above.
            sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut copy).await?;
        }
    }
    sqlx::query("DELETE FROM settings WHERE key IN ('jwt_secret', 'link_key')").execute(&mut copy).await?;
    copy.close().await
}

/// Syncs `partial` to disk and renames it to `to`. Returns its size in bytes.
fn sync_and_rename(partial: &Path, to: &Path) -> std::io::Result<u64> {
    let file = File::open(partial)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    std::fs::rename(partial, to)?;
    // The rename is durable once the folder is synced.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(bytes)
}
