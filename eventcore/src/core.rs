//! [`EventCore`]: the database, the clock and the state that operations share. The composition root of the
//! crate.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::accounts::{Attempt, Guesses, Origin, PasswordHashing, Passwords, SigningKeys};
use crate::calendars::CalendarCache;
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
///
/// # Operations
///
/// - **Opening and closing:** [`builder`](Self::builder), [`open`](Self::open), [`migrate`](Self::migrate),
///   [`schema`](Self::schema), [`for_network`](Self::for_network),
///   [`transact`](Self::transact), [`begin_transaction`](Self::begin_transaction),
///   [`close`](Self::close), [`now`](Self::now),
///   [`db`](Self::db)
/// - **Events:** [`create_event`](Self::create_event), [`duplicate_event`](Self::duplicate_event),
///   [`event`](Self::event), [`dated_event`](Self::dated_event), [`replace_event`](Self::replace_event),
///   [`change_event`](Self::change_event), [`split_event`](Self::split_event),
///   [`publish_event`](Self::publish_event), [`cancel_event`](Self::cancel_event),
///   [`delete_event`](Self::delete_event), [`co_organizers`](Self::co_organizers),
///   [`co_organizer`](Self::co_organizer), [`add_co_organizer`](Self::add_co_organizer),
///   [`remove_co_organizer`](Self::remove_co_organizer)
/// - **Occurrences:** [`occurrence`](Self::occurrence), [`dated_occurrence`](Self::dated_occurrence),
///   [`change_occurrence`](Self::change_occurrence), [`cancel_occurrence`](Self::cancel_occurrence),
///   [`restore_occurrence`](Self::restore_occurrence), [`delete_occurrence`](Self::delete_occurrence)
/// - **The agenda:** [`occurrences`](Self::occurrences),
///   [`occurrence_stream`](Self::occurrence_stream), [`events`](Self::events),
///   [`facets`](Self::facets), [`daily_counts`](Self::daily_counts)
/// - **Categories and tags:** [`categories`](Self::categories), [`category`](Self::category),
///   [`create_category`](Self::create_category), [`change_category`](Self::change_category),
///   [`delete_category`](Self::delete_category), [`tags`](Self::tags)
/// - **Registrations and tickets:** [`register`](Self::register),
///   [`cancel_registration`](Self::cancel_registration), [`my_registration`](Self::my_registration),
///   [`my_registrations`](Self::my_registrations), [`registration`](Self::registration),
///   [`registrations`](Self::registrations), [`registration_stream`](Self::registration_stream),
///   [`my_registrations_at`](Self::my_registrations_at),
///   [`registrations_with_positions`](Self::registrations_with_positions),
///   [`add_registration`](Self::add_registration), [`remove_registration`](Self::remove_registration),
///   [`check_in`](Self::check_in), [`check_in_by_code`](Self::check_in_by_code),
///   [`undo_check_in`](Self::undo_check_in), [`ticket`](Self::ticket)
/// - **Comments and feedback:** [`comments`](Self::comments), [`comment`](Self::comment),
///   [`add_comment`](Self::add_comment), [`change_comment`](Self::change_comment),
///   [`delete_comment`](Self::delete_comment), [`hide_comment`](Self::hide_comment),
///   [`feedback`](Self::feedback), [`my_feedback`](Self::my_feedback),
///   [`submit_feedback`](Self::submit_feedback), [`withdraw_feedback`](Self::withdraw_feedback),
///   [`answer_feedback`](Self::answer_feedback)
/// - **Accounts:** [`create_user`](Self::create_user), [`user_for`](Self::user_for),
///   [`link_user`](Self::link_user), [`user`](Self::user), [`users`](Self::users),
///   [`profile`](Self::profile), [`profile_by_username`](Self::profile_by_username),
///   [`change_user`](Self::change_user), [`set_user_disabled`](Self::set_user_disabled),
///   [`export_user`](Self::export_user), [`delete_user`](Self::delete_user),
///   [`verify_email`](Self::verify_email), [`resend_verification`](Self::resend_verification),
///   [`change_password`](Self::change_password), [`confirm_password`](Self::confirm_password),
///   [`forgot_password`](Self::forgot_password), [`reset_password_by_link`](Self::reset_password_by_link),
///   [`reset_password`](Self::reset_password), [`check_account_link`](Self::check_account_link),
///   [`operator_accounts`](Self::operator_accounts), [`claim_for_demo`](Self::claim_for_demo)
/// - **Signing in:** [`sign_in`](Self::sign_in), [`open_session`](Self::open_session),
///   [`refresh`](Self::refresh), [`sign_out`](Self::sign_out), [`authenticate`](Self::authenticate),
///   [`caller`](Self::caller), [`identify`](Self::identify), [`sessions`](Self::sessions),
///   [`end_session`](Self::end_session), [`end_other_sessions`](Self::end_other_sessions),
///   [`create_access_token`](Self::create_access_token), [`access_tokens`](Self::access_tokens),
///   [`delete_access_token`](Self::delete_access_token), [`rotate_signing_key`](Self::rotate_signing_key)
/// - **Notifications and mails:** [`notifications`](Self::notifications),
///   [`read_notification`](Self::read_notification),
///   [`read_all_notifications`](Self::read_all_notifications),
///   [`notification_preferences`](Self::notification_preferences),
///   [`set_notification_preferences`](Self::set_notification_preferences), [`is_muted`](Self::is_muted),
///   [`mute_event`](Self::mute_event), [`unmute_event`](Self::unmute_event),
///   [`registration_reminders`](Self::registration_reminders),
///   [`set_registration_reminders`](Self::set_registration_reminders),
///   [`mail_preferences`](Self::mail_preferences), [`set_mail_preferences`](Self::set_mail_preferences),
///   [`unsubscribe`](Self::unsubscribe), [`deliver_mails_by`](Self::deliver_mails_by)
/// - **Calendars:** [`event_calendar`](Self::event_calendar),
///   [`occurrence_calendar`](Self::occurrence_calendar), [`calendar_feed`](Self::calendar_feed),
///   [`known_feed`](Self::known_feed), [`import_calendar`](Self::import_calendar),
///   [`import_events`](Self::import_events),
///   [`answer_invitation`](Self::answer_invitation),
///   [`create_personal_calendar`](Self::create_personal_calendar),
///   [`personal_calendar`](Self::personal_calendar),
///   [`revoke_personal_calendar`](Self::revoke_personal_calendar),
///   [`calendar_owner`](Self::calendar_owner), [`calendar_collection`](Self::calendar_collection),
///   [`calendar_token`](Self::calendar_token), [`calendar_changes`](Self::calendar_changes),
///   [`calendar_subscriptions`](Self::calendar_subscriptions),
///   [`calendar_subscription`](Self::calendar_subscription),
///   [`subscribe_to_calendar`](Self::subscribe_to_calendar),
///   [`change_calendar_subscription`](Self::change_calendar_subscription),
///   [`refresh_calendar_subscription`](Self::refresh_calendar_subscription),
///   [`unsubscribe_from_calendar`](Self::unsubscribe_from_calendar),
///   [`fetch_calendars_by`](Self::fetch_calendars_by)
/// - **Webhooks:** [`webhooks`](Self::webhooks), [`webhook`](Self::webhook),
///   [`create_webhook`](Self::create_webhook), [`change_webhook`](Self::change_webhook),
///   [`delete_webhook`](Self::delete_webhook), [`rotate_webhook_secret`](Self::rotate_webhook_secret),
///   [`test_webhook`](Self::test_webhook), [`webhook_deliveries`](Self::webhook_deliveries),
///   [`webhook_delivery`](Self::webhook_delivery), [`redeliver`](Self::redeliver),
///   [`deliver_webhooks_by`](Self::deliver_webhooks_by)
/// - **Insights:** [`insights`](Self::insights), [`organizer_insights`](Self::organizer_insights)
/// - **Following changes:** [`changes`](Self::changes), [`changes_after`](Self::changes_after),
///   [`change_cursor`](Self::change_cursor), [`follow`](Self::follow),
///   [`reach_other_processes`](Self::reach_other_processes), [`live_counts`](Self::live_counts),
///   [`end_live_streams`](Self::end_live_streams)
/// - **Jobs and upkeep:** [`run_jobs`](Self::run_jobs), [`ensure_jobs`](Self::ensure_jobs),
///   [`run_due_jobs`](Self::run_due_jobs),
///   [`run_due_job`](Self::run_due_job), [`jobs`](Self::jobs), [`job`](Self::job),
///   [`retry_job`](Self::retry_job), [`drop_job`](Self::drop_job),
///   [`extend_schedules`](Self::extend_schedules),
///   [`recompute_occurrence_times`](Self::recompute_occurrence_times),
///   [`follow_zone_edition`](Self::follow_zone_edition), [`check_consistency`](Self::check_consistency),
///   [`check_counters`](Self::check_counters), [`check_notifications`](Self::check_notifications)
/// - **Once per key:** [`run_idempotent`](Self::run_idempotent)
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
    calendar_cache: CalendarCache,
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
            calendar_cache: CalendarCache::default(),
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

    pub(crate) fn calendar_cache(&self) -> &CalendarCache {
        &self.state.calendar_cache
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::actor::Actor;
    use crate::agenda::AgendaFilter;
    use crate::events::EventInput;
    use crate::id::OccurrenceId;
    use crate::page::PageRequest;
    use crate::registrations::Party;

    /// Programs share the library between threads, and spawn its operations.
    #[tokio::test]
    async fn the_library_and_its_futures_are_send() {
        fn shared<T: Send + Sync + 'static>() {}
        fn sent(_: impl Future + Send + 'static) {}
        shared::<EventCore>();
        shared::<Error>();
        shared::<Actor>();
        let core = EventCore::builder().temporary().connect().await.unwrap();
        let (reader, writer, joiner, worker) = (core.clone(), core.clone(), core.clone(), core);
        let (filter, page) = (AgendaFilter::default(), PageRequest::default());
        sent(async move { reader.occurrences(&Actor::System, &filter, &page).await });
        sent(async move { writer.create_event(&Actor::System, &EventInput::default()).await });
        let occurrence = OccurrenceId::at(joiner.now());
        sent(async move { joiner.register(Actor::System, occurrence, &Party::of(1)).await });
        sent(async move { worker.run_jobs(std::future::pending::<()>()).await });
    }

    fn source_files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.flat_map(|path| if path.is_dir() { source_files(&path) } else { vec![path] });
        files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
    }

    /// The public methods in blocks that begin with a bare `impl EventCore {`.
    fn operations(source: &str) -> Vec<String> {
        let blocks = source.split("\nimpl EventCore {\n").skip(1);
        let lines = blocks.flat_map(|block| block.split("\n}\n").next().unwrap_or_default().lines());
        let names = lines.filter_map(|line| {
            let rest = line.strip_prefix("    pub ")?;
            let rest = ["async ", "const "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
            rest.strip_prefix("fn ")?.split(['(', '<']).next()
        });
        names.map(str::to_owned).collect()
    }

    #[test]
    fn the_documentation_lists_every_operation() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let sources = source_files(&root).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        let operations: BTreeSet<String> = sources.flat_map(|source| operations(&source)).collect();
        assert!(operations.contains("register") && operations.contains("changes"), "{operations:?}");
        let listed = include_str!("core.rs");
        let is_missing = |name: &&String| !listed.contains(&format!("[`{name}`](Self::{name})"));
        let missing: Vec<&String> = operations.iter().filter(is_missing).collect();
        assert_eq!(missing, [] as [&String; 0], "name them in the docs of `EventCore`");
    }
}
