//! Search: how texts and questions are cut into words, the same for both databases because the library does it.
//!
//! FTS5 and `tsvector` only look the words up. What a word is, where phrases may lie, and how much of a text counts is decided here.

mod index;
mod lookup;
mod query;
mod words;

pub(crate) use index::{feed, feed_some};
pub(crate) use lookup::Part;
pub use query::{Question, Texts};
