//! [`Builder`]: how the library is opened on a database.

use std::sync::Arc;
use std::time::Duration;

use crate::core::{EventCore, Settings};
use crate::db::{Address, Db, Location, Observer, PoolSettings, Schema, SchemaName};
use crate::error::{Cause, Error, Result};
use crate::quotas::Quotas;
use crate::time::{Clock, SystemClock, ZoneSource, use_zones};
use crate::webhooks::WebhookPolicy;

/// The default of [`Builder::horizon`].
const DEFAULT_HORIZON: Duration = Duration::from_hours(730 * 24);

/// Opens the library on a database. Begin with [`EventCore::builder`], name a database, and end with
/// [`Builder::open`].
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use eventcore::{EventCore, ManualClock};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // A test turns the clock. `url` names a database that lasts.
/// let clock = Arc::new(ManualClock::new("2035-03-01T09:00:00Z".parse()?));
/// let core = EventCore::builder()
///     .temporary()
///     .clock(clock.clone())
///     .horizon(Duration::from_hours(365 * 24))
///     .open()
///     .await?;
/// assert_eq!(core.now().to_string(), "2035-03-01T09:00:00Z");
/// # core.close().await;
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Sharing a database
///
/// An application may have its tables, and its own migrations of sqlx, beside those of the library, which
/// records its migrations in `_eventcore_migrations`. It does not matter which of the two comes first.
///
/// - **PostgreSQL.** Give the library a [schema](Self::schema) of its own. Then names cannot collide, and
///   each of several tenants gets its schema in the same database. The extension `pg_trgm` is used where it
///   is, and installed in `public` if it is nowhere. An application that reads the tables names the schema,
///   as in `SELECT title FROM eventcore.events`.
/// - **SQLite.** Give the library a file of its own, and each tenant another one. An application that reads
///   both in one statement attaches it: `ATTACH 'file:events.db?mode=ro' AS eventcore`, and then `SELECT
///   title FROM eventcore.events`.
/// - **The same schema, or the same file** works too, as long as no name collides. Otherwise the error of
///   [`Builder::open`] names the table in the way. The library switches the file to WAL mode and makes it
///   readable by its owner only.
///
/// Only the library writes to its tables. What others write there is not checked, not searched and not told.
#[must_use = "nothing is opened before `open` is called"]
pub struct Builder {
    address: Option<Address>,
    schema: Option<String>,
    pools: PoolSettings,
    zones: ZoneSource,
    migrates: bool,
    must_exist: bool,
    refuses_foreign: bool,
    settings: Settings,
}

impl EventCore {
    /// Opens the library on a database, with settings. See [`Builder`].
    pub fn builder() -> Builder {
        Builder {
            address: None,
            schema: None,
            pools: PoolSettings::default(),
            zones: ZoneSource::default(),
            migrates: true,
            must_exist: false,
            refuses_foreign: false,
            settings: Settings {
                clock: Arc::new(SystemClock),
                jwt_secret: None,
                horizon: DEFAULT_HORIZON,
                slows_guessing: true,
                quotas: Quotas::default(),
                requires_verified_email: false,
                webhook_policy: WebhookPolicy::default(),
                observers: Vec::new(),
                keeps_changes: None,
            },
        }
    }

    /// Opens the database at `url` with the default settings, and migrates it: short for
    /// `EventCore::builder().url(url).open()`.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub async fn open(url: &str) -> Result<Self> {
        Self::builder().url(url).open().await
    }
}

impl Builder {
    /// The database at `url`: `sqlite://FILE` or `postgres://USER@HOST/NAME`. A missing SQLite file is
    /// created, unless it [must exist](Self::must_exist).
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.address = Some(Address::Url(url.into()));
        self
    }

    /// The PostgreSQL database to which a pool of sqlx connects: `pool.connect_options().as_ref().clone()`.
    /// The library opens connections of its own with these options.
    #[cfg(feature = "sqlx-0_9")]
    pub fn postgres(mut self, options: sqlx::postgres::PgConnectOptions) -> Self {
        self.address = Some(Address::Postgres(Box::new(options)));
        self
    }

    /// A new SQLite database in a temporary file, for tests. It is deleted once the last clone of the library
    /// is dropped, and is not synced to disk before. It behaves as any other file does: SQLite in memory
    /// locks otherwise.
    pub fn temporary(mut self) -> Self {
        self.address = Some(Address::Temporary);
        self
    }

    /// The schema of the tables on PostgreSQL: up to 45 ASCII letters, digits and `_`, not a digit first,
    /// with case. A migration creates it if it is missing. The library names no table outside of it. Default:
    /// that of the connections, which is `public` unless the URL or the user sets another `search_path`.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// The source of the current time. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// How far ahead the occurrences of unbounded recurrence rules are created. Default: 730 days.
    pub fn horizon(mut self, horizon: Duration) -> Self {
        self.settings.horizon = horizon;
        self
    }

    /// Sizes and time limits of the connection pools.
    pub fn pools(mut self, pools: PoolSettings) -> Self {
        self.pools = pools;
        self
    }

    /// The secret that signs access tokens: at least 32 bytes (RFC 7518, 3.2). Default: random secrets that
    /// are stored in the database, so that all processes share them, and can be rotated.
    pub fn jwt_secret(mut self, secret: impl Into<Option<String>>) -> Self {
        self.settings.jwt_secret = secret.into();
        self
    }

    /// Whether clients of [`EventCore::for_network`] wait after wrong passwords, and with a bounded number of
    /// passwords to verify at once. Default: true.
    pub fn slows_guessing(mut self, slows: bool) -> Self {
        self.settings.slows_guessing = slows;
        self
    }

    /// How much one account may create.
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.settings.quotas = quotas;
        self
    }

    /// Whether users need a verified e-mail address to register and to publish. Default: false.
    pub fn require_verified_email(mut self, require: bool) -> Self {
        self.settings.requires_verified_email = require;
        self
    }

    /// Which addresses webhooks and calendars that are followed may reach. Default: public ones.
    pub fn webhooks(mut self, policy: WebhookPolicy) -> Self {
        self.settings.webhook_policy = policy;
        self
    }

    /// Adds an observer, which sees what each transaction of this library changes before its commit. Several
    /// are called in the order in which they were added.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.settings.observers.push(observer);
        self
    }

    /// Stores what each transaction of this library changes, for so long, for
    /// [`EventCore::changes_after`]. Each transaction that changes something then writes one row more. Set it
    /// alike in all processes that share a database: what is changed without it is not stored. Changes have
    /// ids, former places, and the names of clients that people sign in with; they are not deleted with an
    /// account. Default: not stored.
    pub fn keep_changes(mut self, kept: Duration) -> Self {
        self.settings.keeps_changes = Some(kept);
        self
    }

    /// Where this process looks for newer time zones than those that are built in. Default: in the system.
    /// The newest zones that one [`EventCore`] of a process finds, in files or in its database, are used
    /// by all.
    pub fn zones(mut self, zones: ZoneSource) -> Self {
        self.zones = zones;
        self
    }

    /// Whether [`Builder::open`] migrates the database. If not, the database must have the current schema,
    /// and nothing is created or changed. Default: true.
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrates = migrate;
        self
    }

    /// Whether a missing SQLite file is an error. Default: false, the file is created.
    pub fn must_exist(mut self, must: bool) -> Self {
        self.must_exist = must;
        self
    }

    /// Whether a database that has tables, and none of this library, is refused, before anything in it is
    /// changed: for programs whose users name the database. Default: false, the library may share it.
    pub fn refuse_foreign(mut self, refuse: bool) -> Self {
        self.refuses_foreign = refuse;
        self
    }

    /// Opens the database, and migrates it to the current schema: see [`EventCore::migrate`]. Without
    /// [migration](Self::migrate) the schema must be current.
    ///
    /// # Errors
    /// `unavailable` as for [`Builder::connect`] and [`EventCore::migrate`]; without migration for a missing
    /// file, for another schema, and if the database needs newer time zones than this process has: see
    /// [`EventCore::follow_zone_edition`].
    pub async fn open(mut self) -> Result<EventCore> {
        let migrates = self.migrates;
        self.must_exist |= !migrates;
        let core = self.connect().await?;
        if migrates {
            core.migrate().await?;
            return Ok(core);
        }
        match core.schema().await? {
            Schema::Current => core.follow_zone_edition().await.map(|()| core),
            other => Err(other.refusal()),
        }
    }

    /// Opens the database without looking at its schema, so that a program can ask for it
    /// ([`EventCore::schema`]) or [migrate](EventCore::migrate) later. Operations fail unless it is current.
    ///
    /// # Errors
    /// `unavailable` if no database is named, the URL or the name of the schema is invalid, the database
    /// cannot be reached, the JWT secret is too short, or the time zones of a [`ZoneSource::Folder`] cannot
    /// be used.
    pub async fn connect(self) -> Result<EventCore> {
        if self.settings.jwt_secret.as_ref().is_some_and(|secret| secret.len() < 32) {
            return Err(Error::unavailable(
                Cause::WrongSetting,
                "the JWT secret must have at least 32 bytes",
            ));
        }
        let Some(address) = self.address else {
            return Err(Error::unavailable(Cause::WrongUrl, "no database is named: call `url` first"));
        };
        let location = Location {
            address,
            schema: self.schema.as_deref().map(SchemaName::new).transpose()?,
            create: !self.must_exist,
            refuses_foreign: self.refuses_foreign,
        };
        let zones = self.zones;
        tokio::task::spawn_blocking(move || use_zones(&zones)).await.map_err(Error::internal)??;
        let db = Db::open(&location, self.pools).await?;
        Ok(EventCore::on(db, self.settings))
    }
}
