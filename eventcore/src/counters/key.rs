//! What a counter counts: the keys of the counters that contain an occurrence or an event.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use foldhash::HashMap;
use uuid::Uuid;

use crate::fold::fold;
use crate::id::CategoryId;
use crate::time::Timestamp;

/// Separates the category and the tags in the column `occurrences.labels`, the tags in `occurrences.tags`,
/// and the folded form and the spelling in the labels of tags: the ASCII unit separator. Tags contain no
/// control characters.
pub(crate) const LABEL_SEPARATOR: char = '\u{1f}';

const SECONDS_OF_DAY: i64 = 86_400;
const MICROS_OF_QUARTER: i64 = 900_000_000;
/// The number of quarters of an hour in a day.
pub(crate) const QUARTERS_OF_DAY: i64 = 96;
pub(crate) const MICROS_OF_DAY: i64 = SECONDS_OF_DAY * 1_000_000;
/// A day begins at most this long before or after it does in UTC, in any time zone of any year.
pub(crate) const MAX_OFFSET: Duration = Duration::from_hours(16);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum CountScope {
    /// All occurrences in lists.
    All,
    /// Those of a category.
    Category(CategoryId),
    /// Events, by their last scheduled occurrence in lists.
    Events,
}

impl CountScope {
    /// The value of the column `scope`.
    pub(super) fn name(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Category(id) => category_label(Some(id)),
            Self::Events => "events".to_owned(),
        }
    }
}

/// By what is counted, and in buckets of which length. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum CountSeries {
    /// Timed occurrences by quarter of an hour.
    Quarters = 0,
    Days = 1,
    Months = 2,
    CategoriesByDay = 3,
    CategoriesByMonth = 4,
    TagsByDay = 5,
    TagsByMonth = 6,
}

impl CountSeries {
    const ALL: [Self; 7] = [
        Self::Quarters,
        Self::Days,
        Self::Months,
        Self::CategoriesByDay,
        Self::CategoriesByMonth,
        Self::TagsByDay,
        Self::TagsByMonth,
    ];

    /// The value of the column `series`.
    pub(super) const fn number(self) -> i64 {
        self as i64
    }

    pub(super) fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|series| series.number() == number)
    }
}

/// The key of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CountKey {
    pub(super) scope: CountScope,
    pub(super) series: CountSeries,
    pub(super) bucket: i64,
    pub(super) label: String,
    /// Of the occurrences; empty for events.
    pub(super) status: String,
}

/// The category and the tags of an occurrence, as labels of counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels {
    category: Option<CategoryId>,
    tags: Vec<String>,
}

impl Labels {
    /// Reads `occurrences.labels`.
    pub(super) fn parse(text: &str) -> Self {
        let mut labels = text.split(LABEL_SEPARATOR);
        let category = category_of_label(labels.next().unwrap_or_default());
        let tags = labels.filter(|tag| !tag.is_empty());
        Self { category, tags: tags.map(|tag| format!("{}{LABEL_SEPARATOR}{tag}", fold(tag))).collect() }
    }

    /// The keys of the counters that contain an occurrence.
    pub(super) fn keys(&self, day: i64, quarter: Option<i64>, status: &str) -> Vec<CountKey> {
        let month = month_of_day(day);
        let mut keys = Vec::new();
        let mut add = |scope, series, bucket, label: &str| {
            let (label, status) = (label.to_owned(), status.to_owned());
            keys.push(CountKey { scope, series, bucket, label, status });
        };
        for scope in [Some(CountScope::All), self.category.map(CountScope::Category)].into_iter().flatten() {
            if let Some(quarter) = quarter {
                add(scope, CountSeries::Quarters, quarter, "");
            }
            add(scope, CountSeries::Days, day, "");
            add(scope, CountSeries::Months, month, "");
            for tag in &self.tags {
                // A category has too few occurrences with a tag on a day.
                if scope == CountScope::All {
                    add(scope, CountSeries::TagsByDay, day, tag);
                }
                add(scope, CountSeries::TagsByMonth, month, tag);
            }
        }
        let category = category_label(self.category);
        add(CountScope::All, CountSeries::CategoriesByDay, day, &category);
        add(CountScope::All, CountSeries::CategoriesByMonth, month, &category);
        keys
    }

    /// The keys of the counters that contain an event which is upcoming until a day.
    pub(super) fn keys_of_event(&self, day: i64) -> Vec<CountKey> {
        let by_category = [CountSeries::CategoriesByDay, CountSeries::CategoriesByMonth];
        let by_tag = [CountSeries::TagsByDay, CountSeries::TagsByMonth];
        let category = self.category.map(|id| (by_category, category_label(Some(id))));
        let tags = self.tags.iter().map(|tag| (by_tag, tag.clone()));
        let key = |series, bucket, label| CountKey {
            scope: CountScope::Events,
            series,
            bucket,
            label,
            status: String::new(),
        };
        category
            .into_iter()
            .chain(tags)
            .flat_map(|([by_day, by_month], label)| {
                [key(by_day, day, label.clone()), key(by_month, month_of_day(day), label)]
            })
            .collect()
    }

    /// The category as a label.
    pub(super) fn category(&self) -> Option<String> {
        self.category.map(|id| category_label(Some(id)))
    }

    /// The tags as labels.
    pub(super) fn tags(&self) -> &[String] {
        &self.tags
    }
}

/// A category as a label; empty for none.
fn category_label(category: Option<CategoryId>) -> String {
    category.map(|id| id.as_uuid().simple().to_string()).unwrap_or_default()
}

/// The category of a label.
pub(crate) fn category_of_label(label: &str) -> Option<CategoryId> {
    Uuid::try_parse(label).ok().map(CategoryId::from)
}

/// The folded form and the spelling of the label of a tag.
pub(crate) fn spelling_of_label(label: &str) -> (&str, &str) {
    label.split_once(LABEL_SEPARATOR).unwrap_or((label, label))
}

/// Adds to the counters of a map. Counters of zero may remain.
pub(super) fn add(
    counts: &mut HashMap<CountKey, i64>,
    keys: impl IntoIterator<Item = CountKey>,
    change: i64,
) {
    for key in keys {
        *counts.entry(key).or_default() += change;
    }
}

/// The number of the quarter of an hour that contains an instant.
pub(crate) const fn quarter_of(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(MICROS_OF_QUARTER)
}

/// The number of a calendar day, or of the day in UTC that contains an instant.
pub(crate) fn day_of(date: NaiveDate) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp().div_euclid(SECONDS_OF_DAY)
}

/// The beginning of a day in UTC.
pub(super) const fn midnight_in_utc(day: i64) -> Timestamp {
    Timestamp::from_micros(day.saturating_mul(MICROS_OF_DAY))
}

/// The calendar day with a number. The days of the years 1 to 9999 have one.
pub(crate) fn date_of_day(day: i64) -> NaiveDate {
    DateTime::from_timestamp(day.saturating_mul(SECONDS_OF_DAY), 0).unwrap_or_default().date_naive()
}

/// The number of the month of a day.
pub(crate) fn month_of_day(day: i64) -> i64 {
    let date = date_of_day(day);
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// The number of the first day of a month.
pub(crate) fn first_day_of_month(month: i64) -> i64 {
    let date = i32::try_from(month.div_euclid(12))
        .ok()
        .zip(u32::try_from(month.rem_euclid(12)).ok())
        .and_then(|(year, month0)| NaiveDate::from_ymd_opt(year, month0 + 1, 1));
    date.map_or(i64::MAX, day_of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_day_lies_in_its_month(day in -700_000_i64..2_900_000) {
            let month = month_of_day(day);
            prop_assert!(first_day_of_month(month) <= day);
            prop_assert!(day < first_day_of_month(month + 1));
            prop_assert_eq!(day_of(date_of_day(day)), day);
        }
    }

    #[test]
    fn an_occurrence_has_a_counter_for_each_label_and_length() {
        let category = Uuid::from_u128(7);
        // SQLite has the id in upper case.
        let text = format!("{}\u{1f}Jazz\u{1f}rust", category.simple().to_string().to_uppercase());
        let labels = Labels::parse(&text);
        let keys = labels.keys(day_of(NaiveDate::from_ymd_opt(2027, 3, 1).unwrap()), Some(5), "scheduled");
        let mut series: Vec<_> = keys.iter().map(|key| (key.scope, key.series)).collect();
        series.sort_unstable();
        let (all, own) = (CountScope::All, CountScope::Category(CategoryId::from(category)));
        assert_eq!(
            series,
            [
                (all, CountSeries::Quarters),
                (all, CountSeries::Days),
                (all, CountSeries::Months),
                (all, CountSeries::CategoriesByDay),
                (all, CountSeries::CategoriesByMonth),
                (all, CountSeries::TagsByDay),
                (all, CountSeries::TagsByDay),
                (all, CountSeries::TagsByMonth),
                (all, CountSeries::TagsByMonth),
                (own, CountSeries::Quarters),
                (own, CountSeries::Days),
                (own, CountSeries::Months),
                (own, CountSeries::TagsByMonth),
                (own, CountSeries::TagsByMonth),
            ]
        );
        assert!(keys.iter().any(|key| key.label == "jazz\u{1f}Jazz" && key.bucket == 2027 * 12 + 2));

        let none = Labels::parse("\u{1f}");
        assert_eq!(none, Labels { category: None, tags: Vec::new() });
        assert_eq!(none.keys(0, None, "scheduled").len(), 4);
        assert!(none.keys_of_event(0).is_empty());
        assert_eq!(labels.keys_of_event(0).len(), 6);
    }
}
