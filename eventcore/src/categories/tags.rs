//! The tags of all events: counting and folding them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use foldhash::HashMap;
use sqlx::FromRow;

use crate::core::EventCore;
use crate::counters::{self, UpcomingLabels};
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::fold::{ROWS_AT_ONCE, fold};
use crate::id::EventId;

/// A tag and the number of its uses.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagCount {
    /// The tag, in lower case.
    pub tag: String,
    /// In the list of tags: the number of public events with an upcoming occurrence. In facets: the number of
    /// matching occurrences.
    pub count: i64,
}

impl EventCore {
    /// The tags of upcoming public events that start with `prefix`, compared without case and accents. The
    /// most frequent first, at most `limit` (1 to 100).
    pub async fn tags(&self, prefix: &str, limit: u32) -> Result<Vec<TagCount>> {
        if !(1..=100).contains(&limit) {
            return Err(Error::invalid("/limit", "out_of_range", "must be 1 to 100"));
        }
        let prefix = fold(prefix.trim().trim_start_matches('#'));
        if prefix.chars().count() > 200 {
            return Err(Error::invalid("/q", "too_long", "must have at most 200 characters"));
        }
        if prefix.contains('\0') {
            return Err(Error::invalid("/q", "control_character", "must not contain control characters"));
        }
        let mut db = self.db().read().await?;
        let labels = UpcomingLabels::Tags { prefix: &prefix };
        let counts = counters::upcoming_events(&mut db, labels, self.now()).await?;
        let mut tags = most_frequent(&counts, &prefix);
        tags.truncate(limit as usize);
        Ok(tags)
    }
}

/// Tags by their folded forms, which have a prefix, each in the spelling that sorts first. The most frequent
/// first.
fn most_frequent(counts: &HashMap<String, i64>, prefix: &str) -> Vec<TagCount> {
    let mut by_folded: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    for (label, n) in counts {
        let (folded, spelling) = counters::spelling_of_label(label);
        if !folded.starts_with(prefix) {
            // The prefix of the label contains more than the folded form.
            continue;
        }
        let (first, count) = by_folded.entry(folded).or_insert((spelling, 0));
        *first = spelling.min(*first);
        *count += n;
    }
    let tags = by_folded.into_values().map(|(tag, count)| TagCount { tag: tag.to_owned(), count });
    let mut tags: Vec<TagCount> = tags.collect();
    // Stable: tags that are equally frequent stay in the order of their folded forms.
    tags.sort_by_key(|tag| Reverse(tag.count));
    tags
}

/// Folds the tags of all events anew, after a change of the folding. Of tags of an event that are one now,
/// one stays.
pub(crate) async fn refold_tags(tx: &mut Tx) -> Result<()> {
    let tags: Vec<StoredTag> = tx
        .query(sql!("SELECT event_id, folded, name FROM event_tags ORDER BY event_id, folded"))
        .all()
        .await?;
    let changed: Vec<StoredTag> = tags.into_iter().filter(|tag| fold(&tag.name) != tag.folded).collect();
    for tags in changed.chunks(ROWS_AT_ONCE) {
        let events = || RowList::default().ids("event_id", tags.iter().map(|tag| tag.event_id.as_uuid()));
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("DELETE FROM event_tags WHERE (event_id, folded) IN (SELECT v.event_id, v.folded FROM ");
        sql.rows("v", events().texts("folded", tags.iter().map(|tag| tag.folded.clone()))).push(")");
        sql.query(tx).execute().await?;
        let mut sql = SqlWriter::new(tx.dialect());
        let folded = tags.iter().map(|tag| fold(&tag.name));
        let rows = events().texts("folded", folded).texts("name", tags.iter().map(|tag| tag.name.clone()));
        sql.push("INSERT INTO event_tags (event_id, folded, name) SELECT v.event_id, v.folded, v.name FROM ");
        sql.rows("v", rows).push(" WHERE TRUE ON CONFLICT DO NOTHING");
        sql.query(tx).execute().await?;
    }
    Ok(())
}

/// A row of `event_tags`.
#[derive(Debug, Clone, FromRow)]
struct StoredTag {
    event_id: EventId,
    folded: String,
    name: String,
}
