//! The library through its public door, on both databases.

mod accounts;
mod database;
mod events;
mod schema;
mod statements;
