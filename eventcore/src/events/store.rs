//! Writing events: the row, its words for searching, and its occurrences.

use super::event::listed;
use super::event::{EventStatus, OccurrenceStatus};
use super::input::ValidEvent;
use super::labels;
use super::labels::FIELD_END;
use super::schedule::expansion::Date;
use crate::db::batches;
use crate::db::values;
use crate::db::{Queries, Query, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::id::{EventId, OccurrenceId, UserId};
use crate::recurrence::{DateValue, Recurrence};
use crate::search;
use crate::time::Timestamp;
use crate::time::wall_clock;

/// Stores a new event and its dates; answers its id.
pub(crate) async fn insert(
    tx: &mut Tx,
    event: &ValidEvent,
    organizer: UserId,
    status: EventStatus,
    now: Timestamp,
) -> Result<EventId> {
    let id = EventId::at(now);
    let insert = tx.query(sql!(
        "INSERT INTO events (id, title, description, location, url, starts_local, timezone, starts_offset_seconds, duration_seconds, all_day,
            capacity, visibility, waitlist_enabled, registration_opens_at, registration_closes_at, max_party_size, status, created_at, updated_at,
            rrule, rdate, exdate, expanded_until, organizer_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19, $20, $21, $22, $23)"
    ));
    bind_event(insert, id, event, status, now)?.bind(organizer).execute().await?;
    labels::write(tx, id, event).await?;
    let text = insert_words(tx, id, &event.title, &event.location).await?;
    let inherited = Inherited {
        event: id,
        organizer,
        capacity: event.capacity,
        listed: listed(event.visibility, status),
        status: OccurrenceStatus::Scheduled,
        text,
    };
    insert_dates(tx, &inherited, &event.dates, now).await?;
    search::feed(tx, id).await?;
    Ok(id)
}

/// Writes all fields of an event that can be changed.
pub(crate) async fn update(
    tx: &mut Tx,
    id: EventId,
    event: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<()> {
    let update = tx.query(sql!(
        "UPDATE events SET title = $2, description = $3, location = $4, url = $5, starts_local = $6, timezone = $7,
            starts_offset_seconds = $8, duration_seconds = $9, all_day = $10, capacity = $11, visibility = $12, waitlist_enabled = $13,
            registration_opens_at = $14, registration_closes_at = $15, max_party_size = $16, status = $17, updated_at = $18,
            rrule = $19, rdate = $20, exdate = $21, expanded_until = $22, version = version + 1
         WHERE id = $1"
    ));
    bind_event(update, id, event, status, now)?.execute().await?;
    Ok(())
}

/// The arguments `$1` to `$22` of the statements that write an event.
fn bind_event<'c>(
    query: Query<'c>,
    id: EventId,
    event: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<Query<'c>> {
    let (rrule, rdate, exdate) = written(event.recurrence.as_ref())?;
    Ok(query
        .bind(id)
        .bind(event.title.clone())
        .bind(event.description.clone())
        .bind(event.location.clone())
        .bind(event.url.clone())
        .bind(wall_clock(event.span.local))
        .bind(event.tz.name())
        .bind(event.span.offset)
        .bind(event.span.seconds)
        .bind(event.span.all_day)
        .bind(event.capacity)
        .bind(event.visibility)
        .bind(event.waitlist_enabled)
        .bind(event.registration_opens_at)
        .bind(event.registration_closes_at)
        .bind(event.max_party_size)
        .bind(status)
        .bind(now)
        .bind(rrule)
        .bind(rdate)
        .bind(exdate)
        .bind(event.expanded_until))
}

/// RRULE, RDATE and EXDATE as their columns have them.
pub(crate) fn written(recurrence: Option<&Recurrence>) -> Result<(Option<String>, String, String)> {
    let none = Recurrence::default();
    let Recurrence { rrule, rdate, exdate } = recurrence.unwrap_or(&none);
    let list = |dates: &[DateValue]| serde_json::to_string(dates).map_err(Error::internal);
    Ok((rrule.as_ref().map(ToString::to_string), list(rdate)?, list(exdate)?))
}

/// What a new occurrence takes from its event.
pub(crate) struct Inherited {
    pub(crate) event: EventId,
    pub(crate) organizer: UserId,
    pub(crate) capacity: i64,
    pub(crate) listed: bool,
    pub(crate) status: OccurrenceStatus,
    pub(crate) text: i64,
}

/// Stores dates where the rule places them, and answers how many; a date that the event has already is left as it is.
pub(crate) async fn insert_dates(
    tx: &mut Tx,
    inherited: &Inherited,
    dates: &[Date],
    now: Timestamp,
) -> Result<u64> {
    let mut made = 0;
    for rows in batches(dates) {
        // SQLite takes ON CONFLICT for part of a join unless something stands between.
        let text = format!(
            "INSERT INTO occurrences (event_id, organizer_id, capacity, listed, status, text_id, created_at, updated_at,
                category_id, all_day, tags, id, original_start, starts_at, ends_at, original_local)
             SELECT $1, $2, $3, $4, $5, $6, $7, $7, (SELECT e.category_id FROM events e WHERE e.id = $1), (SELECT e.all_day FROM events e WHERE e.id = $1),
                coalesce((SELECT string_agg(g.name, '{FIELD_END}') FROM event_tags g WHERE g.event_id = $1), ''), v.column1, v.column2, v.column2, v.column3, v.column4 FROM (VALUES {}) AS v WHERE TRUE
             ON CONFLICT (event_id, original_start) DO NOTHING",
            values(rows.len(), 4, 8)
        );
        let mut query = tx
            .query(Sql::built(text))
            .bind(inherited.event)
            .bind(inherited.organizer)
            .bind(inherited.capacity)
            .bind(inherited.listed)
            .bind(inherited.status)
            .bind(inherited.text)
            .bind(now);
        for date in rows {
            query = query
                .bind(OccurrenceId::at(now))
                .bind(date.original_start)
                .bind(date.ends_at)
                .bind(wall_clock(date.local));
        }
        made += query.execute().await?;
    }
    Ok(made)
}

/// The words that an event's dates share.
pub(crate) async fn base_words(tx: &mut Tx, event: EventId) -> Result<i64> {
    Ok(tx.query(sql!("SELECT min(id) FROM texts WHERE event_id = $1")).bind(event).scalar().await?)
}

/// Deletes words that no date has any more, unless they are the event's own.
pub(crate) async fn drop_unused_words(tx: &mut Tx, text: i64) -> Result<()> {
    tx.query(sql!(
        "DELETE FROM texts WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.text_id = $1)
            AND id > (SELECT min(first.id) FROM texts first WHERE first.event_id = texts.event_id)"
    ))
    .bind(text)
    .execute()
    .await?;
    Ok(())
}

/// Stores words for searching; answers their number.
pub(crate) async fn insert_words(tx: &mut Tx, event: EventId, title: &str, location: &str) -> Result<i64> {
    Ok(tx
        .query(sql!("INSERT INTO texts (event_id, title, location) VALUES ($1, $2, $3) RETURNING id"))
        .bind(event)
        .bind(fold(title))
        .bind(fold(location))
        .scalar()
        .await?)
}
