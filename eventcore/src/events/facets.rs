//! How many dates there are of what kind, and on which days: counts for the filters of the agenda.

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use super::agenda::visible;
use super::conditions::{Conditions, Need};
use super::days;
use super::filter::{AgendaFilter, Bound};
use super::tally::{Labelled, Listed};
use crate::actor::Actor;
use crate::as_text::as_text;
use crate::categories;
use crate::core::EventCore;
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

/// How many occurrences take place on a day.
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

impl EventCore {
    /// Counts the dates that the filter finds, by category, by tag, and by month of the clocks of `tz`.
    ///
    /// # Errors
    /// As [`EventCore::occurrences`].
    pub async fn facets(&self, actor: &Actor, filter: &AgendaFilter, tz: Tz) -> Result<Facets> {
        let filter = AgendaFilter { by_relevance: false, ..filter.clone() };
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, &filter).await?;
        let conditions = Conditions::of(&mut db, &filter, visible, Need::All, self.now()).await?;
        let labelled = Labelled::of(&mut db, conditions).await?;
        labelled.facets(&categories::slugs(&mut db).await?, tz)
    }

    /// Counts the matching occurrences on each day of a month. A multi-day occurrence counts on each of its
    /// days, by the rule of [`Occurrence::days`]. The filter's own `from` and `to` are ignored.
    ///
    /// [`Occurrence::days`]: super::Occurrence::days
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
        let now = self.now();
        let period = month.first_day()..month.next().first_day();
        let filter = AgendaFilter {
            by_relevance: false,
            from: Some(Bound::Day(period.start, tz)),
            to: Some(Bound::Day(period.end, tz)),
            ..filter.clone()
        };
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, &filter).await?;
        let conditions = Conditions::of(&mut db, &filter, visible, Need::Page, now).await?;
        let starting = Listed::of(&mut db, conditions).await?.calendar()?;
        let multi_day = days::of_multi_day(&mut db, &filter, visible, (&period, tz), now).await?;
        let days = period.start.iter_days().take_while(|date| *date < period.end);
        let days = days.map(|date| {
            let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
            // On their first day they are among those that start.
            let going_on = multi_day.iter().filter(|days| *days.start() < date && date <= *days.end());
            let going_on = i64::try_from(going_on.count()).unwrap_or(i64::MAX);
            DayCount { date, count: starting.between(date, next, tz) + going_on }
        });
        Ok(MonthOfDays { month, timezone: tz.name().to_owned(), days: days.collect() })
    }
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
