//! The rows of `texts`: the folded titles and locations by which an event's occurrences are searched.
//!
//! Each occurrence refers to one row. The row of an event with the smallest id is the event's own, which all
//! occurrences share that override neither title, description nor location. Others have a row for themselves.

use sqlx::FromRow;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::fold::fold;
use crate::id::EventId;

/// The id of the event's own row.
pub(super) async fn event_text_id(tx: &mut Tx, event: EventId) -> Result<i64> {
    Ok(tx.query(sql!("SELECT min(id) FROM texts WHERE event_id = $1")).bind(event).scalar().await?)
}

/// Adds a row with a folded title and location; returns its id.
pub(super) async fn insert(tx: &mut Tx, event: EventId, title: &str, location: &str) -> Result<i64> {
    Ok(tx
        .query(sql!("INSERT INTO texts (event_id, title, location) VALUES ($1, $2, $3) RETURNING id"))
        .bind(event)
        .bind(fold(title))
        .bind(fold(location))
        .scalar()
        .await?)
}

/// Copies a row to another event; returns the id of the copy.
pub(super) async fn copy(tx: &mut Tx, text: i64, to: EventId) -> Result<i64> {
    Ok(tx
        .query(sql!(
            "INSERT INTO texts (event_id, title, location)
             SELECT $2, title, location FROM texts WHERE id = $1 RETURNING id"
        ))
        .bind(text)
        .bind(to)
        .scalar()
        .await?)
}

/// Deletes a row to which no occurrence refers, unless it is the event's own.
pub(super) async fn delete_if_unused(tx: &mut Tx, text: i64) -> Result<()> {
    tx.query(sql!(
        "DELETE FROM texts WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.text_id = $1)
            AND id > (SELECT min(first.id) FROM texts first WHERE first.event_id = texts.event_id)"
    ))
    .bind(text)
    .execute()
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct CurrentText {
    text_id: i64,
    title: String,
    location: String,
}

/// Rewrites all rows of an event from the current titles and locations, and marks them as not yet indexed.
pub(super) async fn refresh(tx: &mut Tx, event: EventId) -> Result<()> {
    let current: Vec<CurrentText> = tx
        .query(sql!(
            "SELECT DISTINCT o.text_id, coalesce(o.title, e.title) AS title,
                coalesce(o.location, e.location) AS location
             FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.event_id = $1"
        ))
        .bind(event)
        .all()
        .await?;
    for text in current {
        tx.query(sql!("UPDATE texts SET title = $2, location = $3, cut = FALSE WHERE id = $1"))
            .bind(text.text_id)
            .bind(fold(&text.title))
            .bind(fold(&text.location))
            .execute()
            .await?;
    }
    Ok(())
}
