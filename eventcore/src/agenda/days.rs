//! The days on which an occurrence takes place: the rule, and the multi-day occurrences of a period.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::condition::Condition;
use super::filter::AgendaFilter;
use super::list::agenda_plan;
use super::plan::{AgendaPlan, Driver, Extent, VisibleScope};
use super::since::MAX_DAY_SHIFT;
use super::statement;
use crate::db::{Queries, SqlWriter};
use crate::error::Result;
use crate::events::{Occurrence, zone};
use crate::time::{Moment, Timestamp, start_of_day};

/// The longest day has 25 hours: the clocks go back on it.
const LONGEST_DAY: Duration = Duration::from_hours(25);

impl Occurrence {
    /// The days on which it takes place.
    ///
    /// An all-day occurrence has the days of its own time zone, whatever `tz` is. One with times has days in
    /// `tz`: only the day on which it starts if it lasts at most 25 hours, so that a night counts once;
    /// otherwise every day up to the one on which it ends. An end at midnight does not touch the day that
    /// begins then.
    pub fn days(&self, tz: Tz) -> RangeInclusive<NaiveDate> {
        days(self.starts_at, self.ends_at, tz)
    }
}

fn days(starts_at: Moment, ends_at: Moment, tz: Tz) -> RangeInclusive<NaiveDate> {
    let days = overlapped_days(starts_at, ends_at, tz);
    let is_all_day = matches!(starts_at, Moment::Day(_));
    if !is_all_day && instant(ends_at, tz).since(instant(starts_at, tz)) <= LONGEST_DAY {
        return *days.start()..=*days.start();
    }
    days
}

/// All days on which an occurrence takes place at any time: a night has two of them.
fn overlapped_days(starts_at: Moment, ends_at: Moment, tz: Tz) -> RangeInclusive<NaiveDate> {
    match (starts_at, ends_at) {
        (Moment::Day(first), Moment::Day(last)) => first..=last.max(first),
        (starts_at, ends_at) => {
            let (start, end) = (instant(starts_at, tz), instant(ends_at, tz));
            let first = start.in_zone(tz).date_naive();
            first..=end.minus(Duration::from_micros(1)).in_zone(tz).date_naive().max(first)
        }
    }
}

fn instant(moment: Moment, tz: Tz) -> Timestamp {
    match moment {
        Moment::At(instant) => instant.into(),
        Moment::Day(day) => start_of_day(day, tz),
    }
}

/// The columns of [`StoredTimes`].
const TIMES: &str = "o.starts_at, o.ends_at, o.all_day,
    coalesce(o.timezone, (SELECT e.timezone FROM events e WHERE e.id = o.event_id)) AS timezone";

#[derive(sqlx::FromRow)]
struct StoredTimes {
    starts_at: Timestamp,
    ends_at: Timestamp,
    all_day: bool,
    timezone: String,
}

impl StoredTimes {
    fn moments(&self) -> (Moment, Moment) {
        Moment::span(self.starts_at, self.ends_at, zone(&self.timezone), self.all_day)
    }
}

/// The days on which each match of a plan takes place at any time.
pub(super) async fn of_all(
    db: &mut impl Queries,
    plan: AgendaPlan,
    tz: Tz,
) -> Result<Vec<RangeInclusive<NaiveDate>>> {
    let mut all = Vec::new();
    for part in plan.parts().all() {
        let rows: Vec<StoredTimes> = statement(&part).query(db).all().await?;
        all.extend(rows.into_iter().map(|row| {
            let (starts_at, ends_at) = row.moments();
            overlapped_days(starts_at, ends_at, tz)
        }));
    }
    Ok(all)
}

/// The days of all matching multi-day occurrences of which a day may lie in `period`. The filter's own bounds
/// are ignored.
pub(super) async fn of_multi_day(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: VisibleScope,
    (period, tz): (&Range<NaiveDate>, Tz),
    now: Timestamp,
) -> Result<Vec<RangeInclusive<NaiveDate>>> {
    let plan = agenda_plan(db, filter, visible, Extent::AnyTime, now).await?;
    let statement = statement(&multi_day_plan(plan, visible, period, tz));
    let rows: Vec<StoredTimes> = statement.query(db).all().await?;
    let days = rows.into_iter().map(|row| {
        let (starts_at, ends_at) = row.moments();
        days(starts_at, ends_at, tz)
    });
    Ok(days.collect())
}

/// Restricts a plan to multi-day occurrences of which a day may lie in `period`.
pub(super) fn multi_day_plan(
    mut plan: AgendaPlan,
    visible: VisibleScope,
    period: &Range<NaiveDate>,
    tz: Tz,
) -> AgendaPlan {
    // All-day occurrences have the days of their own time zones.
    let from = start_of_day(period.start, tz).minus(MAX_DAY_SHIFT);
    let to = start_of_day(period.end, tz).plus(MAX_DAY_SHIFT);
    match visible {
        // Public multi-day occurrences are few: they drive the query, whatever other index a filter has.
        VisibleScope::Listed => plan.driver = Driver::MultiDay(from, to),
        // The filter names a user or an event, with few occurrences.
        VisibleScope::All => plan.require(Condition::MultiDay(from, to)),
    }
    plan
}

/// The statement of [`StoredTimes`].
pub(super) fn statement(plan: &AgendaPlan) -> SqlWriter {
    statement::matches(plan, TIMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_occurrence_takes_place_on_each_of_its_days() {
        let (berlin, tokyo) = (Tz::Europe__Berlin, Tz::Asia__Tokyo);
        for (starts, ends, tz, expected) in [
            // A night, and a day and a night.
            ("2027-03-05T20:00:00+01:00", "2027-03-06T04:00:00+01:00", berlin, "05 05"),
            ("2027-03-05T20:00:00+01:00", "2027-03-06T21:00:00+01:00", berlin, "05 05"),
            ("2027-03-05T20:00:00+01:00", "2027-03-06T21:00:01+01:00", berlin, "05 06"),
            // An end at midnight, and one after it.
            ("2027-03-05T20:00:00+01:00", "2027-03-07T00:00:00+01:00", berlin, "05 06"),
            ("2027-03-05T20:00:00+01:00", "2027-03-07T00:00:01+01:00", berlin, "05 07"),
            // Timed occurrences have days in the requested zone, all-day occurrences those of their own zone.
            ("2027-03-05T20:00:00+01:00", "2027-03-07T00:00:00+01:00", tokyo, "06 07"),
            ("2027-03-05", "2027-03-05", berlin, "05 05"),
            ("2027-03-05", "2027-03-07", berlin, "05 07"),
            ("2027-03-05", "2027-03-07", tokyo, "05 07"),
            // A day of 25 hours, and two of which one has 23.
            ("2027-10-31", "2027-10-31", berlin, "31 31"),
            ("2027-03-28", "2027-03-29", berlin, "28 29"),
        ] {
            let days = days(starts.parse().unwrap(), ends.parse().unwrap(), tz);
            let written = format!("{} {}", days.start().format("%d"), days.end().format("%d"));
            assert_eq!(written, expected, "{starts} {ends} {tz}");
        }
    }
}
