//! Group commit: transactions that queue up for the writing connection share one COMMIT, and its fsync.
//!
//! SQLite allows one writer at a time, and each COMMIT waits for an fsync. Transactions therefore run one
//! after another as savepoints of one `BEGIN IMMEDIATE … COMMIT`: they are the *members* of a *group*. A
//! member that fails rolls back to its savepoint; the others are not affected. Every member gets its outcome
//! after the shared COMMIT, so an `Ok` is durable.
//!
//! # The states of the group
//!
//! n is the number of members that wait for the COMMIT. In both open states there is one savepoint: that of
//! the member at work, or that of the next one.
//!
//! ```text
//!                BEGIN IMMEDIATE; SAVEPOINT member
//!   closed      ──────────────────────────────────►  at work(0)   the first member of a new group
//!
//!                nothing
//!   between(n)  ──────────────────────────────────►  at work(n)   the next one, for whom the savepoint is
//!
//!                RELEASE member; SAVEPOINT member
//!   at work(n)  ──────────────────────────────────►  between(n + 1)   the member commits, another one is
//!                                                                     queued, and n + 1 < GROUP_LIMIT
//!                ROLLBACK TO member
//!   at work(n)  ──────────────────────────────────►  between(n)   the member rolls back, another one is
//!                                                                 queued
//!                COMMIT
//!   at work(n)  ──────────────────────────────────►  closed       the member commits or rolls back, and
//!                                                                 nobody is queued or the group is full:
//!                                                                 all members get Ok
//!                ROLLBACK
//!   any open    ──────────────────────────────────►  closed       COMMIT or ROLLBACK TO failed, as on a
//!                                                                 full disk: all members get an error
//! ```
//!
//! # Who makes them
//!
//! A mutex guards the group. The task that holds its lock is the member at work; [`QueuedCaller`]s wait for
//! it, in the order of their calls and no longer than a time limit. A caller is counted as queued until it
//! has the lock, and the group stays open for it.
//!
//! Transactions run in tasks that nobody but the runtime polls, so the lock is never held by a future that
//! its owner has put aside. If such a task is dropped all the same, as at the end of the runtime, the lock is
//! released in the state *at work*: whoever takes it next first executes `ROLLBACK TO member`. If the task is
//! dropped while BEGIN, COMMIT or ROLLBACK runs, the next one executes `ROLLBACK`, and the group is closed.
//!
//! | file | content |
//! | --- | --- |
//! | `group` | the connection, the state and the statements that change it |
//! | `lock` | the mutex, and what a member does when it ends |
//! | `queue` | callers that wait |
//! | `transaction` | one member |
//! | `deferred` | the last statement of a member, sent together with its RELEASE |
//! | `writer` | what the rest of the module `db` sees |

pub(in crate::db) mod deferred;
mod group;
mod lock;
mod queue;
mod transaction;
mod writer;

pub(in crate::db) use queue::QueuedCaller;
pub(in crate::db) use transaction::SqliteTx;
pub(in crate::db) use writer::Writer;
