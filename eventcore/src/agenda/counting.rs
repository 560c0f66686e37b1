//! Counting matches by category, tag, month and day: one index scan aggregates their starts and labels, which
//! are counted here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use foldhash::{HashMap, HashMapExt};
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, FromRow, Type};

use super::counts::Month;
use super::plan::AgendaPlan;
use super::statement;
use super::tallies::{MAX_MONTHS, Tallies};
use crate::counters::LABEL_SEPARATOR;
use crate::db::{ArrayAgg, Dialect, Queries, array_agg};
use crate::error::{Error, Result};
use crate::time::{Timestamp, start_of_day};

/// Separates the labels of two occurrences: the ASCII record separator.
const RECORD_END: char = '\u{1e}';
/// The starts of all matches.
#[derive(Debug, Default, FromRow)]
pub(super) struct MatchedStarts {
    /// The starts of timed occurrences.
    starts: Option<ArrayAgg<Timestamp>>,
    /// The days of all-day occurrences, separated by commas.
    days: Option<String>,
}

/// The starts and labels of all matches.
#[derive(Debug, Default, FromRow)]
pub(super) struct MatchedLabels {
    #[sqlx(flatten)]
    starts: MatchedStarts,
    labels: Option<LabelHistogram>,
}

/// The number of occurrences by label text (category and tags). Occurrences of an event share their labels,
/// so that each distinct text is parsed once.
#[derive(Debug, Default)]
struct LabelHistogram(HashMap<String, i64>);

impl LabelHistogram {
    fn of(labels: &str) -> Self {
        let mut histogram = HashMap::<String, i64>::new();
        for labels in labels.split(RECORD_END).filter(|labels| !labels.is_empty()) {
            match histogram.get_mut(labels) {
                Some(count) => *count += 1,
                None => _ = histogram.insert(labels.to_owned(), 1),
            }
        }
        Self(histogram)
    }
}

impl<DB: Database> Type<DB> for LabelHistogram
where
    str: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <str as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <str as Type<DB>>::compatible(ty)
    }
}

// Decodes from the borrowed text, which can have megabytes: a copy would cost as much as counting.
impl<'r, DB: Database> Decode<'r, DB> for LabelHistogram
where
    &'r str: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        <&str as Decode<'r, DB>>::decode(value).map(Self::of)
    }
}

impl MatchedStarts {
    /// Loads the starts of all matches.
    pub(super) async fn load(db: &mut impl Queries, plan: AgendaPlan) -> Result<Self> {
        let columns = Self::columns(db.dialect());
        let mut all = Self::default();
        for part in plan.parts().all() {
            all.add(statement::matches(&part, &columns).query(db).one().await?);
        }
        Ok(all)
    }

    fn add(&mut self, other: Self) {
        let starts = |found: Option<ArrayAgg<Timestamp>>| found.map_or_else(Vec::new, |starts| starts.0);
        let mut sum = starts(self.starts.take());
        sum.extend(starts(other.starts));
        self.starts = Some(ArrayAgg(sum));
        let days: Vec<String> = [self.days.take(), other.days].into_iter().flatten().collect();
        self.days = Some(days.join(",")).filter(|days| !days.is_empty());
    }

    /// The columns of this type, aggregated.
    pub(super) fn columns(dialect: Dialect) -> String {
        let starts = array_agg(dialect, "o.starts_at");
        format!(
            "{starts} FILTER (WHERE o.day IS NULL) AS starts,
                string_agg(o.day, ',') FILTER (WHERE o.day IS NOT NULL) AS days"
        )
    }

    /// The starts in order.
    pub(super) fn sorted(self) -> Result<OccurrenceDays> {
        let mut starts = self.starts.map(|starts| starts.0).unwrap_or_default();
        starts.sort_unstable();
        let days = self.days.unwrap_or_default();
        let days = days.split_terminator(',').map(|day| day.parse().map_err(Error::internal));
        let mut days = days.collect::<Result<Vec<NaiveDate>>>()?;
        days.sort_unstable();
        Ok(OccurrenceDays { starts, days })
    }
}

impl MatchedLabels {
    /// Loads the starts and labels of all matches.
    pub(super) async fn load(db: &mut impl Queries, plan: AgendaPlan) -> Result<Self> {
        let mut all = Self::default();
        for part in plan.parts().all() {
            all.add_part(db, &part).await?;
        }
        Ok(all)
    }

    /// Adds those of a part.
    pub(super) async fn add_part(&mut self, db: &mut impl Queries, part: &AgendaPlan) -> Result<()> {
        let statement = statement::matches_to_count(part, &Self::columns(db.dialect()));
        let Self { starts, labels } = statement.query(db).one().await?;
        self.starts.add(starts);
        let LabelHistogram(counts) = self.labels.get_or_insert_default();
        for (labels, count) in labels.unwrap_or_default().0 {
            *counts.entry(labels).or_default() += count;
        }
        Ok(())
    }

    /// The columns of this type, aggregated.
    pub(super) fn columns(dialect: Dialect) -> String {
        format!("{}, string_agg(o.labels, '{RECORD_END}') AS labels", MatchedStarts::columns(dialect))
    }

    /// The counts. Months are those of `tz`, except for all-day occurrences.
    pub(super) fn tallies(self, tz: Tz) -> Result<Tallies> {
        let mut tallies = Tallies::of_months(self.starts.sorted()?.by_month(tz));
        for (labels, count) in self.labels.unwrap_or_default().0 {
            tallies.total += count;
            let mut labels = labels.split(LABEL_SEPARATOR);
            tallies.add_category(labels.next().unwrap_or_default(), count);
            labels.filter(|tag| !tag.is_empty()).for_each(|tag| tallies.add_tag(tag, count));
        }
        Ok(tallies)
    }
}

/// Starts of occurrences, in order.
#[derive(Debug)]
pub(super) struct OccurrenceDays {
    starts: Vec<Timestamp>,
    /// Days of all-day occurrences, in the time zones of their events.
    days: Vec<NaiveDate>,
}

impl OccurrenceDays {
    /// The number of occurrences that start on the days from `first` up to, but not including, `end` in `tz`.
    pub(super) fn between(&self, first: NaiveDate, end: NaiveDate, tz: Tz) -> i64 {
        let (from, to) = (start_of_day(first, tz), start_of_day(end, tz));
        let starts = within(&self.starts, &from, &to);
        i64::try_from(starts + within(&self.days, &first, &end)).unwrap_or(i64::MAX)
    }

    /// The number of occurrences by month, of up to twenty years from the first month on.
    fn by_month(&self, tz: Tz) -> BTreeMap<Month, i64> {
        let month_of = |at: &Timestamp| Month::of(at.in_zone(tz).date_naive());
        let month_in = |day: &NaiveDate| Month::of(*day);
        let months = |starts: Option<&Timestamp>, days: Option<&NaiveDate>| {
            starts.map(month_of).into_iter().chain(days.map(month_in))
        };
        let (Some(first), Some(last)) = (
            months(self.starts.first(), self.days.first()).min(),
            months(self.starts.last(), self.days.last()).max(),
        ) else {
            return BTreeMap::new();
        };
        std::iter::successors(Some(first), |month| Some(month.next()))
            .take_while(|month| *month <= last)
            .take(MAX_MONTHS)
            .map(|month| (month, self.between(month.first_day(), month.next().first_day(), tz)))
            .collect()
    }
}

/// The number of elements of a sorted list within `from..to`.
fn within<T: Ord>(all: &[T], from: &T, to: &T) -> usize {
    let before = |at: &T| all.partition_point(|one| one < at);
    before(to).saturating_sub(before(from))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::agenda::Facets;
    use crate::agenda::tallies::Slugs;
    use crate::id::CategoryId;

    /// Facets of occurrences given as `start or day,category,tags`, with tags separated by slashes.
    fn facets_of(occurrences: &[&str]) -> Facets {
        let slugs = Slugs::from([(CategoryId::from(Uuid::from_u128(7)), "concert".to_owned())]);
        let field = |n: usize| {
            occurrences.iter().map(move |occurrence| occurrence.split(',').nth(n).unwrap_or_default())
        };
        let starts = field(0).filter_map(|start| start.parse::<Timestamp>().ok()).collect();
        let days: Vec<&str> = field(0).filter(|start| start.parse::<NaiveDate>().is_ok()).collect();
        let category = |slug: &str| if slug.is_empty() { String::new() } else { format!("{:032x}", 7) };
        let labels = field(1).zip(field(2)).map(|(slug, tags)| format!("{}/{tags}", category(slug)));
        let labels = labels.collect::<Vec<_>>().join("\u{1e}").replace('/', "\u{1f}");
        let starts = MatchedStarts { starts: Some(ArrayAgg(starts)), days: Some(days.join(",")) };
        let labels = Some(LabelHistogram::of(&labels));
        MatchedLabels { starts, labels }.tallies(Tz::Europe__Berlin).unwrap().facets(&slugs, false)
    }

    #[test]
    fn matches_are_counted_by_category_tag_and_month() {
        let facets = facets_of(&[
            "2037-02-28T23:00:00Z,,Jazz",
            "2037-02-28T22:59:59Z,concert,jazz/Rust",
            "2037-02-28T22:59:59Z,concert,JAZZ",
            "2037-02-28T23:00:00Z,,jazz",
            "2037-04-01,,",
        ]);
        assert_eq!(facets.total, 5);
        let categories: Vec<_> = facets.categories.iter().map(|c| (c.category.as_deref(), c.count)).collect();
        assert_eq!(categories, [(None, 3), (Some("concert"), 2)]);
        let tags: Vec<_> = facets.tags.iter().map(|tag| (tag.tag.as_str(), tag.count)).collect();
        assert_eq!(tags, [("jazz", 4), ("Rust", 1)]);
        let months: Vec<_> = facets.months.iter().map(|m| (m.month.to_string(), m.count)).collect();
        let expected = [("2037-02", 2), ("2037-03", 2), ("2037-04", 1)];
        assert_eq!(months, expected.map(|(month, count)| (month.to_owned(), count)));
        assert_eq!(facets_of(&[]), Facets::default());
    }

    #[test]
    fn a_malformed_day_is_an_error() {
        assert!(
            MatchedStarts { days: Some("soon".to_owned()), ..MatchedStarts::default() }.sorted().is_err()
        );
    }
}
