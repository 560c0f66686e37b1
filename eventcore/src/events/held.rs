//! One date of an event, held while someone changes it.

use sqlx::FromRow;

use super::dates::{self, Date};
use super::event::{OccurrenceStatus, zone};
use super::rows::{self, EventRow};
use super::{schedule, store, when};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::db::{Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{RuleError, Series};

/// A row of `occurrences`, as far as organizers change it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct DateRow {
    pub(super) id: OccurrenceId,
    pub(super) original_start: Timestamp,
    pub(super) original_local: String,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) moved: bool,
    pub(super) status: OccurrenceStatus,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) url: Option<String>,
    pub(super) capacity_override: Option<i64>,
    pub(super) text_id: i64,
    pub(super) version: i64,
}

/// A date and its event, which nobody else changes until the transaction ends.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) event: EventRow,
    pub(super) date: DateRow,
}

/// Takes hold of a date for one of its organizers; a date that is over never changes.
pub(super) async fn hold(
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
pub(super) async fn hold_series(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<Held> {
    let event = hold_event(tx, actor, id).await?;
    schedule::lock_dates(tx, event.id).await?;
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
    rows::must_be_version(date.version, expected)?;
    if date.ends_at <= now {
        return Err(Error::OccurrencePast);
    }
    Ok(Held { event, date })
}

impl Held {
    /// The series of the event.
    pub(super) fn series(&self) -> Result<Series> {
        let recurrence = self.event.recurrence()?.unwrap_or_default();
        dates::series(&self.event.span()?, zone(&self.event.timezone), &recurrence).map_err(Error::internal)
    }

    /// Where the rule places the date.
    pub(super) fn by_rule(&self) -> Result<Date> {
        let (span, tz) = (self.event.span()?, zone(&self.event.timezone));
        let original_start = self.date.original_start;
        let shown = original_start.in_zone(tz).naive_local();
        Ok(Date {
            original_start,
            local: store::read_wall_clock(&self.date.original_local)?,
            ends_at: when::end_of(shown, original_start, span.seconds, span.all_day, tz),
        })
    }
}

/// What is wrong with a rule, as a wrong field of the event.
pub(super) fn wrong_rule(error: &RuleError) -> Error {
    Error::invalid(format!("/recurrence{}", error.pointer()), error.code(), error.message())
}
