//! [`IndexEntry`]: what is stored to find an occurrence by its texts.

use super::tokens::{FILLER, Tokens};
use crate::db::{Dialect, SqlWriter};
use crate::fold::fold;

/// The texts by which an occurrence is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentTexts {
    pub(crate) title: String,
    pub(crate) location: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
}

/// All that the database stores to find a document by its texts, computed from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// The folded title.
    pub(crate) title: String,
    /// The folded location.
    pub(crate) location: String,
    /// The tokens of all texts, separated by spaces.
    ///
    /// They serve queries that scan the agenda: testing one document is cheap, while the full-text index can
    /// only list all matches.
    pub(crate) tokens: String,
    /// Where the title ends in `tokens`, in characters.
    pub(crate) title_end: i64,
    /// Where title, tags and location end in `tokens`, in characters.
    pub(crate) head_end: i64,
    /// The tokens of title, tags, location and description, in the form of the full-text index.
    pub(super) full_text: [String; 4],
}

impl IndexEntry {
    /// The entry of a document with these texts.
    pub(crate) fn of(dialect: Dialect, texts: &DocumentTexts) -> Self {
        let parts = [&texts.title, &texts.tags.join(" "), &texts.location, &texts.description];
        let parts = parts.map(|part| Tokens::of(part));
        let full_text = match dialect {
            Dialect::Sqlite => parts.each_ref().map(Tokens::joined),
            Dialect::Postgres => parts.each_ref().map(Tokens::to_tsvector),
        };
        let [title_tokens, tags, location_tokens, description] = parts.each_ref().map(Tokens::joined);
        let end_of_title = format!(" {title_tokens}");
        let head = format!("{end_of_title} {FILLER} {tags} {FILLER} {location_tokens}");
        // Texts have at most 20,000 characters.
        let characters = |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        Self {
            title: fold(&texts.title),
            location: fold(&texts.location),
            tokens: format!("{head} {FILLER} {description} "),
            title_end: characters(&end_of_title),
            head_end: characters(&head),
            full_text,
        }
    }

    /// Writes the values of a row of `search_tokens` after its id: the columns of FTS5, or one `tsvector`.
    /// Their names come from the statement that inserts the row.
    pub(super) fn push_full_text(&self, sql: &mut SqlWriter) {
        match sql.dialect() {
            Dialect::Sqlite => {
                sql.separated(", ", &self.full_text, |sql, text| _ = sql.value(text.as_str()));
            }
            Dialect::Postgres => {
                let weighted = self.full_text.iter().zip(["A", "B", "C", "D"]);
                sql.separated(" || ", weighted, |sql, (text, weight)| {
                    sql.push("setweight(CAST(").value(text.as_str()).push(" AS tsvector), '");
                    sql.push(weight).push("')");
                });
            }
        }
    }
}
