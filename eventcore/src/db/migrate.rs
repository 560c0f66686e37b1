//! Migration: embedded and forward-only. Both databases have the same migration numbers.

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};

use super::backend::Backend;
use super::postgres::Server;
use super::schema::{APPLIED, POSTGRES, SQLITE, Schema};
use super::{Db, Queries, Sql};
use crate::error::{Error, Result};

/// The number of the lock on PostgreSQL under which migrations are applied: "eventcor" in ASCII.
const MIGRATION_LOCK: i64 = 0x6576_656e_7463_6f72;

impl Db {
    /// Applies the missing migrations under a lock, so that several processes may start at once.
    ///
    /// # Errors
    /// `unavailable` if the schema is [`Schema::Newer`] or [`Schema::Foreign`].
    pub async fn migrate(&self) -> Result<()> {
        match self.schema().await? {
            Schema::Current => return Ok(()),
            Schema::Empty | Schema::Behind(_) => {}
            unusable => return Err(unusable.refusal()),
        }
        let outcome = match self.backend() {
            Backend::Sqlite { .. } => self.migrate_sqlite().await,
            Backend::Postgres(server) => migrate_postgres(server).await,
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
        let Backend::Sqlite { writer, .. } = self.backend() else { return Ok(()) };
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
        if let Backend::Sqlite { readers, .. } = self.backend() {
            return Ok(Schema::of_sqlite(readers.acquire().await?.connection()?).await?);
        }
        let mut reader = self.read().await?;
        // Tables of extensions do not count: some managed servers create them in every database.
        let (ours, others): (bool, bool) = reader
            .query(Sql::portable(
                "SELECT to_regclass('_sqlx_migrations') IS NOT NULL, EXISTS (SELECT 1 FROM pg_class c
                    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
                        AND NOT EXISTS (SELECT 1 FROM pg_depend d
                            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))",
            ))
            .one()
            .await?;
        if !ours {
            return Ok(Schema::without_migrations(others));
        }
        let applied: Vec<(i64, Vec<u8>)> = reader.query(Sql::portable(APPLIED)).all().await?;
        Ok(Schema::of(&POSTGRES, &applied))
    }
}

/// Applies all migrations in one transaction, under a lock that ends with it: a lock of the session would
/// stay behind in a connection pooler.
async fn migrate_postgres(server: &Server) -> Result<(), MigrateError> {
    let mut migrator = Migrator::with_migrations(POSTGRES.iter().cloned().collect());
    migrator.set_locking(false);
    let mut tx = server.begin().await?;
    tx.lift_time_limits().await?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).persistent(false);
    lock.execute(tx.connection()).await?;
    migrator.run_direct(None, tx.connection(), false).await?;
    tx.deallocate().await?;
    tx.commit().await?;
    Ok(())
}
