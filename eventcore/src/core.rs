//! [`EventCore`]: the database, the clock and what else the operations share.

use std::sync::Arc;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::db::{Db, PoolSizes, Schema};
use crate::error::Result;

/// The library, open on a database. Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct EventCore(Arc<Shared>);

struct Shared {
    db: Db,
    clock: Box<dyn Clock>,
}

/// How to open the library.
pub struct Options {
    /// Where "now" comes from; tests replace it.
    pub clock: Box<dyn Clock>,
    /// Sizes of the connection pools.
    pub pools: PoolSizes,
}

impl Default for Options {
    fn default() -> Self {
        Self { clock: Box::new(SystemClock), pools: PoolSizes::default() }
    }
}

impl EventCore {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://…`) and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self> {
        let core = Self::connect(url, Options::default()).await?;
        core.migrate().await?;
        Ok(core)
    }

    /// Opens the database at `url` as it is.
    pub async fn connect(url: &str, options: Options) -> Result<Self> {
        let db = Db::connect(url, options.pools).await?;
        Ok(Self(Arc::new(Shared { db, clock: options.clock })))
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<()> {
        self.0.db.migrate().await
    }

    /// How the schema stands; an error where the database can't be reached.
    pub async fn schema(&self) -> Result<Schema> {
        self.0.db.schema().await
    }

    /// The present instant by the library's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The database beneath: for tests and tools that look behind the library's back.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        self.0.db.close().await;
    }
}

impl std::fmt::Debug for EventCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventCore").field("db", &self.0.db).finish_non_exhaustive()
    }
}
