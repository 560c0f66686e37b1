//! An event management library: accounts, events with recurrence, registration with capacity and waitlists,
//! comments, feedback, calendars and insights, on SQLite or PostgreSQL.
//!
//! This page is a tour for programs that embed the library. [`EventCore`](EventCore#operations) lists all
//! operations by their subjects, and [`architecture`] is the guide for those who change the library.
//!
//! # Opening a database
//!
//! [`EventCore::open`] opens a database, creates it if it is an SQLite file that is missing, and migrates it.
//! [`EventCore::builder`] does so with settings. Clone an [`EventCore`] as you like: clones share
//! connections and state. It needs a Tokio runtime with the time driver.
//!
//! ```
//! use std::time::Duration;
//!
//! use eventcore::EventCore;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("events.db").display().to_string();
//! // Or `postgres://user@host/name`, with `.schema("eventcore")`.
//! let core = EventCore::builder()
//!     .url(format!("sqlite://{file}"))
//!     // How far ahead the occurrences of series without an end are stored.
//!     .horizon(Duration::from_hours(365 * 24))
//!     .open()
//!     .await?;
//! core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Users and actors
//!
//! Every operation takes the [`Actor`] who acts, and checks their permissions. Embedding programs need no
//! checks of their own. [`Actor::Anonymous`] is not signed in, and [`Actor::System`], the program itself, has
//! every permission. [`EventCore::user_for`] knows the users whom the program authenticates by itself:
//!
//! ```
//! use eventcore::accounts::ExternalUser;
//! use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! // The program knows its user by an id of its own. The first call creates them, without a password.
//! let ada = ExternalUser::new("ada@example.org", "Ada Lovelace").timezone("Europe/London");
//! let ada: Actor = core.user_for("member 1815", &ada).await?.actor();
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Or the library authenticates them: by passwords, sessions with access tokens and refresh tokens, and
//! personal access tokens. In a server, sign in on [`EventCore::for_network`], which slows guessing down.
//!
//! ```
//! use eventcore::accounts::{Credentials, NewUser};
//! use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! let grace = NewUser::new("grace", "grace@example.org").password("correct horse 7");
//! let grace = core.create_user(&Actor::Anonymous, &grace).await?;
//!
//! let login = Credentials::new("grace", "correct horse 7");
//! let tokens = core.sign_in(&login, Some("curl/8.0")).await?;
//! let actor = core.authenticate(&tokens.access_token).await?;
//! assert_eq!(actor.user_id(), Some(grace.id));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Publishing an event
//!
//! An [event](events::Event) is what is announced, and its [occurrences](events::Occurrence) are what people
//! attend: one, or as many as its recurrence rule gives. Local times and time zones stay as they were given:
//! an event at 18:30 is at 18:30 on either side of a clock change. [`EventCore::change_event`] takes an
//! [`EventPatch`](events::EventPatch), and [`EventCore::import_events`] many events at once. Inputs also
//! implement `Deserialize`.
//!
//! ```
//! use eventcore::events::EventInput;
//! use eventcore::recurrence::Recurrence;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?.actor();
//! let evening = EventInput::new("Rust evening", "Hall 2, Berlin", "2035-03-22T18:30".parse()?, 40)
//!     .timezone("Europe/Berlin")
//!     .duration("PT2H".parse()?)
//!     .recurrence(Recurrence::of("FREQ=WEEKLY;COUNT=4".parse()?));
//! let evening = core.create_event(&ada, &evening).await?;
//! assert_eq!(evening.occurrence_count, 4);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Listing what comes
//!
//! [`EventCore::occurrences`] is the agenda. An [`AgendaFilter`](agenda::AgendaFilter) selects by words,
//! category, tag, period, organizer or free seats; the default is all that is public and upcoming, soonest
//! first. Long lists come in pages: a [`PageRequest`] asks for up to 100 items, and each [`Page`] has the
//! cursors of its neighbours. [`EventCore::occurrence_stream`] reads them to their end.
//!
//! ```
//! use eventcore::PageRequest;
//! use eventcore::agenda::AgendaFilter;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?.actor();
//! # let evening: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Rust evening", "location": "Berlin", "capacity": 40, "timezone": "Europe/Berlin",
//! #     "starts_at": "2035-03-22T18:30", "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=4"},
//! # }))?;
//! # core.create_event(&ada, &evening).await?;
//! let filter = AgendaFilter { q: Some("rust".to_owned()), ..AgendaFilter::default() };
//! let first = core.occurrences(&Actor::Anonymous, &filter, &PageRequest::first(3)).await?;
//! let starts: Vec<_> = first.items.iter().map(|occurrence| occurrence.starts_at.to_string()).collect();
//! // The clocks go forward in between.
//! let expected = ["2035-03-22T18:30:00+01:00", "2035-03-29T18:30:00+02:00", "2035-04-05T18:30:00+02:00"];
//! assert_eq!(starts, expected);
//!
//! let next = PageRequest::first(3).at(first.next);
//! assert_eq!(core.occurrences(&Actor::Anonymous, &filter, &next).await?.items.len(), 1);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Registering
//!
//! A party registers for an occurrence. It gets seats, or a place on the waitlist if it does not fit. Seats
//! that become free go to the waitlist in order, in the same transaction. However many register at once, no
//! seat is given twice. Whoever cancels learns who has moved up.
//!
//! ```
//! use eventcore::registrations::{Party, RegistrationStatus};
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let mut people = Vec::new();
//! # for name in ["ada", "bob"] {
//! #     let user = NewUser::new(name, format!("{name}@example.org"));
//! #     people.push(core.create_user(&Actor::System, &user).await?.actor());
//! # }
//! # let [ada, bob] = people[..] else { panic!() };
//! # let dinner: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Dinner", "location": "Kitchen", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let dinner = core.create_event(&ada, &dinner).await?;
//! # let occurrence = dinner.next_occurrence.ok_or("no occurrence")?.id;
//! // Four seats. A repeated call changes nothing, or the size of the party.
//! let first = core.register(&ada, occurrence, &Party::of(3)).await?.registration;
//! assert_eq!(first.status, RegistrationStatus::Confirmed);
//! let second = core.register(&bob, occurrence, &Party::of(2)).await?.registration;
//! assert_eq!((second.status, second.position), (RegistrationStatus::Waitlisted, Some(1)));
//!
//! let promoted = core.cancel_registration(&ada, occurrence, None).await?;
//! assert_eq!(promoted[0].registration, second.id);
//! let second = core.my_registration(&bob, occurrence).await?;
//! assert_eq!(second.status, RegistrationStatus::Confirmed);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! An operation that fails has changed nothing. Its [`Error`] has a text for the user, a stable
//! [code](Error::code), and one of few [kinds](Error::kind). [`Error::Invalid`] lists every invalid field,
//! with a JSON pointer, a code and a message. Inputs that are read from JSON do not fail there: unknown
//! fields and wrong types are listed with all others. [`Error::is_transient`] tells whether it is worth
//! trying again.
//!
//! ```
//! use eventcore::events::EventInput;
//! use eventcore::{Error, ErrorKind};
//! # use eventcore::accounts::NewUser;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?.actor();
//! let wrong: EventInput = serde_json::from_str(
//!     r#"{"title": "Talk", "location": "Hall 2", "starts_at": "2035-03-22T18:30:00Z", "capacity": "many"}"#,
//! )?;
//! let refused = core.create_event(&ada, &wrong).await.unwrap_err();
//! assert_eq!((refused.kind(), refused.code()), (ErrorKind::Invalid, "invalid_input"));
//! if let Error::Invalid(violations) = &refused {
//!     assert_eq!(violations.iter().next().ok_or("a violation")?.pointer, "/capacity");
//! }
//! let refused = core.create_event(&Actor::Anonymous, &wrong).await.unwrap_err();
//! assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Versions
//!
//! Operations that change a record take `expected`, a [`Precondition`] such as the version that the caller
//! has read. If the stored record does not meet it, they fail with [`Error::VersionMismatch`]. `None` skips
//! the check.
//!
//! # Tests and jobs
//!
//! The time comes from the [clock](Builder::clock) of the builder alone, and [`Builder::temporary`] gives
//! each test a database of its own: tests turn the clock, and never wait.
//!
//! What follows from a transaction, such as mails, reminders and the daily extension of series, is done by
//! [jobs](mod@jobs). They are stored in the transaction that causes them. A program calls
//! [`EventCore::run_jobs`] in at least one process; a test does what is due step by step.
//!
//! ```
//! use std::sync::Arc;
//!
//! use eventcore::notifications::NotificationKind;
//! use eventcore::{ManualClock, PageRequest};
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::registrations::Party;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(ManualClock::new("2035-03-01T09:00:00Z".parse()?));
//! let core = EventCore::builder().temporary().clock(clock.clone()).open().await?;
//! core.ensure_jobs().await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?.actor();
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! # core.register(&ada, talk.next_occurrence.ok_or("no occurrence")?.id, &Party::of(1)).await?;
//! # core.run_due_jobs().await?;
//!
//! // Ada has registered for a talk at 2035-03-22T18:30:00Z. By default, people are reminded a day before.
//! clock.set("2035-03-21T18:30:00Z".parse()?);
//! core.run_due_jobs().await?;
//! # core.run_due_jobs().await?;
//! let told = core.notifications(&ada, true, &PageRequest::default()).await?;
//! assert_eq!(told.page.items[0].kind, NotificationKind::Reminder);
//!
//! // In a program, until it shuts down, such as by `tokio::signal::ctrl_c()`:
//! let shutdown = async {};
//! core.run_jobs(shutdown).await;
//! core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Mails need a [`Mailer`](mails::Mailer), webhooks a [`WebhookSender`](webhooks::WebhookSender), and
//! calendars that are followed a [`CalendarFetcher`](subscriptions::CalendarFetcher), which the program
//! provides.
//!
//! # Rows of your own in the same transaction
//!
//! [`EventCore::transact`] runs several operations, and statements of the program, as one transaction:
//!
//! ```
//! use eventcore::db::{Queries, Sql};
//! use eventcore::registrations::Party;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, Error, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?.actor();
//! # let talk = EventInput::new("Talk", "Hall 2", "2035-03-22T18:30:00Z".parse()?, 4);
//! # let talk = core.create_event(&ada, &talk).await?;
//! # let occurrence = talk.next_occurrence.ok_or("no occurrence")?.id;
//! # let table = "CREATE TABLE orders (registration TEXT PRIMARY KEY, cents INTEGER NOT NULL)";
//! # let mut tx = core.db().begin().await?;
//! # tx.query(Sql::portable(table)).execute().await?;
//! # tx.commit().await?;
//! // Ada is registered and has an order, or neither.
//! core.transact(async |tx| {
//!     let registered = tx.core().register(&ada, occurrence, &Party::of(1)).await?;
//!     let id = registered.registration.id.to_string();
//!     tx.run(|tx| {
//!         Box::pin(async move {
//!             let insert = Sql::portable("INSERT INTO orders (registration, cents) VALUES ($1, 1900)");
//!             tx.query(insert).bind(id).execute().await?;
//!             Ok(())
//!         })
//!     })
//!     .await
//! })
//! .await?;
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! An [`Observer`](db::Observer) is called before each commit with what the transaction has changed, also
//! where others call the operations. It writes rows of its own, or refuses the change.
//!
//! # Changes
//!
//! What has changed are typed [values](changes::Change). [`EventCore::changes`] tells those of this process,
//! after each commit. [`EventCore::changes_after`] reads what any process has committed since a cursor that
//! the program keeps, and misses nothing. [`EventCore::follow`] tells people what they may see: see
//! [`live`].
//!
//! # Dropped futures
//!
//! Every operation may be dropped at any time, as `tokio::select!` and time-outs do. Its transaction runs to
//! its end in a task of its own, and a future that is not polled any more keeps nobody waiting. The caller
//! only does not learn the outcome: repeat the call, or read. [`EventCore`](EventCore#cancellation) has the
//! details, and the one exception.
//!
//! ```
//! use std::time::Duration;
//!
//! use eventcore::registrations::{Party, RegistrationStatus};
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?.actor();
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! # let occurrence = talk.next_occurrence.ok_or("no occurrence")?.id;
//! let party = Party::of(2);
//! let in_time = tokio::time::timeout(Duration::from_millis(1), core.register(&ada, occurrence, &party));
//! let registered = match in_time.await {
//!     Ok(outcome) => outcome?,
//!     // Nobody knows whether it has taken effect. The same call again has the same effect.
//!     Err(_) => core.register(&ada, occurrence, &party).await?,
//! };
//! assert_eq!(registered.registration.status, RegistrationStatus::Confirmed);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Sharing a database
//!
//! The tables may stand beside those of an application and its own migrations, in the same file of SQLite
//! or the same database of PostgreSQL, there in a schema of their own: see
//! [`Builder`](Builder#sharing-a-database). The application reads them in its statements; only the library
//! writes them. The example `axum.rs` is a web application with users and sessions of its own.
//!
//! ```
//! use sqlx::SqlitePool;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite://{}", folder.path().join("application.db").display());
//! let core = EventCore::builder().url(&url).open().await?;
//! let pool = SqlitePool::connect(&url).await?;
//! sqlx::query("CREATE TABLE sponsors (event_id BLOB NOT NULL, name TEXT NOT NULL)").execute(&pool).await?;
//! # let ada = core.create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?;
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&Actor::user(ada.id, ada.role), &talk).await?;
//! let add = sqlx::query("INSERT INTO sponsors VALUES ($1, 'The Tea Company')").bind(talk.id.as_uuid());
//! add.execute(&pool).await?;
//! let titles = "SELECT e.title FROM events e JOIN sponsors s ON s.event_id = e.id";
//! assert_eq!(sqlx::query_scalar::<_, String>(titles).fetch_all(&pool).await?, ["Talk"]);
//! # pool.close().await;
//! # core.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Signing keys
//!
//! Access tokens are signed by jsonwebtoken with HMAC alone. A program that uses that crate for other
//! algorithms calls its `CryptoProvider::install_default` before it opens a database.

#![deny(missing_docs)]

pub mod accounts;
pub mod actor;
pub mod agenda;
pub mod architecture;
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
