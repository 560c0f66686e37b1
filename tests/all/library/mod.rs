//! The library through its public API, on both databases.

mod accounts;
mod batching;
mod confirmation;
mod connections;
mod consistency;
mod credentials;
mod database;
mod database_failures;
mod deadlocks;
mod events;
mod idempotency;
mod lock_order;
mod lock_waits;
mod multi_day;
mod occurrences;
mod privacy;
mod quotas;
mod recurrence;
mod registration_lists;
mod registration_load;
mod registration_windows;
mod registrations;
mod schema;
mod series_shift;
mod statements;
mod waitlist;
