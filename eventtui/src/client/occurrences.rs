//! `/occurrences`.

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::agenda::{DailyCounts, Month};
use eventcore::events::{Event, Occurrence};
use eventcore::{Cursor, OccurrenceId, Page};
use serde_json::Value;

use super::connection::Call;
use super::{Client, query};
use crate::api::{OccurrenceFilter, OccurrencesApi, Result};

impl OccurrencesApi for Client {
    async fn occurrences(
        &self,
        filter: &OccurrenceFilter,
        cursor: Option<Cursor>,
    ) -> Result<Page<Occurrence>> {
        let path = format!("/occurrences{}", filtered(filter, cursor.as_ref()));
        Ok(if is_public(filter) { self.http.get_public(&path).await? } else { self.http.get(&path).await? })
    }

    async fn occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence> {
        Ok(self.http.get(&format!("/occurrences/{occurrence}")).await?)
    }

    async fn occurrences_per_day(&self, month: Month, tz: Tz) -> Result<DailyCounts> {
        Ok(self.http.get_public(&format!("/occurrences/calendar?month={month}&tz={}", tz.name())).await?)
    }

    async fn change_occurrence(
        &self,
        occurrence: OccurrenceId,
        version: i64,
        changes: &Value,
    ) -> Result<Occurrence> {
        let path = format!("/occurrences/{occurrence}");
        Ok(self.http.call(Call::patch(&path).json(changes.clone()).if_match(version)).await?)
    }

    async fn cancel_occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence> {
        Ok(self.http.call(Call::post(&format!("/occurrences/{occurrence}/cancel"))).await?)
    }

    async fn restore_occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence> {
        Ok(self.http.call(Call::post(&format!("/occurrences/{occurrence}/restore"))).await?)
    }

    async fn split_event(&self, first: OccurrenceId, changes: &Value) -> Result<Event> {
        let path = format!("/occurrences/{first}/split");
        Ok(self.http.call(Call::post(&path).json(changes.clone())).await?)
    }

    async fn occurrence_calendar(&self, occurrence: OccurrenceId) -> Result<String> {
        Ok(self.http.get_calendar(&format!("/occurrences/{occurrence}.ics")).await?)
    }
}

/// Whether everybody gets the same list.
const fn is_public(filter: &OccurrenceFilter) -> bool {
    !filter.registered && !filter.organized && filter.organizer.is_empty() && filter.event.is_none()
}

fn filtered(filter: &OccurrenceFilter, cursor: Option<&Cursor>) -> String {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (from, to) = (day(filter.from), day(filter.to));
    let event = filter.event.map(|event| event.to_string()).unwrap_or_default();
    let flag = |set: bool, value: &'static str| if set { value } else { "" };
    let single = [
        ("q", filter.words.as_str()),
        ("location", &filter.location),
        ("from", &from),
        ("to", &to),
        ("tz", filter.tz.name()),
        ("current", flag(filter.current, "true")),
        ("overlaps", flag(filter.overlaps, "true")),
        ("available", flag(filter.available, "true")),
        ("registered", flag(filter.registered, "me")),
        ("organizer", if filter.organized { "me" } else { &filter.organizer }),
        ("event", &event),
        ("sort", flag(filter.latest_first, "-starts_at")),
    ];
    let categories = filter.categories.iter().map(|category| ("category", category.as_str()));
    let tags = filter.tags.iter().map(|tag| ("tag", tag.as_str()));
    let parameters: Vec<_> = single.into_iter().chain(categories).chain(tags).collect();
    query::page(&parameters, cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_query_strings() {
        let filter = OccurrenceFilter {
            words: "rust evening".to_owned(),
            to: NaiveDate::from_ymd_opt(2027, 3, 4),
            tags: vec!["a".to_owned(), "b".to_owned()],
            registered: true,
            latest_first: true,
            ..OccurrenceFilter::default()
        };
        let expected =
            "?limit=100&q=rust+evening&to=2027-03-04&tz=UTC&registered=me&sort=-starts_at&tag=a&tag=b";
        assert_eq!(filtered(&filter, None), expected);
    }
}
