//! The schema: embedded migrations, forward only, in step for both databases.

use std::collections::BTreeMap;

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};

use super::query::sql;
use super::{Backend, Db, Queries, Sql};
use crate::error::{Error, Result};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// How the schema of a database stands to the one that this program was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// They are the same.
    Current,
    /// So many migrations are still to be applied.
    Behind(usize),
    /// A newer program has migrated it further.
    Newer,
    /// A migration that was applied is not the one that this program has.
    Foreign,
}

impl Db {
    /// Brings the schema up to date, under a lock, so that any number of processes may start at once.
    pub async fn migrate(&self) -> Result<()> {
        match self.schema().await? {
            Schema::Current => return Ok(()),
            Schema::Behind(_) => {}
            unusable => return Err(unusable.refusal()),
        }
        let outcome = match &*self.backend {
            Backend::Sqlite { .. } => self.migrate_sqlite().await,
            Backend::Postgres { pool, .. } => POSTGRES.run(pool).await,
        };
        outcome.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Schema::Newer.refusal(),
            MigrateError::VersionMismatch(_) => Schema::Foreign.refusal(),
            other => Error::internal(other),
        })
    }

    /// All migrations in one transaction that holds the write lock from its start: another process waits, then finds nothing to do.
    async fn migrate_sqlite(&self) -> Result<(), MigrateError> {
        let Backend::Sqlite { writer, .. } = &*self.backend else { return Ok(()) };
        writer
            .exclusively(async |conn| {
                let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
                SQLITE.run_direct(None, &mut *tx, false).await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Compares the migrations that were applied with those that the program has.
    pub async fn schema(&self) -> Result<Schema> {
        let migrator = match &*self.backend {
            Backend::Sqlite { .. } => &SQLITE,
            Backend::Postgres { .. } => &POSTGRES,
        };
        Ok(Schema::of(migrator, &self.applied().await?))
    }

    async fn applied(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut reader = self.read().await?;
        let table: i64 = reader
            .query(sql!(
                sqlite "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
                postgres "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')"
            ))
            .scalar()
            .await?;
        if table == 0 {
            return Ok(Vec::new());
        }
        Ok(reader
            .query(Sql::same("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version"))
            .all()
            .await?)
    }
}

impl Schema {
    /// Compares what was applied with what the program has.
    fn of(migrator: &Migrator, applied: &[(i64, Vec<u8>)]) -> Self {
        let known: BTreeMap<i64, &[u8]> =
            migrator.iter().map(|migration| (migration.version, &*migration.checksum)).collect();
        if applied.iter().any(|(version, _)| Some(version) > known.keys().next_back()) {
            return Self::Newer;
        }
        if applied.iter().any(|(version, checksum)| known.get(version) != Some(&checksum.as_slice())) {
            return Self::Foreign;
        }
        match known.len() - applied.len() {
            0 => Self::Current,
            missing => Self::Behind(missing),
        }
    }

    /// How an SQLite database stands whose applied migrations are these.
    pub(super) fn of_sqlite(applied: &[(i64, Vec<u8>)]) -> Self {
        Self::of(&SQLITE, applied)
    }

    /// What to tell someone whose database this program can't use; nothing is wrong with a current one.
    pub fn refusal(self) -> Error {
        Error::Unavailable(match self {
            Self::Current => "the schema is up to date".to_owned(),
            Self::Behind(missing) => format!("the schema lacks {missing} migrations: run `eventd migrate`"),
            Self::Newer => {
                "the database was migrated by a newer version of the program: run that version, or newer"
                    .to_owned()
            }
            Self::Foreign => {
                "the database has migrations that this program does not know: name another database"
                    .to_owned()
            }
        })
    }
}
