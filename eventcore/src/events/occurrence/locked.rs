//! One date of an event, held while someone changes it.

use sqlx::FromRow;

use crate::actor::Actor;
use crate::db::{Queries, Tx, sql};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::events::event::{OccurrenceStatus, zone};
use crate::events::rows::{self, EventRow};
use crate::events::schedule::expansion::{self, Date};
use crate::events::schedule::reschedule;
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{RuleError, Series};
use crate::time;
use crate::time::Timestamp;
use crate::time::read_wall_clock;

/// A row of `occurrences`, as far as organizers change it.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DateRow {
    pub(crate) id: OccurrenceId,
    pub(crate) original_start: Timestamp,
    pub(crate) original_local: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) moved: bool,
    pub(crate) status: OccurrenceStatus,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) capacity_override: Option<i64>,
    pub(crate) text_id: i64,
    pub(crate) version: i64,
}

/// A date and its event, which nobody else changes until the transaction ends.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) event: EventRow,
    pub(crate) date: DateRow,
}

/// Takes hold of a date for one of its organizers; a date that is over never changes.
pub(crate) async fn hold(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<Held> {
    let event = hold_event(tx, actor, id).await?;
    hold_date(tx, event, id, expected, now).await
}

/// The same, where the dates that follow are to be changed as well.
pub(crate) async fn hold_series(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<Held> {
    let event = hold_event(tx, actor, id).await?;
    reschedule::lock_dates(tx, event.id).await?;
    hold_date(tx, event, id, expected, now).await
}

async fn hold_event(tx: &mut Tx, actor: &Actor, id: OccurrenceId) -> Result<EventRow> {
    let event: Option<(EventId,)> =
        tx.query(sql!("SELECT event_id FROM occurrences WHERE id = $1")).bind(id).optional().await?;
    let (event,) = event.ok_or(Error::NotFound("occurrence"))?;
    let seen = rows::find_locked(tx, actor, event).await.and_then(rows::Seen::organized);
    Ok(seen.map_err(|error| error.of("occurrence"))?.row)
}

async fn hold_date(
    tx: &mut Tx,
    event: EventRow,
    id: OccurrenceId,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<Held> {
    let date: Option<DateRow> = tx
        .query(sql!("SELECT * FROM occurrences WHERE id = $1 AND event_id = $2", for update))
        .bind(id)
        .bind(event.id)
        .optional()
        .await?;
    // It was there: a split has just given it to another event, or a change has taken it away.
    let date = date.ok_or(Error::Contended)?;
    must_be_version(date.version, expected)?;
    if date.ends_at <= now {
        return Err(Error::OccurrencePast);
    }
    Ok(Held { event, date })
}

impl Held {
    /// The series of the event.
    pub(crate) fn series(&self) -> Result<Series> {
        let recurrence = self.event.recurrence()?.unwrap_or_default();
        expansion::series(&self.event.span()?, zone(&self.event.timezone), &recurrence)
            .map_err(Error::internal)
    }

    /// Where the rule places the date.
    pub(crate) fn by_rule(&self) -> Result<Date> {
        let (span, tz) = (self.event.span()?, zone(&self.event.timezone));
        let original_start = self.date.original_start;
        let shown = original_start.in_zone(tz).naive_local();
        Ok(Date {
            original_start,
            local: read_wall_clock(&self.date.original_local)?,
            ends_at: time::end_of(shown, original_start, span.seconds, span.all_day, tz),
        })
    }
}

/// What is wrong with a rule, as a wrong field of the event.
pub(crate) fn wrong_rule(error: &RuleError) -> Error {
    Error::invalid(format!("/recurrence{}", error.pointer()), error.code(), error.message())
}
