//! The terminal client in a real terminal.

mod journey;
mod plain;
mod trouble;
