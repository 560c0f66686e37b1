//! Lookups in the indexes of texts and tags, which may drive a query of the agenda.

use super::condition::{Condition, OUTER, TRIGRAM_LENGTH};
use super::text_column::TextColumn;
use crate::db::{Dialect, SqlWriter};
use crate::search::{SearchQuery, SearchScope};

/// With more matches than this, scanning the agenda in order finds a page sooner than collecting the matches
/// does.
pub(super) const FEW_MATCHES: i64 = 1_000;

/// A lookup in an index of texts or tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IndexLookup {
    /// Candidates in SQLite's trigram index of titles and locations. Their conditions are tested again.
    Trigrams(String),
    /// The documents with substrings. PostgreSQL looks those of three characters up in its trigram index;
    /// otherwise all documents are read, which are fewer than the occurrences.
    Substrings(Vec<Condition>),
    /// The documents with the required words within a scope, in the full-text index. It verifies all phrases
    /// but those left out.
    Words { scope: SearchScope, text: String, left_out: Vec<String> },
    /// The events with a tag.
    Tag(String),
}

impl IndexLookup {
    /// The lookup of all required words; `None` if the search only excludes words.
    pub(super) fn words(search: &SearchQuery, scope: SearchScope, dialect: Dialect) -> Option<Self> {
        Some(Self::Words { scope, text: search.full_text(dialect, scope)?, left_out: search.left_out() })
    }

    /// The lookup of substrings; `None` without any.
    pub(super) fn substrings(substrings: &[(TextColumn, String)], dialect: Dialect) -> Option<Self> {
        let long = |(_, text): &&(TextColumn, String)| text.chars().count() >= TRIGRAM_LENGTH;
        let quoted = |(column, text): &(TextColumn, String)| {
            format!("{} : \"{}\"", column.name(), text.replace('"', "\"\""))
        };
        let phrases: Vec<String> = substrings.iter().filter(long).map(quoted).collect();
        match dialect {
            _ if substrings.is_empty() => None,
            Dialect::Sqlite if !phrases.is_empty() => Some(Self::Trigrams(phrases.join(" AND "))),
            _ => {
                let contains =
                    |(column, text): &(TextColumn, String)| Condition::Contains(*column, text.clone());
                Some(Self::Substrings(substrings.iter().map(contains).collect()))
            }
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Trigrams(_) => "trigrams",
            Self::Substrings(_) => "substrings",
            Self::Words { .. } => "words",
            Self::Tag(_) => "tag",
        }
    }

    /// Whether it finds documents rather than events.
    pub(super) const fn finds_documents(&self) -> bool {
        !matches!(self, Self::Tag(_))
    }

    /// Whether all that it finds meets a condition.
    pub(super) fn verifies(&self, condition: &Condition) -> bool {
        match (self, condition) {
            (Self::Words { left_out, .. }, Condition::Phrase(phrase)) => !left_out.contains(phrase),
            (Self::Substrings(conditions), condition) => conditions.contains(condition),
            (Self::Tag(tag), Condition::Tag(required)) => tag == required,
            _ => false,
        }
    }

    /// Writes a `SELECT` of the column `id`: of documents, or of events.
    pub(super) fn write(&self, sql: &mut SqlWriter) {
        match (self, sql.dialect()) {
            (Self::Words { scope, text, .. }, Dialect::Postgres) => {
                let tokens = match scope {
                    SearchScope::Title => "ts_filter(w.tokens, '{a}')",
                    SearchScope::Head => "ts_filter(w.tokens, '{a,b,c}')",
                    SearchScope::All => "w.tokens",
                };
                sql.push("SELECT w.id FROM search_tokens w WHERE ").push(tokens).push(" @@ CAST(");
                sql.value(text.as_str()).push(" AS tsquery)");
            }
            (Self::Words { text, .. }, Dialect::Sqlite) => {
                sql.push("SELECT rowid AS id FROM search_tokens WHERE search_tokens MATCH ");
                sql.value(text.as_str());
            }
            (Self::Trigrams(text), _) => {
                sql.push("SELECT rowid AS id FROM search_trigrams WHERE search_trigrams MATCH ");
                sql.value(text.as_str());
            }
            (Self::Substrings(conditions), _) => {
                sql.push("SELECT d.id FROM search_documents d WHERE ");
                sql.separated(" AND ", conditions, |sql, condition| condition.write(sql, OUTER));
            }
            (Self::Tag(text), _) => {
                sql.push("SELECT event_id AS id FROM event_tags WHERE folded = ").value(text.as_str());
            }
        }
    }

    /// Writes the lookup as a table `found`, for FROM.
    ///
    /// PostgreSQL plans it by itself. Within a query with a LIMIT it could expect to find enough rows by
    /// reading the table from its beginning, and reads all of it where nothing matches.
    pub(super) fn write_table(&self, sql: &mut SqlWriter) {
        match sql.dialect() {
            Dialect::Sqlite => sql.push("("),
            Dialect::Postgres => sql.push("(WITH ids AS MATERIALIZED ("),
        };
        self.write(sql);
        sql.push_for_postgres(") SELECT id FROM ids").push(") found");
    }

    /// Writes a `SELECT` of the number of rows, up to one above [`FEW_MATCHES`].
    pub(super) fn push_count(&self, sql: &mut SqlWriter) {
        sql.push("SELECT count(*) FROM (SELECT id FROM ");
        self.write_table(sql);
        sql.push(&format!(" LIMIT {}) few", FEW_MATCHES + 1));
    }

    /// A statement that counts the rows of each lookup, up to one above [`FEW_MATCHES`]: rows of its number
    /// and its count.
    pub(super) fn count(lookups: &[Self], dialect: Dialect) -> SqlWriter {
        let mut sql = SqlWriter::new(dialect);
        sql.separated(" UNION ALL ", lookups.iter().enumerate(), |sql, (number, lookup)| {
            sql.push(&format!("SELECT CAST({number} AS BIGINT) AS lookup, ("));
            lookup.push_count(sql);
            sql.push(") AS number");
        });
        sql.push(" ORDER BY lookup");
        sql
    }
}
