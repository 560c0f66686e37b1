//! Migration: embedded and forward-only. Both databases have the same migration numbers.
//!
//! The applied migrations are recorded in a table of the library's own, so that an application may have
//! migrations of sqlx in the same database. Versions before had the table that sqlx names by default. It is
//! renamed.

use sqlx::Connection;
use sqlx::migrate::MigrateError;

use super::backend::Backend;
use super::borrowed::BorrowedConnection;
use super::created_names::created_names;
use super::error::is_schema_changed;
use super::postgres::Server;
use super::schema::{FoundSchema, POSTGRES, SQLITE, Schema, migrator_of};
use super::{Db, Dialect, Queries, Sql};
use crate::error::{Cause, Error, Result};

/// The number of the lock on PostgreSQL under which migrations of the schema `public` are applied: "eventcor"
/// in ASCII. It seeds those of other schemas.
const MIGRATION_LOCK: i64 = 0x6576_656e_7463_6f72;
/// The number of the lock under which what belongs to a whole database is created: "eventext" in ASCII.
const PREPARATION_LOCK: i64 = 0x6576_656e_7465_7874;

impl Db {
    /// Applies the missing migrations under a lock, so that several processes may start at once.
    ///
    /// # Errors
    /// `unavailable` if the schema is [`Schema::Newer`] or [`Schema::Foreign`], or if another program has a
    /// table with a name that this library needs.
    pub async fn migrate(&self) -> Result<()> {
        let found = self.found_schema().await?;
        match found.schema {
            Schema::Current if !found.is_recorded_formerly => return Ok(()),
            Schema::Current | Schema::Empty | Schema::Behind(_) => {}
            unusable => return Err(unusable.refusal()),
        }
        match self.backend() {
            Backend::Sqlite { .. } => self.migrate_sqlite().await,
            Backend::Postgres(server) => {
                prepare(server).await?;
                migrate_postgres(server, self.refuses_foreign()).await
            }
        }
    }

    /// Applies all migrations in one transaction. BEGIN IMMEDIATE takes the write lock, so another process
    /// waits and then finds nothing to apply.
    async fn migrate_sqlite(&self) -> Result<()> {
        let Backend::Sqlite { writer, .. } = self.backend() else { return Ok(()) };
        let refuses_foreign = self.refuses_foreign();
        writer
            .with_connection(async |conn| {
                let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
                prepare_names(&mut BorrowedConnection::Sqlite(&mut tx), refuses_foreign).await?;
                SQLITE.run_direct(None, &mut *tx, false).await.map_err(failed)?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Compares the applied migrations with those of this program.
    pub async fn schema(&self) -> Result<Schema> {
        self.found_schema().await.map(|found| found.schema)
    }

    async fn found_schema(&self) -> Result<FoundSchema> {
        let mut reader = self.read().await?;
        Ok(match FoundSchema::read(&mut reader, self.refuses_foreign()).await {
            // Another process has renamed the table with the migrations meanwhile.
            Err(error) if is_schema_changed(&error) => {
                FoundSchema::read(&mut reader, self.refuses_foreign()).await?
            }
            outcome => outcome?,
        })
    }
}

/// Creates what belongs to the whole database, or is needed before the first lock of a schema: the schema,
/// and the extension for substrings. One that is there already is used where it is.
///
/// With a chosen schema, the extension goes to `public`: all schemas use the same one, and must not lose it
/// when one of them is dropped. Without a schema `public` it goes to the chosen one.
async fn prepare(server: &Server) -> Result<()> {
    let mut tx = server.begin().await?;
    tx.lift_time_limits().await?;
    let schema = server.schema();
    let mut db = BorrowedConnection::Postgres(tx.connection());
    let missing = Sql::portable(
        "SELECT $1::text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
            NOT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm')",
    );
    let name = schema.map(|schema| schema.as_str().to_owned());
    let (no_schema, no_extension): (bool, bool) = db.query(missing).bind(name).one().await?;
    if no_schema || no_extension {
        let lock = Sql::portable("SELECT pg_advisory_xact_lock($1)");
        db.query(lock).bind(PREPARATION_LOCK).execute().await?;
    }
    if let (true, Some(schema)) = (no_schema, schema) {
        let create = Sql::dynamic(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        db.query(create).execute().await?;
    }
    if no_extension {
        let place = match schema {
            None => String::new(),
            Some(schema) => {
                let public =
                    Sql::portable("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'public')");
                let has_public: bool = db.query(public).scalar().await?;
                if has_public { " WITH SCHEMA public".to_owned() } else { format!(" WITH SCHEMA {schema}") }
            }
        };
        let create = Sql::dynamic(format!("CREATE EXTENSION IF NOT EXISTS pg_trgm{place}"));
        db.query(create).execute().await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Applies all migrations in one transaction, under a lock that ends with it: a lock of the session would
/// stay behind in a connection pooler.
async fn migrate_postgres(server: &Server, refuses_foreign: bool) -> Result<()> {
    let mut tx = server.begin().await?;
    tx.lift_time_limits().await?;
    let mut db = BorrowedConnection::Postgres(tx.connection());
    let lock = Sql::portable(
        "SELECT pg_advisory_xact_lock(CASE current_schema() WHEN 'public' THEN $1::bigint
            ELSE hashtextextended(current_schema(), $1) END)",
    );
    db.query(lock).bind(MIGRATION_LOCK).execute().await?;
    prepare_names(&mut db, refuses_foreign).await?;
    // Migrations name the operator classes of the extension. Operations need nothing of it by name, and do
    // not see that schema.
    let see_extension = Sql::portable(
        "SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''),
            quote_ident(n.nspname)), true)
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm' AND NOT n.nspname = ANY (current_schemas(true))",
    );
    db.query(see_extension).execute().await?;
    POSTGRES.run_direct(None, tx.connection(), false).await.map_err(failed)?;
    tx.deallocate().await?;
    tx.commit().await?;
    Ok(())
}

/// Renames the table with the applied migrations, if it has its former name.
///
/// # Errors
/// `unavailable` if another program has a table or an index with a name that a migration needs, or if the
/// schema cannot be migrated.
async fn prepare_names(db: &mut impl Queries, refuses_foreign: bool) -> Result<()> {
    // Another process may have migrated meanwhile.
    let found = FoundSchema::read(db, refuses_foreign).await?;
    let migrations: Vec<_> = migrator_of(db.dialect()).iter().collect();
    let applied = match found.schema {
        Schema::Current => migrations.len(),
        Schema::Empty => 0,
        Schema::Behind(missing) => migrations.len() - missing,
        unusable => return Err(unusable.refusal()),
    };
    if found.is_recorded_formerly {
        let rename = Sql::portable("ALTER TABLE _sqlx_migrations RENAME TO _eventcore_migrations");
        db.query(rename).execute().await?;
    }
    let (applied, pending) = migrations.split_at(applied);
    let own = created_names(applied.iter().copied());
    let needed = created_names(pending.iter().copied());
    let names = Sql::per_dialect(
        "SELECT lower(name), type <> 'index' FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'
         ORDER BY type = 'index', name",
        "SELECT relname::text, relkind NOT IN ('i', 'I') FROM pg_class
         WHERE relnamespace = quote_ident(current_schema())::regnamespace
         ORDER BY relkind IN ('i', 'I'), relname",
    );
    let names: Vec<(String, bool)> = db.query(names).all().await?;
    match names.iter().find(|(name, _)| needed.contains(name) && !own.contains(name)) {
        None => Ok(()),
        Some((name, is_table)) => Err(in_the_way(db.dialect(), name, *is_table)),
    }
}

/// The error for a table or an index of another program.
fn in_the_way(dialect: Dialect, name: &str, is_table: bool) -> Error {
    let what = if is_table { "table" } else { "index" };
    let room = match dialect {
        Dialect::Sqlite => "a database file of its own",
        Dialect::Postgres => "a schema or a database of its own",
    };
    let message = format!("the {what} {name} of another program is in the way: give this one {room}");
    Error::unavailable(Cause::NameTaken, message)
}

fn failed(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Schema::Newer.refusal(),
        MigrateError::VersionMismatch(_) => Schema::Foreign.refusal(),
        other => Error::internal(other),
    }
}
