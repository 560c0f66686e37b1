//! The agenda in pages: occurrences, and events by their first matching occurrence.

use super::condition::Comparison;
use super::counted::CountedFilter;
use super::filter::AgendaFilter;
use super::index_lookup::IndexLookup;
use super::plan::{AgendaPlan, Extent, VisibleScope};
use super::statement::{self, PageRows, PageStatement, up_to_limit};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Row};
use crate::error::{Error, Result};
use crate::events::{self, Event, Occurrence, OccurrenceRow, Relation};
use crate::id::{EventId, OccurrenceId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey, TotalRelation};
use crate::time::Timestamp;

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
        let total = if page.count { Some(count(&mut db, filter, visible, now).await?) } else { None };
        let plan = agenda_plan(&mut db, filter, visible, Extent::Page, now).await?;
        let key = |row: &RankedOccurrence| key(row.position, row.row.id);
        let rows = page_rows(&mut db, &plan, &keyset, PageRows::Occurrences, key).await?;
        let page = keyset.page(rows, key);
        let mut page = page.map(|row| row.row.occurrence(now));
        events::add_recurrences(&mut db, &mut page.items).await?;
        Ok(with_total(page, total))
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
            let all = agenda_plan(&mut db, filter, visible, Extent::All, now).await?;
            Some(count_events(&mut db, all).await?)
        } else {
            None
        };
        let plan = agenda_plan(&mut db, filter, visible, Extent::Page, now).await?.first_of_each_event();
        let key = |(_, position, id): &(EventId, i64, OccurrenceId)| key(*position, *id);
        let rows = page_rows(&mut db, &plan, &keyset, PageRows::Events, key).await?;
        let page = keyset.page(rows, key);
        let ids: Vec<EventId> = page.items.iter().map(|(event, ..)| *event).collect();
        let items = events::load(&mut db, &ids, now).await?;
        Ok(with_total(Page { next: page.next, previous: page.previous, ..Page::whole(items) }, total))
    }
}

#[derive(sqlx::FromRow)]
struct RankedOccurrence {
    #[sqlx(flatten)]
    row: OccurrenceRow,
    position: i64,
}

/// Plans the query of a filter. If matches are counted, an index lookup drives it where one can.
pub(super) async fn agenda_plan(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    extent: Extent,
    now: Timestamp,
) -> Result<AgendaPlan> {
    filter.violations().into_result()?;
    let mut plan = AgendaPlan::new(db.dialect(), filter, visible, extent, now);
    if matches!(extent, Extent::All | Extent::Period) {
        choose_driver(db, &mut plan, extent).await?;
    }
    Ok(plan)
}

/// Counts the rows of index lookups, and lets the plan choose one of them.
async fn choose_driver(db: &mut impl Queries, plan: &mut AgendaPlan, extent: Extent) -> Result<()> {
    let counts: Vec<(i64, i64)> = match plan.lookups_to_count(extent) {
        [] => Vec::new(),
        lookups => IndexLookup::count(lookups, plan.dialect).query(db).all().await?,
    };
    let counts: Vec<i64> = counts.into_iter().map(|(_, count)| count).collect();
    plan.choose_driver(extent, &counts);
    Ok(())
}

/// The rows of a page, and one more, which shows that another page follows.
async fn page_rows<R: Row>(
    db: &mut impl Queries,
    list: &AgendaPlan,
    keyset: &Keyset,
    rows: PageRows,
    key: impl Fn(&R) -> SortKey,
) -> Result<Vec<R>> {
    let comparison = if keyset.ascending() { Comparison::Greater } else { Comparison::Less };
    let mut found = Vec::new();
    for tier in list.tiers(keyset.position, comparison) {
        let limit = keyset.fetch() - i64::try_from(found.len()).map_err(Error::internal)?;
        let page = PageStatement { keyset, limit, rows };
        let mut parts = list.clone().within(tier).parts_beyond(keyset.position, comparison);
        if let Some((earlier, probe)) = parts.probe(comparison) {
            let probed: Vec<R> = page.write_probe(earlier, &probe).query(db).all().await?;
            if i64::try_from(probed.len()) == Ok(limit) {
                found.extend(probed);
                break;
            }
        }
        choose_driver(db, &mut parts.later, Extent::Page).await?;
        found.extend(page.write(&parts).query(db).all::<R>().await?);
        if i64::try_from(found.len()) == Ok(keyset.fetch()) {
            break;
        }
    }
    found.sort_by_key(key);
    if !keyset.ascending() {
        found.reverse();
    }
    Ok(found)
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

/// Counts the matches.
async fn count(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    now: Timestamp,
) -> Result<(i64, TotalRelation)> {
    if let Some(counted) = CountedFilter::of(db, filter, visible, 1, now).await?
        && let Some(total) = counted.count(db).await?
    {
        return Ok((total, TotalRelation::Exact));
    }
    let plan = agenda_plan(db, filter, visible, Extent::All, now).await?;
    let counts_few = plan.counts_few();
    let mut total = 0;
    for part in plan.parts().all() {
        let matches: i64 = statement::matches_to_count(&part, "count(*)").query(db).scalar().await?;
        total += matches;
    }
    Ok(if counts_few { up_to_limit(total) } else { (total, TotalRelation::Exact) })
}

/// Counts the events with a match.
async fn count_events(db: &mut impl Queries, plan: AgendaPlan) -> Result<(i64, TotalRelation)> {
    Ok(up_to_limit(statement::count_events(&plan.parts()).query(db).scalar().await?))
}

fn with_total<T>(page: Page<T>, total: Option<(i64, TotalRelation)>) -> Page<T> {
    let total_relation = total.map_or(TotalRelation::Exact, |(_, relation)| relation);
    Page { total: total.map(|(total, _)| total), total_relation, ..page }
}
