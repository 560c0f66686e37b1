//! What tells whether the entries of events in a feed have changed, without their texts.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::FromRow;

use super::shown::FeedEvent;
use super::source::UNBOUNDED_PERIOD;
use crate::db::{Queries, RowList, SqlWriter};
use crate::error::Result;
use crate::id::EventId;
use crate::time::{Timestamp, parse_local};

/// The local start of an event is within this much of the same numbers read as UTC.
const GREATEST_OFFSET: Duration = Duration::from_hours(24);

pub(super) type Period = (Timestamp, Timestamp);

/// What tells whether the entries of an event have changed, and the period of its time zone.
#[derive(FromRow)]
pub(super) struct EventSummary {
    id: EventId,
    pub(super) timezone: String,
    starts_local: String,
    version: i64,
    calendar_changes: i64,
    expanded_until: Option<Timestamp>,
    category_updated_at: Option<Timestamp>,
    organizer_updated_at: Timestamp,
    occurrences: i64,
    versions: i64,
    first_start: Timestamp,
    first_original_start: Timestamp,
    pub(super) last_end: Timestamp,
    /// When the next of its occurrences ends.
    pub(super) next_end: Option<Timestamp>,
}

/// Reads the summaries of events, by id.
pub(super) async fn summaries(
    db: &mut impl Queries,
    events: &[FeedEvent],
    now: Timestamp,
) -> Result<Vec<EventSummary>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push(
        "SELECT e.id, e.timezone, e.starts_local, e.version, e.calendar_changes, e.expanded_until,
            c.updated_at AS category_updated_at, u.updated_at AS organizer_updated_at,
            count(*) AS occurrences, CAST(sum(o.version) AS BIGINT) AS versions,
            min(o.starts_at) AS first_start, min(o.original_start) AS first_original_start,
            max(o.ends_at) AS last_end, min(CASE WHEN o.ends_at > ",
    );
    sql.value(now).push(" THEN o.ends_at END) AS next_end FROM ");
    sql.rows("v", RowList::default().ids("id", events.iter().map(|event| event.id.as_uuid())));
    sql.push(
        " JOIN events e ON e.id = v.id JOIN users u ON u.id = e.organizer_id
          JOIN occurrences o ON o.event_id = e.id LEFT JOIN categories c ON c.id = e.category_id
          GROUP BY e.id, c.id, u.id ORDER BY e.id",
    );
    Ok(sql.query(db).all().await?)
}

impl EventSummary {
    pub(super) fn id(&self) -> EventId {
        self.id
    }

    pub(super) fn add_to(&self, digest: &mut Sha256) {
        digest.update(self.id.as_uuid().as_bytes());
        let category = self.category_updated_at.map_or(0, Timestamp::as_micros);
        let expanded = self.expanded_until.map_or(0, Timestamp::as_micros);
        let counts = [self.version, self.calendar_changes, self.occurrences, self.versions];
        for number in counts.into_iter().chain([category, expanded]) {
            digest.update(number.to_be_bytes());
        }
    }

    /// Adds what tells whether the name of the organizer has changed, which calendars do not show.
    pub(super) fn add_organizer_to(&self, digest: &mut Sha256) {
        digest.update(self.organizer_updated_at.as_micros().to_be_bytes());
    }

    /// The period for which the entries need offsets of the zone.
    pub(super) fn period(&self) -> Result<Period> {
        // The entry of a series begins at the event's start, which need not be an occurrence.
        let start = Timestamp::from(parse_local(&self.starts_local)?.and_utc()).minus(GREATEST_OFFSET);
        let first = start.min(self.first_start).min(self.first_original_start);
        let last =
            if self.expanded_until.is_some() { self.last_end.plus(UNBOUNDED_PERIOD) } else { self.last_end };
        Ok((first, last))
    }
}
