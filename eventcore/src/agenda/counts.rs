//! Counts of occurrences, by category, tag, month and day.

use chrono::{Datelike, Months, NaiveDate};

use crate::as_text::as_text;
use crate::error::Result;

/// What the dates that a filter finds are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facets {
    /// All dates.
    pub total: i64,
    /// By category, the commonest first.
    pub categories: Vec<CategoryCount>,
    /// By tag, the commonest 50 first.
    pub tags: Vec<TaggedCount>,
    /// By month, from that of the first date on, at most 240 months; months without dates are left out.
    pub months: Vec<MonthCount>,
}

/// How many dates are of a category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryCount {
    /// Its slug; null for events without one.
    pub category: Option<String>,
    /// Dates.
    pub count: i64,
}

/// How many dates have a tag.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaggedCount {
    /// The tag, as most write it.
    pub tag: String,
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
pub struct Month(pub(super) NaiveDate);

impl Month {
    /// The month in which a day lies.
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

as_text!(Month);
