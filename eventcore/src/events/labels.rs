//! An event's category and tags, and the copies of them by which dates are found.

use std::borrow::Cow;

use super::input::{EventInput, ValidEvent};
use crate::categories;
use crate::db::values;
use crate::db::{Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{CategoryId, EventId};

/// Between the category and the tags of a date, as `occurrences` has them in one text: the unit separator of ASCII. No tag has control characters.
pub(crate) const FIELD_END: char = '\u{1f}';
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
