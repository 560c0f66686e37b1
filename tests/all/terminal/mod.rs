//! The terminal client in a real terminal.

mod elsewhere;
mod journey;
mod plain;
mod settings;
mod trouble;
