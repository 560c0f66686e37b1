//! An event's category and tags, and their copies in its occurrences, by which occurrences are filtered.

use std::borrow::Cow;

use super::input::{EventInput, ValidEvent};
use crate::categories;
use crate::db::{Queries, Sql, Tx, sql, values};
use crate::error::{Error, Result};
use crate::id::{CategoryId, EventId};

/// Separates the category and the tags in the column `occurrences.labels`, and the tags in
/// `occurrences.tags`: the ASCII unit separator. Tags contain no control characters.
pub(crate) const LABEL_SEPARATOR: char = '\u{1f}';

/// Locks the category of the input until the transaction ends, so that it is not deleted meanwhile.
///
/// Returns the input, with a parse error added if there is no such category.
pub(super) async fn check_category<'i>(tx: &mut Tx, input: &'i EventInput) -> Result<Cow<'i, EventInput>> {
    if let Some(slug) = &input.category
        && categories::lock_by_slug(tx, slug).await?.is_none()
    {
        let mut input = input.clone();
        input.parse_errors.add("/category", "unknown", "must be the slug of a category");
        return Ok(Cow::Owned(input));
    }
    Ok(Cow::Borrowed(input))
}

/// Stores category and tags of an event and of its occurrences, which must be locked or not yet exist.
pub(super) async fn store(tx: &mut Tx, id: EventId, event: &ValidEvent) -> Result<()> {
    let category = match &event.category {
        Some(slug) => categories::lock_by_slug(tx, slug).await?,
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
        replace_tags(tx, id, &event.tags).await?;
    }
    tx.query(sql!("UPDATE occurrences SET category_id = $2, tags = $3 WHERE event_id = $1"))
        .bind(id)
        .bind(category)
        .bind(names.join(&String::from(LABEL_SEPARATOR)))
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
