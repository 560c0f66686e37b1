//! What happens on which days, put together in the same way wherever it comes from: what begins on them, and what goes on from before.

use std::collections::BTreeMap;
use std::future::Future;

use chrono::{Months, NaiveDate};
use chrono_tz::Tz;
use eventcore::events::{MonthOfDays, Occurrence};
use eventcore::{Cursor, Page};

use crate::view_context::days_in;

/// The days from one to another, both included, by the clocks of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) tz: Tz,
}

/// Where dates come from, page by page.
pub(super) trait ByDays: Sync {
    type Error: Send;

    /// A page of the dates that begin on these days.
    fn starting(
        &self,
        days: Days,
        cursor: Option<Cursor>,
    ) -> impl Future<Output = Result<Page<Occurrence>, Self::Error>> + Send;

    /// A page of the dates of more than a day that take place on any of these days, whenever they begin.
    fn lasting(
        &self,
        days: Days,
        cursor: Option<Cursor>,
    ) -> impl Future<Output = Result<Page<Occurrence>, Self::Error>> + Send;

    /// How many dates begin on each day of the month of a day.
    fn counts(&self, of: NaiveDate, tz: Tz) -> impl Future<Output = Result<MonthOfDays, Self::Error>> + Send;

    /// The dates that take place on these days, at most so many that begin on them.
    fn on_days(
        &self,
        days: Days,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Occurrence>, Self::Error>> + Send {
        async move {
            let mut dates = self.all_lasting(days, most).await?;
            dates.retain(|date| {
                let (first, last) = days_in(date, days.tz);
                first < days.from && days.from <= last
            });
            let mut cursor = None;
            let most = dates.len() + most;
            loop {
                let page = self.starting(days, cursor).await?;
                dates.extend(page.items);
                cursor = page.next;
                if cursor.is_none() || dates.len() >= most {
                    return Ok(dates);
                }
            }
        }
    }

    /// How many dates take place on each day of the month of a day.
    fn month(
        &self,
        of: NaiveDate,
        tz: Tz,
        most: usize,
    ) -> impl Future<Output = Result<BTreeMap<NaiveDate, i64>, Self::Error>> + Send {
        async move {
            let counted = self.counts(of, tz).await?;
            let mut counts: BTreeMap<_, _> =
                counted.days.into_iter().map(|day| (day.date, day.count)).collect();
            let from = counts.first_key_value().map_or(of, |(first, _)| *first);
            let after = from.checked_add_months(Months::new(1)).and_then(|day| day.pred_opt());
            let days = Days { from, to: after.unwrap_or(from), tz };
            for date in self.all_lasting(days, most).await? {
                let (first, last) = days_in(&date, tz);
                // On its first day it is counted already.
                for (_, count) in counts.range_mut(first..=last).filter(|(day, _)| **day > first) {
                    *count += 1;
                }
            }
            Ok(counts)
        }
    }

    fn all_lasting(
        &self,
        days: Days,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Occurrence>, Self::Error>> + Send {
        async move {
            // The last day of an all-day date may be over elsewhere before it begins here.
            let days =
                Days { from: days.from.checked_sub_days(chrono::Days::new(2)).unwrap_or(days.from), ..days };
            let (mut dates, mut cursor) = (Vec::new(), None);
            while dates.len() < most {
                let page = self.lasting(days, cursor).await?;
                dates.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            Ok(dates)
        }
    }
}
