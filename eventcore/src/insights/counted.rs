//! Registrations, counted by one look at their index: of each date by how they stand, and when they were made.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::FromRow;

use super::figures::{Counts, DayOfRegistrations};
use crate::clock::Timestamp;
use crate::db::{Bind, Dialect, Queries, Sql};
use crate::error::{Error, Result};
use crate::id::OccurrenceId;
use crate::registrations::RegistrationStatus;

/// A quarter of an hour in microseconds. No zone's day begins within one.
const QUARTER: i64 = 900_000_000;

/// The registrations of some dates.
#[derive(Debug, Default)]
pub(super) struct Counted {
    dates: HashMap<OccurrenceId, Counts>,
    /// Registrations, and the people in them, by the quarter of an hour in which they were made, since 1970.
    made: BTreeMap<i64, (i64, i64)>,
}

/// The registrations of a date that stand in one way.
#[derive(FromRow)]
struct Standing {
    occurrence_id: OccurrenceId,
    status: RegistrationStatus,
    registrations: i64,
    /// Of them, those that ever stood on the waitlist.
    waitlisted: i64,
    /// When each was made, by its quarter of an hour, and behind a colon its party, unless it is one; parted by commas.
    made: String,
}

impl Counted {
    /// Those of `registrations r` that fulfil a condition on `$1`.
    pub(super) async fn of(db: &mut impl Queries, condition: &str, whose: impl Bind) -> Result<Self> {
        let quarter = match db.dialect() {
            Dialect::Sqlite => format!("r.created_at / {QUARTER}"),
            Dialect::Postgres => "CAST(floor(date_part('epoch', r.created_at) / 900) AS BIGINT)".to_owned(),
        };
        let rows: Vec<Standing> = db
            .query(Sql::built(format!(
                "SELECT r.occurrence_id, r.status, count(*) AS registrations, count(r.waitlist_number) AS waitlisted,
                    string_agg(CAST({quarter} AS TEXT) || CASE r.party_size WHEN 1 THEN '' ELSE ':' || CAST(r.party_size AS TEXT) END, ',') AS made
                 FROM registrations r WHERE {condition} GROUP BY r.event_id, r.occurrence_id, r.status"
            )))
            .bind(whose)
            .all()
            .await?;
        let mut counted = Self::default();
        for row in &rows {
            counted.add(row)?;
        }
        Ok(counted)
    }

    fn add(&mut self, row: &Standing) -> Result<()> {
        let date = self.dates.entry(row.occurrence_id).or_default();
        date.registrations += row.registrations;
        date.waitlisted += row.waitlisted;
        match row.status {
            RegistrationStatus::Cancelled => date.cancelled += row.registrations,
            RegistrationStatus::Waitlisted => date.waiting += row.registrations,
            RegistrationStatus::Confirmed | RegistrationStatus::Attended => {
                date.confirmed += row.registrations;
                date.promoted += row.waitlisted;
            }
        }
        if row.status == RegistrationStatus::Attended {
            date.attended += row.registrations;
        }
        for one in row.made.split(',') {
            let (quarter, party) = one.split_once(':').unwrap_or((one, "1"));
            let number = |text: &str| text.parse::<i64>().map_err(Error::internal);
            let made = self.made.entry(number(quarter)?).or_default();
            *made = (made.0 + 1, made.1 + number(party)?);
        }
        Ok(())
    }

    /// Whether someone ever registered for a date.
    pub(super) fn knows(&self, date: OccurrenceId) -> bool {
        self.dates.contains_key(&date)
    }

    /// The counts of a date that has so many seats.
    pub(super) fn counts(&self, date: OccurrenceId, capacity: i64, seats_taken: i64) -> Counts {
        let known = self.dates.get(&date).copied().unwrap_or_default();
        Counts { capacity, seats_taken, ..known }
    }

    /// By the days of a zone on which they were made.
    pub(super) fn by_day(&self, tz: Tz) -> Vec<DayOfRegistrations> {
        let mut days: BTreeMap<NaiveDate, (i64, i64)> = BTreeMap::new();
        for (quarter, (registrations, people)) in &self.made {
            let date = Timestamp::from_micros(quarter.saturating_mul(QUARTER)).in_zone(tz).date_naive();
            let day = days.entry(date).or_default();
            *day = (day.0 + registrations, day.1 + people);
        }
        let days = days.into_iter();
        days.map(|(date, (registrations, people))| DayOfRegistrations { date, registrations, people })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(status: RegistrationStatus, waitlisted: i64, made: &[&str]) -> Standing {
        let quarter = |one: &&str| {
            let (at, party) = one.split_once(' ').unwrap_or((one, ""));
            format!("{}{party}", at.parse::<Timestamp>().unwrap().as_micros() / QUARTER)
        };
        Standing {
            occurrence_id: OccurrenceId::from(uuid::Uuid::from_u128(1)),
            status,
            registrations: i64::try_from(made.len()).unwrap(),
            waitlisted,
            made: made.iter().map(quarter).collect::<Vec<_>>().join(","),
        }
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let mut counted = Counted::default();
        let made = [
            "2027-03-01T18:00:00Z :2",
            "2027-03-01T18:05:00Z :3",
            "2027-03-01T18:15:00Z",
            "2027-03-01T23:45:00Z :3",
        ];
        counted.add(&standing(RegistrationStatus::Confirmed, 0, &made)).unwrap();
        let read = |tz| -> Vec<(String, i64, i64)> {
            counted
                .by_day(tz)
                .iter()
                .map(|day| (day.date.to_string(), day.registrations, day.people))
                .collect()
        };
        assert_eq!(read(Tz::UTC), [("2027-03-01".to_owned(), 4, 9)]);
        // 05:45 ahead of UTC.
        assert_eq!(
            read(Tz::Asia__Kathmandu),
            [("2027-03-01".to_owned(), 2, 5), ("2027-03-02".to_owned(), 2, 4)]
        );
    }

    #[test]
    fn each_way_to_stand_counts_where_it_belongs() {
        let mut counted = Counted::default();
        let at = "2027-03-01T18:00:00Z";
        for (status, waitlisted, number) in [
            (RegistrationStatus::Confirmed, 1, 5),
            (RegistrationStatus::Attended, 2, 4),
            (RegistrationStatus::Waitlisted, 3, 3),
            (RegistrationStatus::Cancelled, 1, 2),
        ] {
            counted.add(&standing(status, waitlisted, &vec![at; number])).unwrap();
        }
        let counts = counted.counts(OccurrenceId::from(uuid::Uuid::from_u128(1)), 12, 9);
        assert_eq!((counts.registrations, counts.confirmed, counts.attended), (14, 9, 4));
        assert_eq!((counts.cancelled, counts.waiting, counts.waitlisted, counts.promoted), (2, 3, 7, 3));
        assert_eq!((counts.capacity, counts.seats_taken), (12, 9));
    }
}
