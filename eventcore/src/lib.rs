//! An event management library: accounts, events, recurrence, registration with capacity and waitlists, over SQLite or PostgreSQL.
//!
//! [`EventCore`] is the door. Every operation is a method of it, takes the [`Actor`] who acts, checks what they may, and runs in one transaction.
//!
//! # Adding an operation
//!
//! 1. Find its room (a module named for a part of the domain) and give it a file named for its verb.
//! 2. Write the rule as a pure function of plain values, with its tests.
//! 3. Write `impl EventCore { pub async fn … }`: permission, load, decide, store, all in `transaction!` where anything changes.
//! 4. Write its statements with `sql!`, so that the test that prepares every statement on both databases finds them.

pub mod accounts;
pub mod actor;
pub mod agenda;
mod as_text;
pub mod calendars;
pub mod categories;
pub mod comments;
mod core;
pub mod db;
pub mod error;
pub mod events;
pub mod feedback;
pub mod fold;
pub mod id;
pub mod idempotency;
pub mod input;
pub mod insights;
pub mod markdown;
pub mod page;
pub mod privacy;
pub mod recurrence;
pub mod registrations;
pub mod search;
mod seats;
pub mod time;

pub use actor::{Actor, Role, Scope, SignedIn};
pub use core::{EventCore, Options};
pub use error::{Error, Result, Violation, Violations};
pub use id::{
    AccessTokenId, CategoryId, CommentId, EventId, FeedbackId, OccurrenceId, RegistrationId, SessionId,
    UserId,
};
pub use page::{Cursor, Order, Page, PageRequest};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
