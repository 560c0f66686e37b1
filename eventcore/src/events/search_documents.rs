//! The rows of `search_documents`: the folded titles and locations by which occurrences are searched.
//!
//! Each occurrence refers to one row. The row of an event with the smallest id is the event's own, which all
//! occurrences share that override neither title, description nor location. Others have a row for themselves.

use sqlx::FromRow;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::fold::fold;
use crate::id::EventId;

/// The id of the event's own row.
pub(super) async fn of_event(tx: &mut Tx, event: EventId) -> Result<i64> {
    Ok(tx
        .query(sql!("SELECT min(id) FROM search_documents WHERE event_id = $1"))
        .bind(event)
        .scalar()
        .await?)
}

/// Adds a row with a folded title and location; returns its id.
pub(super) async fn insert(tx: &mut Tx, event: EventId, title: &str, location: &str) -> Result<i64> {
    Ok(tx
        .query(sql!(
            "INSERT INTO search_documents (event_id, title, location) VALUES ($1, $2, $3) RETURNING id"
        ))
        .bind(event)
        .bind(fold(title))
        .bind(fold(location))
        .scalar()
        .await?)
}

/// Copies a row to another event; returns the id of the copy.
pub(super) async fn copy(tx: &mut Tx, document: i64, to: EventId) -> Result<i64> {
    Ok(tx
        .query(sql!(
            "INSERT INTO search_documents (event_id, title, location)
             SELECT $2, title, location FROM search_documents WHERE id = $1 RETURNING id"
        ))
        .bind(document)
        .bind(to)
        .scalar()
        .await?)
}

/// Deletes a row to which no occurrence refers, unless it is the event's own.
pub(super) async fn delete_if_unused(tx: &mut Tx, document: i64) -> Result<()> {
    tx.query(sql!(
        "DELETE FROM search_documents WHERE id = $1
            AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.document_id = $1)
            AND id > (SELECT min(first.id) FROM search_documents first
                WHERE first.event_id = search_documents.event_id)"
    ))
    .bind(document)
    .execute()
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct CurrentDocument {
    document_id: i64,
    title: String,
    location: String,
}

/// Rewrites all rows of an event from the current titles and locations, and marks them as not yet indexed.
pub(super) async fn refresh(tx: &mut Tx, event: EventId) -> Result<()> {
    let current: Vec<CurrentDocument> = tx
        .query(sql!(
            "SELECT DISTINCT o.document_id, coalesce(o.title, e.title) AS title,
                coalesce(o.location, e.location) AS location
             FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.event_id = $1"
        ))
        .bind(event)
        .all()
        .await?;
    for document in current {
        tx.query(sql!(
            "UPDATE search_documents SET title = $2, location = $3, indexed = FALSE WHERE id = $1"
        ))
        .bind(document.document_id)
        .bind(fold(&document.title))
        .bind(fold(&document.location))
        .execute()
        .await?;
    }
    Ok(())
}
