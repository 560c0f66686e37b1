//! An event's category and tags, and the copies of them by which dates are found.

use std::borrow::Cow;

use super::input::{EventInput, ValidEvent};
use super::store::values;
use super::tally::FIELD_END;
use crate::categories;
use crate::clock::Timestamp;
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{CategoryId, EventId, OccurrenceId};

/// The input, where a category that nobody knows is noted as wrong.
pub(super) async fn known<'i>(tx: &mut Tx, input: &'i EventInput) -> Result<Cow<'i, EventInput>> {
    if let Some(slug) = &input.category
        && categories::hold_by_slug(tx, slug).await?.is_none()
    {
        let mut input = input.clone();
        input.misread.add("/category", "unknown", "must be the slug of a category");
        return Ok(Cow::Owned(input));
    }
    Ok(Cow::Borrowed(input))
}

/// Writes category and tags of an event, and gives its dates the category; they are locked, or new.
pub(super) async fn write(tx: &mut Tx, id: EventId, event: &ValidEvent) -> Result<()> {
    let category = match &event.category {
        Some(slug) => categories::hold_by_slug(tx, slug).await?,
        None => None,
    };
    let names: Vec<&str> = event.tags.iter().map(|(_, name)| name.as_str()).collect();
    let (old_category, old_tags): (Option<CategoryId>, String) =
        tx.query(sql!("SELECT category_id, tags FROM events WHERE id = $1")).bind(id).one().await?;
    let tags = serde_json::to_string(&names).map_err(Error::internal)?;
    if (old_category, &old_tags) == (category, &tags) {
        return Ok(());
    }
    tx.query(sql!("UPDATE events SET category_id = $2, tags = $3 WHERE id = $1"))
        .bind(id)
        .bind(category)
        .bind(tags.clone())
        .execute()
        .await?;
    if old_tags != tags {
        write_tags(tx, id, &event.tags).await?;
    }
    tx.query(sql!("UPDATE occurrences SET category_id = $2, tags = $3 WHERE event_id = $1"))
        .bind(id)
        .bind(category)
        .bind(names.join(&String::from(FIELD_END)))
        .execute()
        .await?;
    Ok(())
}

/// Keeps everyone else from changing the events with a category until the transaction ends; answers how many they are.
pub(crate) async fn lock_with_category(tx: &mut Tx, category: CategoryId) -> Result<i64> {
    let lock = sql!(
        sqlite "SELECT id FROM events WHERE category_id = $1 ORDER BY id",
        postgres "SELECT id FROM events WHERE category_id = $1 ORDER BY id FOR NO KEY UPDATE"
    );
    let locked: Vec<(EventId,)> = tx.query(lock).bind(category).all().await?;
    i64::try_from(locked.len()).map_err(Error::internal)
}

/// How many events have a category.
pub(crate) async fn with_category(tx: &mut Tx, category: CategoryId) -> Result<i64> {
    Ok(tx.query(sql!("SELECT count(*) FROM events WHERE category_id = $1")).bind(category).scalar().await?)
}

/// Gives the events with a category, and their dates, another one. The events are locked, and so are both categories.
pub(crate) async fn change_category(
    tx: &mut Tx,
    from: CategoryId,
    to: CategoryId,
    now: Timestamp,
) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(OccurrenceId,)> = tx
            .query(sql!(
                "SELECT id FROM occurrences WHERE event_id IN (SELECT id FROM events WHERE category_id = $1) ORDER BY id",
                for update
            ))
            .bind(from)
            .all()
            .await?;
    }
    tx.query(sql!(
        "UPDATE occurrences SET category_id = $2 WHERE event_id IN (SELECT id FROM events WHERE category_id = $1)"
    ))
    .bind(from)
    .bind(to)
    .execute()
    .await?;
    tx.query(sql!(
        "UPDATE events SET category_id = $2, updated_at = $3, version = version + 1 WHERE category_id = $1"
    ))
    .bind(from)
    .bind(to)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

async fn write_tags(tx: &mut Tx, id: EventId, tags: &[(String, String)]) -> Result<()> {
    tx.query(sql!("DELETE FROM event_tags WHERE event_id = $1")).bind(id).execute().await?;
    if tags.is_empty() {
        return Ok(());
    }
    let text = format!(
        "INSERT INTO event_tags (event_id, folded, name) SELECT $1, v.column1, v.column2 FROM (VALUES {}) AS v",
        values(tags.len(), 2, 2)
    );
    let mut query = tx.query(Sql::built(text)).bind(id);
    for (folded, name) in tags {
        query = query.bind(folded.clone()).bind(name.clone());
    }
    query.execute().await?;
    Ok(())
}

/// Gives an event the tags of another, whose row it has copied.
pub(super) async fn copy(tx: &mut Tx, from: EventId, to: EventId) -> Result<()> {
    tx.query(sql!("INSERT INTO event_tags (event_id, folded, name) SELECT $2, folded, name FROM event_tags WHERE event_id = $1"))
        .bind(from)
        .bind(to)
        .execute()
        .await?;
    Ok(())
}

/// Tags from how they are stored. What this program did not write is logged, and shown as none.
pub(super) fn shown(stored: &str) -> Vec<String> {
    serde_json::from_str(stored).unwrap_or_else(|error| {
        tracing::error!(%error, "the tags of an event can't be read");
        Vec::new()
    })
}
