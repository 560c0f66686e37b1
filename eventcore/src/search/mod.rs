//! Full-text search: how texts and queries are split into words.
//!
//! The library tokenizes both, so that SQLite (FTS5) and PostgreSQL (`tsvector`) find the same. The databases
//! only look words up; what a word is, where phrases may match, and how much of a text counts is decided
//! here.

mod full_text;
mod index;
mod query;
mod tokens;

pub(crate) use full_text::SearchScope;
pub(crate) use index::{IndexEntry, full_text_columns, index_event, index_pending};
pub use query::{SearchDocument, SearchQuery};
