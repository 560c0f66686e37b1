//! "This and following": one event becomes two at one of its dates.

use serde_json::Value;

use super::change::{apply, patched};
use super::event::{Event, zone};
use super::occurrence::locked::{Held, hold_series, wrong_rule};
use super::occurrence::status::keep_recurrence;
use super::{labels, rows, store};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::Split;
use crate::time;
use crate::time::Timestamp;
use crate::time::wall_clock;

impl EventCore {
    /// Splits an event at one of its dates: a new event takes this date and all that follow, with everyone who registered for them, and is changed
    /// by `patch`, a JSON merge patch (RFC 7396); `{}` changes nothing. The old one ends before. Answers the new one.
    ///
    /// # Errors
    /// `occurrence_past` if the date has begun; `invalid_input` (`cannot_split`) at the first date, or where no rule can go on as this one does.
    pub async fn split_event(
        &self,
        actor: &Actor,
        at: OccurrenceId,
        patch: &Value,
        expected: Option<i64>,
    ) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let held = hold_series(tx, actor, at, expected, now).await?;
            if held.date.starts_at <= now {
                return Err(Error::OccurrenceBegun);
            }
            let split = held.series()?.split(held.date.original_start).map_err(|error| wrong_rule(&error))?;
            let id = copy_event(tx, &held, &split, now).await?;
            hand_over(tx, &held, id, now).await?;
            keep_recurrence(tx, held.event.id, &split.head, now).await?;
            if patch.as_object().is_none_or(|fields| !fields.is_empty()) {
                let row = rows::find_locked(tx, actor, id).await?.organized()?.row;
                apply(tx, &row, &patched(&row, patch)?, now, self.horizon(now)).await?;
            }
            rows::load_one(tx, id, now).await
        })
    }
}

/// Stores an event like the old one that starts at the cut and goes on as it did.
async fn copy_event(tx: &mut Tx, held: &Held, split: &Split, now: Timestamp) -> Result<EventId> {
    let id = EventId::at(now);
    let tz = zone(&held.event.timezone);
    let (rrule, rdate, exdate) = store::written(Some(&split.tail))?;
    let second =
        split.start.instant.filter(|instant| *instant != time::resolve_leniently(split.start.local, tz));
    let offset = second.map(|instant| instant.in_zone(tz).fixed_offset().offset().local_minus_utc());
    tx.query(sql!(
        "INSERT INTO events (id, organizer_id, title, description, location, url, starts_local, timezone, starts_offset_seconds, duration_seconds,
            all_day, capacity, visibility, status, waitlist_enabled, registration_opens_at, registration_closes_at, max_party_size, category_id, tags, rrule, rdate,
            exdate, expanded_until, created_at, updated_at)
         SELECT $2, organizer_id, title, description, location, url, $3, timezone, $4, duration_seconds, all_day, capacity, visibility, status,
            waitlist_enabled, registration_opens_at, registration_closes_at, max_party_size, category_id, tags, $5, $6, $7, CASE WHEN $8 THEN NULL ELSE expanded_until END,
            $9, $9
         FROM events WHERE id = $1"
    ))
    .bind(held.event.id)
    .bind(id)
    .bind(wall_clock(split.start.local))
    .bind(offset.map(i64::from))
    .bind(rrule)
    .bind(rdate)
    .bind(exdate)
    .bind(split.tail.is_bounded())
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!(
        "INSERT INTO event_organizers (event_id, user_id, created_at) SELECT $2, user_id, created_at FROM event_organizers WHERE event_id = $1"
    ))
    .bind(held.event.id)
    .bind(id)
    .execute()
    .await?;
    labels::copy(tx, held.event.id, id).await?;
    Ok(id)
}

/// Gives the dates from the cut on, their words, their registrations and what was said of them to the new event. All dates are locked: nobody
/// registers with the old event meanwhile.
async fn hand_over(tx: &mut Tx, held: &Held, to: EventId, now: Timestamp) -> Result<()> {
    let cut = held.date.original_start;
    let base = store::base_words(tx, held.event.id).await?;
    copy_words(tx, base, to).await?;
    for copies in [
        sql!(
            "UPDATE registrations SET event_id = $3
             WHERE occurrence_id IN (SELECT id FROM occurrences WHERE event_id = $1 AND original_start >= $2)"
        ),
        // A date that was moved may be over though its place in the rule is behind the cut.
        sql!(
            "UPDATE feedback SET event_id = $3
             WHERE occurrence_id IN (SELECT id FROM occurrences WHERE event_id = $1 AND original_start >= $2)"
        ),
    ] {
        tx.query(copies).bind(held.event.id).bind(cut).bind(to).execute().await?;
    }
    tx.query(sql!(
        "UPDATE occurrences SET event_id = $3, updated_at = $4, version = version + 1 WHERE event_id = $1 AND original_start >= $2"
    ))
    .bind(held.event.id)
    .bind(cut)
    .bind(to)
    .bind(now)
    .execute()
    .await?;
    let texts: Vec<(i64,)> = tx
        .query(sql!("SELECT DISTINCT text_id FROM occurrences WHERE event_id = $1 ORDER BY text_id"))
        .bind(to)
        .all()
        .await?;
    for (text,) in texts {
        let copy =
            if text == base { store::base_words(tx, to).await? } else { copy_words(tx, text, to).await? };
        tx.query(sql!("UPDATE occurrences SET text_id = $3 WHERE event_id = $1 AND text_id = $2"))
            .bind(to)
            .bind(text)
            .bind(copy)
            .execute()
            .await?;
        store::drop_unused_words(tx, text).await?;
    }
    crate::search::feed(tx, to).await
}

/// Gives an event words like those of another; answers their number.
async fn copy_words(tx: &mut Tx, text: i64, to: EventId) -> Result<i64> {
    Ok(tx
        .query(sql!("INSERT INTO texts (event_id, title, location) SELECT $2, title, location FROM texts WHERE id = $1 RETURNING id"))
        .bind(text)
        .bind(to)
        .scalar()
        .await?)
}
