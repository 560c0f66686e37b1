//! The ids of the events that match a filter, for feeds.

use std::collections::BTreeMap;

use super::filter::AgendaFilter;
use super::list::{agenda_plan, visible_scope};
use super::plan::{AgendaPlan, Extent};
use super::statement;
use crate::actor::Actor;
use crate::db::{Queries, SqlWriter};
use crate::error::Result;
use crate::id::EventId;
use crate::time::Timestamp;

/// The statement of the events of a part, with the starts of their first matches.
pub(super) fn statement(part: &AgendaPlan, limit: usize) -> SqlWriter {
    let mut sql = statement::matches(part, "o.event_id, min(o.starts_at) AS first_start");
    sql.push(&format!(" GROUP BY o.event_id ORDER BY first_start, o.event_id LIMIT {limit}"));
    sql
}

/// The events with an occurrence that matches the filter, at most `limit`: those whose first match starts
/// soonest. By id.
///
/// # Errors
/// As for a list of the agenda.
pub(crate) async fn event_ids(
    db: &mut impl Queries,
    actor: &Actor,
    filter: &AgendaFilter,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<EventId>> {
    let visible = visible_scope(db, actor, filter).await?;
    let plan = agenda_plan(db, filter, visible, Extent::All, now).await?;
    let mut first_starts: BTreeMap<EventId, Timestamp> = BTreeMap::new();
    for part in plan.parts().all() {
        for (event, start) in statement(&part, limit).query(db).all::<(EventId, Timestamp)>().await? {
            let first = first_starts.entry(event).or_insert(start);
            *first = start.min(*first);
        }
    }
    if first_starts.len() > limit {
        let mut soonest: Vec<_> = first_starts.into_iter().map(|(event, start)| (start, event)).collect();
        soonest.sort_unstable();
        soonest.truncate(limit);
        first_starts = soonest.into_iter().map(|(start, event)| (event, start)).collect();
    }
    Ok(first_starts.into_keys().collect())
}
