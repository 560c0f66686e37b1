//! Lookups in the indexes of texts and tags, which may drive a query of the agenda.

use crate::db::{Dialect, Queries, Sql};
use crate::error::Result;
use crate::search::{SearchQuery, SearchScope};

/// With more matching texts than this, scanning the agenda in order finds a page sooner than collecting the
/// matches does.
const FEW_MATCHES: i64 = 1_000;

/// A lookup in an index of texts or tags.
#[derive(Debug, Clone)]
pub(super) enum IndexLookup {
    /// In SQLite's trigram index of titles and locations.
    Trigrams(String),
    /// In the full-text index, within a scope.
    Words(SearchScope, String),
    /// Among the tags of events.
    Tag(String),
}

impl IndexLookup {
    /// The lookup of all required words; `None` if the search only excludes words.
    pub(super) fn words(search: &SearchQuery, scope: SearchScope, dialect: Dialect) -> Option<Self> {
        Some(Self::Words(scope, search.full_text(dialect, scope)?))
    }

    pub(super) const fn text(&self) -> &str {
        match self {
            Self::Trigrams(text) | Self::Words(_, text) | Self::Tag(text) => text.as_str(),
        }
    }

    /// SQL for the ids found; the value of `placeholder` is [`Self::text`].
    pub(super) fn found(&self, dialect: Dialect, placeholder: &str) -> String {
        match (self, dialect) {
            (Self::Words(scope, _), Dialect::Postgres) => {
                let words = match scope {
                    SearchScope::Title => "ts_filter(w.tokens, '{a}')",
                    SearchScope::Head => "ts_filter(w.tokens, '{a,b,c}')",
                    SearchScope::All => "w.tokens",
                };
                format!("SELECT w.id FROM search_tokens w WHERE {words} @@ CAST({placeholder} AS tsquery)")
            }
            (Self::Words(..), Dialect::Sqlite) => {
                format!("SELECT rowid AS id FROM search_tokens WHERE search_tokens MATCH {placeholder}")
            }
            (Self::Trigrams(_), _) => {
                format!("SELECT rowid AS id FROM search_trigrams WHERE search_trigrams MATCH {placeholder}")
            }
            (Self::Tag(_), _) => {
                format!("SELECT event_id AS id FROM event_tags WHERE folded = {placeholder}")
            }
        }
    }
}

/// Whether a query with the one parameter `text` finds at most [`FEW_MATCHES`] rows.
pub(super) async fn finds_few(db: &mut impl Queries, rows: &str, text: &str) -> Result<bool> {
    let count = format!("SELECT count(*) FROM ({rows} LIMIT {}) AS few", FEW_MATCHES + 1);
    let found: i64 =
        db.query(Sql::dynamic(count)).bind(text.to_owned()).without_cached_plan().scalar().await?;
    Ok(found <= FEW_MATCHES)
}
