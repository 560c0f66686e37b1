//! Counting: a handful of statements, whatever the number of dates.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sqlx::FromRow;

use super::counted::Counted;
use super::figures::{Counts, EventInsights, Insights, OccurrenceInsights, OrganizerInsights, Trend, trend};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Bind, Dialect, Queries, Sql, sql};
use crate::error::Result;
use crate::events::{self, EventStatus, OccurrenceStatus};
use crate::feedback::FeedbackSummary;
use crate::id::{EventId, OccurrenceId};
use crate::time::{Moment, Timestamp};

/// How many dates or events are compared.
const MOST: usize = 1_000;

#[derive(FromRow)]
struct DateRow {
    id: OccurrenceId,
    event_id: EventId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    all_day: bool,
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
        let counted = Counted::of(&mut db, DATES_OF_EVENT, event, tz).await?;
        let mut rows: Vec<DateRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.all_day, o.status, e.status AS event_status, coalesce(o.title, e.title) AS title,
                    o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.event_id = $1 ORDER BY o.starts_at, o.id"
            ))
            .bind(event)
            .all()
            .await?;
        rows.retain(|row| row.starts_at <= now || counted.knows(row.id));
        let ratings = Ratings::of(&mut db, DATES_OF_EVENT, event).await?;
        let first = rows.len().saturating_sub(MOST);
        Ok(Insights {
            event_id: event,
            timezone: tz.name().to_owned(),
            total: rows.iter().map(|row| row.counts(&counted, now)).sum::<Counts>().figures(),
            feedback: ratings.summary(&rows),
            trend: ratings.trend(&rows),
            by_day: counted.by_day(),
            dates: rows
                .iter()
                .skip(first)
                .map(|row| OccurrenceInsights {
                    occurrence_id: row.id,
                    starts_at: Moment::span(row.starts_at, row.ends_at, tz, row.all_day).0,
                    status: row.status,
                    title: row.title.clone(),
                    figures: row.counts(&counted, now).figures(),
                    feedback: ratings.summary([row]),
                    by_day: counted.days_of(row.id),
                })
                .collect(),
        })
    }

    /// What the events that the actor organizes say together and each by itself. Where several organize one, it is told to who made it.
    ///
    /// # Errors
    /// `unauthenticated` for who is not signed in.
    pub async fn organizer_insights(&self, actor: &Actor) -> Result<OrganizerInsights> {
        let (user, now) = (actor.signed_in()?.id, self.now());
        let mut db = self.db().read().await?;
        let counted = Counted::of(&mut db, DATES_OF_ORGANIZER, user, Tz::UTC).await?;
        let mut rows: Vec<DateRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.all_day, o.status, e.status AS event_status, e.title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.organizer_id = $1 AND o.registered"
            ))
            .bind(user)
            .all()
            .await?;
        // Asked for in this order, SQLite would walk over all dates of the organizer, which are in it already.
        rows.sort_unstable_by_key(|row| (row.starts_at, row.id));
        let ratings = Ratings::of(&mut db, DATES_OF_ORGANIZER, user).await?;
        let mut by_event: BTreeMap<EventId, Vec<&DateRow>> = BTreeMap::new();
        for row in &rows {
            by_event.entry(row.event_id).or_default().push(row);
        }
        let mut compared: Vec<EventInsights> = by_event
            .into_iter()
            .filter_map(|(event_id, dates)| {
                let first = dates.first()?;
                let counts = dates.iter().map(|row| row.counts(&counted, now));
                Some(EventInsights {
                    event_id,
                    title: first.title.clone(),
                    status: first.event_status,
                    figures: counts.sum::<Counts>().figures(),
                    feedback: ratings.summary(dates.iter().copied()),
                    trend: ratings.trend(dates.iter().copied()),
                })
            })
            .collect();
        // Those that are alike stay in the order of their making.
        compared.sort_by_key(|event| std::cmp::Reverse(event.figures.registrations));
        compared.truncate(MOST);
        Ok(OrganizerInsights {
            total: rows.iter().map(|row| row.counts(&counted, now)).sum::<Counts>().figures(),
            feedback: ratings.summary(&rows),
            trend: ratings.trend(&rows),
            by_day: counted.by_day(),
            events: compared,
        })
    }
}

/// The dates of an event.
const DATES_OF_EVENT: &str = "SELECT o.id FROM occurrences o WHERE o.event_id = $1";

/// Those of an organizer for which someone registered: they may have many more.
const DATES_OF_ORGANIZER: &str = "SELECT o.id FROM occurrences o WHERE o.organizer_id = $1 AND o.registered";

/// How often each rating was given, by date.
struct Ratings(HashMap<OccurrenceId, Vec<(i64, i64)>>);

impl Ratings {
    async fn of(db: &mut impl Queries, dates: &str, whose: impl Bind) -> Result<Self> {
        let given: Vec<(OccurrenceId, i64, i64)> = db
            .query(Sql::built(match db.dialect() {
                Dialect::Sqlite => format!(
                    "SELECT f.occurrence_id, f.rating, count(*) FROM feedback f
                     WHERE f.occurrence_id IN ({dates}) GROUP BY f.occurrence_id, f.rating"
                ),
                // Date by date, where it would gather all and sort them into dates.
                Dialect::Postgres => format!(
                    "SELECT dates.id, given.* FROM ({dates}) dates CROSS JOIN LATERAL (
                        SELECT f.rating, count(*) FROM feedback f WHERE f.occurrence_id = dates.id GROUP BY f.rating) given"
                ),
            }))
            .bind(whose)
            .all()
            .await?;
        let mut by_date: HashMap<OccurrenceId, Vec<(i64, i64)>> = HashMap::new();
        for (date, rating, count) in given {
            by_date.entry(date).or_default().push((rating, count));
        }
        Ok(Self(by_date))
    }

    fn summary<'r>(&self, dates: impl IntoIterator<Item = &'r DateRow>) -> FeedbackSummary {
        let given = dates.into_iter().filter_map(|row| self.0.get(&row.id)).flatten();
        FeedbackSummary::of(&given.copied().collect::<Vec<_>>())
    }

    /// How the ratings of dates, given by start, went on.
    fn trend<'r>(&self, dates: impl IntoIterator<Item = &'r DateRow>) -> Option<Trend> {
        let sum = |given: &Vec<(i64, i64)>| {
            given.iter().fold((0, 0), |(sum, n), (rating, count)| (sum + rating * count, n + count))
        };
        let rated = dates.into_iter().filter_map(|row| self.0.get(&row.id)).map(sum);
        trend(&rated.collect::<Vec<_>>())
    }
}
