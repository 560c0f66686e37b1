//! The agenda: dates in pages, and events by their next date.

use super::access::Relation;
use super::event::{Event, Occurrence};
use super::filter::{AgendaFilter, Conditions, Visible};
use super::rows::{self, OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::Queries;
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::page::{Key, Keyset, Page, PageRequest};

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
        let keyset = Keyset::new(page, &format!("occurrences {filter:?}"), filter.order)?;
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, filter).await?;
        let mut conditions = Conditions::of(&mut db, filter, visible, now).await?;
        let total = if page.count { Some(count(&mut db, conditions.clone()).await?) } else { None };
        conditions.beyond(&keyset);
        let text = format!(
            "SELECT {OCCURRENCE_COLUMNS} FROM {} WHERE {} ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {limit}",
            conditions.from(),
            conditions.wheres(),
            dir = keyset.direction(),
            limit = keyset.fetch()
        );
        let rows: Vec<OccurrenceRow> = conditions.query(&mut db, text).all().await?;
        let page = keyset.page(rows, |row| key(row.starts_at, row.id));
        Ok(Page { total, ..page.map(|row| row.occurrence(now)) })
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
        let keyset = Keyset::new(page, &format!("events {filter:?}"), filter.order)?;
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, filter).await?;
        let mut conditions = Conditions::of(&mut db, filter, visible, now).await?;
        conditions.first_of_each_event();
        let total = if page.count { Some(count(&mut db, conditions.clone()).await?) } else { None };
        conditions.beyond(&keyset);
        let text = format!(
            "SELECT o.event_id, o.starts_at, o.id FROM {} WHERE {} ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {limit}",
            conditions.from(),
            conditions.wheres(),
            dir = keyset.direction(),
            limit = keyset.fetch()
        );
        let rows: Vec<(EventId, Timestamp, OccurrenceId)> = conditions.query(&mut db, text).all().await?;
        let page = keyset.page(rows, |(_, starts_at, id)| key(*starts_at, *id));
        let ids: Vec<EventId> = page.items.iter().map(|(event, ..)| *event).collect();
        let items = rows::load(&mut db, &ids, now).await?;
        Ok(Page { items, next: page.next, previous: page.previous, total })
    }
}

fn key(starts_at: Timestamp, id: OccurrenceId) -> Key {
    Key { number: starts_at.as_micros(), id: id.as_uuid() }
}

/// What a list with this filter may show to the actor.
async fn visible(db: &mut impl Queries, actor: &Actor, filter: &AgendaFilter) -> Result<Visible> {
    if let Some(event) = filter.event {
        let seen = rows::find(db, actor, event).await?;
        return if seen.relation.sees(seen.row.status, seen.row.visibility) {
            Ok(Visible::All)
        } else {
            Err(Error::NotFound("event"))
        };
    }
    Ok(match filter.organizer {
        Some(organizer) if Relation::of(actor, organizer, false, false).organizes() => Visible::All,
        _ => Visible::Listed,
    })
}

async fn count(db: &mut impl Queries, conditions: Conditions) -> Result<i64> {
    let text = format!("SELECT count(*) FROM {} WHERE {}", conditions.from(), conditions.wheres());
    Ok(conditions.query(db, text).scalar().await?)
}
