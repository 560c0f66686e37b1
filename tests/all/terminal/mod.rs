//! The terminal client in a real terminal.

mod account;
mod door;
mod drafts;
mod elsewhere;
mod journey;
mod plain;
mod settings;
mod trouble;
