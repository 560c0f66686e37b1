//! The terminal client in a real terminal.

mod account;
mod calendar;
mod check_in;
mod drafts;
mod evening;
mod failures;
mod finding;
mod importing;
mod inbox;
mod live;
mod now;
mod organizing;
mod own_data;
mod scripting;
mod settings;
mod shell_integration;
mod subscriptions;
mod webhooks;
