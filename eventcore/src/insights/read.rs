//! Counting: a handful of statements, whatever the number of dates.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sqlx::FromRow;

use super::figures::{
    Counts, DateInsights, DayOfRegistrations, EventInsights, Insights, OrganizerInsights, trend,
};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Bind, Dialect, Queries, Sql, sql};
use crate::error::Result;
use crate::events::{self, EventStatus, OccurrenceStatus};
use crate::feedback::FeedbackSummary;
use crate::id::{EventId, OccurrenceId};

/// How many dates or events are compared.
const MOST: usize = 1_000;

/// Counts of registrations, from `registrations r`.
const COUNTS: &str = "count(*) AS registrations,
    count(CASE WHEN r.status IN ('confirmed', 'attended') THEN 1 END) AS confirmed,
    count(CASE WHEN r.status = 'cancelled' THEN 1 END) AS cancelled,
    count(CASE WHEN r.status = 'waitlisted' THEN 1 END) AS waiting,
    count(r.waitlist_number) AS waitlisted,
    count(CASE WHEN r.status IN ('confirmed', 'attended') THEN r.waitlist_number END) AS promoted,
    count(CASE WHEN r.status = 'attended' THEN 1 END) AS attended";

#[derive(Debug, Clone, Copy, Default, FromRow)]
struct CountsRow {
    registrations: i64,
    confirmed: i64,
    cancelled: i64,
    waiting: i64,
    waitlisted: i64,
    promoted: i64,
    attended: i64,
}

impl CountsRow {
    const fn counts(self, capacity: i64, seats_taken: i64) -> Counts {
        let Self { registrations, confirmed, cancelled, waiting, waitlisted, promoted, attended } = self;
        Counts {
            registrations,
            confirmed,
            cancelled,
            capacity,
            seats_taken,
            waiting,
            waitlisted,
            promoted,
            attended,
            no_shows: 0,
        }
    }
}

#[derive(FromRow)]
struct OfDate {
    occurrence_id: OccurrenceId,
    #[sqlx(flatten)]
    row: CountsRow,
}

#[derive(FromRow)]
struct DateRow {
    id: OccurrenceId,
    event_id: EventId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    status: OccurrenceStatus,
    event_status: EventStatus,
    title: String,
    capacity: i64,
    seats_taken: i64,
}

impl DateRow {
    fn counts(&self, row: CountsRow, now: Timestamp) -> Counts {
        let took_place = self.status == OccurrenceStatus::Scheduled;
        row.counts(self.capacity, self.seats_taken).of_outcome(took_place, self.ends_at <= now)
    }
}

/// How often each rating was given, by date.
type Ratings = HashMap<OccurrenceId, Vec<(i64, i64)>>;

impl EventCore {
    /// What an event's dates say together and each by itself, for its organizers.
    ///
    /// # Errors
    /// `unauthenticated` for who is not signed in, `not_found` for whoever may not see the event, `forbidden` for all others who do not organize it.
    pub async fn insights(&self, actor: &Actor, event: EventId) -> Result<Insights> {
        actor.must_be_someone()?;
        let now = self.now();
        let mut db = self.db().read().await?;
        let seen = events::find(&mut db, actor, event).await?.organized()?;
        let tz = events::zone(&seen.row.timezone);
        let counted = counted(&mut db, OF_EVENT, event).await?;
        let mut rows: Vec<DateRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.status, e.status AS event_status, coalesce(o.title, e.title) AS title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.event_id = $1 ORDER BY o.starts_at, o.id"
            ))
            .bind(event)
            .all()
            .await?;
        rows.retain(|row| row.starts_at <= now || counted.contains_key(&row.id));
        let ratings = ratings(&mut db, "o.event_id = $1", event).await?;
        let made = slots(&mut db, OF_EVENT, event).await?;
        let counts = |row: &DateRow| row.counts(counted.get(&row.id).copied().unwrap_or_default(), now);
        let rated: Vec<(i64, i64)> = rows
            .iter()
            .filter_map(|row| ratings.get(&row.id))
            .map(|given| {
                given.iter().fold((0, 0), |(sum, n), (rating, count)| (sum + rating * count, n + count))
            })
            .collect();
        let first = rows.len().saturating_sub(MOST);
        Ok(Insights {
            event_id: event,
            timezone: tz.name().to_owned(),
            total: rows.iter().map(counts).sum::<Counts>().figures(),
            feedback: FeedbackSummary::of(&ratings.values().flatten().copied().collect::<Vec<_>>()),
            trend: trend(&rated),
            by_day: days(made, tz),
            dates: rows.iter().skip(first).map(|row| date(row, counts(row), &ratings)).collect(),
        })
    }

    /// What the events that the actor organizes say together and each by itself. Where several organize one, it is told to who made it.
    ///
    /// # Errors
    /// `unauthenticated` for who is not signed in.
    pub async fn organizer_insights(&self, actor: &Actor) -> Result<OrganizerInsights> {
        let (user, now) = (actor.signed_in()?.id, self.now());
        let mut db = self.db().read().await?;
        let counted = counted(&mut db, OF_ORGANIZER, user).await?;
        let rows: Vec<DateRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.status, e.status AS event_status, e.title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id
                 WHERE o.organizer_id = $1 AND EXISTS (SELECT 1 FROM registrations r WHERE r.occurrence_id = o.id)"
            ))
            .bind(user)
            .all()
            .await?;
        let ratings = ratings(&mut db, "o.organizer_id = $1", user).await?;
        let made = slots(&mut db, OF_ORGANIZER, user).await?;
        let counts = |row: &DateRow| row.counts(counted.get(&row.id).copied().unwrap_or_default(), now);
        let mut by_event: BTreeMap<EventId, Vec<&DateRow>> = BTreeMap::new();
        for row in &rows {
            by_event.entry(row.event_id).or_default().push(row);
        }
        let mut compared: Vec<EventInsights> = by_event
            .into_iter()
            .filter_map(|(event_id, dates)| {
                let first = dates.first()?;
                let given = dates.iter().filter_map(|row| ratings.get(&row.id)).flatten().copied();
                Some(EventInsights {
                    event_id,
                    title: first.title.clone(),
                    status: first.event_status,
                    figures: dates.iter().map(|row| counts(row)).sum::<Counts>().figures(),
                    feedback: FeedbackSummary::of(&given.collect::<Vec<_>>()),
                })
            })
            .collect();
        // Those that are alike stay in the order of their making.
        compared.sort_by_key(|event| std::cmp::Reverse(event.figures.registrations));
        compared.truncate(MOST);
        Ok(OrganizerInsights {
            total: rows.iter().map(counts).sum::<Counts>().figures(),
            feedback: FeedbackSummary::of(&ratings.values().flatten().copied().collect::<Vec<_>>()),
            by_day: days(made, Tz::UTC),
            events: compared,
        })
    }
}

fn date(row: &DateRow, counts: Counts, ratings: &Ratings) -> DateInsights {
    DateInsights {
        occurrence_id: row.id,
        starts_at: row.starts_at,
        status: row.status,
        title: row.title.clone(),
        figures: counts.figures(),
        feedback: FeedbackSummary::of(ratings.get(&row.id).map_or(&[][..], Vec::as_slice)),
    }
}

/// Whose registrations are counted: those of an event, or of all that someone organizes.
const OF_EVENT: &str = "r.event_id = $1";
const OF_ORGANIZER: &str = "r.event_id IN (SELECT id FROM events WHERE organizer_id = $1)";

async fn counted(
    db: &mut impl Queries,
    of: &str,
    whose: impl Bind,
) -> Result<HashMap<OccurrenceId, CountsRow>> {
    let rows: Vec<OfDate> = db
        .query(Sql::built(format!(
            "SELECT r.occurrence_id, {COUNTS} FROM registrations r WHERE {of} GROUP BY r.event_id, r.occurrence_id"
        )))
        .bind(whose)
        .all()
        .await?;
    Ok(rows.into_iter().map(|of| (of.occurrence_id, of.row)).collect())
}

async fn ratings(db: &mut impl Queries, of: &str, whose: impl Bind) -> Result<Ratings> {
    let given: Vec<(OccurrenceId, i64, i64)> = db
        .query(Sql::built(format!(
            "SELECT f.occurrence_id, f.rating, count(*) FROM occurrences o JOIN feedback f ON f.occurrence_id = o.id
             WHERE {of} GROUP BY f.occurrence_id, f.rating"
        )))
        .bind(whose)
        .all()
        .await?;
    let mut by_date = Ratings::new();
    for (date, rating, count) in given {
        by_date.entry(date).or_default().push((rating, count));
    }
    Ok(by_date)
}

/// What was made within a quarter of an hour: the number of the quarter since 1970, registrations, people. No zone's day begins within one.
type Slot = (i64, i64, i64);

/// A quarter of an hour in microseconds.
const QUARTER: i64 = 900_000_000;

async fn slots(db: &mut impl Queries, of: &str, whose: impl Bind) -> Result<Vec<Slot>> {
    let slot = match db.dialect() {
        Dialect::Sqlite => format!("r.created_at / {QUARTER}"),
        Dialect::Postgres => "CAST(floor(extract(epoch FROM r.created_at) / 900) AS BIGINT)".to_owned(),
    };
    Ok(db
        .query(Sql::built(format!(
            "SELECT {slot} AS slot, count(*), CAST(sum(r.party_size) AS BIGINT) FROM registrations r WHERE {of} GROUP BY 1"
        )))
        .bind(whose)
        .all()
        .await?)
}

/// Adds the quarters of each day of a zone up.
fn days(slots: Vec<Slot>, tz: Tz) -> Vec<DayOfRegistrations> {
    let mut days: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for (slot, registrations, people) in slots {
        let date = Timestamp::from_micros(slot * QUARTER).in_zone(tz).date_naive();
        let day = days.entry(date).or_default();
        *day = (day.0 + registrations, day.1 + people);
    }
    let days = days.into_iter();
    days.map(|(date, (registrations, people))| DayOfRegistrations { date, registrations, people }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_micros() / QUARTER;
        let slots = vec![
            (at("2027-03-01T18:00:00Z"), 2, 5),
            (at("2027-03-01T18:15:00Z"), 1, 1),
            (at("2027-03-01T23:45:00Z"), 1, 3),
        ];
        let read = |tz| -> Vec<(String, i64, i64)> {
            let days = days(slots.clone(), tz).into_iter();
            days.map(|day| (day.date.to_string(), day.registrations, day.people)).collect()
        };
        assert_eq!(read(Tz::UTC), [("2027-03-01".to_owned(), 4, 9)]);
        // 05:45 ahead of UTC.
        assert_eq!(
            read(Tz::Asia__Kathmandu),
            [("2027-03-01".to_owned(), 2, 5), ("2027-03-02".to_owned(), 2, 4)]
        );
    }
}
