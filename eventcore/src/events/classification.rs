//! An event's category and tags, and their copies in its occurrences, by which occurrences are filtered.

use std::borrow::Cow;

use super::input::EventInput;
use crate::categories::CategoryName;
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
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

/// Replaces the rows of `event_tags`; `tags` are pairs of a folded and a displayed name.
pub(super) async fn replace_tags(tx: &mut Tx, id: EventId, tags: &[(String, String)]) -> Result<()> {
    tx.query(sql!("DELETE FROM event_tags WHERE event_id = $1")).bind(id).execute().await?;
    if tags.is_empty() {
        return Ok(());
    }
    let mut sql = SqlWriter::new(tx.dialect());
    push_tags(&mut sql, tags.iter().map(|tag| (id, tag)));
    sql.query(tx).execute().await?;
    Ok(())
}

/// Writes an INSERT of rows of `event_tags`.
pub(super) fn push_tags<'t>(
    sql: &mut SqlWriter,
    tags: impl Iterator<Item = (EventId, &'t (String, String))> + Clone,
) {
    let rows = RowList::default()
        .ids("event_id", tags.clone().map(|(event, _)| event.as_uuid()))
        .texts("folded", tags.clone().map(|(_, (folded, _))| folded.clone()))
        .texts("name", tags.map(|(_, (_, name))| name.clone()));
    sql.push("INSERT INTO event_tags (event_id, folded, name) SELECT v.event_id, v.folded, v.name FROM ");
    sql.rows("v", rows);
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
