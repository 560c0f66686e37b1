//! Indexing the texts of events and occurrences for search.

use sqlx::FromRow;

use super::tokens::{FILLER, Tokens};
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
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

/// Writes the full-text index entry of a document, and its tokens as plain text.
///
/// The plain text serves queries that scan the agenda: testing one document is cheap, while the index can
/// only list all matches.
async fn index_document(tx: &mut Tx, document: &PendingDocument) -> Result<()> {
    let tags: Vec<String> = serde_json::from_str(&document.tags).unwrap_or_default();
    let tags = tags.join(" ");
    let parts = [&document.title, &tags, &document.location, &document.description];
    let parts = parts.map(|part| Tokens::of(part));
    let [title, tags, location, description] = match tx.dialect() {
        Dialect::Sqlite => parts.each_ref().map(Tokens::joined),
        Dialect::Postgres => parts.each_ref().map(Tokens::to_tsvector),
    };
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
    let [title, tags, location, description] = parts.each_ref().map(Tokens::joined);
    let title = format!(" {title}");
    let head = format!("{title} {FILLER} {tags} {FILLER} {location}");
    let characters = |text: &str| i64::try_from(text.chars().count()).map_err(Error::internal);
    tx.query(sql!(
        "UPDATE search_documents SET indexed = TRUE, tokens = $2, title_end = $3, head_end = $4 WHERE id = $1"
    ))
    .bind(document.id)
    .bind(format!("{head} {FILLER} {description} "))
    .bind(characters(&title)?)
    .bind(characters(&head)?)
    .execute()
    .await?;
    Ok(())
}
