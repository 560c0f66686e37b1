//! The log of changes: what each transaction has changed, for those who need to know it in other processes.
//!
//! A transaction stores the topics of its changes together with the changes, in the statement that tells
//! people of them. Readers in any process ask for what was committed since they last asked, and the log is
//! all that they need: what wakes them only makes it quicker. In one process that is the bus of
//! [`changes`](crate::changes); between processes on PostgreSQL it is a notification, which a task of its own
//! sends after the commits, because a transaction that notifies excludes all others from their commits.
//!
//! # Nothing is lost
//!
//! A reader of PostgreSQL cannot remember the last id that it has seen: ids are taken long before the
//! commits, so that a smaller id may appear after a larger one. Each row therefore has the number of its
//! transaction, and a reader remembers the [`Snapshot`] of its last statement: it has seen a row exactly if
//! that snapshot sees the transaction. Snapshots mean the same in all processes.
//!
//! Rows are kept for six minutes.

mod keeper;
mod kept;
mod listen;
mod prune;
mod read;
mod snapshot;
mod store;

pub(crate) use keeper::{ChangeKeeper, prune_kept};
pub use kept::{ChangeCursor, CommittedChanges, InvalidChangeCursor};
pub(crate) use listen::{ProcessLink, reach};
pub(crate) use prune::prune;
pub(crate) use read::{present, read_since};
pub(crate) use snapshot::Snapshot;
pub(crate) use store::insert;
