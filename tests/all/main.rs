//! All tests that cross crates, in one binary, so that PostgreSQL is started once.

mod http;
mod library;
