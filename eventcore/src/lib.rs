//! An event management library: accounts, events with recurrence, registration with capacity and waitlists,
//! comments, feedback, calendars and insights, on SQLite or PostgreSQL.
//!
//! # Using the library
//!
//! [`EventCore::open`] opens a database and migrates it; [`EventCore::builder`] does so with settings, beside
//! the tables of an application. Every operation is a method of [`EventCore`]. It takes the [`Actor`] who
//! acts, checks the permissions of that actor, and runs in one transaction. Embedding programs need no checks
//! of their own.
//!
//! ```
//! use eventcore::accounts::NewUser;
//! use eventcore::events::EventInput;
//! use eventcore::{Actor, EventCore, Role};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // For a test. `.url("sqlite://events.db")` in place of `.temporary()` lasts.
//! let core = EventCore::builder().temporary().open().await?;
//!
//! let ada: NewUser = serde_json::from_value(serde_json::json!({
//!     "username": "ada", "email": "ada@example.org", "password": "correct horse 7",
//! }))?;
//! let ada = core.create_user(&Actor::Anonymous, &ada).await?;
//! let ada = Actor::user(ada.id, Role::User);
//!
//! let talk: EventInput = serde_json::from_value(serde_json::json!({
//!     "title": "Notes on the engine", "location": "Lecture hall", "capacity": 30, "status": "published",
//!     "starts_at": "2035-03-04T18:30:00", "timezone": "Europe/London", "duration": "PT2H",
//! }))?;
//! let talk = core.create_event(&ada, &talk).await?;
//!
//! // Operations fail with an `Error`, which has a stable code.
//! let refused = core.delete_event(&Actor::Anonymous, talk.id, None).await.unwrap_err();
//! assert_eq!(refused.code(), "unauthenticated");
//! # core.close().await;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! - **Actors.** [`Actor::Anonymous`] is not signed in. [`Actor::user`] is a user whom the embedding program
//!   has authenticated; [`EventCore::authenticate`] does that for access tokens. [`Actor::System`] has every
//!   permission.
//!   Access tokens are signed by jsonwebtoken with HMAC alone: a program that uses that crate for other
//!   algorithms calls its `CryptoProvider::install_default` before it opens a database.
//! - **Input.** Types such as [`events::EventInput`] implement `Deserialize`. Fields that are unknown or of
//!   the wrong type do not fail the deserialization: they are collected in the field `parse_errors`, and the
//!   operation reports them together with all other violations.
//! - **Errors.** [`Error`] has a variant for each way to fail, and [`Error::kind`] puts them into few kinds.
//!   [`Error::code`] is stable, its `Display` text is a message for the user, and [`Error::Invalid`] lists
//!   every invalid field with a JSON pointer, a code and a message. [`Error::is_transient`] tells whether it
//!   is worth trying again, and [`Error::Unavailable`] has a [cause](error::Cause).
//! - **Sharing a database.** The tables may stand beside those of an application, and several times in one
//!   database of PostgreSQL: see [`Builder`](Builder#sharing-a-database).
//! - **Cancellation.** A dropped call runs to its end on both databases, and one that is not polled any more
//!   keeps nobody waiting. [`EventCore`](EventCore#cancellation) has the details.
//! - **Versions.** Operations that change a record take `expected`, a [`Precondition`] such as the version
//!   that the caller has read. If the stored record does not meet it, they fail with
//!   [`Error::VersionMismatch`]; `None` skips the check.
//! - **Pages.** Long lists take a [`PageRequest`] and return a [`Page`] with cursors. Some are streams, too:
//!   [`EventCore::occurrence_stream`].
//! - **Time.** The current time comes from the [clock](Builder::clock) of the builder, never from the
//!   operating system.
//! - **Transactions.** [`EventCore::transact`] runs several operations, and statements of the embedding
//!   program, as one transaction. An [`Observer`](db::Observer) sees what each transaction changes before its
//!   commit, and can add to it or refuse it.
//! - **Changes.** [`EventCore::changes`] tells what each transaction of this process has changed, after its
//!   commit. [`EventCore::changes_after`] reads what any process has committed since a stored cursor.
//!   [`live`] tells it to those who may see it.
//! - **Jobs.** Call [`EventCore::run_jobs`] in at least one process, or start [`workers::Workers`]: they do
//!   what transactions leave to them, and the daily upkeep.
//!
//! # The modules, by layer
//!
//! A module imports only from layers below its own, and within a layer from modules named before it.
//!
//! 1. [`error`], [`fold`], [`time`], [`id`], [`changes`], the values that tell what a transaction has
//!    changed, and [`db`], which do not depend on the domain; the crate [`recurrence`] has the rules of
//!    recurrence, instants and time zones, and depends on no module;
//! 2. [`phase`], [`actor`], [`quotas`], [`page`], [`precondition`], [`input`], [`markdown`], `csv_table`,
//!    [`jobs`], the table of work that follows from transactions, `change_log`, the tables of what they have
//!    changed, `signed_link`, the tokens of links in mails, `reminder_list`, the lead times of a user,
//!    `zone_edition`, the time-zone data of all processes, and [`mails`], which the operations of all modules
//!    use;
//! 3. `seats`, the rules of admission and waitlists; [`search`], the word index; `counters`, the numbers of
//!    occurrences by day and label; [`accounts`] and [`categories`];
//! 4. [`events`]: events and their occurrences, which are one aggregate;
//! 5. [`agenda`], [`registrations`], [`comments`], [`feedback`], [`calendars`], [`insights`], [`webhooks`],
//!    [`subscriptions`], [`notifications`], which refer to events;
//! 6. [`privacy`]: export and deletion of all data of a user; [`idempotency`]: execution of any operation
//!    once per key; [`live`]: following what changes; `refold`: stored texts after a change of the folding;
//! 7. [`workers`]: who do the jobs, by the operations of all modules;
//! 8. `core`: [`EventCore`], the composition root. Every module adds its operations to that type, so all of
//!    them import it, and it holds the state of `accounts` and `registrations`. This is the only import
//!    cycle. [`Builder`] opens it, `transaction` runs several of its operations as one, and `page_stream`
//!    reads its long lists.
//!
//! Transactions that lock several rows follow the order in `db::lock_order`.
//!
//! # Adding an operation
//!
//! 1. **Library.** Add a file named after the operation to the module of its subject, such as
//!    `registrations/transfer.rs`. Write the rule as a pure function with unit tests. Write
//!    `impl EventCore { pub async fn … }` with the actor as the first argument: check the permission, load,
//!    decide, store, record a [`changes::Change`]; decide in `notifications/decision.rs` who is told of a new
//!    kind of change, and in `webhooks/decision.rs` what webhooks are told. Everything that writes goes into
//!    an `async fn verb(tx: &mut Tx, …)`, called as `transaction!(self.db(), |tx| verb(tx, …))`, which runs
//!    it in a task of its own. Write statements with `sql!`: a test finds those and prepares each of them on
//!    both databases. Compose those with variable parts with `SqlWriter`, and hand it many rows as one
//!    `RowList`.
//! 2. **HTTP.** Add a route to the file of the same name in `eventd/src/http/routes`: it parses the request,
//!    calls the operation once, and writes the response. A new [`Error`] also needs a row in the table of
//!    `problem.rs`.
//! 3. **Client.** Add a method to the API trait of `eventtui`, and implement it for the library and for HTTP.
//! 4. **Tests.** Add a test of the operation to `tests/all/library` and one of the route to `tests/all/http`.

pub mod accounts;
pub mod actor;
pub mod agenda;
mod builder;
pub mod calendars;
pub mod categories;
mod change_log;
pub mod changes;
pub mod comments;
mod core;
mod counters;
mod csv_table;
pub mod db;
pub mod error;
pub mod events;
pub mod feedback;
pub mod fold;
pub mod id;
pub mod idempotency;
pub mod input;
pub mod insights;
pub mod jobs;
mod link_key;
pub mod live;
pub mod mails;
pub mod markdown;
pub mod notifications;
pub mod page;
mod page_stream;
pub mod phase;
pub mod precondition;
pub mod privacy;
pub mod quotas;
mod refold;
pub mod registrations;
mod reminder_list;
mod seal;
pub mod search;
mod seats;
mod signed_link;
pub mod subscriptions;
pub mod time;
mod transaction;
pub mod webhooks;
pub mod workers;
mod zone_edition;

pub use actor::{Actor, Credential, Role, Scope, SignedIn};
pub use builder::Builder;
pub use change_log::{ChangeCursor, CommittedChanges, InvalidChangeCursor};
pub use core::EventCore;
pub use error::{Cause, Error, ErrorKind, Result, Violation, Violations};
pub use eventcore_recurrence as recurrence;
pub use id::{
    AccessTokenId, AccountLinkId, CategoryId, CommentId, EventId, FeedbackId, JobId, MailId, NotificationId,
    OccurrenceId, RegistrationId, SessionId, SubscriptionId, UserId, WebhookDeliveryId, WebhookId,
};
pub use page::{Cursor, Order, Page, PageRequest, TotalRelation};
pub use page_stream::ItemStream;
pub use precondition::Precondition;
pub use quotas::Quotas;
pub use time::{Clock, ManualClock, SystemClock, Timestamp, ZoneSource};
pub use transaction::{OpenTransaction, Transaction, TransactionFuture};
