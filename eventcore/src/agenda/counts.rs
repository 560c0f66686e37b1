//! Counts of occurrences, by category, tag, month and day.

use chrono::{Datelike, Months, NaiveDate};

use crate::error::Result;
use crate::page::TotalRelation;

/// Counts of the occurrences that match a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facets {
    /// The number of matches. With a filter by text or free seats, at most 10,000 are counted.
    pub total: i64,
    /// `at_least` if more occurrences match than were counted: then all counts are lower bounds. Absent if
    /// all were counted.
    #[serde(default, skip_serializing_if = "TotalRelation::is_exact")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub total_relation: TotalRelation,
    /// By category, most frequent first.
    pub categories: Vec<CategoryCount>,
    /// By tag: the 50 most frequent, most frequent first.
    pub tags: Vec<FacetTagCount>,
    /// By month of the start: at most 240 months from the first match on, without empty months.
    pub months: Vec<MonthCount>,
}

/// The number of occurrences in a category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryCount {
    /// The slug; null for events without a category.
    pub category: Option<String>,
    /// The number of occurrences.
    pub count: i64,
}

/// The number of occurrences with a tag.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetTagCount {
    /// The tag in its commonest spelling.
    pub tag: String,
    /// The number of occurrences.
    pub count: i64,
}

/// The number of occurrences that start in a month.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthCount {
    /// `2027-03`.
    pub month: Month,
    /// The number of occurrences.
    pub count: i64,
}

/// The number of occurrences that take place on a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayCount {
    /// The day.
    pub date: NaiveDate,
    /// The number of occurrences.
    pub count: i64,
}

/// The number of occurrences on each day of a month.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DailyCounts {
    /// `2027-03`.
    pub month: Month,
    /// The IANA time zone of the days.
    pub timezone: String,
    /// All days of the month, in order.
    pub days: Vec<DayCount>,
}

/// A month, written `2027-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct Month(pub(super) NaiveDate);

impl Month {
    /// The month of a day.
    pub(super) fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    pub(super) const fn first_day(self) -> NaiveDate {
        self.0
    }

    pub(super) fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }
}

impl std::str::FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let message = "must be a month such as 2027-03";
        let plain = text.len() == 7
            && text.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
        let day: NaiveDate =
            if plain { format!("{text}-01").parse().map_err(|_| message)? } else { return Err(message) };
        if (1..=9998).contains(&day.year()) { Ok(Self(day)) } else { Err(message) }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

eventcore_recurrence::serde_as_string!(Month);
