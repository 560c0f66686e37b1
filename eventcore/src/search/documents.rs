//! The rows of `search_documents` and `search_tokens`, by which occurrences are searched.
//!
//! Each occurrence refers to one document. The document of an event with the smallest id is the event's own,
//! which all occurrences share that override neither title, description nor location. Others have a document
//! for themselves. This module alone writes documents, always together with their index entries.

use sqlx::FromRow;

use super::index_entry::{DocumentTexts, IndexEntry};
use crate::db::{Dialect, Queries, RowList, Sql, SqlWriter, Tx, sql};
use crate::error::Result;
use crate::id::EventId;

/// The id of the event's own document.
pub(crate) async fn own_document(tx: &mut Tx, event: EventId) -> Result<i64> {
    Ok(tx
        .query(sql!("SELECT min(id) FROM search_documents WHERE event_id = $1"))
        .bind(event)
        .scalar()
        .await?)
}

/// Inserts a document; returns its id.
pub(crate) async fn insert_document(tx: &mut Tx, event: EventId, texts: &DocumentTexts) -> Result<i64> {
    let entry = IndexEntry::of(tx.dialect(), texts);
    let mut sql = SqlWriter::new(tx.dialect());
    match sql.dialect() {
        Dialect::Postgres => {
            sql.push("WITH document AS (");
            push_document(&mut sql, event, &entry);
            sql.push("), search AS (");
            push_search_tokens(&mut sql, Document::InStatement, &entry);
            sql.push(") SELECT document.id FROM document");
            Ok(sql.query(tx).scalar().await?)
        }
        Dialect::Sqlite => {
            push_document(&mut sql, event, &entry);
            let id = sql.query(tx).scalar().await?;
            let mut sql = SqlWriter::new(Dialect::Sqlite);
            push_search_tokens(&mut sql, Document::Id(id), &entry);
            sql.query(tx).execute().await?;
            Ok(id)
        }
    }
}

/// A document in a statement.
#[derive(Debug, Clone, Copy)]
enum Document {
    /// A row that exists.
    Id(i64),
    /// The row that `document`, a part of the same statement, inserts.
    InStatement,
}

impl Document {
    /// Writes its id.
    fn push(self, sql: &mut SqlWriter) {
        match self {
            Self::Id(id) => sql.value(id),
            Self::InStatement => sql.push("(SELECT document.id FROM document)"),
        };
    }
}

/// Writes an INSERT of a document that returns its id.
fn push_document(sql: &mut SqlWriter, event: EventId, entry: &IndexEntry) {
    sql.push("INSERT INTO search_documents (event_id, title, location, tokens, title_end, head_end, ");
    sql.push("indexed) VALUES (").value(event.as_uuid());
    sql.push(", ").value(entry.title.as_str()).push(", ").value(entry.location.as_str());
    sql.push(", ").value(entry.tokens.as_str()).push(", ").value(entry.title_end);
    sql.push(", ").value(entry.head_end).push(", TRUE) RETURNING id");
}

/// Writes an INSERT of the index entry of a new document.
fn push_search_tokens(sql: &mut SqlWriter, document: Document, entry: &IndexEntry) {
    let columns = match sql.dialect() {
        Dialect::Sqlite => "rowid, title, tags, location, description",
        Dialect::Postgres => "id, tokens",
    };
    sql.push("INSERT INTO search_tokens (").push(columns).push(") SELECT ");
    document.push(sql);
    sql.push(", ");
    entry.push_full_text(sql);
}

/// Writes an INSERT of the first documents of events, which returns their ids and the ids of the events on
/// PostgreSQL.
pub(crate) fn push_documents(sql: &mut SqlWriter, entries: &[(EventId, &IndexEntry)]) {
    let of = || entries.iter().map(|(_, entry)| entry);
    let rows = RowList::default()
        .ids("event_id", entries.iter().map(|(event, _)| event.as_uuid()))
        .texts("title", of().map(|entry| entry.title.clone()))
        .texts("location", of().map(|entry| entry.location.clone()))
        .texts("tokens", of().map(|entry| entry.tokens.clone()))
        .integers("title_end", of().map(|entry| entry.title_end))
        .integers("head_end", of().map(|entry| entry.head_end));
    sql.push("INSERT INTO search_documents (event_id, title, location, tokens, title_end, head_end, ");
    sql.push(
        "indexed) SELECT v.event_id, v.title, v.location, v.tokens, v.title_end, v.head_end, TRUE FROM ",
    );
    sql.rows("v", rows).push_for_postgres(" RETURNING id, event_id");
}

/// Writes an INSERT of the index entries of the documents that `documents`, a table, has for events.
pub(crate) fn push_tokens_of(sql: &mut SqlWriter, documents: &str, entries: &[(EventId, &IndexEntry)]) {
    let part = |n: usize| entries.iter().map(move |(_, entry)| entry.full_text[n].clone());
    let rows = RowList::default()
        .ids("event_id", entries.iter().map(|(event, _)| event.as_uuid()))
        .texts("title", part(0))
        .texts("tags", part(1))
        .texts("location", part(2))
        .texts("description", part(3));
    match sql.dialect() {
        Dialect::Sqlite => {
            sql.push("INSERT INTO search_tokens (rowid, title, tags, location, description) ");
            sql.push("SELECT d.id, v.title, v.tags, v.location, v.description");
        }
        Dialect::Postgres => {
            sql.push("INSERT INTO search_tokens (id, tokens) SELECT d.id, ");
            push_weighted(sql);
        }
    }
    // In the order of the joins SQLite looks each document up.
    sql.push(" FROM ").rows("v", rows).push(" CROSS JOIN ").push(documents);
    sql.push(" d WHERE d.event_id = v.event_id");
}

/// Writes the `tsvector` of the full-text columns of `v`.
fn push_weighted(sql: &mut SqlWriter) {
    let weighted = ["title", "tags", "location", "description"].into_iter().zip(["A", "B", "C", "D"]);
    sql.separated(" || ", weighted, |sql, (part, weight)| {
        sql.push("setweight(CAST(v.").push(part).push(" AS tsvector), '").push(weight).push("')");
    });
}

/// Gives documents other texts, in one statement on PostgreSQL.
pub(crate) async fn update_documents(tx: &mut Tx, documents: &[(i64, DocumentTexts)]) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let dialect = tx.dialect();
    let entries = documents.iter().map(|(id, texts)| (*id, IndexEntry::of(dialect, texts)));
    let entries: Vec<_> = entries.collect();
    let of = || entries.iter().map(|(_, entry)| entry);
    let ids = || entries.iter().map(|(id, _)| *id);
    let documents = RowList::default()
        .integers("id", ids())
        .texts("title", of().map(|entry| entry.title.clone()))
        .texts("location", of().map(|entry| entry.location.clone()))
        .texts("tokens", of().map(|entry| entry.tokens.clone()))
        .integers("title_end", of().map(|entry| entry.title_end))
        .integers("head_end", of().map(|entry| entry.head_end));
    let part = |n: usize| of().map(move |entry| entry.full_text[n].clone());
    let full_text = RowList::default()
        .integers("id", ids())
        .texts("title", part(0))
        .texts("tags", part(1))
        .texts("location", part(2))
        .texts("description", part(3));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push_for_postgres("WITH document AS (");
    sql.push(
        "UPDATE search_documents SET title = v.title, location = v.location, tokens = v.tokens, \
            title_end = v.title_end, head_end = v.head_end, indexed = TRUE FROM ",
    );
    sql.rows("v", documents).push(" WHERE search_documents.id = v.id");
    match sql.dialect() {
        Dialect::Sqlite => {
            sql.query(tx).execute().await?;
            sql = SqlWriter::new(Dialect::Sqlite);
            sql.push("INSERT OR REPLACE INTO search_tokens (rowid, title, tags, location, description) ");
            sql.push("SELECT v.id, v.title, v.tags, v.location, v.description FROM ").rows("v", full_text);
        }
        Dialect::Postgres => {
            sql.push(") INSERT INTO search_tokens (id, tokens) SELECT v.id, ");
            push_weighted(&mut sql);
            sql.push(" FROM ").rows("v", full_text);
            sql.push(" ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens");
        }
    }
    sql.query(tx).execute().await?;
    Ok(())
}

/// Deletes documents to which no occurrence refers. None may be the own document of an event.
pub(crate) async fn delete_unused(tx: &mut Tx, documents: Vec<i64>) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("DELETE FROM search_documents WHERE id IN (SELECT v.id FROM ");
    sql.rows("v", RowList::default().integers("id", documents));
    sql.push(") AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.document_id = search_documents.id)");
    sql.query(tx).execute().await?;
    Ok(())
}

/// A document with its texts: those of an occurrence that has it, or of its event.
#[derive(FromRow)]
struct DocumentRow {
    id: i64,
    title: String,
    /// JSON list.
    tags: String,
    location: String,
    description: String,
}

/// Documents as [`DocumentRow`]. Append a condition on `x`.
const DOCUMENTS: &str = "SELECT x.id, coalesce(o.title, e.title) AS title,
        coalesce(o.location, e.location) AS location,
        coalesce(o.description, e.description) AS description, e.tags
     FROM search_documents x JOIN events e ON e.id = x.event_id
        LEFT JOIN occurrences o ON o.id =
            (SELECT d.id FROM occurrences d WHERE d.document_id = x.id LIMIT 1)";

impl DocumentRow {
    fn texts(self) -> (i64, DocumentTexts) {
        let Self { id, title, tags, location, description } = self;
        let tags = serde_json::from_str(&tags).unwrap_or_default();
        (id, DocumentTexts { title, location, description, tags })
    }
}

/// The documents that the occurrences of an event have, with their texts, by id.
pub(crate) async fn documents_of_occurrences(
    tx: &mut Tx,
    event: EventId,
) -> Result<Vec<(i64, DocumentTexts)>> {
    let text = format!(
        "{DOCUMENTS} WHERE x.id IN (SELECT d.document_id FROM occurrences d WHERE d.event_id = $1)
         ORDER BY x.id"
    );
    let rows: Vec<DocumentRow> = tx.query(Sql::dynamic(text)).bind(event).all().await?;
    Ok(rows.into_iter().map(DocumentRow::texts).collect())
}

/// Updates all documents of an event from the texts as they are stored.
pub(crate) async fn refresh_documents(tx: &mut Tx, event: EventId) -> Result<()> {
    let text = Sql::dynamic(format!("{DOCUMENTS} WHERE x.event_id = $1"));
    let rows: Vec<DocumentRow> = tx.query(text).bind(event).all().await?;
    let documents: Vec<_> = rows.into_iter().map(DocumentRow::texts).collect();
    update_documents(tx, &documents).await
}

/// Indexes up to 500 documents of any event that are not indexed, such as those that a migration left;
/// returns their number.
pub(crate) async fn index_pending(tx: &mut Tx) -> Result<usize> {
    let pending = Sql::dynamic(format!("{DOCUMENTS} WHERE NOT x.indexed ORDER BY x.id LIMIT 500"));
    let rows: Vec<DocumentRow> = tx.query(pending).all().await?;
    let documents: Vec<_> = rows.into_iter().map(DocumentRow::texts).collect();
    update_documents(tx, &documents).await?;
    Ok(documents.len())
}

/// Has all documents indexed anew by [`index_pending`].
pub(crate) async fn mark_unindexed(tx: &mut Tx) -> Result<()> {
    tx.query(sql!("UPDATE search_documents SET indexed = FALSE WHERE indexed")).execute().await?;
    Ok(())
}
