//! Counting: a handful of statements, whatever the number of dates.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sqlx::FromRow;

use super::counted::Counted;
use super::figures::{Counts, DateInsights, EventInsights, Insights, OrganizerInsights, trend};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Bind, Queries, Sql, sql};
use crate::error::Result;
use crate::events::{self, EventStatus, OccurrenceStatus};
use crate::feedback::FeedbackSummary;
use crate::id::{EventId, OccurrenceId};

/// How many dates or events are compared.
const MOST: usize = 1_000;

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
    fn counts(&self, counted: &Counted, now: Timestamp) -> Counts {
        let takes_place = self.status == OccurrenceStatus::Scheduled;
        counted.counts(self.id, self.capacity, self.seats_taken).of_outcome(takes_place, self.ends_at <= now)
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
        let counted = Counted::of(&mut db, OF_EVENT, event).await?;
        let mut rows: Vec<DateRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.status, e.status AS event_status, coalesce(o.title, e.title) AS title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.event_id = $1 ORDER BY o.starts_at, o.id"
            ))
            .bind(event)
            .all()
            .await?;
        rows.retain(|row| row.starts_at <= now || counted.knows(row.id));
        let ratings = ratings(&mut db, DATES_OF_EVENT, event).await?;
        let counts = |row: &DateRow| row.counts(&counted, now);
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
            by_day: counted.by_day(tz),
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
        let counted = Counted::of(&mut db, OF_ORGANIZER, user).await?;
        let rows: Vec<DateRow> = db
            .query(Sql::built(format!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.status, e.status AS event_status, e.title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id
                 WHERE o.id IN ({})",
                dates_of_organizer()
            )))
            .bind(user)
            .all()
            .await?;
        let ratings = ratings(&mut db, &dates_of_organizer(), user).await?;
        let counts = |row: &DateRow| row.counts(&counted, now);
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
            by_day: counted.by_day(Tz::UTC),
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

/// The dates that are rated.
const DATES_OF_EVENT: &str = "SELECT o.id FROM occurrences o WHERE o.event_id = $1";

/// Those for which someone registered: an organizer may have many more.
fn dates_of_organizer() -> String {
    format!("SELECT DISTINCT r.occurrence_id FROM registrations r WHERE {OF_ORGANIZER}")
}

/// Whose registrations are counted: those of an event, or of all that someone organizes.
const OF_EVENT: &str = "r.event_id = $1";
const OF_ORGANIZER: &str = "r.event_id IN (SELECT id FROM events WHERE organizer_id = $1)";

async fn ratings(db: &mut impl Queries, dates: &str, whose: impl Bind) -> Result<Ratings> {
    let given: Vec<(OccurrenceId, i64, i64)> = db
        .query(Sql::built(format!(
            "SELECT f.occurrence_id, f.rating, count(*) FROM feedback f
             WHERE f.occurrence_id IN ({dates}) GROUP BY f.occurrence_id, f.rating"
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
