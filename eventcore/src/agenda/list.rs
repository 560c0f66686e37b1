//! The agenda: dates in pages, and events by their next date.

use super::filter::AgendaFilter;
use super::query::{Conditions, Need, Visible};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Row};
use crate::error::{Error, Result};
use crate::events::Relation;
use crate::events::{self, OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::events::{Event, Occurrence};
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
        let total = if page.count {
            let all = Conditions::of(&mut db, filter, visible, Need::All, now).await?;
            Some(count(&mut db, all).await?)
        } else {
            None
        };
        let conditions = Conditions::of(&mut db, filter, visible, Need::Page, now).await?;
        let rows: Vec<Placed> = first(&mut db, &conditions, &keyset, |found, position| {
            format!(
                "SELECT {OCCURRENCE_COLUMNS}, {position} AS position FROM ({found}) AS found JOIN occurrences o ON o.id = found.id
                    JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id"
            )
        })
        .await?;
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
        let total = if page.count {
            let mut all = Conditions::of(&mut db, filter, visible, Need::All, now).await?;
            all.first_of_each_event();
            Some(count(&mut db, all).await?)
        } else {
            None
        };
        let mut conditions = Conditions::of(&mut db, filter, visible, Need::Page, now).await?;
        conditions.first_of_each_event();
        let rows: Vec<(EventId, i64, OccurrenceId)> =
            first(&mut db, &conditions, &keyset, |found, position| {
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
struct Placed {
    #[sqlx(flatten)]
    row: OccurrenceRow,
    position: i64,
}

/// The first rows of a list, one more than its page shows. `select` makes SQL of that for their dates, and of that for the position of a date `o`.
async fn first<R: Row>(
    db: &mut impl Queries,
    list: &Conditions,
    keyset: &Keyset,
    select: impl Fn(&str, &str) -> String,
) -> Result<Vec<R>> {
    let mut rows = Vec::new();
    for stretch in list.stretches(keyset) {
        let mut conditions = list.clone();
        conditions.within(stretch);
        conditions.beyond(keyset);
        let missing = keyset.fetch() - i64::try_from(rows.len()).map_err(Error::internal)?;
        let position = conditions.position();
        let sorted = |found: &str| {
            let select = select(found, &position);
            format!("{select} ORDER BY o.starts_at {dir}, o.id {dir}", dir = keyset.direction())
        };
        if let Some(glance) = conditions.glance(keyset, missing) {
            let found: Vec<R> = conditions.clone().query_for_any(db, sorted(&glance)).all().await?;
            if i64::try_from(found.len()) == Ok(missing) {
                rows.extend(found);
                break;
            }
        }
        conditions.begin(db, Need::Page).await?;
        let text = sorted(&conditions.first(keyset, missing));
        rows.extend(conditions.query(db, text).all::<R>().await?);
        if i64::try_from(rows.len()) == Ok(keyset.fetch()) {
            break;
        }
    }
    Ok(rows)
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
        let seen = events::find(db, actor, event).await?;
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
