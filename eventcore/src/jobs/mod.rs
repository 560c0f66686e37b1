//! Jobs: work that follows from a transaction, and is written in it.
//!
//! A room that leaves work to later adds a variant to [`Job`], calls `enqueue` in its transaction, and adds
//! an arm to `workers::perform`. If the transaction is rolled back, there is no job; if it is committed, the
//! job is done, whatever crashes.
//!
//! # Leases
//!
//! A worker takes the job that is due first, for [`LEASE`], and renews the lease while it works. If its
//! process ends, the lease runs out and another worker takes the job. Each lease has a number, so a worker
//! that lost its lease without knowing it cannot finish the job any more. Two kinds of work follow:
//!
//! - What only writes to the database is done in the transaction that also finishes the job, under the lock
//!   of `lease::hold`: it is done exactly once.
//! - What reaches beyond, such as a mail, is done at least once. Name it by the id of the job, so that the
//!   other side recognises a repeat.
//!
//! # Lanes
//!
//! Jobs that wait for the servers of others, such as webhooks, are in a `Lane` of their own, with workers
//! of their own: a server that answers slowly keeps no reminder waiting.
//!
//! # Failures
//!
//! A failed attempt is repeated after a delay that doubles, with jitter. After the last attempt of its
//! [`JobKind`] the job is set aside as `failed`, where `eventd jobs` shows it, and can retry or drop it.
//! Finished jobs are deleted after a day.

mod enqueue;
mod job;
mod lane;
pub(crate) mod lease;
mod payload;
mod prune;
mod read;
mod retry;
mod row;

pub(crate) use enqueue::{enqueue, hasten};
pub use job::{Job, JobKind};
pub(crate) use lane::Lane;
pub use lease::LEASE;
pub(crate) use lease::{Lease, Next};
pub use payload::{AffectedOccurrence, Announcement, DueOccurrence, WebhookNews, WebhookSubject};
pub(crate) use prune::prune;
pub use row::{JobState, JobSummary};
