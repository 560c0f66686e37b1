//! How many dates there are of what kind, and on which days: counts for the filters of the agenda.

use chrono::Days;
use chrono_tz::Tz;

use super::counting::{Labelled, Listed};
use super::counts::{DayCount, Facets, Month, MonthOfDays};
use super::filter::{AgendaFilter, Bound};
use super::list::visible;
use super::query::{Conditions, Need};
use crate::actor::Actor;
use crate::categories;
use crate::core::EventCore;
use crate::error::Result;

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
        let bound = |month: Month| Some(Bound::Day(month.0, tz));
        let filter = AgendaFilter {
            by_relevance: false,
            from: bound(month),
            to: bound(month.next()),
            ..filter.clone()
        };
        let mut db = self.db().read().await?;
        let visible = visible(&mut db, actor, &filter).await?;
        let conditions = Conditions::of(&mut db, &filter, visible, Need::Page, self.now()).await?;
        let calendar = Listed::of(&mut db, conditions).await?.calendar()?;
        let days = month.0.iter_days().take_while(|day| Month::of(*day) == month);
        let days = days.map(|date| {
            let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
            DayCount { date, count: calendar.between(date, next, tz) }
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
