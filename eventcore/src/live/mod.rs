//! Following what changes, in any process: the seats of occurrences, changes of events, and one's own
//! notifications.
//!
//! [`EventCore::follow`](crate::EventCore::follow) opens a stream of [messages](LiveMessage). Each shows the
//! present state of one thing: whoever keeps the last of each has what a request would answer.
//!
//! ```
//! use eventcore::events::EventInput;
//! use eventcore::live::{LiveEvent, Followed};
//! use eventcore::{Actor, EventCore};
//! # use eventcore::accounts::NewUser;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite://{}/events.db", folder.path().display());
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let core = EventCore::open(&url).await?;
//! # let ada: NewUser = serde_json::from_value(serde_json::json!({
//! #     "username": "ada", "email": "ada@example.org", "password": "correct horse 7",
//! # }))?;
//! # let ada = core.create_user(&Actor::Anonymous, &ada).await?;
//! # let ada = Actor::user(ada.id, eventcore::Role::User);
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Notes on the engine", "location": "Lecture hall", "capacity": 30,
//! #     "starts_at": "2035-03-04T18:30:00", "timezone": "Europe/London", "duration": "PT2H",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! let wanted = Followed { events: [talk.id].into(), ..Followed::default() };
//! let mut stream = core.follow(&Actor::Anonymous, wanted, None).await?;
//! let first = stream.next().await.ok_or("the stream has ended")?;
//! assert!(matches!(&*first.event, LiveEvent::Event(now) if now.version == talk.version));
//! # core.close().await;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # What followers can rely on
//!
//! - **All processes.** A change is shown wherever it was made: at once in its process, and in others when
//!   they are woken, or within a second.
//! - **Only what they may see.** That is decided anew for each message. What a follower cannot see is `gone`,
//!   as if it did not exist, and nothing more is told of it. A stream ends with the credential of its caller.
//! - **Resuming.** A message has an id. A new stream that resumes there, in whatever process, shows what has
//!   changed since: nothing is lost, and nothing is repeated that came before it. After five minutes, or if
//!   too much has changed, it begins with [`LiveEvent::Reset`] and the present state.
//! - **Bounds.** A follower who does not take 256 messages is cut off, and can resume. Messages about the
//!   same thing that follow within 50 ms are one.
//!
//! One task reads the log of changes for all followers of a process, and reads what they are shown once for
//! all who are shown the same. Without followers it reads nothing.

mod command;
mod counts;
mod credential;
mod event;
mod follow;
mod follower;
mod hub;
mod item;
mod message_ids;
mod position;
mod recent;
mod slot;
mod views;

pub use command::Followed;
pub use counts::LiveCounts;
pub use event::{EventNow, GoneNow, InboxNow, LiveEvent, LiveMessage, SeatsNow};
pub use follow::LiveStream;
pub(crate) use slot::LiveSlot;
