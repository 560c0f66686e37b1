//! Facets of the agenda, and its counts by day.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use super::counted::CountedFilter;
use super::counting::{MatchedLabels, MatchedStarts};
use super::counts::{DailyCounts, DayCount, Facets, Month};
use super::days;
use super::filter::{AgendaFilter, Bound};
use super::list::{agenda_plan, visible_scope};
use super::plan::{Extent, VisibleScope};
use crate::actor::Actor;
use crate::categories;
use crate::core::EventCore;
use crate::db::Queries;
use crate::error::Result;
use crate::time::Timestamp;

impl EventCore {
    /// Counts the occurrences that match the filter by category, by tag, and by month in `tz`.
    ///
    /// # Errors
    /// As [`EventCore::occurrences`].
    pub async fn facets(&self, actor: &Actor, filter: &AgendaFilter, tz: Tz) -> Result<Facets> {
        let filter = AgendaFilter { by_relevance: false, ..filter.clone() };
        let mut db = self.db().read_long().await?;
        let now = self.now();
        let visible = visible_scope(&mut db, actor, &filter).await?;
        let mut counted = None;
        if let Some(filter) = CountedFilter::of(&mut db, &filter, visible, 0, now).await? {
            counted = filter.tallies(&mut db, tz).await?;
        }
        let (tallies, counts_few) = if let Some(tallies) = counted {
            (tallies, false)
        } else {
            let plan = agenda_plan(&mut db, &filter, visible, Extent::All, now).await?;
            let counts_few = plan.counts_few();
            (MatchedLabels::load(&mut db, plan).await?.tallies(tz)?, counts_few)
        };
        Ok(tallies.facets(&categories::slugs_by_id(&mut db).await?, counts_few))
    }

    /// Counts the occurrences that match the filter on each day of a month in `tz`.
    ///
    /// An occurrence of several days counts on each of them, by the rule of [`Occurrence::days`]; if the
    /// filter says `overlaps`, on each day on which it takes place at any time, so that a night counts on two
    /// days. `from` and `to` of the filter are ignored.
    ///
    /// [`Occurrence::days`]: crate::events::Occurrence::days
    ///
    /// # Errors
    /// As [`EventCore::occurrences`].
    pub async fn daily_counts(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        month: Month,
        tz: Tz,
    ) -> Result<DailyCounts> {
        let now = self.now();
        let period = month.first_day()..month.next().first_day();
        let filter = AgendaFilter {
            by_relevance: false,
            from: Some(Bound::Day(period.start, tz)),
            to: Some(Bound::Day(period.end, tz)),
            current: false,
            ..filter.clone()
        };
        let mut db = self.db().read_long().await?;
        let visible = visible_scope(&mut db, actor, &filter).await?;
        let days = period.start.iter_days().take_while(|date| *date < period.end);
        if filter.overlaps {
            let plan = agenda_plan(&mut db, &filter, visible, Extent::Period, now).await?;
            let all = days::of_all(&mut db, plan, tz).await?;
            let count = |date| all.iter().filter(|days| days.contains(&date)).count();
            let days =
                days.map(|date| DayCount { date, count: i64::try_from(count(date)).unwrap_or(i64::MAX) });
            return Ok(DailyCounts { month, timezone: tz.name().to_owned(), days: days.collect() });
        }
        let starts = starts_by_day(&mut db, &filter, visible, (&period, tz), now).await?;
        let multi_day = days::of_multi_day(&mut db, &filter, visible, (&period, tz), now).await?;
        let days = days.map(|date| {
            // On its first day an occurrence counts as one that starts.
            let continuing = multi_day.iter().filter(|days| *days.start() < date && date <= *days.end());
            let continuing = i64::try_from(continuing.count()).unwrap_or(i64::MAX);
            DayCount { date, count: starts.get(&date).copied().unwrap_or_default() + continuing }
        });
        Ok(DailyCounts { month, timezone: tz.name().to_owned(), days: days.collect() })
    }
}

/// The number of matches that start on each day of a period, which is also that of the filter.
async fn starts_by_day(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    (period, tz): (&Range<NaiveDate>, Tz),
    now: Timestamp,
) -> Result<BTreeMap<NaiveDate, i64>> {
    if let Some(counted) = CountedFilter::of(db, filter, visible, 0, now).await?
        && let Some(starts) = counted.starts_by_day(db, period, tz).await?
    {
        return Ok(starts);
    }
    let plan = agenda_plan(db, filter, visible, Extent::Period, now).await?;
    let starts = MatchedStarts::load(db, plan).await?.sorted()?;
    let days = period.start.iter_days().take_while(|date| *date < period.end);
    let count = |date: NaiveDate| {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        (date, starts.between(date, next, tz))
    };
    Ok(days.map(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_one_spelling() {
        for text in ["2027-03", "0001-01", "9998-12"] {
            assert_eq!(text.parse::<Month>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2027",
            "2027-13",
            "2027-00",
            "2027-3",
            "27-03",
            "2027-03-01",
            "9999-01",
            "0000-01",
            "+027-03",
            "２０２７-03",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
        assert_eq!("2027-12".parse::<Month>().unwrap().next().to_string(), "2028-01");
    }
}
