//! Registrations, counted by one look at their index: of each date by how they stand, and when they were made.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use sqlx::FromRow;

use super::figures::{Counts, DayOfRegistrations};
use crate::db::{Bind, Dialect, Gathered, Queries, Sql, gathered};
use crate::error::Result;
use crate::id::OccurrenceId;
use crate::time::Timestamp;
use crate::time::start_of_day;

/// The registrations of some dates.
#[derive(Debug, Default)]
pub(super) struct Counted(HashMap<OccurrenceId, OfDate>);

/// Those of one date.
#[derive(Debug, Default)]
struct OfDate {
    counts: Counts,
    by_day: Vec<DayOfRegistrations>,
}

/// Registrations of a date: all of them, or those that stand in one way.
#[derive(FromRow)]
struct Row {
    occurrence_id: OccurrenceId,
    registrations: i64,
    cancelled: i64,
    waiting: i64,
    attended: i64,
    /// Those that ever stood on the waitlist, and those of them that hold a place.
    waitlisted: i64,
    promoted: i64,
    /// When each was made, and for how many people, in one order.
    made: Gathered<Timestamp>,
    parties: Gathered<i64>,
}

impl Counted {
    /// Those of the dates that `dates`, SQL for ids with `$1` for `whose`, names; days are those of `tz`.
    pub(super) async fn of(db: &mut impl Queries, dates: &str, whose: impl Bind, tz: Tz) -> Result<Self> {
        let (made, parties) =
            (gathered(db.dialect(), "r.created_at"), gathered(db.dialect(), "r.party_size"));
        let text = match db.dialect() {
            Dialect::Sqlite => format!(
                "SELECT r.occurrence_id, count(*) AS registrations,
                    count(*) FILTER (WHERE r.status = 'cancelled') AS cancelled,
                    count(*) FILTER (WHERE r.status = 'waitlisted') AS waiting,
                    count(*) FILTER (WHERE r.status = 'attended') AS attended,
                    count(r.waitlist_number) AS waitlisted,
                    count(r.waitlist_number) FILTER (WHERE r.status IN ('confirmed', 'attended')) AS promoted,
                    {made} AS made, {parties} AS parties
                 FROM registrations r WHERE r.occurrence_id IN ({dates}) GROUP BY r.occurrence_id"
            ),
            // By how they stand, so that no registration is asked for that again and again; and date by date, so that none is looked up among all dates.
            Dialect::Postgres => format!(
                "SELECT dates.id AS occurrence_id, alike.* FROM ({dates}) dates CROSS JOIN LATERAL (
                    SELECT count(*) AS registrations,
                        CASE r.status WHEN 'cancelled' THEN count(*) ELSE 0 END AS cancelled,
                        CASE r.status WHEN 'waitlisted' THEN count(*) ELSE 0 END AS waiting,
                        CASE r.status WHEN 'attended' THEN count(*) ELSE 0 END AS attended,
                        count(r.waitlist_number) AS waitlisted,
                        CASE WHEN r.status IN ('confirmed', 'attended') THEN count(r.waitlist_number) ELSE 0 END AS promoted,
                        {made} AS made, {parties} AS parties
                    FROM registrations r WHERE r.occurrence_id = dates.id GROUP BY r.status) alike"
            ),
        };
        let rows: Vec<Row> = db.query(Sql::built(text)).bind(whose).all().await?;
        Ok(Self::together(rows, tz))
    }

    fn together(rows: Vec<Row>, tz: Tz) -> Self {
        let mut dates: HashMap<OccurrenceId, (Counts, Vec<(Timestamp, i64)>)> = HashMap::new();
        for row in rows {
            let (counts, made) = dates.entry(row.occurrence_id).or_default();
            *counts = [*counts, row.counts()].into_iter().sum();
            made.extend(row.made.0.into_iter().zip(row.parties.0));
        }
        let counted = dates.into_iter().map(|(date, (counts, mut made))| {
            made.sort_unstable();
            (date, OfDate { counts, by_day: by_day(&made, tz) })
        });
        Self(counted.collect())
    }

    /// Whether someone ever registered for a date.
    pub(super) fn knows(&self, date: OccurrenceId) -> bool {
        self.0.contains_key(&date)
    }

    /// The counts of a date that has so many seats.
    pub(super) fn counts(&self, date: OccurrenceId, capacity: i64, seats_taken: i64) -> Counts {
        let known = self.0.get(&date).map(|known| known.counts).unwrap_or_default();
        Counts { capacity, seats_taken, ..known }
    }

    /// The days on which people registered for a date.
    pub(super) fn days_of(&self, date: OccurrenceId) -> Vec<DayOfRegistrations> {
        self.0.get(&date).map(|known| known.by_day.clone()).unwrap_or_default()
    }

    /// The days on which people registered for any.
    pub(super) fn by_day(&self) -> Vec<DayOfRegistrations> {
        let mut days: BTreeMap<NaiveDate, DayOfRegistrations> = BTreeMap::new();
        for day in self.0.values().flat_map(|known| &known.by_day) {
            days.entry(day.date)
                .and_modify(|sum| {
                    sum.registrations += day.registrations;
                    sum.people += day.people;
                })
                .or_insert_with(|| day.clone());
        }
        days.into_values().collect()
    }
}

impl Row {
    fn counts(&self) -> Counts {
        Counts {
            registrations: self.registrations,
            confirmed: self.registrations - self.cancelled - self.waiting,
            cancelled: self.cancelled,
            waiting: self.waiting,
            waitlisted: self.waitlisted,
            promoted: self.promoted,
            attended: self.attended,
            ..Counts::default()
        }
    }
}

/// Adds up by the days of a zone what was made, which is in order.
fn by_day(made: &[(Timestamp, i64)], tz: Tz) -> Vec<DayOfRegistrations> {
    let mut days: Vec<DayOfRegistrations> = Vec::new();
    let mut end = Timestamp::MIN;
    for (at, people) in made {
        match days.last_mut() {
            Some(day) if *at < end => {
                day.registrations += 1;
                day.people += people;
            }
            _ => {
                let date = at.in_zone(tz).date_naive();
                end =
                    date.checked_add_days(Days::new(1)).map_or(Timestamp::MAX, |next| start_of_day(next, tz));
                days.push(DayOfRegistrations { date, registrations: 1, people: *people });
            }
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(date: u128, made: &[(&str, i64)]) -> Row {
        Row {
            occurrence_id: OccurrenceId::from(uuid::Uuid::from_u128(date)),
            registrations: i64::try_from(made.len()).unwrap(),
            cancelled: 1,
            waiting: 1,
            attended: 0,
            waitlisted: 1,
            promoted: 0,
            made: Gathered(made.iter().map(|(at, _)| at.parse().unwrap()).collect()),
            parties: Gathered(made.iter().map(|(_, party)| *party).collect()),
        }
    }

    fn read(days: &[DayOfRegistrations]) -> Vec<(String, i64, i64)> {
        days.iter().map(|day| (day.date.to_string(), day.registrations, day.people)).collect()
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let made = [
            ("2027-03-01T23:45:00Z", 3),
            ("2027-03-01T18:00:00Z", 2),
            ("2027-03-01T18:05:00Z", 3),
            ("2027-03-01T18:15:00Z", 1),
        ];
        let days = |tz| read(&Counted::together(vec![row(1, &made)], tz).by_day());
        assert_eq!(days(Tz::UTC), [("2027-03-01".to_owned(), 4, 9)]);
        // 05:45 ahead of UTC.
        assert_eq!(
            days(Tz::Asia__Kathmandu),
            [("2027-03-01".to_owned(), 2, 5), ("2027-03-02".to_owned(), 2, 4)]
        );
    }

    #[test]
    fn a_day_has_the_length_that_the_clocks_give_it() {
        // Clocks go back on 31 October: the day has 25 hours.
        let made = [("2027-10-30T22:00:00Z", 1), ("2027-10-31T22:59:59Z", 1), ("2027-10-31T23:00:00Z", 1)];
        let days = Counted::together(vec![row(1, &made)], Tz::Europe__Berlin).by_day();
        assert_eq!(read(&days), [("2027-10-31".to_owned(), 2, 2), ("2027-11-01".to_owned(), 1, 1)]);
    }

    #[test]
    fn dates_are_counted_each_and_together() {
        let rows = vec![
            row(1, &[("2027-03-03T18:00:00Z", 1), ("2027-03-03T19:00:00Z", 1)]),
            row(2, &[("2027-03-01T10:00:00Z", 5)]),
            // A date may come in parts.
            Row { cancelled: 0, waiting: 0, waitlisted: 0, ..row(1, &[("2027-03-01T18:00:00Z", 2)]) },
        ];
        let counted = Counted::together(rows, Tz::UTC);
        let first = OccurrenceId::from(uuid::Uuid::from_u128(1));
        let counts = counted.counts(first, 12, 2);
        assert_eq!((counts.registrations, counts.confirmed, counts.cancelled, counts.waiting), (3, 1, 1, 1));
        assert_eq!((counts.capacity, counts.seats_taken), (12, 2));
        assert_eq!(read(&counted.days_of(first)).len(), 2);
        assert_eq!(
            read(&counted.by_day()),
            [("2027-03-01".to_owned(), 2, 7), ("2027-03-03".to_owned(), 2, 2)]
        );
        let nobody = OccurrenceId::from(uuid::Uuid::from_u128(3));
        assert!(!counted.knows(nobody) && counted.days_of(nobody).is_empty());
    }
}
