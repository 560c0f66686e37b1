//! The agenda in pages: occurrences, and events by their first matching occurrence.

use super::counted::CountedFilter;
use super::filter::AgendaFilter;
use super::page_statement::PageRows;
use super::pages::{LookupCounts, PageReader};
use super::plan::{AgendaPlan, Extent, VisibleScope};
use super::statement::{self, up_to_limit};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Joinable, Queries};
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
        let mut counts = LookupCounts::default();
        let plan = planned(&db, filter, visible, Extent::Page, now)?;
        let key = |row: &RankedOccurrence| key(row.position, row.row.id);
        let mut reader = PageReader { keyset: &keyset, rows: PageRows::Occurrences, counts: &mut counts };
        let rows = reader.read(&mut db, &plan, key).await?;
        let total = if page.count {
            let mut long = self.db().read_long().await?;
            Some(count(&mut long, filter, visible, now, counts).await?)
        } else {
            None
        };
        let page = keyset.page(rows, key);
        let mut series = Vec::with_capacity(page.items.len());
        let mut page = page.map(|row| {
            series.push(row.series);
            row.row.occurrence(now)
        });
        events::add_recurrences_of(page.items.iter_mut().zip(series))?;
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
        let mut counts = LookupCounts::default();
        let plan = planned(&db, filter, visible, Extent::Page, now)?.first_of_each_event();
        let key = |row: &MatchedEvent| key(row.position, row.found_id);
        let mut reader = PageReader { keyset: &keyset, rows: PageRows::Events, counts: &mut counts };
        let rows = reader.read(&mut db, &plan, key).await?;
        let total = if page.count {
            let mut long = self.db().read_long().await?;
            let mut all = planned(&long, filter, visible, Extent::All, now)?;
            counts.choose_driver(&mut long, &mut all, Extent::All).await?;
            Some(count_events(&mut long, all).await?)
        } else {
            None
        };
        let page = keyset.page(rows, key);
        let ids: Vec<EventId> = page.items.iter().map(|row| row.event_id).collect();
        let items = events::load(&mut db, &ids, now).await?;
        Ok(with_total(Page { next: page.next, previous: page.previous, ..Page::whole(items) }, total))
    }
}

#[derive(sqlx::FromRow)]
struct RankedOccurrence {
    #[sqlx(flatten)]
    row: OccurrenceRow,
    /// See [`series_column`](events::series_column).
    series: Option<String>,
    position: i64,
}

impl Joinable for RankedOccurrence {
    const KEY: &'static str = OccurrenceRow::KEY;
}

/// An event, by the first of its occurrences that match.
#[derive(sqlx::FromRow)]
struct MatchedEvent {
    event_id: EventId,
    position: i64,
    found_id: OccurrenceId,
}

impl Joinable for MatchedEvent {
    const KEY: &'static str = "found_id";
}

/// Plans the query of a filter. If matches are counted, an index lookup drives it where one can.
pub(super) async fn agenda_plan(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    extent: Extent,
    now: Timestamp,
) -> Result<AgendaPlan> {
    let mut plan = planned(db, filter, visible, extent, now)?;
    if matches!(extent, Extent::All | Extent::Period) {
        LookupCounts::default().choose_driver(db, &mut plan, extent).await?;
    }
    Ok(plan)
}

/// The same, without a driver so far.
fn planned(
    db: &impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    extent: Extent,
    now: Timestamp,
) -> Result<AgendaPlan> {
    filter.violations().into_result()?;
    Ok(AgendaPlan::new(db.dialect(), filter, visible, extent, now))
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
    mut counts: LookupCounts,
) -> Result<(i64, TotalRelation)> {
    if let Some(counted) = CountedFilter::of(db, filter, visible, 1, now).await?
        && let Some(total) = counted.count(db).await?
    {
        return Ok((total, TotalRelation::Exact));
    }
    let mut plan = planned(db, filter, visible, Extent::All, now)?;
    counts.choose_driver(db, &mut plan, Extent::All).await?;
    let counts_few = plan.counts_few();
    let total = statement::count(&plan.parts()).query(db).scalar().await?;
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
