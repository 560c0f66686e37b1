//! Lookups in the indexes of texts and tags, which may drive a query of the agenda.

use super::text_column::TextColumn;
use crate::db::{Dialect, Planning, Queries, SqlWriter};
use crate::error::Result;
use crate::search::{SearchQuery, SearchScope};

/// With more matches than this, scanning the agenda in order finds a page sooner than collecting the matches
/// does.
const FEW_MATCHES: i64 = 1_000;

/// A lookup in an index of texts or tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IndexLookup {
    /// Candidates in SQLite's trigram index of titles and locations. Their conditions are tested again.
    Trigrams(String),
    /// The documents with all required words within a scope, in the full-text index.
    Words(SearchScope, String),
    /// The events with a tag.
    Tag(String),
}

impl IndexLookup {
    /// The lookup of all required words; `None` if the search only excludes words.
    pub(super) fn words(search: &SearchQuery, scope: SearchScope, dialect: Dialect) -> Option<Self> {
        Some(Self::Words(scope, search.full_text(dialect, scope)?))
    }

    /// The lookup of substrings; `None` without any.
    pub(super) fn trigrams<'t>(substrings: impl Iterator<Item = &'t (TextColumn, String)>) -> Option<Self> {
        let quoted = |(column, text): &(TextColumn, String)| {
            format!("{} : \"{}\"", column.name(), text.replace('"', "\"\""))
        };
        let phrases: Vec<String> = substrings.map(quoted).collect();
        (!phrases.is_empty()).then(|| Self::Trigrams(phrases.join(" AND ")))
    }

    /// Writes a `SELECT` of the column `id`: of documents, or of events.
    pub(super) fn write(&self, sql: &mut SqlWriter) {
        match (self, sql.dialect()) {
            (Self::Words(scope, text), Dialect::Postgres) => {
                let tokens = match scope {
                    SearchScope::Title => "ts_filter(w.tokens, '{a}')",
                    SearchScope::Head => "ts_filter(w.tokens, '{a,b,c}')",
                    SearchScope::All => "w.tokens",
                };
                sql.push(&format!("SELECT w.id FROM search_tokens w WHERE {tokens} @@ CAST("));
                sql.value(text.as_str()).push(" AS tsquery)");
            }
            (Self::Words(_, text), Dialect::Sqlite) => {
                sql.push("SELECT rowid AS id FROM search_tokens WHERE search_tokens MATCH ");
                sql.value(text.as_str());
            }
            (Self::Trigrams(text), _) => {
                sql.push("SELECT rowid AS id FROM search_trigrams WHERE search_trigrams MATCH ");
                sql.value(text.as_str());
            }
            (Self::Tag(text), _) => {
                sql.push("SELECT event_id AS id FROM event_tags WHERE folded = ").value(text.as_str());
            }
        }
    }

    /// Whether the lookup finds at most [`FEW_MATCHES`] rows.
    pub(super) async fn finds_few(&self, db: &mut impl Queries) -> Result<bool> {
        let mut sql = SqlWriter::new(db.dialect(), Planning::ByValue);
        sql.push("SELECT count(*) FROM (");
        self.write(&mut sql);
        sql.push(&format!(" LIMIT {}) AS few", FEW_MATCHES + 1));
        let found: i64 = sql.query(db).scalar().await?;
        Ok(found <= FEW_MATCHES)
    }
}
