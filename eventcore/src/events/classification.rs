//! An event's category and tags, and their copies in its occurrences, by which occurrences are filtered.

use std::borrow::Cow;

use super::copies::Copies;
use super::input::EventInput;
use super::rows::EventRow;
use crate::categories::CategoryName;
use crate::db::{Queries, Sql, Tx, sql, values};
use crate::error::Result;
use crate::id::EventId;

/// The input, with a parse error added if it has the slug of a category and `category` is none.
pub(super) fn with_category<'i>(
    input: &'i EventInput,
    category: Option<&CategoryName>,
) -> Cow<'i, EventInput> {
    if input.category.is_none() || category.is_some() {
        return Cow::Borrowed(input);
    }
    let mut input = input.clone();
    input.parse_errors.add("/category", "unknown", "must be the slug of a category");
    Cow::Owned(input)
}

/// Stores the category and the tags of an event that have changed, in `event_tags` and in the occurrences of
/// the event, which must be locked. `tags` are pairs of a folded and a displayed name.
pub(super) async fn update(
    tx: &mut Tx,
    old: &EventRow,
    new: &EventRow,
    tags: &[(String, String)],
) -> Result<()> {
    if (old.category_id, &old.tags) == (new.category_id, &new.tags) {
        return Ok(());
    }
    if old.tags != new.tags {
        replace_tags(tx, new.id, tags).await?;
    }
    let copies = Copies::of(new)?;
    tx.query(sql!("UPDATE occurrences SET category_id = $2, tags = $3 WHERE event_id = $1"))
        .bind(new.id)
        .bind(copies.category)
        .bind(copies.tags)
        .execute()
        .await?;
    Ok(())
}

/// Replaces the rows of `event_tags`; `tags` are pairs of a folded and a displayed name.
async fn replace_tags(tx: &mut Tx, id: EventId, tags: &[(String, String)]) -> Result<()> {
    tx.query(sql!("DELETE FROM event_tags WHERE event_id = $1")).bind(id).execute().await?;
    if tags.is_empty() {
        return Ok(());
    }
    let text = format!(
        "INSERT INTO event_tags (event_id, folded, name)
         SELECT $1, v.column1, v.column2 FROM (VALUES {}) AS v",
        values(tags.len(), 2, 2)
    );
    let mut query = tx.query(Sql::dynamic(text)).bind(id);
    for (folded, name) in tags {
        query = query.bind(folded.clone()).bind(name.clone());
    }
    query.execute().await?;
    Ok(())
}

/// Copies the rows of `event_tags` to an event whose row is a copy already.
pub(super) async fn copy_tags(tx: &mut Tx, from: EventId, to: EventId) -> Result<()> {
    tx.query(sql!(
        "INSERT INTO event_tags (event_id, folded, name)
         SELECT $2, folded, name FROM event_tags WHERE event_id = $1"
    ))
    .bind(from)
    .bind(to)
    .execute()
    .await?;
    Ok(())
}
