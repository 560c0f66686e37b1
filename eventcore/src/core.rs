//! [`EventCore`]: the database, the clock and the state that operations share. The composition root of the
//! crate.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::accounts::{Attempt, Guesses, Origin, PasswordHashing, Passwords, SigningKeys};
use crate::change_log::ChangeKeeper;
use crate::db::{BeginHook, Db, Observer, Queries, Schema, sql, transaction};
use crate::error::{Error, Result};
use crate::events::Creations;
use crate::id::SessionId;
use crate::live::LiveSlot;
use crate::mails::Mailer;
use crate::notifications::Notifier;
use crate::quotas::Quotas;
use crate::registrations::Admissions;
use crate::search;
use crate::signed_link::LinkKey;
use crate::subscriptions::CalendarFetcher;
use crate::time::{Clock, Timestamp};
use crate::webhooks::{WebhookPolicy, WebhookSender};

/// The library, opened on a database. Every operation is a method of it.
///
/// Cloning is cheap and shares the connections and all state. `EventCore` is `Send` and `Sync`. Its
/// operations need a Tokio runtime with the time driver enabled.
///
/// # Cancellation
///
/// One rule for every operation, on both databases:
///
/// - A transaction runs to its end in a task of its own. A caller who drops the future of an operation, as
///   `tokio::select!` and time-outs do, does not undo it, and only does not learn the outcome. A call that is
///   dropped before its transaction has begun may take effect or not.
/// - A future that is neither polled nor dropped keeps nobody waiting: it holds no lock and no connection.
/// - The exceptions are [`EventCore::transact`] and [`EventCore::begin_transaction`], which hold a
///   transaction between its operations. It is rolled back when it is dropped, and after
///   [`PoolSettings::idle_transaction_timeout`](crate::db::PoolSettings::idle_transaction_timeout) without an
///   operation.
/// - Nobody waits without limit: an operation that others keep from the database for
///   [`PoolSettings::queue_timeout`](crate::db::PoolSettings::queue_timeout) fails with
///   [`Error::Unavailable`].
///
/// Transactions that have not ended when the Tokio runtime or the process ends are rolled back.
#[derive(Clone)]
pub struct EventCore {
    db: Db,
    state: Arc<SharedState>,
    /// The network of the client for whom this clone works.
    network: Option<IpAddr>,
}

/// State shared by all clones. Each field belongs to the module that it is named for.
struct SharedState {
    clock: Arc<dyn Clock>,
    passwords: PasswordHashing,
    /// `None` if wrong passwords have no consequence.
    guesses: Option<Guesses>,
    signing_keys: Arc<SigningKeys>,
    horizon: Duration,
    quotas: Quotas,
    admissions: Admissions,
    creations: Creations,
    live: LiveSlot,
    mailer: OnceLock<Arc<dyn Mailer>>,
    webhook_sender: OnceLock<Arc<dyn WebhookSender>>,
    webhook_policy: WebhookPolicy,
    calendar_fetcher: OnceLock<Arc<dyn CalendarFetcher>>,
    link_key: OnceLock<LinkKey>,
    requires_verified_email: bool,
    keeps_changes: Option<Duration>,
}

/// What [`Builder`](crate::Builder) sets, apart from the database.
pub(crate) struct Settings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jwt_secret: Option<String>,
    pub(crate) horizon: Duration,
    pub(crate) slows_guessing: bool,
    pub(crate) quotas: Quotas,
    pub(crate) requires_verified_email: bool,
    pub(crate) webhook_policy: WebhookPolicy,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) keeps_changes: Option<Duration>,
}

impl EventCore {
    /// The library on a database, whose schema may be any.
    pub(crate) fn on(db: Db, settings: Settings) -> Self {
        let Settings { clock, jwt_secret, horizon, slows_guessing, quotas, mut observers, .. } = settings;
        if settings.keeps_changes.is_some() {
            observers.push(Arc::new(ChangeKeeper(clock.clone())));
        }
        let db = db.with_commit_hook(Arc::new(Notifier(clock.clone()))).with_observers(observers);
        let (passwords, signing_keys) =
            (PasswordHashing::new(slows_guessing), Arc::new(SigningKeys::new(jwt_secret.as_deref())));
        let guesses = slows_guessing.then(Guesses::new);
        let (admissions, creations) = (Admissions::new(&db), Creations::new(&db));
        let live = LiveSlot::new(db.clone(), clock.clone());
        let state = SharedState {
            clock,
            passwords,
            guesses,
            signing_keys,
            horizon,
            quotas,
            admissions,
            creations,
            live,
            mailer: OnceLock::new(),
            webhook_sender: OnceLock::new(),
            webhook_policy: settings.webhook_policy,
            calendar_fetcher: OnceLock::new(),
            link_key: OnceLock::new(),
            requires_verified_email: settings.requires_verified_email,
            keeps_changes: settings.keeps_changes,
        };
        Self { db, state: Arc::new(state), network: None }
    }

    /// Migrates the database to the current schema, then folds and indexes the texts that an older version
    /// left unindexed, or folded otherwise. The time zones of this process are in force for all processes
    /// of the database from then on, unless it already has newer ones, which this process then uses.
    ///
    /// # Errors
    /// `unavailable` if the database has a newer schema than this version, or needs newer time zones than
    /// this process has.
    pub async fn migrate(&self) -> Result<()> {
        self.db.migrate().await?;
        self.bring_zone_edition().await?;
        self.follow_folding().await?;
        // Versions without the word index stored texts that are not indexed yet.
        let unindexed = sql!("SELECT EXISTS (SELECT 1 FROM search_documents WHERE NOT indexed)");
        if self.db.read().await?.query(unindexed).scalar().await? {
            while transaction!(self.db(), |tx| search::index_pending(tx))? > 0 {}
        }
        Ok(())
    }

    /// Compares the schema of the database with the one of this version.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be reached.
    pub async fn schema(&self) -> Result<Schema> {
        self.db.schema().await
    }

    /// The current time of the library's clock.
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// The database, for tests and tools that need to bypass the operations.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// A clone of the library that works for a client in `network`. Wrong passwords count for that network,
    /// and passwords are hashed for one network after the other. An IPv6 client is best counted by its /64
    /// network.
    ///
    /// Without it, as in programs on their user's own machine, passwords can be tried without delay.
    #[must_use]
    pub fn for_network(&self, network: IpAddr) -> Self {
        Self { network: Some(network), ..self.clone() }
    }

    /// A clone of the library in which `hook` runs at the start of each transaction.
    pub(crate) fn with_begin_hook(&self, hook: Arc<dyn BeginHook>) -> Self {
        self.with_db(self.db.with_begin_hook(hook))
    }

    /// A clone of the library that works on its database in another way.
    pub(crate) fn with_db(&self, db: Db) -> Self {
        Self { db, ..self.clone() }
    }

    pub(crate) fn passwords(&self) -> Passwords {
        self.state.passwords.of(self.network)
    }

    /// Begins to try a password at an account: a login, or an id.
    ///
    /// # Errors
    /// `rate_limited` after too many wrong ones.
    pub(crate) fn begin_attempt(&self, session: Option<SessionId>, account: impl Hash) -> Result<Attempt> {
        let origin = session.map(Origin::Session).or(self.network.map(Origin::Network));
        let (Some(guesses), Some(origin)) = (&self.state.guesses, origin) else {
            return Ok(Attempt::uncounted());
        };
        let reason = "too many wrong passwords";
        guesses.begin(origin, account, self.now()).map_err(|wait| Error::RateLimited { reason, wait })
    }

    pub(crate) fn admissions(&self) -> &Admissions {
        &self.state.admissions
    }

    pub(crate) fn creations(&self) -> &Creations {
        &self.state.creations
    }

    pub(crate) fn live(&self) -> &LiveSlot {
        &self.state.live
    }

    pub(crate) fn signing_keys(&self) -> &Arc<SigningKeys> {
        &self.state.signing_keys
    }

    /// Lets the workers of this process deliver mails by `mailer`. Without one, mails wait for a process that
    /// has one. Only the first call has an effect.
    pub fn deliver_mails_by(&self, mailer: Arc<dyn Mailer>) {
        self.mailer_cell().get_or_init(|| mailer);
    }

    /// The mailer of this process, once there is one.
    pub(crate) fn mailer_cell(&self) -> &OnceLock<Arc<dyn Mailer>> {
        &self.state.mailer
    }

    /// Lets the workers of this process send to webhooks by `sender`. Without one, deliveries wait for a
    /// process that has one. Only the first call has an effect.
    pub fn deliver_webhooks_by(&self, sender: Arc<dyn WebhookSender>) {
        self.webhook_sender().get_or_init(|| sender);
    }

    /// The sender of this process, once there is one.
    pub(crate) fn webhook_sender(&self) -> &OnceLock<Arc<dyn WebhookSender>> {
        &self.state.webhook_sender
    }

    /// Lets the workers of this process fetch the calendars that are followed by `fetcher`. Without one, they
    /// wait for a process that has one. Only the first call has an effect.
    pub fn fetch_calendars_by(&self, fetcher: Arc<dyn CalendarFetcher>) {
        self.calendar_fetcher().get_or_init(|| fetcher);
    }

    /// The fetcher of this process, once there is one.
    pub(crate) fn calendar_fetcher(&self) -> &OnceLock<Arc<dyn CalendarFetcher>> {
        &self.state.calendar_fetcher
    }

    /// [`Builder::webhooks`](crate::Builder::webhooks).
    pub(crate) fn webhook_policy(&self) -> &WebhookPolicy {
        &self.state.webhook_policy
    }

    /// The key that signs links, once it is known.
    pub(crate) fn known_link_key(&self) -> &OnceLock<LinkKey> {
        &self.state.link_key
    }

    /// [`Builder::require_verified_email`](crate::Builder::require_verified_email).
    pub(crate) fn requires_verified_email(&self) -> bool {
        self.state.requires_verified_email
    }

    /// [`Builder::keep_changes`](crate::Builder::keep_changes).
    pub(crate) fn keeps_changes(&self) -> Option<Duration> {
        self.state.keeps_changes
    }

    /// The network of the client for whom this clone works.
    pub(crate) const fn network(&self) -> Option<IpAddr> {
        self.network
    }

    /// [`Builder::horizon`](crate::Builder::horizon).
    pub(crate) fn horizon_length(&self) -> Duration {
        self.state.horizon
    }

    /// [`Builder::quotas`](crate::Builder::quotas).
    pub(crate) fn quotas(&self) -> Quotas {
        self.state.quotas
    }

    /// Waits for running transactions and closes all connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

impl std::fmt::Debug for EventCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventCore").field("db", &self.db).finish_non_exhaustive()
    }
}
