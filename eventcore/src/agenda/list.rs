//! The agenda in pages: occurrences, and events by their first matching occurrence.

use super::condition::Comparison;
use super::filter::AgendaFilter;
use super::plan::{AgendaPlan, Driver, Extent, Qualifies, VisibleScope};
use super::statement::{self, PageStatement};
use crate::actor::Actor;
use crate::categories;
use crate::core::EventCore;
use crate::db::{Queries, Row};
use crate::error::{Error, Result};
use crate::events::{self, Event, OCCURRENCE_COLUMNS, Occurrence, OccurrenceRow, Relation};
use crate::id::{EventId, OccurrenceId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
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
        let total = if page.count {
            let all = agenda_plan(&mut db, filter, visible, Extent::All, now).await?;
            Some(count(&mut db, all).await?)
        } else {
            None
        };
        let plan = agenda_plan(&mut db, filter, visible, Extent::Page, now).await?;
        let select = |position: &str| format!("SELECT {OCCURRENCE_COLUMNS}, {position} AS position FROM (");
        let after = ") AS found JOIN occurrences o ON o.id = found.id
            JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id";
        let rows: Vec<RankedOccurrence> = page_rows(&mut db, &plan, &keyset, select, after).await?;
        let page = keyset.page(rows, |row| key(row.position, row.row.id));
        let mut page = page.map(|row| row.row.occurrence(now));
        events::add_recurrences(&mut db, &mut page.items).await?;
        Ok(Page { total, ..page })
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
            Some(count(&mut db, all.first_of_each_event()).await?)
        } else {
            None
        };
        let plan = agenda_plan(&mut db, filter, visible, Extent::Page, now).await?.first_of_each_event();
        let select = |position: &str| format!("SELECT o.event_id, {position} AS position, o.id FROM (");
        let rows: Vec<(EventId, i64, OccurrenceId)> =
            page_rows(&mut db, &plan, &keyset, select, ") AS o").await?;
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

/// Plans the query of a filter. If all matches are needed, an index lookup drives it where one can.
pub(super) async fn agenda_plan(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    extent: Extent,
    now: Timestamp,
) -> Result<AgendaPlan> {
    filter.violations().into_result()?;
    let categories = match filter.categories.as_slice() {
        [] | [_] => Vec::new(),
        slugs => categories::find_by_slugs(db, slugs).await?,
    };
    let mut plan = AgendaPlan::new(db.dialect(), filter, visible, extent, now, categories);
    if extent == Extent::All {
        choose_driver(db, &mut plan, extent).await?;
    }
    Ok(plan)
}

/// Lets the first index lookup that qualifies drive the query.
async fn choose_driver(db: &mut impl Queries, plan: &mut AgendaPlan, extent: Extent) -> Result<()> {
    for (lookup, qualifies) in plan.take_lookups(extent) {
        if qualifies == Qualifies::Always || lookup.finds_few(db).await? {
            plan.driver = Driver::Lookup(lookup);
            break;
        }
    }
    Ok(())
}

/// The rows of a page, and one more, which shows that another page follows.
///
/// `select` gets SQL for the sort key of an occurrence `o`, and returns what comes before the statement of
/// the occurrences found; `after` comes after it.
async fn page_rows<R: Row>(
    db: &mut impl Queries,
    list: &AgendaPlan,
    keyset: &Keyset,
    select: impl Fn(&str) -> String,
    after: &str,
) -> Result<Vec<R>> {
    let comparison = if keyset.ascending() { Comparison::Greater } else { Comparison::Less };
    let mut rows = Vec::new();
    for tier in list.tiers(keyset.position, comparison) {
        let plan = list.clone().within(tier);
        let limit = keyset.fetch() - i64::try_from(rows.len()).map_err(Error::internal)?;
        let before = select(&statement::position(&plan));
        let page = PageStatement { keyset, limit, before, after };
        let mut parts = plan.parts_beyond(keyset.position, comparison);
        let Some((later, others)) = parts.split_last_mut() else { continue };
        if let Some(probe) = later.probe(comparison) {
            // In descending order, what has begun comes after all matches of the last part.
            let others = if comparison == Comparison::Greater { &*others } else { &[] };
            let found: Vec<R> = page.write_probe(others, &probe).query(db).all().await?;
            if i64::try_from(found.len()) == Ok(limit) {
                rows.extend(found);
                break;
            }
        }
        choose_driver(db, later, Extent::Page).await?;
        rows.extend(page.write(&parts).query(db).all::<R>().await?);
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

async fn count(db: &mut impl Queries, plan: AgendaPlan) -> Result<i64> {
    let mut total = 0;
    for part in plan.parts() {
        let matches: i64 = statement::matches(&part, "count(*)").query(db).scalar().await?;
        total += matches;
    }
    Ok(total)
}
