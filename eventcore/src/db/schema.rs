//! The schema of a database, compared with the one of this program.

use std::collections::BTreeMap;
use std::fmt::Write;

use std::sync::LazyLock;

use sqlx::migrate::Migrator;

use super::dialect::Dialect;
use super::query::Queries;
use super::sql::Sql;
use crate::error::{Cause, Error};

pub(super) static SQLITE: LazyLock<Migrator> =
    LazyLock::new(|| with_own_table(sqlx::migrate!("migrations/sqlite")));
pub(super) static POSTGRES: LazyLock<Migrator> =
    LazyLock::new(|| with_own_table(sqlx::migrate!("migrations/postgres")));

/// The applied migrations.
const APPLIED: &str = "SELECT version, checksum FROM _eventcore_migrations WHERE success ORDER BY version";
/// The applied migrations of versions that had no table of their own for them, or those of an application.
const APPLIED_FORMERLY: &str =
    "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";

/// The checksums (SHA-384) that the first migration had on SQLite and PostgreSQL before the first release.
const UNRELEASED: [&str; 2] = [
    "e580318bfd6e3c684f3d881a1f2679fd533b4484f8605b9332c5195cb0db6c03510d7f93d5ba480b067d379bdef77103",
    "809d871372ad44ff5653a82b4b8301ae67527e0089a15ef71aa49f911e150ab7a8e6a991c400a4196a9ebf0da9d245c1",
];

/// Lets a migrator use a table that no application has for its migrations, and no lock of its own: the
/// callers have one.
fn with_own_table(mut migrator: Migrator) -> Migrator {
    migrator.dangerous_set_table_name("_eventcore_migrations");
    migrator.set_locking(false);
    migrator
}

pub(super) fn migrator_of(dialect: Dialect) -> &'static Migrator {
    match dialect {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
    }
}

/// The schema of a database compared with the one this program was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// All migrations are applied.
    Current,
    /// The database has no tables of this library yet.
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
        if let Some((_, checksum)) = applied.first().filter(|first| !is_ours(first)) {
            return if is_unreleased(checksum) { Self::Unreleased } else { Self::Foreign };
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

    /// The error for a database that this program cannot use. Not meant for [`Schema::Current`].
    pub fn refusal(self) -> Error {
        let cause = match self {
            // Not meant for it.
            Self::Current => Cause::ChangedSchema,
            Self::Empty => Cause::Unmigrated,
            Self::Behind(_) => Cause::OlderSchema,
            Self::Newer => Cause::NewerSchema,
            Self::Unreleased | Self::Foreign => Cause::Foreign,
        };
        let message = match self {
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
        };
        Error::unavailable(cause, message)
    }
}

/// Whether the first migration of a version from before the first release has this checksum.
fn is_unreleased(checksum: &[u8]) -> bool {
    let digits = checksum.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        _ = write!(digits, "{byte:02x}");
        digits
    });
    UNRELEASED.contains(&&*digits)
}

/// What a database has of this library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FoundSchema {
    pub(super) schema: Schema,
    /// Whether a version without a table of its own has recorded the migrations: in `_sqlx_migrations`.
    pub(super) is_recorded_formerly: bool,
}

impl FoundSchema {
    /// Looks at a database. If `refuses_foreign`, it is foreign if it has tables and none of this library.
    pub(super) async fn read(db: &mut impl Queries, refuses_foreign: bool) -> sqlx::Result<Self> {
        let (own, former, others): (bool, bool, bool) = db
            .query(Sql::per_dialect(
                "WITH names AS (SELECT name FROM sqlite_schema
                    WHERE type = 'table' AND name NOT GLOB 'sqlite_*')
                SELECT EXISTS (SELECT 1 FROM names WHERE name = '_eventcore_migrations'),
                    EXISTS (SELECT 1 FROM names WHERE name = '_sqlx_migrations'),
                    EXISTS (SELECT 1 FROM names)",
                // Tables of extensions do not count: some managed servers create them in every database.
                "SELECT to_regclass('_eventcore_migrations') IS NOT NULL,
                    to_regclass('_sqlx_migrations') IS NOT NULL,
                    EXISTS (SELECT 1 FROM pg_class c
                        WHERE c.relkind IN ('r', 'p')
                            AND c.relnamespace = quote_ident(current_schema())::regnamespace
                            AND NOT EXISTS (SELECT 1 FROM pg_depend d
                                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                    AND d.deptype = 'e'))",
            ))
            .one()
            .await?;
        let migrator = migrator_of(db.dialect());
        if own {
            let applied: Vec<(i64, Vec<u8>)> = db.query(Sql::portable(APPLIED)).all().await?;
            return Ok(Self { schema: Schema::of(migrator, &applied), is_recorded_formerly: false });
        }
        if former {
            let applied: Vec<(i64, Vec<u8>)> = db.query(Sql::portable(APPLIED_FORMERLY)).all().await?;
            let is_ours = |(version, checksum): &(i64, Vec<u8>)| {
                is_unreleased(checksum)
                    || migrator.iter().any(|one| one.version == *version && *one.checksum == **checksum)
            };
            // Otherwise it is the table of an application.
            if applied.first().is_some_and(is_ours) {
                return Ok(Self { schema: Schema::of(migrator, &applied), is_recorded_formerly: true });
            }
        }
        let schema = if others && refuses_foreign { Schema::Foreign } else { Schema::Empty };
        Ok(Self { schema, is_recorded_formerly: false })
    }
}
