//! Inserting and updating rows of `events`, and inserting rows of `occurrences`.

use chrono_tz::Tz;

use super::classification::{self, LABEL_SEPARATOR};
use super::event::{EventStatus, OccurrenceStatus, is_listed};
use super::input::ValidEvent;
use super::schedule::expansion::PlannedOccurrence;
use super::search_documents;
use super::window::{RegistrationWindow, WindowStart};
use crate::db::{Queries, Query, Sql, Tx, batches, sql, values};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::recurrence::{DateValue, Recurrence};
use crate::search;
use crate::time::{Timestamp, format_local};

/// Inserts a new event with its occurrences, and indexes it for search; returns its id.
pub(super) async fn insert_event(
    tx: &mut Tx,
    event: &ValidEvent,
    organizer: UserId,
    status: EventStatus,
    now: Timestamp,
) -> Result<EventId> {
    let id = EventId::at(now);
    let insert = tx.query(sql!(
        "INSERT INTO events (id, title, description, location, url, starts_local, timezone,
            starts_offset_seconds, duration_seconds, all_day, capacity, visibility, waitlist_enabled,
            registration_opens, registration_closes, max_party_size, status, created_at, updated_at,
            rrule, rdate, exdate, expanded_until, organizer_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18,
            $19, $20, $21, $22, $23)"
    ));
    bind_event(insert, id, event, status, now)?.bind(organizer).execute().await?;
    classification::store(tx, id, event).await?;
    let inherited = InheritedColumns {
        event: id,
        organizer,
        capacity: event.capacity,
        window: event.window,
        all_day: event.span.all_day,
        tz: event.tz,
        listed: is_listed(event.visibility, status),
        status: OccurrenceStatus::Scheduled,
        document: search_documents::insert(tx, id, &event.title, &event.location).await?,
    };
    insert_occurrences(tx, &inherited, &event.occurrences, now).await?;
    search::index_event(tx, id).await?;
    Ok(id)
}

/// Updates all columns of an event that can be changed, except category and tags.
pub(super) async fn update_event(
    tx: &mut Tx,
    id: EventId,
    event: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<()> {
    let update = tx.query(sql!(
        "UPDATE events SET title = $2, description = $3, location = $4, url = $5, starts_local = $6,
            timezone = $7, starts_offset_seconds = $8, duration_seconds = $9, all_day = $10, capacity = $11,
            visibility = $12, waitlist_enabled = $13, registration_opens = $14,
            registration_closes = $15, max_party_size = $16, status = $17, updated_at = $18, rrule = $19,
            rdate = $20, exdate = $21, expanded_until = $22, version = version + 1
         WHERE id = $1"
    ));
    bind_event(update, id, event, status, now)?.execute().await?;
    Ok(())
}

/// Binds `$1` to `$22` of the statements that insert and update an event.
fn bind_event<'c>(
    query: Query<'c>,
    id: EventId,
    event: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<Query<'c>> {
    let (rrule, rdate, exdate) = recurrence_columns(event.recurrence.as_ref())?;
    Ok(query
        .bind(id)
        .bind(event.title.clone())
        .bind(event.description.clone())
        .bind(event.location.clone())
        .bind(event.url.clone())
        .bind(format_local(event.span.local))
        .bind(event.tz.name())
        .bind(event.span.offset)
        .bind(event.span.seconds)
        .bind(event.span.all_day)
        .bind(event.capacity)
        .bind(event.visibility)
        .bind(event.waitlist_enabled)
        .bind(event.window.opens.map(|edge| edge.to_string()))
        .bind(event.window.closes.map(|edge| edge.to_string()))
        .bind(event.max_party_size)
        .bind(status)
        .bind(now)
        .bind(rrule)
        .bind(rdate)
        .bind(exdate)
        .bind(event.expanded_until))
}

/// The values of the columns `rrule`, `rdate` and `exdate`; the last two are JSON lists.
pub(super) fn recurrence_columns(
    recurrence: Option<&Recurrence>,
) -> Result<(Option<String>, String, String)> {
    let none = Recurrence::default();
    let Recurrence { rrule, rdate, exdate } = recurrence.unwrap_or(&none);
    let list = |dates: &[DateValue]| serde_json::to_string(dates).map_err(Error::internal);
    Ok((rrule.as_ref().map(ToString::to_string), list(rdate)?, list(exdate)?))
}

/// Stores a changed recurrence of an event whose occurrences already agree with it.
pub(super) async fn update_recurrence(
    tx: &mut Tx,
    id: EventId,
    recurrence: &Recurrence,
    now: Timestamp,
) -> Result<()> {
    let (rrule, rdate, exdate) = recurrence_columns(Some(recurrence))?;
    tx.query(sql!(
        "UPDATE events SET rrule = $2, rdate = $3, exdate = $4,
            expanded_until = CASE WHEN $5 THEN NULL ELSE expanded_until END,
            updated_at = $6, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(rrule)
    .bind(rdate)
    .bind(exdate)
    .bind(recurrence.is_bounded())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// The columns that new occurrences of an event have in common, apart from those that the statement copies.
pub(super) struct InheritedColumns {
    pub(super) event: EventId,
    pub(super) organizer: UserId,
    pub(super) capacity: i64,
    pub(super) window: RegistrationWindow,
    pub(super) all_day: bool,
    pub(super) tz: Tz,
    pub(super) listed: bool,
    pub(super) status: OccurrenceStatus,
    /// The event's own row of `search_documents`.
    pub(super) document: i64,
}

/// Inserts occurrences as planned and returns their number; those with an original start that the event
/// already has are skipped.
pub(super) async fn insert_occurrences(
    tx: &mut Tx,
    inherited: &InheritedColumns,
    occurrences: &[PlannedOccurrence],
    now: Timestamp,
) -> Result<u64> {
    let mut inserted = 0;
    for batch in batches(occurrences) {
        // Without WHERE, SQLite would parse ON CONFLICT as the condition of a join.
        let text = format!(
            "INSERT INTO occurrences (event_id, organizer_id, capacity, listed, status, document_id,
                created_at, updated_at, all_day, category_id, tags,
                id, original_start, starts_at, ends_at, original_local,
                registration_opens_at, registration_closes_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $7, $8, (SELECT e.category_id FROM events e WHERE e.id = $1),
                coalesce((SELECT string_agg(g.name, '{LABEL_SEPARATOR}')
                    FROM event_tags g WHERE g.event_id = $1), ''),
                v.column1, v.column2, v.column2, v.column3, v.column4, v.column5, v.column6
             FROM (VALUES {}) AS v WHERE TRUE ON CONFLICT (event_id, original_start) DO NOTHING",
            values(batch.len(), 6, 9)
        );
        let mut query = tx
            .query(Sql::dynamic(text))
            .bind(inherited.event)
            .bind(inherited.organizer)
            .bind(inherited.capacity)
            .bind(inherited.listed)
            .bind(inherited.status)
            .bind(inherited.document)
            .bind(now)
            .bind(inherited.all_day);
        for occurrence in batch {
            let start =
                WindowStart { at: occurrence.original_start, all_day: inherited.all_day, tz: inherited.tz };
            let period = inherited.window.of(start);
            query = query
                .bind(OccurrenceId::at(now))
                .bind(occurrence.original_start)
                .bind(occurrence.ends_at)
                .bind(format_local(occurrence.local))
                .bind(period.opens_at)
                .bind(period.closes_at);
        }
        inserted += query.execute().await?;
    }
    Ok(inserted)
}
