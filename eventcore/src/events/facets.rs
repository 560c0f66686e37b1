//! How many dates there are of what kind, and on which days: counts for the filters of the agenda.

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;
use sqlx::FromRow;

use super::agenda::visible;
use super::filter::{AgendaFilter, Conditions};
use super::when::start_of_day;
use crate::actor::Actor;
use crate::categories::TagCount;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Dialect, Queries};
use crate::error::{Error, Result};

/// How many tags facets name.
const MOST_TAGS: usize = 50;
/// How many months facets count: twenty years.
const MOST_MONTHS: u32 = 240;

/// What the dates that a filter finds are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facets {
    /// All dates.
    pub total: i64,
    /// By category, the commonest first.
    pub categories: Vec<CategoryCount>,
    /// By tag, the commonest 50 first.
    pub tags: Vec<TagCount>,
    /// By month, from that of the first date on, at most 240 months; months without dates are left out.
    pub months: Vec<MonthCount>,
}

/// How many dates are of a category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryCount {
    /// Its slug; null for events without one.
    pub category: Option<String>,
    /// Dates.
    pub count: i64,
}

/// How many dates start in a month.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthCount {
    /// `2027-03`.
    pub month: Month,
    /// Dates.
    pub count: i64,
}

/// How many dates start on a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayCount {
    /// The day.
    pub date: NaiveDate,
    /// Dates.
    pub count: i64,
}

/// The days of a month, all of them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthOfDays {
    /// `2027-03`.
    pub month: Month,
    /// IANA name of the zone whose days they are.
    pub timezone: String,
    /// Each day, in order.
    pub days: Vec<DayCount>,
}

/// A month of a year, written `2027-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct Month(NaiveDate);

impl Month {
    /// The month in which a day lies.
    fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }
}

impl std::str::FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "must be a month such as 2027-03";
        let plain = text.len() == 7
            && text.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
        let day: NaiveDate =
            if plain { format!("{text}-01").parse().map_err(|_| wrong)? } else { return Err(wrong) };
        if (1..=9998).contains(&day.year()) { Ok(Self(day)) } else { Err(wrong) }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl EventCore {
    /// Counts the dates that the filter finds, by category, by tag, and by month of the clocks of `tz`.
    ///
    /// # Errors
    /// As [`EventCore::occurrences`].
    pub async fn facets(&self, actor: &Actor, filter: &AgendaFilter, tz: Tz) -> Result<Facets> {
        let filter = AgendaFilter { by_relevance: false, ..filter.clone() };
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, &filter).await?;
        let conditions = Conditions::of(&mut db, &filter, visible, self.now()).await?;
        let Some(extent) = Extent::of(&mut db, conditions.clone()).await? else {
            return Ok(Facets::default());
        };
        Ok(Facets {
            total: extent.total,
            categories: by_category(&mut db, conditions.clone()).await?,
            tags: by_tag(&mut db, conditions.clone()).await?,
            months: by_month(&mut db, conditions, &extent, tz).await?,
        })
    }

    /// Counts the dates that the filter finds on each day of a month, by the clocks of `tz`. What the filter says of `from` and `to` does not matter.
    ///
    /// # Errors
    /// As [`EventCore::occurrences`].
    pub async fn calendar(
        &self,
        actor: &Actor,
        filter: &AgendaFilter,
        month: Month,
        tz: Tz,
    ) -> Result<MonthOfDays> {
        let (from, to) = (start_of_day(month.0, tz), start_of_day(month.next().0, tz));
        let filter = AgendaFilter { by_relevance: false, from: Some(from), to: Some(to), ..filter.clone() };
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, &filter).await?;
        let conditions = Conditions::of(&mut db, &filter, visible, self.now()).await?;
        let days: Vec<NaiveDate> = month.0.iter_days().take_while(|day| Month::of(*day) == month).collect();
        let spans: Vec<_> = days
            .iter()
            .map(|day| {
                (start_of_day(*day, tz), start_of_day(day.checked_add_days(Days::new(1)).unwrap_or(*day), tz))
            })
            .collect();
        let counts = within(&mut db, conditions, &spans).await?;
        let days = days.into_iter().zip(counts).map(|(date, count)| DayCount { date, count }).collect();
        Ok(MonthOfDays { month, timezone: tz.name().to_owned(), days })
    }
}

/// How many dates there are, and when the first and the last start.
struct Extent {
    total: i64,
    first: Timestamp,
    last: Timestamp,
}

impl Extent {
    /// None where there are no dates.
    async fn of(db: &mut impl Queries, conditions: Conditions) -> Result<Option<Self>> {
        let text = format!(
            "SELECT count(*), min(o.starts_at), max(o.starts_at) FROM {} WHERE {}",
            conditions.narrow(),
            conditions.wheres()
        );
        let (total, first, last): (i64, Option<Timestamp>, Option<Timestamp>) =
            conditions.query(db, text).one().await?;
        Ok(first.zip(last).map(|(first, last)| Self { total, first, last }))
    }
}

async fn by_category(db: &mut impl Queries, conditions: Conditions) -> Result<Vec<CategoryCount>> {
    let text = format!(
        "SELECT c.slug AS category, n.dates AS count FROM
            (SELECT o.category_id, count(*) AS dates FROM {} WHERE {} GROUP BY o.category_id) n LEFT JOIN categories c ON c.id = n.category_id",
        conditions.narrow(),
        conditions.wheres()
    );
    let mut counts: Vec<CategoryCount> = conditions.query(db, text).all().await?;
    counts.sort_by(|a, b| (b.count, &a.category).cmp(&(a.count, &b.category)));
    Ok(counts)
}

async fn by_tag(db: &mut impl Queries, conditions: Conditions) -> Result<Vec<TagCount>> {
    let bytewise = if db.dialect() == Dialect::Postgres { "COLLATE \"C\"" } else { "" };
    let text = format!(
        "SELECT min(g.name {bytewise}) AS tag, CAST(sum(n.dates) AS BIGINT) AS count FROM
            (SELECT o.event_id, count(*) AS dates FROM {} WHERE {} GROUP BY o.event_id) n JOIN event_tags g ON g.event_id = n.event_id
         GROUP BY g.folded ORDER BY count DESC, g.folded {bytewise} LIMIT {MOST_TAGS}",
        conditions.narrow(),
        conditions.wheres()
    );
    Ok(conditions.query(db, text).all().await?)
}

async fn by_month(
    db: &mut impl Queries,
    conditions: Conditions,
    extent: &Extent,
    tz: Tz,
) -> Result<Vec<MonthCount>> {
    let month_of = |at: Timestamp| Month::of(at.in_zone(tz).date_naive());
    let last = month_of(extent.last);
    let months: Vec<Month> = std::iter::successors(Some(month_of(extent.first)), |month| Some(month.next()))
        .take_while(|month| *month <= last)
        .take(MOST_MONTHS as usize)
        .collect();
    let spans: Vec<_> =
        months.iter().map(|month| (start_of_day(month.0, tz), start_of_day(month.next().0, tz))).collect();
    let counts = within(db, conditions, &spans).await?;
    let counts = months.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    Ok(counts.map(|(month, count)| MonthCount { month, count }).collect())
}

/// How many dates start within each of the spans, which follow one another without gaps.
async fn within(
    db: &mut impl Queries,
    mut conditions: Conditions,
    spans: &[(Timestamp, Timestamp)],
) -> Result<Vec<i64>> {
    let (earliest, latest) = conditions.take_bounds();
    let narrowed = |(from, to): &(Timestamp, Timestamp)| {
        (earliest.map_or(*from, |at| at.max(*from)), latest.map_or(*to, |at| at.min(*to)))
    };
    let spans: Vec<_> = spans.iter().map(narrowed).collect();
    let counts = if conditions.looks_up {
        sorted_into(db, conditions, &spans).await?
    } else {
        counted_in_each(db, conditions, &spans).await?
    };
    let mut each = vec![0; spans.len()];
    for (span, count) in counts {
        let span = usize::try_from(span).ok().and_then(|span| each.get_mut(span));
        *span.ok_or_else(|| Error::internal("a span that nobody asked for"))? = count;
    }
    Ok(each)
}

/// Goes into the index of starts for each span: where the dates of a span are one range of it.
async fn counted_in_each(
    db: &mut impl Queries,
    mut conditions: Conditions,
    spans: &[(Timestamp, Timestamp)],
) -> Result<Vec<(i64, i64)>> {
    let rows: Vec<String> = spans
        .iter()
        .enumerate()
        .map(|(i, (from, to))| format!("({i}, {}, {})", conditions.at(*from), conditions.at(*to)))
        .collect();
    let text = format!(
        "SELECT CAST(span.column1 AS BIGINT) AS span,
            (SELECT count(*) FROM {} WHERE {} AND o.starts_at >= span.column2 AND o.starts_at < span.column3) AS dates
         FROM (VALUES {}) AS span",
        conditions.narrow(),
        conditions.wheres(),
        rows.join(", ")
    );
    Ok(conditions.query(db, text).all().await?)
}

/// Finds the dates once and tells for each in which span it lies: where finding them is the work.
async fn sorted_into(
    db: &mut impl Queries,
    mut conditions: Conditions,
    spans: &[(Timestamp, Timestamp)],
) -> Result<Vec<(i64, i64)>> {
    let (Some((first, _)), Some((_, last))) = (spans.first(), spans.last()) else { return Ok(Vec::new()) };
    let (first, last) = (conditions.at(*first), conditions.at(*last));
    let cases: Vec<String> = spans
        .iter()
        .enumerate()
        .map(|(i, (_, to))| format!("WHEN o.starts_at < {} THEN {i}", conditions.at(*to)))
        .collect();
    let text = format!(
        "SELECT CAST(found.span AS BIGINT) AS span, count(*) AS dates FROM
            (SELECT CASE {} END AS span FROM {} WHERE {} AND o.starts_at >= {first} AND o.starts_at < {last}) found
         GROUP BY found.span",
        cases.join(" "),
        conditions.narrow(),
        conditions.wheres()
    );
    Ok(conditions.query(db, text).all().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_written_in_one_way() {
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
