//! The SQL of what is not counted yet, shared by those who read it.

use sqlx::FromRow;

use super::key::MICROS_OF_DAY;
use crate::db::Dialect;
use crate::time::Timestamp;

/// A row of `uncounted_changes`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct UncountedChange {
    pub(super) event_id: crate::id::EventId,
    pub(super) day: i64,
    pub(super) quarter: Option<i64>,
    pub(super) status: String,
    pub(super) labels: String,
    pub(super) change: i64,
}

/// What `counted_events` has of an event, or would have now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CountedEvent {
    pub(super) upcoming_until: Timestamp,
    pub(super) labels: String,
}

impl CountedEvent {
    pub(super) fn of(upcoming_until: Option<Timestamp>, labels: Option<String>) -> Option<Self> {
        Some(Self { upcoming_until: upcoming_until?, labels: labels? })
    }

    /// The day in UTC on which it stops being upcoming.
    pub(super) const fn day(&self) -> i64 {
        day_in_utc(self.upcoming_until)
    }
}

/// The number of the day in UTC that contains an instant.
pub(super) const fn day_in_utc(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(MICROS_OF_DAY)
}

/// SQL: a column of the scheduled occurrence in lists of the event `event` that is upcoming longest.
pub(super) fn last_upcoming(column: &str, event: &str) -> String {
    format!(
        "(SELECT o.{column} FROM occurrences o WHERE o.event_id = {event} AND o.listed
            AND o.status = 'scheduled' ORDER BY o.upcoming_until DESC, o.id DESC LIMIT 1)"
    )
}

/// SQL: the beginning of a query for the labels of the scheduled occurrences in lists of the event
/// `v.event_id` that are upcoming at the instant that follows.
pub(super) const QUERY_OF_LISTED: &str = "(SELECT o.labels FROM occurrences o
    WHERE o.event_id = v.event_id AND o.listed AND o.status = 'scheduled' AND o.upcoming_until > ";

/// SQL for the columns `day` and `quarter` of an occurrence `o`, as the triggers write them.
pub(super) const fn day_and_quarter(dialect: Dialect) -> [&'static str; 2] {
    match dialect {
        Dialect::Sqlite => [
            "CASE WHEN o.day IS NULL THEN o.starts_at / 86400000000 ELSE unixepoch(o.day) / 86400 END",
            "CASE WHEN o.day IS NULL THEN o.starts_at / 900000000 END",
        ],
        Dialect::Postgres => ["counted_day(o.starts_at, o.day)", "counted_quarter(o.starts_at, o.day)"],
    }
}
