//! Reading insights. The number of statements does not depend on the number of occurrences.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use sqlx::FromRow;

use super::figures::{Counts, EventInsights, Insights, OccurrenceInsights, OrganizerInsights, Trend, trend};
use super::registration_stats::RegistrationStats;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Bind, Dialect, Queries, Sql, sql};
use crate::error::Result;
use crate::events::{self, EventStatus, OccurrenceStatus};
use crate::feedback::FeedbackSummary;
use crate::id::{EventId, OccurrenceId};
use crate::time::{Moment, Timestamp};

/// The maximum number of occurrences, or events, that are listed separately.
const MAX_LISTED: usize = 1_000;

/// The occurrences of an event.
const OCCURRENCES_OF_EVENT: &str = "SELECT o.id FROM occurrences o WHERE o.event_id = $1";

/// The occurrences of an organizer that have registrations. There may be many more without any.
const OCCURRENCES_OF_ORGANIZER: &str =
    "SELECT o.id FROM occurrences o WHERE o.organizer_id = $1 AND o.registered";

#[derive(FromRow)]
struct InsightsRow {
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

impl InsightsRow {
    fn counts(&self, stats: &RegistrationStats, now: Timestamp) -> Counts {
        let is_scheduled = self.status == OccurrenceStatus::Scheduled;
        stats.counts(self.id, self.capacity, self.seats_taken).with_outcome(is_scheduled, self.ends_at <= now)
    }
}

impl EventCore {
    /// Insights into an event and its occurrences. Only its organizers may read them.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `not_found` if the actor cannot see the event, `forbidden` if
    /// they do not organize it.
    pub async fn insights(&self, actor: &Actor, event: EventId) -> Result<Insights> {
        actor.must_be_signed_in()?;
        let now = self.now();
        let mut db = self.db().read().await?;
        let organized = events::find(&mut db, actor, event).await?.must_organize()?;
        let tz = events::zone(&organized.row.timezone);
        let stats = RegistrationStats::load(&mut db, OCCURRENCES_OF_EVENT, event, tz).await?;
        let mut rows: Vec<InsightsRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.all_day, o.status,
                    e.status AS event_status, coalesce(o.title, e.title) AS title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id
                 WHERE o.event_id = $1 ORDER BY o.starts_at, o.id"
            ))
            .bind(event)
            .all()
            .await?;
        rows.retain(|row| row.starts_at <= now || stats.contains(row.id));
        let ratings = Ratings::load(&mut db, OCCURRENCES_OF_EVENT, event).await?;
        let first_listed = rows.len().saturating_sub(MAX_LISTED);
        Ok(Insights {
            event_id: event,
            timezone: tz.name().to_owned(),
            total: rows.iter().map(|row| row.counts(&stats, now)).sum::<Counts>().figures(),
            feedback: ratings.summary(&rows),
            trend: ratings.trend(&rows),
            by_day: stats.by_day(),
            occurrences: rows
                .iter()
                .skip(first_listed)
                .map(|row| OccurrenceInsights {
                    occurrence_id: row.id,
                    starts_at: Moment::span(row.starts_at, row.ends_at, tz, row.all_day).0,
                    status: row.status,
                    title: row.title.clone(),
                    figures: row.counts(&stats, now).figures(),
                    feedback: ratings.summary([row]),
                    by_day: stats.by_day_of(row.id),
                })
                .collect(),
        })
    }

    /// Insights into the events of which the actor is the organizer. Events that they co-organize are left
    /// out.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers.
    pub async fn organizer_insights(&self, actor: &Actor) -> Result<OrganizerInsights> {
        let (user, now) = (actor.signed_in()?.id, self.now());
        let mut db = self.db().read().await?;
        let stats = RegistrationStats::load(&mut db, OCCURRENCES_OF_ORGANIZER, user, Tz::UTC).await?;
        let mut rows: Vec<InsightsRow> = db
            .query(sql!(
                "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.all_day, o.status,
                    e.status AS event_status, e.title, o.capacity, o.seats_taken
                 FROM occurrences o JOIN events e ON e.id = o.event_id
                 WHERE o.organizer_id = $1 AND o.registered"
            ))
            .bind(user)
            .all()
            .await?;
        // Sorted here: for an ORDER BY, SQLite would scan all occurrences of the organizer by the index on
        // the start.
        rows.sort_unstable_by_key(|row| (row.starts_at, row.id));
        let ratings = Ratings::load(&mut db, OCCURRENCES_OF_ORGANIZER, user).await?;
        Ok(OrganizerInsights {
            total: rows.iter().map(|row| row.counts(&stats, now)).sum::<Counts>().figures(),
            feedback: ratings.summary(&rows),
            trend: ratings.trend(&rows),
            by_day: stats.by_day(),
            events: compare_events(&rows, &stats, &ratings, now),
        })
    }
}

/// The insights of each event, by the number of registrations, then by id.
fn compare_events(
    rows: &[InsightsRow],
    stats: &RegistrationStats,
    ratings: &Ratings,
    now: Timestamp,
) -> Vec<EventInsights> {
    let mut by_event: BTreeMap<EventId, Vec<&InsightsRow>> = BTreeMap::new();
    for row in rows {
        by_event.entry(row.event_id).or_default().push(row);
    }
    let mut events: Vec<EventInsights> = by_event
        .into_iter()
        .filter_map(|(event_id, occurrences)| {
            let first = occurrences.first()?;
            let counts = occurrences.iter().map(|row| row.counts(stats, now));
            Some(EventInsights {
                event_id,
                title: first.title.clone(),
                status: first.event_status,
                figures: counts.sum::<Counts>().figures(),
                feedback: ratings.summary(occurrences.iter().copied()),
                trend: ratings.trend(occurrences.iter().copied()),
            })
        })
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.figures.registrations));
    events.truncate(MAX_LISTED);
    events
}

/// The ratings of several occurrences: pairs of a rating and its count for each.
struct Ratings(HashMap<OccurrenceId, Vec<(i64, i64)>>);

impl Ratings {
    /// Loads the ratings of the occurrences that the query `occurrences` selects by id. The query binds
    /// `parameter` as `$1`.
    async fn load(db: &mut impl Queries, occurrences: &str, parameter: impl Bind) -> Result<Self> {
        let rows: Vec<(OccurrenceId, i64, i64)> = db
            .query(Sql::dynamic(match db.dialect() {
                Dialect::Sqlite => format!(
                    "SELECT f.occurrence_id, f.rating, count(*) FROM feedback f
                     WHERE f.occurrence_id IN ({occurrences}) GROUP BY f.occurrence_id, f.rating"
                ),
                // A lateral join groups each occurrence by itself. Without it PostgreSQL would sort all rows.
                Dialect::Postgres => format!(
                    "SELECT occurrences.id, ratings.* FROM ({occurrences}) occurrences CROSS JOIN LATERAL (
                        SELECT f.rating, count(*) FROM feedback f
                        WHERE f.occurrence_id = occurrences.id GROUP BY f.rating) ratings"
                ),
            }))
            .bind(parameter)
            .all()
            .await?;
        let mut by_occurrence: HashMap<OccurrenceId, Vec<(i64, i64)>> = HashMap::new();
        for (occurrence, rating, count) in rows {
            by_occurrence.entry(occurrence).or_default().push((rating, count));
        }
        Ok(Self(by_occurrence))
    }

    fn summary<'r>(&self, occurrences: impl IntoIterator<Item = &'r InsightsRow>) -> FeedbackSummary {
        let ratings = occurrences.into_iter().filter_map(|row| self.0.get(&row.id)).flatten();
        FeedbackSummary::of(&ratings.copied().collect::<Vec<_>>())
    }

    /// The trend of the ratings. The occurrences must be in order of their start.
    fn trend<'r>(&self, occurrences: impl IntoIterator<Item = &'r InsightsRow>) -> Option<Trend> {
        let sum_and_count = |ratings: &Vec<(i64, i64)>| {
            ratings.iter().fold((0, 0), |(sum, n), (rating, count)| (sum + rating * count, n + count))
        };
        let rated = occurrences.into_iter().filter_map(|row| self.0.get(&row.id)).map(sum_and_count);
        trend(&rated.collect::<Vec<_>>())
    }
}
