//! Occurrences by day, multi-day ones included.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::agenda::Month;
use eventcore::events::Occurrence;

use crate::api::{ApiError, Days, OccurrenceFilter, OccurrencesApi, Result};

/// How far an all-day occurrence in another time zone can reach outside of `Days`: its days are those of its
/// own zone, which are up to 26 hours apart.
const ZONES: chrono::Days = chrono::Days::new(2);

/// The occurrences that take place on these days: first those that started before, then those that start on
/// them, which are not loaded any further once there are `limit` of them.
pub(super) async fn occurrences_on(
    api: &impl OccurrencesApi,
    days: Days,
    limit: usize,
) -> Result<Vec<Occurrence>> {
    let mut occurrences = multi_day(api, days, limit).await?;
    occurrences.retain(|occurrence| {
        let its = occurrence.days(days.tz);
        *its.start() < days.from && days.from <= *its.end()
    });
    let limit = occurrences.len() + limit;
    let filter = OccurrenceFilter {
        from: Some(days.from),
        to: Some(days.to),
        tz: days.tz,
        ..OccurrenceFilter::default()
    };
    let mut cursor = None;
    loop {
        let page = api.occurrences(&filter, cursor).await?;
        occurrences.extend(page.items);
        cursor = page.next;
        if cursor.is_none() || occurrences.len() >= limit {
            return Ok(occurrences);
        }
    }
}

/// How many occurrences take place on each day of the month in which `day` lies.
pub(super) async fn counts_in_month(
    api: &impl OccurrencesApi,
    day: NaiveDate,
    tz: Tz,
) -> Result<BTreeMap<NaiveDate, i64>> {
    let month: Month = day.format("%Y-%m").to_string().parse().map_err(ApiError::other)?;
    let counts = api.occurrences_per_day(month, tz).await?;
    Ok(counts.days.into_iter().map(|day| (day.date, day.count)).collect())
}

/// The multi-day occurrences of which a day may lie on these days, about `limit` of them.
async fn multi_day(api: &impl OccurrencesApi, days: Days, limit: usize) -> Result<Vec<Occurrence>> {
    let days = Days { from: days.from.checked_sub_days(ZONES).unwrap_or(days.from), ..days };
    let (mut occurrences, mut cursor) = (Vec::new(), None);
    while occurrences.len() < limit {
        let page = api.multi_day_occurrences(days, cursor).await?;
        occurrences.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(occurrences)
}
