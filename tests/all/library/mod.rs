//! The library through its public door, on both databases.

mod accounts;
mod credentials;
mod database;
mod events;
mod people;
mod idempotency;
mod schema;
mod statements;
