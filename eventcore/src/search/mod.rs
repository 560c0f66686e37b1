//! Full-text search: how texts and queries are split into words.
//!
//! The library tokenizes both, so that SQLite (FTS5) and PostgreSQL (`tsvector`) find the same. The databases
//! only look words up; what a word is, where phrases may match, and how much of a text counts is decided
//! here.

mod documents;
mod full_text;
mod index_entry;
mod query;
mod tokens;

pub(crate) use documents::{
    delete_unused, documents_of_occurrences, index_pending, insert_document, mark_unindexed, own_document,
    push_documents, push_tokens_of, refresh_documents, update_documents,
};
pub(crate) use full_text::SearchScope;
pub(crate) use index_entry::{DocumentTexts, IndexEntry};
pub use query::{SearchDocument, SearchQuery};
