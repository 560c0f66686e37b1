//! The connections of an open database.

use tempfile::TempDir;

use super::dialect::Dialect;
use super::location::{Address, Location};
use super::pool_settings::PoolSettings;
use super::postgres::{self, PostgresReader, PostgresTx};
use super::sqlite::{self, Readers, SqliteReader, Writer};
use super::statement::Connection;
use crate::error::{Cause, Error, Result};

/// The connections.
#[derive(Debug)]
pub(super) enum Backend {
    Sqlite {
        readers: Readers,
        writer: Writer,
        /// The folder of a temporary file, which is deleted with it.
        _folder: Option<TempDir>,
    },
    Postgres(postgres::Server),
}

/// A connection of a pool, for reads.
#[derive(Debug)]
pub(super) enum PooledConnection {
    /// A read-only connection.
    Sqlite(SqliteReader),
    /// A connection of the pool, which transactions share.
    Postgres(PostgresReader),
    /// A transaction at READ COMMITTED, through a connection pooler.
    PostgresTx(PostgresTx),
}

impl Backend {
    /// Opens a database.
    pub(super) async fn open(location: &Location, settings: &PoolSettings) -> Result<Self> {
        let schema = location.schema.clone();
        let url = match &location.address {
            Address::Url(url) => url,
            Address::Postgres(options) => {
                let options = (**options).clone();
                let server = postgres::Server::connect(options, schema, settings).await?;
                return Ok(Self::Postgres(server));
            }
            Address::Temporary => {
                location.must_have_no_schema()?;
                let folder = tempfile::tempdir().map_err(Error::internal)?;
                let (readers, writer) =
                    sqlite::open_temporary(folder.path(), settings.sqlite_readers).await?;
                return Ok(Self::Sqlite { readers, writer, _folder: Some(folder) });
            }
        };
        if url.starts_with("sqlite:") {
            location.must_have_no_schema()?;
            let (readers, writer) = sqlite::open(url, location.create, settings.sqlite_readers).await?;
            return Ok(Self::Sqlite { readers, writer, _folder: None });
        }
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(Error::unavailable(
                Cause::WrongUrl,
                "the database URL must begin with sqlite:// or postgres://, such as sqlite://events.db",
            ));
        }
        let server = if url.contains("statement-cache-capacity=0") {
            postgres::Server::connect_through_pooler(postgres::options_of_url(url)?, schema, settings).await?
        } else {
            postgres::Server::connect(postgres::options_of_url(url)?, schema, settings).await?
        };
        Ok(Self::Postgres(server))
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The greatest number of connections for reads.
    pub(super) fn connections(&self) -> u32 {
        match self {
            Self::Sqlite { readers, .. } => readers.size(),
            Self::Postgres(server) => server.connections(),
        }
    }

    /// Whether a session keeps what is set or prepared in it.
    pub(super) const fn keeps_sessions(&self) -> bool {
        match self {
            Self::Sqlite { .. } => true,
            Self::Postgres(server) => server.keeps_sessions(),
        }
    }

    /// Takes a connection for reads from the pool.
    pub(super) async fn acquire(&self) -> sqlx::Result<PooledConnection> {
        Ok(match self {
            Self::Sqlite { readers, .. } => PooledConnection::Sqlite(readers.acquire().await?),
            Self::Postgres(server) if server.keeps_sessions() => {
                PooledConnection::Postgres(server.read().await?)
            }
            Self::Postgres(server) => PooledConnection::PostgresTx(server.begin().await?),
        })
    }
}

impl PooledConnection {
    pub(super) fn connection(&mut self) -> sqlx::Result<Connection<'_>> {
        Ok(match self {
            Self::Sqlite(reader) => Connection::Sqlite { conn: reader.connection()?, statements: None },
            Self::Postgres(reader) => Connection::PostgresReader(reader),
            Self::PostgresTx(tx) => {
                let caches_statements = tx.caches_statements();
                Connection::Postgres { conn: tx.connection(), caches_statements }
            }
        })
    }

    /// Ends the statement that runs on the connection though nobody waits for it any more. Through a pooler,
    /// only its time limit does.
    pub(super) async fn interrupt(self) {
        match self {
            Self::Sqlite(reader) => reader.interrupt().await,
            Self::Postgres(reader) => reader.close().await,
            Self::PostgresTx(_) => {}
        }
    }
}
