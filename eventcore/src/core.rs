//! [`EventCore`]: the database, the clock and what else the operations share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::accounts::{Passwords, Signer};
use crate::db::{Db, PoolSizes, Prelude, Queries, Schema, sql, transaction};
use crate::error::{Error, Result};
use crate::registrations::Crowds;
use crate::time::{Clock, SystemClock, Timestamp};

/// Two years.
const HORIZON: Duration = Duration::from_hours(730 * 24);

/// The library, open on a database. Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct EventCore {
    db: Db,
    shared: Arc<Shared>,
}

struct Shared {
    clock: Box<dyn Clock>,
    passwords: Passwords,
    signer: OnceCell<Signer>,
    jwt_secret: Option<String>,
    horizon: Duration,
    crowds: Crowds,
}

/// How to open the library.
pub struct Options {
    /// Where "now" comes from; tests replace it.
    pub clock: Box<dyn Clock>,
    /// Sizes of the connection pools.
    pub pools: PoolSizes,
    /// Signs access tokens, with 32 bytes or more (RFC 7518 3.2); made once and kept in the database, when nothing is said.
    pub jwt_secret: Option<String>,
    /// How far ahead the dates of rules that go on for ever are made: 730 days, when nothing is said.
    pub horizon: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { clock: Box::new(SystemClock), pools: PoolSizes::default(), jwt_secret: None, horizon: HORIZON }
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
        if options.jwt_secret.as_ref().is_some_and(|secret| secret.len() < 32) {
            return Err(Error::Unavailable("the JWT secret must have at least 32 bytes".to_owned()));
        }
        let db = Db::connect(url, options.pools).await?;
        let (passwords, signer) = (Passwords::new(), OnceCell::new());
        let Options { clock, jwt_secret, horizon, .. } = options;
        let crowds = Crowds::default();
        let shared = Shared { clock, passwords, signer, jwt_secret, horizon, crowds };
        Ok(Self { db, shared: Arc::new(shared) })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<()> {
        self.db.migrate().await?;
        // What an older program stored is not cut into words yet.
        let uncut = sql!("SELECT EXISTS (SELECT 1 FROM texts WHERE NOT cut)");
        if self.db.read().await?.query(uncut).scalar().await? {
            while transaction!(self.db(), tx => { crate::search::feed_some(tx).await })? > 0 {}
        }
        Ok(())
    }

    /// How the schema stands; an error where the database can't be reached.
    pub async fn schema(&self) -> Result<Schema> {
        self.db.schema().await
    }

    /// The present instant by the library's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The database beneath: for tests and tools that look behind the library's back.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The same library, where each transaction begins with `prelude`.
    pub(crate) fn beginning_with(&self, prelude: Arc<dyn Prelude>) -> Self {
        Self { db: self.db.beginning_with(prelude), shared: self.shared.clone() }
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.shared.passwords
    }

    pub(crate) fn crowds(&self) -> &Crowds {
        &self.shared.crowds
    }

    pub(crate) fn signer_cell(&self) -> &OnceCell<Signer> {
        &self.shared.signer
    }

    pub(crate) fn jwt_secret(&self) -> Option<&str> {
        self.shared.jwt_secret.as_deref()
    }

    /// How far ahead occurrences of unbounded rules are expanded.
    pub(crate) fn horizon_length(&self) -> Duration {
        self.shared.horizon
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

impl std::fmt::Debug for EventCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventCore").field("db", &self.db).finish_non_exhaustive()
    }
}
