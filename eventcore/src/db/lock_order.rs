//! The order in which transactions lock rows.
//!
//! Two transactions that lock the same rows in different orders wait for each other: a deadlock, which
//! PostgreSQL resolves by aborting one of them. A transaction that locks more than one row therefore takes
//! its locks in this order, and rows of one table in the order of their ids:
//!
//! 1. the idempotency key of the request, which the prelude of the transaction inserts;
//! 2. `events` by id, `FOR NO KEY UPDATE`, so that foreign keys to the event can still be checked meanwhile;
//! 3. `categories` by id and `users` by id: `FOR UPDATE` to change or delete them, `FOR KEY SHARE` to refer
//!    to them, `FOR NO KEY UPDATE` to count against a quota of a user. No transaction changes both, so their
//!    relative order does not matter;
//! 4. `occurrences` by id, `FOR UPDATE`;
//! 5. rows that belong to an occurrence or an event: `registrations`, `feedback`, `comments` (a parent before
//!    its reply);
//! 6. `webhooks` by id: `FOR UPDATE` to change or delete them, `FOR NO KEY UPDATE` to record what was
//!    delivered, `FOR KEY SHARE` to add deliveries; then their `webhook_deliveries`, `FOR UPDATE`;
//! 7. `calendar_subscriptions` by id: `FOR UPDATE` to change or delete them, `FOR KEY SHARE` to add events.
//!    Deleting one changes its events, which are locked before, as everywhere.
//!
//! Rules that follow from it:
//!
//! - Read after locking, in another statement. At READ COMMITTED a statement sees what was committed when it
//!   began, so one that waited for a lock may return rows from before the wait: the locked rows themselves
//!   are current, what its subqueries and joins read may not be. A statement that does both at once must find
//!   out whether it waited, as `events::aggregate` does.
//! - Lock all occurrences of an event (`reschedule::lock_occurrences`) before a statement that writes to more
//!   than one of them: an `UPDATE` locks rows in the order in which it scans them.
//! - A lock with `SKIP LOCKED` waits for nobody, and may be taken at any time.
//! - Registrations are written only while their occurrence is locked. They need no locks of their own.
//! - The events of a category, or of an organizer, are locked before the category or the user is. Another
//!   event may be added in between, so read them again after the second lock, and return [`Error::Contended`]
//!   if they differ: `transaction!` then runs the whole transaction again.
//!
//! SQLite has a single writer, so transactions that write run one after another and row locks are not needed.
//!
//! [`Error::Contended`]: crate::Error::Contended
