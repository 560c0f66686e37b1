//! Changes as values: what each transaction of this library has changed, published after its commit.
//!
//! An operation records on its transaction what it changes. After the COMMIT the changes are published to the
//! subscribers of [`EventCore::changes`](crate::EventCore::changes): in the order of the commits, and never
//! for a transaction that was rolled back. Operations that change nothing record nothing.
//!
//! ```
//! use eventcore::accounts::NewUser;
//! use eventcore::changes::Change;
//! use eventcore::{Actor, EventCore};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite://{}/events.db", folder.path().display());
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let core = EventCore::open(&url).await?;
//! let mut changes = core.changes();
//!
//! let ada: NewUser = serde_json::from_value(serde_json::json!({
//!     "username": "ada", "email": "ada@example.org", "password": "correct horse 7",
//! }))?;
//! let ada = core.create_user(&Actor::Anonymous, &ada).await?;
//!
//! match changes.next().await {
//!     Some(Ok(Change::AccountCreated { user, .. })) => assert_eq!(user, ada.id),
//!     other => panic!("{other:?}"),
//! }
//! # core.close().await;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # What subscribers can rely on
//!
//! - A subscriber gets the changes of all operations of one [`EventCore`](crate::EventCore) and its clones.
//!   Changes that another process makes, or a second `EventCore` in this process, are not among them: for
//!   those see [`live`](crate::live).
//! - Changes come in the order in which the transactions committed: a transaction that has read or changed
//!   what another one wrote is published after it. Those of one transaction come one after another, in the
//!   order in which they were made.
//! - A change is published once its transaction is committed, so that reads find what it tells.
//! - A subscriber that does not keep up loses the oldest changes and is told how many: see [`LostChanges`].
//!   Other subscribers and the operations themselves never wait for it.
//! - If the connection to the database ends during the COMMIT, its outcome is unknown, and nothing is
//!   published. Whoever must miss nothing reads the database again, also after a start of the program.

mod bus;
mod change;
mod subscription;
mod topic;

pub(crate) use bus::ChangeBus;
pub use change::{CancelledBy, Change};
pub use subscription::{Changes, LostChanges};
pub(crate) use topic::{Topic, topics_of};
