//! Counting dates by what they are: one look at an index gives them all as one text, which is taken apart here.

use std::collections::HashMap;

use chrono_tz::Tz;
use uuid::Uuid;

use super::conditions::Conditions;
use super::facets::{CategoryCount, Facets, Month, MonthCount};
use super::when::start_of_day;
use crate::categories::TagCount;
use crate::clock::Timestamp;
use crate::db::{Dialect, Queries};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::id::CategoryId;

/// Between dates: the record separator of ASCII.
const DATE_END: char = '\u{1e}';
/// Between what is told of a date, and between the tags of `occurrences`: the unit separator of ASCII. No tag has control characters.
pub(super) const FIELD_END: char = '\u{1f}';
/// How many tags facets name.
const MOST_TAGS: usize = 50;
/// How many months facets count: twenty years.
const MOST_MONTHS: usize = 240;

/// Dates, each as its start in seconds, its category, and its tags.
pub(super) struct Listed(String);

impl Listed {
    /// Those that fulfil the conditions.
    pub(super) async fn of(db: &mut impl Queries, mut conditions: Conditions) -> Result<Self> {
        conditions.rely_on_index();
        // Dates begin at whole seconds.
        let date = match db.dialect() {
            Dialect::Sqlite => {
                format!(
                    "CAST(o.starts_at / 1000000 AS TEXT) || '{FIELD_END}' || hex(o.category_id) || '{FIELD_END}' || o.tags"
                )
            }
            Dialect::Postgres => format!(
                "concat_ws('{FIELD_END}', CAST(date_part('epoch', o.starts_at) AS BIGINT), coalesce(CAST(o.category_id AS TEXT), ''), o.tags)"
            ),
        };
        let text = format!(
            "SELECT string_agg({date}, '{DATE_END}') FROM {} WHERE {}",
            conditions.narrow(),
            conditions.wheres()
        );
        let listed: Option<String> = conditions.query(db, text).scalar().await?;
        Ok(Self(listed.unwrap_or_default()))
    }

    pub(super) fn tally(&self) -> Result<Tally<'_>> {
        let mut tally = Tally::default();
        for date in self.0.split_terminator(DATE_END) {
            let mut fields = date.split(FIELD_END);
            let start = fields.next().and_then(|start| start.parse::<i64>().ok());
            let start = start.ok_or_else(|| Error::internal("a date without a start"))?;
            tally.starts.push(Timestamp::from_micros(start.saturating_mul(1_000_000)));
            *tally.categories.entry(fields.next().unwrap_or_default()).or_default() += 1;
            for tag in fields.filter(|tag| !tag.is_empty()) {
                *tally.tags.entry(tag).or_default() += 1;
            }
        }
        tally.starts.sort_unstable();
        Ok(tally)
    }
}

/// How many dates there are of what.
#[derive(Debug, Default)]
pub(super) struct Tally<'l> {
    /// When they start, in order.
    starts: Vec<Timestamp>,
    /// By the id of their category, in hexadecimal digits; empty where they have none.
    categories: HashMap<&'l str, i64>,
    /// By tag, as it is written.
    tags: HashMap<&'l str, i64>,
}

impl Tally<'_> {
    /// The counts, where `slugs` are those of all categories, and months are of the clocks of `tz`.
    pub(super) fn facets(&self, slugs: &HashMap<CategoryId, String>, tz: Tz) -> Facets {
        Facets {
            total: i64::try_from(self.starts.len()).unwrap_or(i64::MAX),
            categories: self.by_category(slugs),
            tags: self.by_tag(),
            months: self.by_month(tz),
        }
    }

    /// How many start at `from` or later, and before `to`.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let before = |at: Timestamp| self.starts.partition_point(|start| *start < at);
        i64::try_from(before(to).saturating_sub(before(from))).unwrap_or(i64::MAX)
    }

    fn by_category(&self, slugs: &HashMap<CategoryId, String>) -> Vec<CategoryCount> {
        let slug =
            |id: &str| Uuid::try_parse(id).ok().and_then(|id| slugs.get(&CategoryId::from(id)).cloned());
        let counts =
            self.categories.iter().map(|(id, count)| CategoryCount { category: slug(id), count: *count });
        let mut counts: Vec<CategoryCount> = counts.collect();
        counts.sort_by(|a, b| (b.count, &a.category).cmp(&(a.count, &b.category)));
        counts
    }

    /// However a tag is written, it is one; it is shown as most write it.
    fn by_tag(&self) -> Vec<TagCount> {
        let mut written: Vec<(&str, i64)> = self.tags.iter().map(|(name, count)| (*name, *count)).collect();
        written.sort_by_key(|(name, count)| (-count, *name));
        let mut tags: HashMap<String, TagCount> = HashMap::new();
        for (name, count) in written {
            let tag = tags.entry(fold(name)).or_insert_with(|| TagCount { tag: name.to_owned(), count: 0 });
            tag.count += count;
        }
        let mut tags: Vec<(String, TagCount)> = tags.into_iter().collect();
        tags.sort_by(|(a, x), (b, y)| (y.count, a).cmp(&(x.count, b)));
        tags.into_iter().take(MOST_TAGS).map(|(_, tag)| tag).collect()
    }

    fn by_month(&self, tz: Tz) -> Vec<MonthCount> {
        let (Some(first), Some(last)) = (self.starts.first(), self.starts.last()) else { return Vec::new() };
        let month_of = |at: Timestamp| Month::of(at.in_zone(tz).date_naive());
        let last = month_of(*last);
        std::iter::successors(Some(month_of(*first)), |month| Some(month.next()))
            .take_while(|month| *month <= last)
            .take(MOST_MONTHS)
            .map(|month| {
                let (from, to) =
                    (start_of_day(month.first_day(), tz), start_of_day(month.next().first_day(), tz));
                MonthCount { month, count: self.between(from, to) }
            })
            .filter(|month| month.count > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> Facets {
        let slugs = HashMap::from([(CategoryId::from(Uuid::from_u128(7)), "concert".to_owned())]);
        Listed(text.replace(';', "\u{1e}").replace(',', "\u{1f}"))
            .tally()
            .unwrap()
            .facets(&slugs, Tz::Europe__Berlin)
    }

    #[test]
    fn dates_are_counted_by_what_they_are() {
        let concert = Uuid::from_u128(7).simple();
        // 2037-02-28T22:59:59Z and a second later, which is March in Berlin.
        let facets = counted(&format!(
            "2119474800,,Jazz;2119474799,{concert},jazz,Rust;2119474799,{concert},JAZZ;2119474800,,jazz"
        ));
        assert_eq!(facets.total, 4);
        let categories: Vec<_> = facets.categories.iter().map(|c| (c.category.as_deref(), c.count)).collect();
        assert_eq!(categories, [(None, 2), (Some("concert"), 2)]);
        let tags: Vec<_> = facets.tags.iter().map(|tag| (tag.tag.as_str(), tag.count)).collect();
        assert_eq!(tags, [("jazz", 4), ("Rust", 1)]);
        let months: Vec<_> = facets.months.iter().map(|m| (m.month.to_string(), m.count)).collect();
        assert_eq!(months, [("2037-02".to_owned(), 2), ("2037-03".to_owned(), 2)]);
        assert_eq!(counted(""), Facets::default());
    }

    #[test]
    fn what_this_program_did_not_write_is_no_date() {
        assert!(Listed("soon".to_owned()).tally().is_err());
    }
}
