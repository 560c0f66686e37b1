//! The agenda: dates in pages, and events by their next date.

use super::access::Relation;
use super::event::{Event, Occurrence};
use super::filter::{AgendaFilter, Conditions, Visible};
use super::glance;
use super::rows::{self, OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::Queries;
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::page::{Key, Keyset, Order, Page, PageRequest};

impl EventCore {
    /// A page of the agenda: dates that the filter lets through and that the actor may find.
    ///
    /// # Errors
    /// `not_found` where the filter names an event that the actor may not see.
    pub async fn occurrences(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        page: &PageRequest,
    ) -> Result<Page<Occurrence>> {
        let now = self.now();
        let keyset = Keyset::new(page, &format!("occurrences {filter:?}"), order(filter))?;
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, filter).await?;
        let glance =
            if page.count { None } else { glance::along(&mut db, filter, visible, now, &keyset).await? };
        let (rows, total) = match glance {
            Some(rows) => (rows, None),
            None => {
                let mut conditions = Conditions::of(&mut db, filter, visible, now).await?;
                let total = if page.count { Some(count(&mut db, conditions.clone()).await?) } else { None };
                conditions.beyond(&keyset);
                (fetch(&mut db, conditions, &keyset, keyset.fetch()).await?, total)
            }
        };
        let page = keyset.page(rows, |row| key(row.position, row.row.id));
        Ok(Page { total, ..page.map(|row| row.row.occurrence(now)) })
    }

    /// A page of events, each once, by their first date that the filter lets through.
    ///
    /// # Errors
    /// `not_found` where the filter names an event that the actor may not see.
    pub async fn events(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        page: &PageRequest,
    ) -> Result<Page<Event>> {
        let now = self.now();
        let keyset = Keyset::new(page, &format!("events {filter:?}"), order(filter))?;
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, filter).await?;
        let mut conditions = Conditions::of(&mut db, filter, visible, now).await?;
        conditions.first_of_each_event();
        let total = if page.count { Some(count(&mut db, conditions.clone()).await?) } else { None };
        conditions.beyond(&keyset);
        let text = format!(
            "SELECT o.event_id, {} AS position, o.id FROM {} WHERE {} ORDER BY {} {dir}, o.id {dir} LIMIT {limit}",
            conditions.position(db.dialect()),
            conditions.narrow(),
            conditions.wheres(),
            conditions.sorted_by(),
            dir = keyset.direction(),
            limit = keyset.fetch()
        );
        let rows: Vec<(EventId, i64, OccurrenceId)> = conditions.query(&mut db, text).all().await?;
        let page = keyset.page(rows, |(_, position, id)| key(*position, *id));
        let ids: Vec<EventId> = page.items.iter().map(|(event, ..)| *event).collect();
        let items = rows::load(&mut db, &ids, now).await?;
        Ok(Page { items, next: page.next, previous: page.previous, total })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Placed {
    #[sqlx(flatten)]
    pub(super) row: OccurrenceRow,
    position: i64,
}

/// The first so many dates of a list.
pub(super) async fn fetch(
    db: &mut impl Queries,
    conditions: Conditions,
    keyset: &Keyset,
    limit: i64,
) -> Result<Vec<Placed>> {
    let text = format!(
        "SELECT {OCCURRENCE_COLUMNS}, {} AS position FROM {} WHERE {} ORDER BY {} {dir}, o.id {dir} LIMIT {limit}",
        conditions.position(db.dialect()),
        conditions.from(),
        conditions.wheres(),
        conditions.sorted_by(),
        dir = keyset.direction(),
    );
    Ok(conditions.query(db, text).all().await?)
}

/// What is most relevant has the smallest number.
const fn order(filter: &AgendaFilter) -> Order {
    if filter.by_relevance { Order::Ascending } else { filter.order }
}

fn key(number: i64, id: OccurrenceId) -> Key {
    Key { number, id: id.as_uuid() }
}

/// What a list with this filter may show to the actor.
pub(super) async fn visible(db: &mut impl Queries, actor: &Actor, filter: &AgendaFilter) -> Result<Visible> {
    if let Some(user) = filter.registered
        && actor.signed_in()?.id != user
    {
        return Err(Error::Forbidden("only people themselves ask where they registered"));
    }
    if let Some(event) = filter.event {
        let seen = rows::find(db, actor, event).await?;
        return if seen.relation.sees(seen.row.status, seen.row.visibility) {
            Ok(Visible::All)
        } else {
            Err(Error::NotFound("event"))
        };
    }
    Ok(match filter.organizer {
        // Who has a place sees the event, private or not.
        _ if filter.registered.is_some() => Visible::All,
        Some(organizer) if Relation::of(actor, organizer, false, false).organizes() => Visible::All,
        _ => Visible::Listed,
    })
}

async fn count(db: &mut impl Queries, conditions: Conditions) -> Result<i64> {
    let text = format!("SELECT count(*) FROM {} WHERE {}", conditions.narrow(), conditions.wheres());
    Ok(conditions.query(db, text).scalar().await?)
}
