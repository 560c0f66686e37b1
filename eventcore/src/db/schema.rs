//! The schema of a database, compared with the one of this program.

use std::collections::BTreeMap;
use std::fmt::Write;

use sqlx::SqliteConnection;
use sqlx::migrate::Migrator;

use crate::error::Error;

pub(super) static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// The applied migrations, on both databases.
pub(super) const APPLIED: &str =
    "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";

/// The checksums (SHA-384) that the first migration had on SQLite and PostgreSQL before the first release.
const UNRELEASED: [&str; 2] = [
    "e580318bfd6e3c684f3d881a1f2679fd533b4484f8605b9332c5195cb0db6c03510d7f93d5ba480b067d379bdef77103",
    "809d871372ad44ff5653a82b4b8301ae67527e0089a15ef71aa49f911e150ab7a8e6a991c400a4196a9ebf0da9d245c1",
];

/// The schema of a database compared with the one this program was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// All migrations are applied.
    Current,
    /// The database has no tables yet.
    Empty,
    /// This many migrations are not applied yet.
    Behind(usize),
    /// A newer version of the program has applied further migrations.
    Newer,
    /// A version of this program from before the first release made the tables. Its migrations were replaced.
    Unreleased,
    /// The tables are of another program, or of a version of this one that is not known.
    Foreign,
}

impl Schema {
    /// Compares the versions and checksums in `applied` with those of `migrator`.
    pub(super) fn of(migrator: &Migrator, applied: &[(i64, Vec<u8>)]) -> Self {
        let known: BTreeMap<i64, &[u8]> =
            migrator.iter().map(|migration| (migration.version, &*migration.checksum)).collect();
        // Other programs use the same table for their migrations. One with none is interrupted.
        let is_ours = |(version, checksum): &(i64, Vec<u8>)| known.get(version) == Some(&checksum.as_slice());
        if let Some(first) = applied.first().filter(|first| !is_ours(first)) {
            let checksum = first.1.iter().fold(String::new(), |mut digits, byte| {
                // Writing to a string cannot fail.
                _ = write!(digits, "{byte:02x}");
                digits
            });
            return if UNRELEASED.contains(&&*checksum) { Self::Unreleased } else { Self::Foreign };
        }
        if applied.iter().any(|(version, _)| Some(version) > known.keys().next_back()) {
            return Self::Newer;
        }
        if !applied.iter().all(is_ours) {
            return Self::Foreign;
        }
        match known.len() - applied.len() {
            0 => Self::Current,
            missing => Self::Behind(missing),
        }
    }

    /// The schema of the SQLite database on a connection.
    pub(super) async fn of_sqlite(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        let (ours, others): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'),
                EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*')",
        )
        .fetch_one(&mut *connection)
        .await?;
        if !ours {
            return Ok(Self::without_migrations(others));
        }
        let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(APPLIED).fetch_all(connection).await?;
        Ok(Self::of(&SQLITE, &applied))
    }

    /// The schema of a database that no migration was applied to.
    pub(super) const fn without_migrations(has_tables: bool) -> Self {
        if has_tables { Self::Foreign } else { Self::Empty }
    }

    /// The error for a database that this program cannot use. Not meant for [`Schema::Current`].
    pub fn refusal(self) -> Error {
        Error::Unavailable(match self {
            Self::Current => "the schema is up to date".to_owned(),
            Self::Empty => "the database is empty: create its tables with `eventd migrate`".to_owned(),
            Self::Behind(1) => "the schema lacks 1 migration: run `eventd migrate`".to_owned(),
            Self::Behind(missing) => format!("the schema lacks {missing} migrations: run `eventd migrate`"),
            Self::Newer => {
                "the database was migrated by a newer version of the program: run that version, or newer"
                    .to_owned()
            }
            Self::Unreleased => {
                "the database was created before the first release and cannot be upgraded: use a new database"
                    .to_owned()
            }
            Self::Foreign => {
                "the database belongs to another program, or to an unknown version: name another database"
                    .to_owned()
            }
        })
    }
}
