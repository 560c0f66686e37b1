//! Occurrences by day, multi-day ones included.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::agenda::Month;
use eventcore::events::Occurrence;

use crate::api::{ApiError, Days, OccurrenceFilter, OccurrencesApi, Result};

/// The occurrences that take place on these days: first those that started before, then those that start on
/// them. No more are loaded once `limit` of them start on these days, or there are twice as many in all.
pub(super) async fn occurrences_on(
    api: &impl OccurrencesApi,
    days: Days,
    limit: usize,
) -> Result<Vec<Occurrence>> {
    let filter = OccurrenceFilter {
        from: Some(days.from),
        to: Some(days.to),
        tz: days.tz,
        overlaps: true,
        ..OccurrenceFilter::default()
    };
    let (mut before, mut on) = (Vec::new(), Vec::new());
    let mut cursor = None;
    loop {
        let page = api.occurrences(&filter, cursor).await?;
        for occurrence in page.items {
            let its = occurrence.days(days.tz);
            if *its.start() >= days.from {
                on.push(occurrence);
            } else if *its.end() >= days.from {
                before.push(occurrence);
            }
            // Else it is a night, which counts on the day on which it starts.
        }
        cursor = page.next;
        if cursor.is_none() || on.len() >= limit || before.len() + on.len() >= 2 * limit {
            before.append(&mut on);
            return Ok(before);
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
