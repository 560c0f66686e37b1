//! The library through its public door, on both databases.

mod accounts;
mod credentials;
mod crowds;
mod database;
mod dates;
mod events;
mod idempotency;
mod lasting;
mod lists;
mod locks;
mod people;
mod recurring;
mod registration_rush;
mod registrations;
mod schema;
mod seats;
mod series_shift;
mod setbacks;
mod statements;
