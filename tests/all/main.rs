//! All tests that cross crates, in one binary, so that PostgreSQL is started once.

#![expect(clippy::unwrap_used, reason = "in a test that is how surprises show")]

mod http;
mod library;
mod service;
mod terminal;
