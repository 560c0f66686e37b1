//! What counters answer: the total, the facets and the days of filters without words.
//!
//! Counters have whole days in UTC, a filter any instants. The period of a filter is cut at two midnights in
//! UTC, as by the bounds `Bound::Day(…, UTC)`: between them counters have all that matches, and before and
//! after it occurrences are counted one by one. Neither part has more than some days.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use chrono_tz::Tz;
use uuid::Uuid;

use super::counting::MatchedLabels;
use super::counts::Month;
use super::filter::{AgendaFilter, Bound};
use super::plan::{AgendaPlan, Extent, VisibleScope};
use super::since::{Earlier, Since};
use super::statement;
use super::tallies::Tallies;
use crate::categories;
use crate::counters::{
    CountQuery, CountScope, CountSeries, Counted, Grouping, MAX_OFFSET, MICROS_OF_DAY, QUARTERS_OF_DAY,
    Slice, date_of_day, day_of, first_day_of_month, month_of_day, quarter_of, spelling_of_label,
};
use crate::db::{Dialect, Queries, SqlWriter};
use crate::error::Result;
use crate::fold::fold;
use crate::id::CategoryId;
use crate::time::{Timestamp, start_of_day};

/// The number of months whose beginnings in a time zone are looked up: thirty years.
const MAX_MONTHS: usize = 360;

/// A filter that counters answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CountedFilter<'f> {
    filter: &'f AgendaFilter,
    dialect: Dialect,
    now: Timestamp,
    /// The categories of the filter, if it has any.
    categories: Option<BTreeSet<CategoryId>>,
    /// The folded form of the tag.
    tag: Option<String>,
}

/// Whether counters have all that decides about the matches of a filter, apart from the number of its tags.
fn is_countable(filter: &AgendaFilter, visible: VisibleScope) -> bool {
    let names_one = filter.event.is_some() || filter.registered.is_some() || filter.organizer.is_some();
    visible == VisibleScope::Listed
        && !names_one
        && filter.search_text().is_none()
        && filter.substrings().is_empty()
        && filter.event_status.is_none()
        && !filter.available
}

impl<'f> CountedFilter<'f> {
    /// The filter, if counters answer it and it has at most `max_tags` different tags, which are 0 or 1.
    pub(super) async fn of(
        db: &mut impl Queries,
        filter: &'f AgendaFilter,
        visible: VisibleScope,
        max_tags: usize,
        now: Timestamp,
    ) -> Result<Option<Self>> {
        filter.violations().into_result()?;
        let Some(mut counted) = Self::planned(db.dialect(), filter, visible, max_tags, now) else {
            return Ok(None);
        };
        if counted.categories.is_some() {
            counted.categories = Some(categories::ids_by_slugs(db, &filter.categories).await?);
        }
        Ok(Some(counted))
    }

    /// The same, with one category in the place of any.
    pub(super) fn planned(
        dialect: Dialect,
        filter: &'f AgendaFilter,
        visible: VisibleScope,
        max_tags: usize,
        now: Timestamp,
    ) -> Option<Self> {
        let folded: BTreeSet<String> =
            filter.tags.iter().map(|tag| fold(tag.trim().trim_start_matches('#'))).collect();
        let is_counted = is_countable(filter, visible) && folded.len() <= max_tags;
        let categories = (!filter.categories.is_empty()).then(|| BTreeSet::from([Uuid::nil().into()]));
        is_counted.then(|| Self { filter, dialect, now, categories, tag: folded.into_iter().next() })
    }

    fn scopes(&self) -> Vec<CountScope> {
        match &self.categories {
            None => vec![CountScope::All],
            Some(ids) => ids.iter().copied().map(CountScope::Category).collect(),
        }
    }

    /// Whether no occurrence can match: the categories are unknown.
    fn matches_nothing(&self) -> bool {
        self.categories.as_ref().is_some_and(BTreeSet::is_empty)
    }

    /// The days in UTC that counters answer. With `by_month`, whole months. `None` if there are none.
    fn days(&self, by_month: bool) -> Option<Range<i64>> {
        let since = Since::new(self.filter, self.now);
        let mut from = since.from.instant();
        if let Earlier::Overlapping(bound) = since.earlier {
            from = from.max(bound.instant());
        }
        let past = from.plus(MAX_OFFSET).as_micros() + MICROS_OF_DAY - 1;
        let mut days = past.div_euclid(MICROS_OF_DAY)..i64::MAX;
        if days.start >= Timestamp::MAX.as_micros() / MICROS_OF_DAY {
            return None;
        }
        if let Some(to) = self.filter.to {
            days.end = to.instant().as_micros().div_euclid(MICROS_OF_DAY);
        }
        if by_month {
            days.start = first_day_of_month(month_of_day(days.start - 1) + 1);
            if days.end != i64::MAX {
                days.end = first_day_of_month(month_of_day(days.end));
            }
        }
        (days.start < days.end).then_some(days)
    }

    /// The plans of what is before and after the days.
    fn rest(&self, days: &Range<i64>) -> Vec<AgendaPlan> {
        let bound = |day| Some(Bound::Day(date_of_day(day), Tz::UTC));
        let before = AgendaFilter { to: bound(days.start), ..self.filter.clone() };
        let after = self.filter.to.map(|_| AgendaFilter {
            from: bound(days.end),
            overlaps: false,
            current: false,
            ..self.filter.clone()
        });
        let plan = |filter: AgendaFilter| {
            AgendaPlan::new(self.dialect, &filter, VisibleScope::Listed, Extent::All, self.now)
        };
        [Some(before), after].into_iter().flatten().flat_map(|filter| plan(filter).parts().all()).collect()
    }

    fn query(&self, slices: Vec<Slice>) -> CountQuery {
        let status = self.filter.status.map(crate::events::OccurrenceStatus::as_str);
        CountQuery { scopes: self.scopes(), status, tag: self.tag.clone(), slices }
    }

    /// The statement of the total. `None` if counters do not help.
    pub(super) fn total(&self) -> Option<(CountQuery, SqlWriter)> {
        let has_tag = self.tag.is_some();
        let days = self.days(has_tag && self.categories.is_some())?;
        let series = if has_tag {
            [CountSeries::TagsByDay, CountSeries::TagsByMonth]
        } else {
            [CountSeries::Days, CountSeries::Months]
        };
        let query = self.query(slices_of(&days, series, Grouping::Nothing));
        let mut sql = SqlWriter::new(self.dialect);
        query.write(&mut sql);
        for part in self.rest(&days) {
            CountQuery::push_direct(&mut sql);
            statement::push_matches(&mut sql, &part);
        }
        Some((query, sql))
    }

    /// The number of matches. `None` if counters do not help.
    pub(super) async fn count(&self, db: &mut impl Queries) -> Result<Option<i64>> {
        if self.matches_nothing() {
            return Ok(Some(0));
        }
        match self.total() {
            Some((query, sql)) => query.total(db, sql).await.map(Some),
            None => Ok(None),
        }
    }

    /// The counters that facets read. `None` if they do not help.
    pub(super) fn facet_counters(&self, tz: Tz) -> Option<(Range<i64>, CountQuery)> {
        let days = self.days(self.categories.is_some())?;
        let quarters = MonthStarts::of(&days, tz)?.quarters(&days);
        let whole = vec![days.clone()];
        let mut slices = vec![
            Slice { series: CountSeries::Days, buckets: whole, grouping: Grouping::Bucket },
            Slice { series: CountSeries::Quarters, buckets: quarters, grouping: Grouping::Bucket },
        ];
        for series in [
            [CountSeries::CategoriesByDay, CountSeries::CategoriesByMonth],
            [CountSeries::TagsByDay, CountSeries::TagsByMonth],
        ] {
            slices.extend(slices_of(&days, series, Grouping::Label));
        }
        Some((days, self.query(slices)))
    }

    /// The facets, except their order. `None` if counters do not help.
    pub(super) async fn tallies(&self, db: &mut impl Queries, tz: Tz) -> Result<Option<Tallies>> {
        if self.matches_nothing() {
            return Ok(Some(Tallies::default()));
        }
        let Some((days, query)) = self.facet_counters(tz) else { return Ok(None) };
        let counted = query.load(db).await?;
        let Some(months) = MonthStarts::of(&days, tz).and_then(|starts| starts.counted(&counted)) else {
            return Ok(None);
        };
        let mut matched = MatchedLabels::default();
        for part in self.rest(&days) {
            matched.add_part(db, &part).await?;
        }
        let mut tallies = matched.tallies(tz)?;
        for (month, n) in months {
            tallies.total += n;
            *tallies.months.entry(month).or_default() += n;
        }
        for series in [CountSeries::CategoriesByDay, CountSeries::CategoriesByMonth] {
            counted.by_label(series).filter(|(label, _)| self.has_category(label)).for_each(|(label, n)| {
                tallies.add_category(label, n);
            });
        }
        for series in [CountSeries::TagsByDay, CountSeries::TagsByMonth] {
            counted.by_label(series).for_each(|(label, n)| tallies.add_tag(spelling_of_label(label).1, n));
        }
        Ok(Some(tallies))
    }

    fn has_category(&self, label: &str) -> bool {
        let id = crate::counters::category_of_label(label);
        self.categories.as_ref().is_none_or(|ids| id.is_some_and(|id| ids.contains(&id)))
    }

    /// The counters of the days from one to another, without the latter, in a time zone. `None` if a day does
    /// not begin with a quarter of an hour in UTC.
    pub(super) fn day_counters(&self, days: &Range<NaiveDate>, tz: Tz) -> Option<CountQuery> {
        let starts = day_starts(days, tz)?;
        let days = day_of(days.start)..day_of(days.end);
        let quarters = quarter_of(*starts.first()?).min(days.start * QUARTERS_OF_DAY)
            ..quarter_of(*starts.last()?).max(days.end * QUARTERS_OF_DAY);
        Some(self.query(vec![
            Slice { series: CountSeries::Days, buckets: vec![days], grouping: Grouping::Bucket },
            Slice { series: CountSeries::Quarters, buckets: vec![quarters], grouping: Grouping::Bucket },
        ]))
    }

    /// The number of matches that start on each of these days in a time zone, the last one excluded. `None`
    /// if counters do not help.
    pub(super) async fn starts_by_day(
        &self,
        db: &mut impl Queries,
        days: &Range<NaiveDate>,
        tz: Tz,
    ) -> Result<Option<BTreeMap<NaiveDate, i64>>> {
        if self.matches_nothing() {
            return Ok(Some(BTreeMap::new()));
        }
        let Some(query) = self.day_counters(days, tz) else { return Ok(None) };
        let Some(starts) = day_starts(days, tz) else { return Ok(None) };
        let counted = query.load(db).await?;
        let mut counts: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        for (day, n) in counted.by_bucket(CountSeries::Days) {
            *counts.entry(date_of_day(day)).or_default() += n;
        }
        // Each timed occurrence is moved from its day in UTC to that of the time zone.
        for (quarter, n) in counted.by_bucket(CountSeries::Quarters) {
            *counts.entry(date_of_day(quarter.div_euclid(QUARTERS_OF_DAY))).or_default() -= n;
            let begun = starts.partition_point(|start| *start <= start_of_quarter(quarter));
            let date = begun.checked_sub(1).and_then(|number| days.start.iter_days().nth(number));
            *counts.entry(date.unwrap_or(NaiveDate::MIN)).or_default() += n;
        }
        Ok(Some(counts))
    }
}

/// The beginnings of days in a time zone, the last one included. `None` if one of them is not that of a
/// quarter of an hour.
fn day_starts(days: &Range<NaiveDate>, tz: Tz) -> Option<Vec<Timestamp>> {
    let dates = days.start.iter_days().take_while(|date| *date <= days.end);
    let starts: Vec<Timestamp> = dates.map(|date| start_of_day(date, tz)).collect();
    starts.iter().all(|start| is_quarter(*start)).then_some(starts)
}

/// Slices of a series by day and one by month: whole months by month.
fn slices_of(days: &Range<i64>, [by_day, by_month]: [CountSeries; 2], grouping: Grouping) -> Vec<Slice> {
    let first = month_of_day(days.start - 1) + 1;
    let past = if days.end == i64::MAX { i64::MAX } else { month_of_day(days.end) };
    let slice = |series, buckets| Slice { series, buckets, grouping };
    if past <= first {
        return vec![slice(by_day, vec![days.clone()])];
    }
    let head = days.start..first_day_of_month(first);
    let tail = if past == i64::MAX { days.end..days.end } else { first_day_of_month(past)..days.end };
    let edges: Vec<Range<i64>> = [head, tail].into_iter().filter(|edge| !edge.is_empty()).collect();
    let months = slice(by_month, std::iter::once(first..past).collect());
    if edges.is_empty() { vec![months] } else { vec![slice(by_day, edges), months] }
}

/// The beginnings of thirty years of months in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MonthStarts(Vec<(Month, Timestamp)>);

impl MonthStarts {
    /// From before the days on. `None` if a month does not begin with a quarter of an hour.
    fn of(days: &Range<i64>, tz: Tz) -> Option<Self> {
        let first = Month::of(date_of_day(days.start - 31));
        let months = std::iter::successors(Some(first), |month| Some(month.next())).take(MAX_MONTHS);
        let starts: Vec<(Month, Timestamp)> =
            months.map(|month| (month, start_of_day(month.first_day(), tz))).collect();
        starts.iter().all(|(_, start)| is_quarter(*start)).then_some(Self(starts))
    }

    /// The quarters of an hour of the days in UTC during which a month begins, other than at midnight.
    fn quarters(&self, days: &Range<i64>) -> Vec<Range<i64>> {
        let starts = self.0.iter().map(|(_, start)| start.as_micros());
        let inside = starts.filter(|start| start.rem_euclid(MICROS_OF_DAY) != 0);
        let inside = inside.map(|start| start.div_euclid(MICROS_OF_DAY)).filter(|day| days.contains(day));
        let quarters = inside.map(|day| day * QUARTERS_OF_DAY..(day + 1) * QUARTERS_OF_DAY);
        // Two empty ranges rather than none, so that all time zones have the same statement.
        [0..0, 0..0].into_iter().chain(quarters).collect()
    }

    /// The number of occurrences by month. `None` if there are later ones than the months.
    fn counted(&self, counted: &Counted) -> Option<BTreeMap<Month, i64>> {
        let (last, _) = self.0.last()?;
        let last = day_of(last.first_day());
        let mut months: BTreeMap<Month, i64> = BTreeMap::new();
        for (day, n) in counted.by_bucket(CountSeries::Days) {
            if day + 1 >= last {
                return None;
            }
            *months.entry(Month::of(date_of_day(day))).or_default() += n;
        }
        // All-day occurrences are in the month of their own day. Those with times are moved from the month in
        // UTC to that of the time zone.
        for (quarter, n) in counted.by_bucket(CountSeries::Quarters) {
            let day = quarter.div_euclid(QUARTERS_OF_DAY);
            let begun = self.0.partition_point(|(_, start)| *start <= start_of_quarter(quarter));
            let (month, _) = self.0.get(begun.checked_sub(1)?)?;
            *months.entry(Month::of(date_of_day(day))).or_default() -= n;
            *months.entry(*month).or_default() += n;
        }
        Some(months)
    }
}

/// Whether an instant is the beginning of a quarter of an hour.
const fn is_quarter(at: Timestamp) -> bool {
    at.as_micros().rem_euclid(MICROS_OF_DAY / QUARTERS_OF_DAY) == 0
}

const fn start_of_quarter(quarter: i64) -> Timestamp {
    Timestamp::from_micros(quarter.saturating_mul(MICROS_OF_DAY / QUARTERS_OF_DAY))
}
