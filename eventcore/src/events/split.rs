//! Splitting an event in two at one of its occurrences, for changes of "this and following".

use serde_json::Value;

use super::change::{Edit, edit_locked};
use super::event::{Event, zone};
use super::occurrence::editable::{EditableOccurrence, lock_series_for_split, recurrence_violation};
use super::rows::EventRow;
use super::schedule::expansion::Horizon;
use super::{classification, store};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::phase::Phase;
use crate::precondition::Precondition;
use crate::recurrence::Split;
use crate::search;
use crate::time::{self, Timestamp, format_local};

impl EventCore {
    /// Moves an occurrence and all that follow it, with their registrations, from their event to a new event,
    /// and changes that by a JSON merge patch (RFC 7396). Returns the new event.
    ///
    /// If the patch has another rule, no start, and the rule does not match the occurrence, the new event
    /// starts with the next occurrence by the rule.
    ///
    /// # Errors
    /// `occurrence_begun` or `occurrence_past` if the occurrence has started; `invalid_input` with the code
    /// `cannot_split` if it is the event's first, or no rule can continue the series; `version_mismatch` if
    /// `expected` is not the stored version of the occurrence.
    pub async fn split_event(
        &self,
        actor: &Actor,
        at: OccurrenceId,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        let horizon = self.horizon(actor, now);
        transaction!(self.db(), |tx| split(tx, actor, at, patch, expected, now, horizon))
    }
}

async fn split(
    tx: &mut Tx,
    actor: &Actor,
    at: OccurrenceId,
    patch: &Value,
    expected: Option<&Precondition>,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    let locked = lock_series_for_split(tx, actor, at, expected, &horizon.quotas, now).await?;
    locked.event.must_be_independent(actor)?;
    if locked.occurrence.phase(now) != Phase::Upcoming {
        return Err(Error::OccurrenceBegun);
    }
    horizon.quotas.check_events(tx, locked.event.organizer_id, now).await?;
    let split = locked
        .series()?
        .split(locked.occurrence.original_start)
        .map_err(|error| recurrence_violation(&error))?;
    let id = copy_event(tx, &locked, &split, now).await?;
    move_occurrences(tx, &locked, id, now).await?;
    store::update_recurrence(tx, locked.event.id, &split.head, now).await?;
    tx.record(Change::EventSplit { event: locked.event.id, new_event: id });
    // It gives the moved occurrences their new version.
    edit_locked(tx, actor, id, &Edit::PatchOfSplit(patch.clone()), None, now, horizon).await
}

/// Inserts a copy of the event, with its organizers and tags, that starts at the split and has the rest of
/// the rule.
async fn copy_event(
    tx: &mut Tx,
    locked: &EditableOccurrence,
    split: &Split,
    now: Timestamp,
) -> Result<EventId> {
    let id = EventId::at(now);
    let tz = zone(&locked.event.timezone);
    let (rrule, rdate, exdate) = store::recurrence_columns(Some(&split.tail))?;
    // The offset is stored only for the second of two equal local times.
    let second =
        split.start.instant.filter(|instant| *instant != time::resolve_leniently(split.start.local, tz));
    let offset = second.map(|instant| instant.in_zone(tz).fixed_offset().offset().local_minus_utc());
    // Invitations to the occurrences that it takes over go on from the SEQUENCE of the event.
    tx.query(sql!(
        "INSERT INTO events (id, organizer_id, title, description, location, url, starts_local, timezone,
            starts_offset_seconds, duration_seconds, all_day, capacity, visibility, status, waitlist_enabled,
            registration_opens, registration_closes, max_party_size, category_id, tags,
            rrule, rdate, exdate, expanded_until, created_at, updated_at, calendar_changes)
         SELECT $2, organizer_id, title, description, location, url, $3, timezone,
            $4, duration_seconds, all_day, capacity, visibility, status, waitlist_enabled,
            registration_opens, registration_closes, max_party_size, category_id, tags,
            $5, $6, $7, CASE WHEN $8 THEN NULL ELSE expanded_until END, $9, $9, version + calendar_changes
         FROM events WHERE id = $1"
    ))
    .bind(locked.event.id)
    .bind(id)
    .bind(format_local(split.start.local))
    .bind(offset.map(i64::from))
    .bind(rrule)
    .bind(rdate)
    .bind(exdate)
    .bind(split.tail.is_bounded())
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!(
        "INSERT INTO event_organizers (event_id, user_id, created_at)
         SELECT $2, user_id, created_at FROM event_organizers WHERE event_id = $1"
    ))
    .bind(locked.event.id)
    .bind(id)
    .execute()
    .await?;
    classification::copy_tags(tx, locked.event.id, id).await?;
    Ok(id)
}

/// Moves the occurrences from the split on to another event, with their search documents, registrations and
/// feedback.
///
/// Requires locks on all occurrences, so that nobody registers with the old event meanwhile.
async fn move_occurrences(
    tx: &mut Tx,
    locked: &EditableOccurrence,
    to: EventId,
    now: Timestamp,
) -> Result<()> {
    let from = locked.event.id;
    let split_at = locked.occurrence.original_start;
    for update in [
        sql!(
            "UPDATE registrations SET event_id = $3 WHERE occurrence_id IN (
                SELECT id FROM occurrences WHERE event_id = $1 AND original_start >= $2)"
        ),
        // An occurrence after the split by its original start may be over already, if it was moved to an
        // earlier time.
        sql!(
            "UPDATE feedback SET event_id = $3 WHERE occurrence_id IN (
                SELECT id FROM occurrences WHERE event_id = $1 AND original_start >= $2)"
        ),
    ] {
        tx.query(update).bind(from).bind(split_at).bind(to).execute().await?;
    }
    tx.query(sql!(
        // Those that are not over get their new version when the new event is changed.
        "UPDATE occurrences SET event_id = $3, updated_at = $4,
            invitation_event = coalesce(invitation_event, event_id),
            invitation_local = CASE WHEN invitation_event IS NULL
                THEN coalesce(invitation_local, original_local) ELSE invitation_local END,
            invitation_start = CASE WHEN invitation_event IS NULL
                THEN coalesce(invitation_start, original_start) ELSE invitation_start END,
            version = version + CASE WHEN ends_at <= $4 THEN 1 ELSE 0 END
         WHERE event_id = $1 AND original_start >= $2"
    ))
    .bind(from)
    .bind(split_at)
    .bind(to)
    .bind(now)
    .execute()
    .await?;
    move_documents(tx, &locked.event, to).await
}

/// Gives moved occurrences copies of their search documents that belong to their new event.
async fn move_documents(tx: &mut Tx, from: &EventRow, to: EventId) -> Result<()> {
    let old_shared = search::own_document(tx, from.id).await?;
    let documents = search::documents_of_occurrences(tx, to).await?;
    // Inserted first, so that it gets the smallest id: that makes it the new event's own.
    let new_shared = search::insert_document(tx, to, &from.texts()?).await?;
    let mut unused = Vec::new();
    for (document, texts) in documents {
        let copy = if document == old_shared {
            new_shared
        } else {
            unused.push(document);
            search::insert_document(tx, to, &texts).await?
        };
        tx.query(sql!("UPDATE occurrences SET document_id = $3 WHERE event_id = $1 AND document_id = $2"))
            .bind(to)
            .bind(document)
            .bind(copy)
            .execute()
            .await?;
    }
    search::delete_unused(tx, unused).await
}
