//! Indexing the texts of events and occurrences for search.

use sqlx::FromRow;

use super::tokens::{FILLER, Tokens};
use crate::db::{Dialect, Queries, Sql, SqlWriter, Tx, sql};
use crate::error::Result;
use crate::fold::fold;
use crate::id::EventId;

/// A row of `search_documents` that is not indexed yet, with the texts themselves.
#[derive(FromRow)]
struct PendingDocument {
    id: i64,
    title: String,
    tags: String,
    location: String,
    description: String,
}

/// Rows of `search_documents` with the texts of their occurrence, or of the event where the occurrence
/// inherits them.
const DOCUMENTS: &str = "SELECT x.id, coalesce(o.title, e.title) AS title,
        coalesce(o.location, e.location) AS location,
        coalesce(o.description, e.description) AS description, e.tags
     FROM search_documents x JOIN events e ON e.id = x.event_id
        LEFT JOIN occurrences o ON o.id =
            (SELECT d.id FROM occurrences d WHERE d.document_id = x.id LIMIT 1)";

/// Indexes the texts of an event that are not indexed yet.
pub(crate) async fn index_event(tx: &mut Tx, event: EventId) -> Result<()> {
    let pending = Sql::dynamic(format!("{DOCUMENTS} WHERE x.event_id = $1 AND NOT x.indexed"));
    let documents: Vec<PendingDocument> = tx.query(pending).bind(event).all().await?;
    index_all(tx, &documents).await
}

/// Indexes up to 500 pending texts of any event, such as those that a migration left; returns their number.
pub(crate) async fn index_pending(tx: &mut Tx) -> Result<usize> {
    let pending = Sql::dynamic(format!("{DOCUMENTS} WHERE NOT x.indexed ORDER BY x.id LIMIT 500"));
    let documents: Vec<PendingDocument> = tx.query(pending).all().await?;
    index_all(tx, &documents).await?;
    Ok(documents.len())
}

async fn index_all(tx: &mut Tx, documents: &[PendingDocument]) -> Result<()> {
    for document in documents {
        index_document(tx, document).await?;
    }
    Ok(())
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
    full_text: [String; 4],
}

impl IndexEntry {
    /// The entry of a document with these texts.
    pub(crate) fn of<'t>(
        dialect: Dialect,
        title: &str,
        tags: impl IntoIterator<Item = &'t str>,
        location: &str,
        description: &str,
    ) -> Self {
        let tags = tags.into_iter().collect::<Vec<_>>().join(" ");
        let parts = [title, &tags, location, description].map(Tokens::of);
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
            title: fold(title),
            location: fold(location),
            tokens: format!("{head} {FILLER} {description} "),
            title_end: characters(&end_of_title),
            head_end: characters(&head),
            full_text,
        }
    }

    /// Writes the values of a row of `search_tokens` after its id: the columns of FTS5, or one `tsvector`.
    /// Their names are [`full_text_columns`].
    pub(crate) fn push_full_text(&self, sql: &mut SqlWriter) {
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

/// The columns of `search_tokens`, the id first.
pub(crate) const fn full_text_columns(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "rowid, title, tags, location, description",
        Dialect::Postgres => "id, tokens",
    }
}

/// Writes the full-text index entry of a document, and its tokens as plain text.
async fn index_document(tx: &mut Tx, document: &PendingDocument) -> Result<()> {
    let tags: Vec<String> = serde_json::from_str(&document.tags).unwrap_or_default();
    let tags = tags.iter().map(String::as_str);
    let entry =
        IndexEntry::of(tx.dialect(), &document.title, tags, &document.location, &document.description);
    let [title, tags, location, description] = entry.full_text;
    tx.query(sql!(
        sqlite "INSERT OR REPLACE INTO search_tokens (rowid, title, tags, location, description)
             VALUES ($1, $2, $3, $4, $5)",
        postgres "INSERT INTO search_tokens (id, tokens)
             VALUES ($1, setweight(CAST($2 AS tsvector), 'A') || setweight(CAST($3 AS tsvector), 'B')
                || setweight(CAST($4 AS tsvector), 'C') || setweight(CAST($5 AS tsvector), 'D'))
             ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens"
    ))
    .bind(document.id)
    .bind(title)
    .bind(tags)
    .bind(location)
    .bind(description)
    .execute()
    .await?;
    tx.query(sql!(
        "UPDATE search_documents SET indexed = TRUE, tokens = $2, title_end = $3, head_end = $4 WHERE id = $1"
    ))
    .bind(document.id)
    .bind(entry.tokens)
    .bind(entry.title_end)
    .bind(entry.head_end)
    .execute()
    .await?;
    Ok(())
}
