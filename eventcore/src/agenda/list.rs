//! The agenda in pages: occurrences, and events by their first matching occurrence.

use super::filter::AgendaFilter;
use super::query::{AgendaQuery, Extent, VisibleScope};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Row};
use crate::error::{Error, Result};
use crate::events::{self, Event, OCCURRENCE_COLUMNS, Occurrence, OccurrenceRow, Relation};
use crate::id::{EventId, OccurrenceId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};

impl EventCore {
    /// A page of the agenda: the occurrences that match the filter and that the actor may find.
    ///
    /// # Errors
    /// `invalid_input` for a wrong filter or cursor; `not_found` if the filter names an event that the actor
    /// may not see; `forbidden` if it names the registrations of another user.
    pub async fn occurrences(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        page: &PageRequest,
    ) -> Result<Page<Occurrence>> {
        let now = self.now();
        let keyset = Keyset::new(page, &format!("occurrences {filter:?}"), order(filter))?;
        let mut db = self.db().read().await?;
        let visible = visible_scope(&mut db, actor, filter).await?;
        let total = if page.count {
            let all = AgendaQuery::new(&mut db, filter, visible, Extent::All, now).await?;
            Some(count(&mut db, all).await?)
        } else {
            None
        };
        let query = AgendaQuery::new(&mut db, filter, visible, Extent::Page, now).await?;
        let rows: Vec<RankedOccurrence> = page_rows(&mut db, &query, &keyset, |found, position| {
            format!(
                "SELECT {OCCURRENCE_COLUMNS}, {position} AS position
                FROM ({found}) AS found JOIN occurrences o ON o.id = found.id
                    JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id"
            )
        })
        .await?;
        let page = keyset.page(rows, |row| key(row.position, row.row.id));
        Ok(Page { total, ..page.map(|row| row.row.occurrence(now)) })
    }

    /// A page of events, each once, by their first occurrence that matches the filter.
    ///
    /// # Errors
    /// As [`EventCore::occurrences`].
    pub async fn events(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        page: &PageRequest,
    ) -> Result<Page<Event>> {
        let now = self.now();
        let keyset = Keyset::new(page, &format!("events {filter:?}"), order(filter))?;
        let mut db = self.db().read().await?;
        let visible = visible_scope(&mut db, actor, filter).await?;
        let total = if page.count {
            let mut all = AgendaQuery::new(&mut db, filter, visible, Extent::All, now).await?;
            all.keep_first_of_each_event();
            Some(count(&mut db, all).await?)
        } else {
            None
        };
        let mut query = AgendaQuery::new(&mut db, filter, visible, Extent::Page, now).await?;
        query.keep_first_of_each_event();
        let rows: Vec<(EventId, i64, OccurrenceId)> =
            page_rows(&mut db, &query, &keyset, |found, position| {
                format!("SELECT o.event_id, {position} AS position, o.id FROM ({found}) AS o")
            })
            .await?;
        let page = keyset.page(rows, |(_, position, id)| key(*position, *id));
        let ids: Vec<EventId> = page.items.iter().map(|(event, ..)| *event).collect();
        let items = events::load(&mut db, &ids, now).await?;
        Ok(Page { items, next: page.next, previous: page.previous, total })
    }
}

#[derive(sqlx::FromRow)]
struct RankedOccurrence {
    #[sqlx(flatten)]
    row: OccurrenceRow,
    position: i64,
}

/// The rows of a page, and one more, which shows that another page follows.
///
/// `select` gets SQL for the occurrences found and for the sort key of an occurrence `o`, and returns the
/// statement.
async fn page_rows<R: Row>(
    db: &mut impl Queries,
    list: &AgendaQuery,
    keyset: &Keyset,
    select: impl Fn(&str, &str) -> String,
) -> Result<Vec<R>> {
    let mut rows = Vec::new();
    for tier in list.rank_tiers(keyset) {
        let mut query = list.clone();
        query.select_tier(tier);
        query.after_cursor(keyset);
        let missing = keyset.fetch() - i64::try_from(rows.len()).map_err(Error::internal)?;
        let position = query.position();
        let sorted = |found: &str| {
            let select = select(found, &position);
            format!("{select} ORDER BY o.starts_at {dir}, o.id {dir}", dir = keyset.direction())
        };
        if let Some(probe) = query.probe_sql(keyset, missing) {
            let found: Vec<R> = query.clone().query_with_generic_plan(db, sorted(&probe)).all().await?;
            if i64::try_from(found.len()) == Ok(missing) {
                rows.extend(found);
                break;
            }
        }
        query.choose_driver(db, Extent::Page).await?;
        let text = sorted(&query.page_sql(keyset, missing));
        rows.extend(query.query(db, text).all::<R>().await?);
        if i64::try_from(rows.len()) == Ok(keyset.fetch()) {
            break;
        }
    }
    Ok(rows)
}

/// By relevance the best tier has the smallest sort keys.
const fn order(filter: &AgendaFilter) -> Order {
    if filter.by_relevance { Order::Ascending } else { filter.order }
}

fn key(number: i64, id: OccurrenceId) -> SortKey {
    SortKey { number, id: id.as_uuid() }
}

/// Decides which occurrences a list with this filter may show to the actor.
pub(super) async fn visible_scope(
    db: &mut impl Queries,
    actor: &Actor,
    filter: &AgendaFilter,
) -> Result<VisibleScope> {
    if let Some(user) = filter.registered
        && actor.signed_in()?.id != user
    {
        return Err(Error::Forbidden("only users themselves can list their registrations"));
    }
    if let Some(event) = filter.event {
        let seen = events::find(db, actor, event).await?;
        return if seen.relation.sees(seen.row.status, seen.row.visibility) {
            Ok(VisibleScope::All)
        } else {
            Err(Error::NotFound("event"))
        };
    }
    Ok(match filter.organizer {
        // A registration makes an event visible, private or not.
        _ if filter.registered.is_some() => VisibleScope::All,
        Some(organizer) if Relation::of(actor, organizer, false, false).organizes() => VisibleScope::All,
        _ => VisibleScope::Listed,
    })
}

async fn count(db: &mut impl Queries, query: AgendaQuery) -> Result<i64> {
    let text = format!("SELECT count(*) FROM {} WHERE {}", query.table_list(), query.where_clause());
    Ok(query.query(db, text).scalar().await?)
}
