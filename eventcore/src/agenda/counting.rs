//! Counting dates by what they are: one look at an index gives their lists, which are counted here.

use chrono::NaiveDate;
use chrono_tz::Tz;
use foldhash::{HashMap, HashMapExt};
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, FromRow, Type};
use uuid::Uuid;

use super::counts::{CategoryCount, Facets, Month, MonthCount, TaggedCount};
use super::query::Conditions;
use crate::db::{Gathered, Queries, Row, gathered};
use crate::error::{Error, Result};
use crate::events::FIELD_END;
use crate::fold::fold;
use crate::id::CategoryId;
use crate::time::Timestamp;
use crate::time::start_of_day;

/// Between the labels of one date and those of the next: the record separator of ASCII.
const DATE_END: char = '\u{1e}';
/// How many tags facets name.
const MOST_TAGS: usize = 50;
/// How many months facets count: twenty years.
const MOST_MONTHS: usize = 240;

/// Those of all categories.
type Slugs = std::collections::HashMap<CategoryId, String>;

/// When dates take place.
#[derive(Debug, Default, FromRow)]
pub(super) struct Listed {
    /// The starts of those with times.
    starts: Option<Gathered<Timestamp>>,
    /// The days of the others, parted by commas.
    days: Option<String>,
}

/// And what they are.
#[derive(Debug, Default, FromRow)]
pub(super) struct Labelled {
    #[sqlx(flatten)]
    listed: Listed,
    labels: Option<Together>,
}

/// How many dates have which labels. The dates of an event have the same, and often those of several: each text is taken apart once.
#[derive(Debug, Default)]
struct Together(HashMap<String, i64>);

impl Together {
    fn of(labels: &str) -> Self {
        let mut together = HashMap::<String, i64>::new();
        for labels in labels.split(DATE_END).filter(|labels| !labels.is_empty()) {
            match together.get_mut(labels) {
                Some(count) => *count += 1,
                None => _ = together.insert(labels.to_owned(), 1),
            }
        }
        Self(together)
    }
}

impl<DB: Database> Type<DB> for Together
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

/// The text is megabytes long: it is read where it lies.
impl<'r, DB: Database> Decode<'r, DB> for Together
where
    &'r str: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        <&str as Decode<'r, DB>>::decode(value).map(Self::of)
    }
}

impl Listed {
    /// When those take place that fulfil the conditions.
    pub(super) async fn of(db: &mut impl Queries, conditions: Conditions) -> Result<Self> {
        let columns = Self::columns(db);
        gather(db, conditions, &columns).await
    }

    fn columns(db: &impl Queries) -> String {
        let starts = gathered(db.dialect(), "o.starts_at");
        format!(
            "{starts} FILTER (WHERE o.day IS NULL) AS starts, string_agg(o.day, ',') FILTER (WHERE o.day IS NOT NULL) AS days"
        )
    }

    pub(super) fn calendar(self) -> Result<Calendar> {
        let mut starts = self.starts.map(|starts| starts.0).unwrap_or_default();
        starts.sort_unstable();
        let days = self.days.unwrap_or_default();
        let days = days.split_terminator(',').map(|day| day.parse().map_err(Error::internal));
        let mut days = days.collect::<Result<Vec<NaiveDate>>>()?;
        days.sort_unstable();
        Ok(Calendar { starts, days })
    }
}

impl Labelled {
    /// Those that fulfil the conditions.
    pub(super) async fn of(db: &mut impl Queries, conditions: Conditions) -> Result<Self> {
        let columns = format!("{}, string_agg(o.labels, '{DATE_END}') AS labels", Listed::columns(db));
        gather(db, conditions, &columns).await
    }

    /// The counts, where `slugs` are those of all categories, and months are of the clocks of `tz`.
    pub(super) fn facets(self, slugs: &Slugs, tz: Tz) -> Result<Facets> {
        let Together(together) = self.labels.unwrap_or_default();
        Ok(Facets {
            total: together.values().sum(),
            categories: by_category(&together, slugs),
            tags: by_tag(&together),
            months: self.listed.calendar()?.by_month(tz),
        })
    }
}

async fn gather<R: Row>(db: &mut impl Queries, mut conditions: Conditions, columns: &str) -> Result<R> {
    conditions.rely_on_index();
    let text = format!("SELECT {columns} FROM {} WHERE {}", conditions.narrow(), conditions.wheres());
    Ok(conditions.query(db, text).one().await?)
}

/// When dates take place, in order.
#[derive(Debug)]
pub(super) struct Calendar {
    starts: Vec<Timestamp>,
    /// Of those without times, by their own zones.
    days: Vec<NaiveDate>,
}

impl Calendar {
    /// How many take place on the days from `first` up to `end`, which is not one of them, by the clocks of `tz`.
    pub(super) fn between(&self, first: NaiveDate, end: NaiveDate, tz: Tz) -> i64 {
        let (from, to) = (start_of_day(first, tz), start_of_day(end, tz));
        let starts = within(&self.starts, &from, &to);
        i64::try_from(starts + within(&self.days, &first, &end)).unwrap_or(i64::MAX)
    }

    fn by_month(&self, tz: Tz) -> Vec<MonthCount> {
        let month_of = |at: &Timestamp| Month::of(at.in_zone(tz).date_naive());
        let month_in = |day: &NaiveDate| Month::of(*day);
        let months = |starts: Option<&Timestamp>, days: Option<&NaiveDate>| {
            starts.map(month_of).into_iter().chain(days.map(month_in))
        };
        let (Some(first), Some(last)) = (
            months(self.starts.first(), self.days.first()).min(),
            months(self.starts.last(), self.days.last()).max(),
        ) else {
            return Vec::new();
        };
        std::iter::successors(Some(first), |month| Some(month.next()))
            .take_while(|month| *month <= last)
            .take(MOST_MONTHS)
            .map(|month| MonthCount {
                month,
                count: self.between(month.first_day(), month.next().first_day(), tz),
            })
            .filter(|month| month.count > 0)
            .collect()
    }
}

/// How many of a list in order lie at `from` or later, and before `to`.
fn within<T: Ord>(all: &[T], from: &T, to: &T) -> usize {
    let before = |at: &T| all.partition_point(|one| one < at);
    before(to).saturating_sub(before(from))
}

fn by_category(together: &HashMap<String, i64>, slugs: &Slugs) -> Vec<CategoryCount> {
    let mut counted: HashMap<&str, i64> = HashMap::new();
    for (labels, count) in together {
        *counted.entry(labels.split(FIELD_END).next().unwrap_or_default()).or_default() += count;
    }
    let slug = |id: &str| Uuid::try_parse(id).ok().and_then(|id| slugs.get(&CategoryId::from(id)).cloned());
    let counts = counted.into_iter().map(|(id, count)| CategoryCount { category: slug(id), count });
    let mut counts: Vec<CategoryCount> = counts.collect();
    counts.sort_by(|a, b| (b.count, &a.category).cmp(&(a.count, &b.category)));
    counts
}

/// However a tag is written, it is one; it is shown as most write it.
fn by_tag(together: &HashMap<String, i64>) -> Vec<TaggedCount> {
    let mut written: HashMap<&str, i64> = HashMap::new();
    for (labels, count) in together {
        for tag in labels.split(FIELD_END).skip(1).filter(|tag| !tag.is_empty()) {
            *written.entry(tag).or_default() += count;
        }
    }
    let mut written: Vec<(&str, i64)> = written.into_iter().collect();
    written.sort_by_key(|(name, count)| (-count, *name));
    let mut tags: HashMap<String, TaggedCount> = HashMap::new();
    for (name, count) in written {
        let tag = tags.entry(fold(name)).or_insert_with(|| TaggedCount { tag: name.to_owned(), count: 0 });
        tag.count += count;
    }
    let mut tags: Vec<(String, TaggedCount)> = tags.into_iter().collect();
    tags.sort_by(|(a, x), (b, y)| (y.count, a).cmp(&(x.count, b)));
    tags.into_iter().take(MOST_TAGS).map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dates as `start or day,category,tags`, the tags parted by slashes.
    fn counted(dates: &[&str]) -> Facets {
        let slugs = Slugs::from([(CategoryId::from(Uuid::from_u128(7)), "concert".to_owned())]);
        let field = |n: usize| dates.iter().map(move |date| date.split(',').nth(n).unwrap_or_default());
        let starts = field(0).filter_map(|start| start.parse::<Timestamp>().ok()).collect();
        let days: Vec<&str> = field(0).filter(|start| start.parse::<NaiveDate>().is_ok()).collect();
        let category = |slug: &str| if slug.is_empty() { String::new() } else { format!("{:032x}", 7) };
        let labels = field(1).zip(field(2)).map(|(slug, tags)| format!("{}/{tags}", category(slug)));
        let labels = labels.collect::<Vec<_>>().join("\u{1e}").replace('/', "\u{1f}");
        let listed = Listed { starts: Some(Gathered(starts)), days: Some(days.join(",")) };
        Labelled { listed, labels: Some(Together::of(&labels)) }.facets(&slugs, Tz::Europe__Berlin).unwrap()
    }

    #[test]
    fn dates_are_counted_by_what_they_are() {
        let facets = counted(&[
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
        assert_eq!(counted(&[]), Facets::default());
    }

    #[test]
    fn what_this_program_did_not_write_is_no_day() {
        assert!(Listed { days: Some("soon".to_owned()), ..Listed::default() }.calendar().is_err());
    }
}
