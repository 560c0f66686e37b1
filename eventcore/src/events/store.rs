//! Writing events: the row, its words for searching, and its occurrences.

use super::event::EventStatus;
use super::input::ValidEvent;
use super::rows::listed;
use super::timing::Span;
use super::when::LOCAL_FORMAT;
use crate::clock::Timestamp;
use crate::db::{Queries, Query, Tx, sql};
use crate::error::Result;
use crate::fold::fold;
use crate::id::{EventId, OccurrenceId, UserId};

/// Stores a new event and its date; answers its id.
pub(super) async fn insert(
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
            organizer_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19)"
    ));
    bind_event(insert, id, event, status, now).bind(organizer).execute().await?;
    let text = insert_words(tx, id, &event.title, &event.location).await?;
    let inherited = Inherited {
        event: id,
        organizer,
        capacity: event.capacity,
        listed: listed(event.visibility, status),
        text,
    };
    insert_occurrence(tx, &inherited, &event.span, now).await?;
    Ok(id)
}

/// Writes all fields of an event that can be changed.
pub(super) async fn update(
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
            version = version + 1
         WHERE id = $1"
    ));
    bind_event(update, id, event, status, now).execute().await?;
    Ok(())
}

/// The arguments `$1` to `$18` of the statements that write an event.
fn bind_event<'c>(
    query: Query<'c>,
    id: EventId,
    event: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Query<'c> {
    query
        .bind(id)
        .bind(event.title.clone())
        .bind(event.description.clone())
        .bind(event.location.clone())
        .bind(event.url.clone())
        .bind(event.span.local.format(LOCAL_FORMAT).to_string())
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
}

/// What a new occurrence takes from its event.
pub(super) struct Inherited {
    pub(super) event: EventId,
    pub(super) organizer: UserId,
    pub(super) capacity: i64,
    pub(super) listed: bool,
    pub(super) text: i64,
}

/// Stores one date, at its original start.
pub(super) async fn insert_occurrence(
    tx: &mut Tx,
    inherited: &Inherited,
    span: &Span,
    now: Timestamp,
) -> Result<OccurrenceId> {
    let id = OccurrenceId::at(now);
    tx.query(sql!(
        "INSERT INTO occurrences (id, event_id, original_start, starts_at, ends_at, status, capacity, organizer_id, listed, text_id,
            created_at, updated_at)
         VALUES ($1, $2, $3, $3, $4, 'scheduled', $5, $6, $7, $8, $9, $9)"
    ))
    .bind(id)
    .bind(inherited.event)
    .bind(span.starts_at)
    .bind(span.ends_at)
    .bind(inherited.capacity)
    .bind(inherited.organizer)
    .bind(inherited.listed)
    .bind(inherited.text)
    .bind(now)
    .execute()
    .await?;
    Ok(id)
}

/// Stores words for searching; answers their number.
pub(super) async fn insert_words(tx: &mut Tx, event: EventId, title: &str, location: &str) -> Result<i64> {
    Ok(tx
        .query(sql!("INSERT INTO texts (event_id, title, location) VALUES ($1, $2, $3) RETURNING id"))
        .bind(event)
        .bind(fold(title))
        .bind(fold(location))
        .scalar()
        .await?)
}
