//! Registration statistics: counts by status and numbers per day, for each of many occurrences by one query.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use sqlx::FromRow;

use super::figures::{Counts, DailyRegistrations};
use crate::db::{ArrayAgg, Bind, Dialect, Queries, Sql, array_agg};
use crate::error::Result;
use crate::id::OccurrenceId;
use crate::time::{Timestamp, start_of_day};

/// The statistics of several occurrences. An occurrence without registrations has no entry.
#[derive(Debug, Default)]
pub(super) struct RegistrationStats(HashMap<OccurrenceId, OccurrenceStats>);

#[derive(Debug, Default)]
struct OccurrenceStats {
    counts: Counts,
    by_day: Vec<DailyRegistrations>,
}

/// Registrations of an occurrence: all of them on SQLite, those with the same status on PostgreSQL.
#[derive(FromRow)]
struct StatsRow {
    occurrence_id: OccurrenceId,
    registrations: i64,
    cancelled: i64,
    waiting: i64,
    attended: i64,
    /// Registrations that were ever waitlisted.
    waitlisted: i64,
    /// Those of `waitlisted` that are confirmed or attended now.
    promoted: i64,
    /// The creation time of each registration.
    created: ArrayAgg<Timestamp>,
    /// The party size of each registration, in the order of `created`.
    parties: ArrayAgg<i64>,
}

impl RegistrationStats {
    /// Loads the statistics of the occurrences that the query `occurrences` selects by id. The query binds
    /// `parameter` as `$1`. Days are those of the time zone `tz`.
    pub(super) async fn load(
        db: &mut impl Queries,
        occurrences: &str,
        parameter: impl Bind,
        tz: Tz,
    ) -> Result<Self> {
        let created = array_agg(db.dialect(), "r.created_at");
        let parties = array_agg(db.dialect(), "r.party_size");
        let text = match db.dialect() {
            Dialect::Sqlite => format!(
                "SELECT r.occurrence_id, count(*) AS registrations,
                    count(*) FILTER (WHERE r.status = 'cancelled') AS cancelled,
                    count(*) FILTER (WHERE r.status = 'waitlisted') AS waiting,
                    count(*) FILTER (WHERE r.status = 'attended') AS attended,
                    count(r.waitlist_number) AS waitlisted,
                    count(r.waitlist_number) FILTER (WHERE r.status IN ('confirmed', 'attended')) AS promoted,
                    {created} AS created, {parties} AS parties
                 FROM registrations r WHERE r.occurrence_id IN ({occurrences}) GROUP BY r.occurrence_id"
            ),
            // Grouped by status, so that no row is tested against several statuses; and by a lateral join, so
            // that each occurrence is one range of the index rather than a lookup for each row.
            Dialect::Postgres => format!(
                "SELECT occurrences.id AS occurrence_id, stats.*
                 FROM ({occurrences}) occurrences CROSS JOIN LATERAL (
                    SELECT count(*) AS registrations,
                        CASE r.status WHEN 'cancelled' THEN count(*) ELSE 0 END AS cancelled,
                        CASE r.status WHEN 'waitlisted' THEN count(*) ELSE 0 END AS waiting,
                        CASE r.status WHEN 'attended' THEN count(*) ELSE 0 END AS attended,
                        count(r.waitlist_number) AS waitlisted,
                        CASE WHEN r.status IN ('confirmed', 'attended')
                            THEN count(r.waitlist_number) ELSE 0 END AS promoted,
                        {created} AS created, {parties} AS parties
                    FROM registrations r WHERE r.occurrence_id = occurrences.id GROUP BY r.status) stats"
            ),
        };
        let rows: Vec<StatsRow> = db.query(Sql::dynamic(text)).bind(parameter).all().await?;
        Ok(Self::from_rows(rows, tz))
    }

    fn from_rows(rows: Vec<StatsRow>, tz: Tz) -> Self {
        let mut by_occurrence: HashMap<OccurrenceId, (Counts, Vec<(Timestamp, i64)>)> = HashMap::new();
        for row in rows {
            let (counts, created) = by_occurrence.entry(row.occurrence_id).or_default();
            *counts = [*counts, row.counts()].into_iter().sum();
            created.extend(row.created.0.into_iter().zip(row.parties.0));
        }
        let stats = by_occurrence.into_iter().map(|(occurrence, (counts, mut created))| {
            created.sort_unstable();
            (occurrence, OccurrenceStats { counts, by_day: count_by_day(&created, tz) })
        });
        Self(stats.collect())
    }

    /// Whether an occurrence has registrations, cancelled ones included.
    pub(super) fn contains(&self, occurrence: OccurrenceId) -> bool {
        self.0.contains_key(&occurrence)
    }

    /// The counts of an occurrence, completed by its seats.
    pub(super) fn counts(&self, occurrence: OccurrenceId, capacity: i64, seats_taken: i64) -> Counts {
        let counts = self.0.get(&occurrence).map(|stats| stats.counts).unwrap_or_default();
        Counts { capacity, seats_taken, ..counts }
    }

    /// The registrations of an occurrence by day, in order.
    pub(super) fn by_day_of(&self, occurrence: OccurrenceId) -> Vec<DailyRegistrations> {
        self.0.get(&occurrence).map(|stats| stats.by_day.clone()).unwrap_or_default()
    }

    /// The registrations of all occurrences by day, in order.
    pub(super) fn by_day(&self) -> Vec<DailyRegistrations> {
        let mut days: BTreeMap<NaiveDate, DailyRegistrations> = BTreeMap::new();
        for day in self.0.values().flat_map(|stats| &stats.by_day) {
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

impl StatsRow {
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

/// Counts registrations by the days of a time zone. `created` holds creation time and party size, sorted by
/// time.
fn count_by_day(created: &[(Timestamp, i64)], tz: Tz) -> Vec<DailyRegistrations> {
    let mut days: Vec<DailyRegistrations> = Vec::new();
    // The end of the last day, so that the date is computed once a day rather than for each registration.
    let mut end = Timestamp::MIN;
    for (at, people) in created {
        match days.last_mut() {
            Some(day) if *at < end => {
                day.registrations += 1;
                day.people += people;
            }
            _ => {
                let date = at.in_zone(tz).date_naive();
                end =
                    date.checked_add_days(Days::new(1)).map_or(Timestamp::MAX, |next| start_of_day(next, tz));
                days.push(DailyRegistrations { date, registrations: 1, people: *people });
            }
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(occurrence: u128, created: &[(&str, i64)]) -> StatsRow {
        StatsRow {
            occurrence_id: OccurrenceId::from(uuid::Uuid::from_u128(occurrence)),
            registrations: i64::try_from(created.len()).unwrap(),
            cancelled: 1,
            waiting: 1,
            attended: 0,
            waitlisted: 1,
            promoted: 0,
            created: ArrayAgg(created.iter().map(|(at, _)| at.parse().unwrap()).collect()),
            parties: ArrayAgg(created.iter().map(|(_, party)| *party).collect()),
        }
    }

    fn tuples(days: &[DailyRegistrations]) -> Vec<(String, i64, i64)> {
        days.iter().map(|day| (day.date.to_string(), day.registrations, day.people)).collect()
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        let created = [
            ("2027-03-01T23:45:00Z", 3),
            ("2027-03-01T18:00:00Z", 2),
            ("2027-03-01T18:05:00Z", 3),
            ("2027-03-01T18:15:00Z", 1),
        ];
        let days = |tz| tuples(&RegistrationStats::from_rows(vec![row(1, &created)], tz).by_day());
        assert_eq!(days(Tz::UTC), [("2027-03-01".to_owned(), 4, 9)]);
        // Nepal is 5:45 ahead of UTC.
        assert_eq!(
            days(Tz::Asia__Kathmandu),
            [("2027-03-01".to_owned(), 2, 5), ("2027-03-02".to_owned(), 2, 4)]
        );
    }

    #[test]
    fn a_day_with_a_clock_change_has_25_hours() {
        // Clocks go back on 31 October.
        let created = [("2027-10-30T22:00:00Z", 1), ("2027-10-31T22:59:59Z", 1), ("2027-10-31T23:00:00Z", 1)];
        let days = RegistrationStats::from_rows(vec![row(1, &created)], Tz::Europe__Berlin).by_day();
        assert_eq!(tuples(&days), [("2027-10-31".to_owned(), 2, 2), ("2027-11-01".to_owned(), 1, 1)]);
    }

    #[test]
    fn occurrences_are_counted_separately_and_in_total() {
        let rows = vec![
            row(1, &[("2027-03-03T18:00:00Z", 1), ("2027-03-03T19:00:00Z", 1)]),
            row(2, &[("2027-03-01T10:00:00Z", 5)]),
            // On PostgreSQL an occurrence has several rows.
            StatsRow { cancelled: 0, waiting: 0, waitlisted: 0, ..row(1, &[("2027-03-01T18:00:00Z", 2)]) },
        ];
        let stats = RegistrationStats::from_rows(rows, Tz::UTC);
        let first = OccurrenceId::from(uuid::Uuid::from_u128(1));
        let counts = stats.counts(first, 12, 2);
        assert_eq!((counts.registrations, counts.confirmed, counts.cancelled, counts.waiting), (3, 1, 1, 1));
        assert_eq!((counts.capacity, counts.seats_taken), (12, 2));
        assert_eq!(tuples(&stats.by_day_of(first)).len(), 2);
        assert_eq!(
            tuples(&stats.by_day()),
            [("2027-03-01".to_owned(), 2, 7), ("2027-03-03".to_owned(), 2, 2)]
        );
        let nobody = OccurrenceId::from(uuid::Uuid::from_u128(3));
        assert!(!stats.contains(nobody) && stats.by_day_of(nobody).is_empty());
    }
}
