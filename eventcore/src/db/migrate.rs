//! The schema: embedded, forward-only migrations. Both databases have the same migration numbers.

use std::collections::BTreeMap;

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};

use super::query::sql;
use super::{Backend, Db, Queries, Sql};
use crate::error::{Error, Result};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// The schema of a database compared with the one this program was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// All migrations are applied.
    Current,
    /// This many migrations are not applied yet.
    Behind(usize),
    /// A newer version of the program has applied further migrations.
    Newer,
    /// An applied migration differs from the one of this program.
    Foreign,
}

impl Db {
    /// Applies the missing migrations under a lock, so that several processes may start at once.
    ///
    /// # Errors
    /// `unavailable` if the schema is [`Schema::Newer`] or [`Schema::Foreign`].
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

    /// Applies all migrations in one transaction. BEGIN IMMEDIATE takes the write lock, so another process
    /// waits and then finds nothing to apply.
    async fn migrate_sqlite(&self) -> Result<(), MigrateError> {
        let Backend::Sqlite { writer, .. } = &*self.backend else { return Ok(()) };
        writer
            .with_connection(async |conn| {
                let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
                SQLITE.run_direct(None, &mut *tx, false).await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Compares the applied migrations with those of this program.
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
                sqlite "SELECT count(*) FROM sqlite_schema
                    WHERE type = 'table' AND name = '_sqlx_migrations'",
                postgres "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')"
            ))
            .scalar()
            .await?;
        if table == 0 {
            return Ok(Vec::new());
        }
        Ok(reader
            .query(Sql::portable(
                "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version",
            ))
            .all()
            .await?)
    }
}

impl Schema {
    /// Compares the versions and checksums in `applied` with those of `migrator`.
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

    /// The schema of an SQLite database with these applied migrations.
    pub(super) fn of_sqlite(applied: &[(i64, Vec<u8>)]) -> Self {
        Self::of(&SQLITE, applied)
    }

    /// The error for a database that this program cannot use. Not meant for [`Schema::Current`].
    pub fn refusal(self) -> Error {
        Error::Unavailable(match self {
            Self::Current => "the schema is up to date".to_owned(),
            Self::Behind(missing) => format!("the schema lacks {missing} migrations: run `eventd migrate`"),
            Self::Newer => {
                "the database was migrated by a newer version of the program: run that version, or newer"
                    .to_owned()
            }
            Self::Foreign => {
                "the database has migrations that this program does not know: use another database".to_owned()
            }
        })
    }
}
