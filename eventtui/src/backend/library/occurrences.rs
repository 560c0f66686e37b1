//! The operations on occurrences, on a database.

use chrono_tz::Tz;
use eventcore::agenda::{AgendaFilter, Bound, DailyCounts, Month};
use eventcore::events::{Event, Occurrence};
use eventcore::{Actor, Cursor, Error, OccurrenceId, Order, Page, Precondition};
use serde_json::Value;

use super::{Library, found, page};
use crate::api::{OccurrenceFilter, OccurrencesApi, Result};

impl OccurrencesApi for Library {
    async fn occurrences(
        &self,
        filter: &OccurrenceFilter,
        cursor: Option<Cursor>,
    ) -> Result<Page<Occurrence>> {
        let actor = self.actor();
        let organizer = if filter.organized {
            Some(actor.signed_in()?.id)
        } else if filter.organizer.is_empty() {
            None
        } else {
            match found(self.core.profile_by_username(&filter.organizer).await)? {
                Some(profile) => Some(profile.id),
                None => return Ok(Page::whole(Vec::new())),
            }
        };
        let filter = AgendaFilter { organizer, ..agenda_filter(filter, &actor)? };
        Ok(self.core.occurrences(&actor, &filter, &page(cursor)).await?)
    }

    async fn occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence> {
        Ok(self.core.occurrence(&self.actor(), occurrence).await?)
    }

    async fn occurrences_per_day(&self, month: Month, tz: Tz) -> Result<DailyCounts> {
        Ok(self.core.daily_counts(&self.actor(), &AgendaFilter::default(), month, tz).await?)
    }

    async fn change_occurrence(
        &self,
        occurrence: OccurrenceId,
        version: i64,
        patch: &Value,
    ) -> Result<Occurrence> {
        Ok(self
            .core
            .change_occurrence(&self.actor(), occurrence, patch, Some(&Precondition::version(version)))
            .await?)
    }

    async fn cancel_occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence> {
        Ok(self.core.cancel_occurrence(&self.actor(), occurrence, None).await?)
    }

    async fn restore_occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence> {
        Ok(self.core.restore_occurrence(&self.actor(), occurrence, None).await?)
    }

    async fn split_event(&self, first: OccurrenceId, patch: &Value) -> Result<Event> {
        Ok(self.core.split_event(&self.actor(), first, patch, None).await?)
    }

    async fn occurrence_calendar(&self, occurrence: OccurrenceId) -> Result<String> {
        Ok(self.core.occurrence_calendar(&self.actor(), occurrence).await?.text)
    }
}

/// The library's filter without the organizer; it fails if the filter names "me" and nobody is signed in.
fn agenda_filter(filter: &OccurrenceFilter, actor: &Actor) -> Result<AgendaFilter, Error> {
    let non_empty = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let registered = if filter.registered { Some(actor.signed_in()?.id) } else { None };
    Ok(AgendaFilter {
        q: non_empty(&filter.words),
        location: non_empty(&filter.location),
        from: filter.from.map(|day| Bound::Day(day, filter.tz)),
        to: filter.to.and_then(|day| day.succ_opt()).map(|day| Bound::Day(day, filter.tz)),
        current: filter.current,
        overlaps: filter.overlaps,
        categories: filter.categories.clone(),
        tags: filter.tags.clone(),
        available: filter.available,
        registered,
        event: filter.event,
        order: if filter.latest_first { Order::Descending } else { Order::Ascending },
        ..AgendaFilter::default()
    })
}
