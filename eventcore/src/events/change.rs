//! Replacing an event, or changing some of its fields.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::event::{Event, EventStatus, is_listed, zone};
use super::input::{CurrentEvent, EventInput, ValidEvent, ValidationContext};
use super::rows::{self, EventRow};
use super::schedule::expansion::{self, Horizon};
use super::schedule::{reschedule, windows};
use super::window::drop_replaced;
use super::{classification, html, search_documents, status, store};
use crate::actor::Actor;
use crate::categories;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::EventId;
use crate::input::{merge_patch, must_be_object};
use crate::precondition::{Precondition, must_be_version};
use crate::seats;
use crate::time::{IsoDuration, LOCAL_FORMAT, Moment, TimeInput, Timestamp};

impl EventCore {
    /// Replaces all fields of an event. Fields that the input omits get their defaults, except `status`,
    /// which is unchanged. Past occurrences do not change.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn replace_event(
        &self,
        actor: &Actor,
        id: EventId,
        input: &EventInput,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        self.edit_event(actor, id, Edit::Replace(input), expected).await
    }

    /// Changes an event by a JSON merge patch (RFC 7396) to its [`EventInput`]. Past occurrences do not
    /// change.
    ///
    /// Another start, time zone or `all_day` moves the whole series: EXDATE, RDATE and UNTIL move with it,
    /// unless the patch names them in `recurrence`.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn change_event(
        &self,
        actor: &Actor,
        id: EventId,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        self.edit_event(actor, id, Edit::Patch(patch), expected).await
    }

    async fn edit_event(
        &self,
        actor: &Actor,
        id: EventId,
        edit: Edit<'_>,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        let horizon = self.horizon(actor, now);
        transaction!(self.db(), |tx| edit_locked(tx, actor, id, edit, expected, now, horizon))
    }
}

#[derive(Clone, Copy)]
enum Edit<'a> {
    Replace(&'a EventInput),
    Patch(&'a Value),
}

async fn edit_locked(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    edit: Edit<'_>,
    expected: Option<&Precondition>,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    let event = rows::find_locked(tx, actor, id).await?.must_organize()?.row;
    must_be_version(event.version, expected)?;
    let input = match edit {
        Edit::Replace(input) => Cow::Borrowed(input),
        Edit::Patch(patch) => Cow::Owned(patched(&event, patch)?),
    };
    apply(tx, &event, &input, now, horizon).await?;
    rows::load_one(tx, id, now).await
}

/// The input that a merge patch makes of a stored event. The event keeps its duration, unless the patch sets
/// `ends_at` or `duration`, or changes `all_day`.
///
/// If the patch moves the start, the parts of `recurrence` that it does not name move too. The parts that it
/// names are taken as they are given.
pub(super) fn patched(row: &EventRow, patch: &Value) -> Result<EventInput> {
    must_be_object(patch)?;
    let mut event = as_json(row)?;
    let changes_all_day =
        patch.get("all_day").and_then(Value::as_bool).is_some_and(|all_day| all_day != row.all_day);
    if changes_all_day || patch.get("ends_at").is_some_and(|end| !end.is_null()) {
        event["duration"] = Value::Null;
    }
    drop_replaced(&mut event, patch);
    let mut moves = patch.clone();
    let recurrence = moves.as_object_mut().and_then(|fields| fields.remove("recurrence"));
    merge_patch(&mut event, moves);
    let mut input: EventInput = serde_json::from_value(event.clone()).map_err(Error::internal)?;
    let Some(recurrence) = recurrence else {
        shift_recurrence(row, &mut input)?;
        return Ok(input);
    };
    // A rule that is replaced may be wrong at the new start.
    let mut shifted = input.clone();
    shift_recurrence(row, &mut shifted)?;
    if recurrence.is_object() && shifted.parse_errors == input.parse_errors {
        event["recurrence"] = json!(shifted.recurrence);
    }
    merge_patch(&mut event, json!({"recurrence": recurrence}));
    serde_json::from_value(event).map_err(Error::internal)
}

/// Moves EXDATE, RDATE and UNTIL to where an event's new start takes them, and adds what is wrong there to
/// `parse_errors`. If the start itself is invalid, they stay, and validation refuses it.
pub(super) fn shift_recurrence(row: &EventRow, input: &mut EventInput) -> Result<()> {
    let tz = zone(&row.timezone);
    let (Some(recurrence), (Some(new_tz), Some(new))) =
        (&input.recurrence, input.timing().read(&mut Violations::default(), tz))
    else {
        return Ok(());
    };
    match expansion::shifted(recurrence, (&row.span()?, tz), (&new, new_tz)) {
        Ok(shifted) => input.recurrence = Some(shifted),
        Err(error) => {
            let pointer = format!("/recurrence{}", error.pointer());
            input.parse_errors.add(pointer, error.code(), error.message());
        }
    }
    Ok(())
}

/// The input that would create the stored event.
pub(super) fn as_input(row: &EventRow) -> Result<EventInput> {
    serde_json::from_value(as_json(row)?).map_err(Error::internal)
}

fn as_json(row: &EventRow) -> Result<Value> {
    let tz = zone(&row.timezone);
    let span = row.span()?;
    let starts_at = if row.all_day {
        TimeInput::Day(span.local.date()).to_string()
    } else if row.starts_offset_seconds.is_some() {
        // The local time occurs twice: the offset selects the second.
        Moment::at(span.starts_at, tz).to_string()
    } else {
        span.local.format(LOCAL_FORMAT).to_string()
    };
    let mut event = json!({
        "title": row.title,
        "description": row.description,
        "location": row.location,
        "url": row.url,
        "starts_at": starts_at,
        "duration": IsoDuration::from_seconds(row.duration_seconds).to_string(),
        "timezone": row.timezone,
        "all_day": row.all_day,
        "capacity": row.capacity,
        "category": row.category,
        "tags": row.tags()?,
        "visibility": row.visibility,
        "waitlist_enabled": row.waitlist_enabled,
        "max_party_size": row.max_party_size,
        "recurrence": row.recurrence()?,
    });
    merge_patch(&mut event, row.window().as_json(tz));
    Ok(event)
}

/// Replaces the fields of a locked event by the input, and updates its occurrences that are not over. An
/// input that changes nothing leaves the versions.
pub(super) async fn apply(
    tx: &mut Tx,
    row: &EventRow,
    input: &EventInput,
    now: Timestamp,
    horizon: Horizon,
) -> Result<()> {
    let old_span = row.span()?;
    let recurrence = row.recurrence()?;
    // The category precedes the occurrences in the lock order (see `db::lock_order`).
    let category = match &input.category {
        Some(slug) => categories::lock_by_slug(tx, slug).await?,
        None => None,
    };
    let mut input = classification::with_category(input, category.as_ref());
    if input.parse_errors.has_unknown() {
        let mut stored = [rows::load_one(tx, row.id, now).await?];
        if input.parse_errors.contains("/description_html") {
            html::add_html(&mut stored).await?;
        }
        input.to_mut().parse_errors.settle_read_only(&stored[0])?;
    }
    reschedule::lock_occurrences(tx, row.id).await?;
    let changeable_from = reschedule::changeable_from(tx, row.id, now).await?;
    let current =
        CurrentEvent { starts_at: old_span.starts_at, recurring: recurrence.is_some(), changeable_from };
    let context =
        ValidationContext { now, default_zone: zone(&row.timezone), horizon, current: Some(current) };
    let mut event = input.validate(&context).map_err(Error::Invalid)?;
    let reschedules =
        old_span != event.span || row.timezone != event.tz.name() || recurrence != event.recurrence;
    if reschedules {
        let (planned, bounded) = (event.occurrences.len(), event.expanded_until.is_none());
        horizon.quotas.check_occurrences(tx, row.organizer_id, planned, bounded, Some(row.id), now).await?;
    } else {
        event.expanded_until = row.expanded_until;
    }
    let status = status::next_status(row.status, event.status)?;
    if !reschedules && status == row.status && is_stored(row, &event, &context)? {
        return Ok(());
    }
    if status == EventStatus::Draft && row.status == EventStatus::Published {
        status::must_have_no_registrations(tx, row.id).await?;
    }
    // Before the event is updated: past occurrences still inherit its old texts.
    reschedule::freeze_past_occurrences(tx, row, &event, now).await?;
    let revised = row.revised(&event, category.as_ref(), status, now)?;
    update(tx, row, &revised, &event, now).await?;
    if reschedules {
        reschedule::reschedule(tx, row, &event, &revised, now).await?;
    }
    if reschedules || row.window() != event.window {
        windows::update(tx, row.id, event.window, (event.span.all_day, event.tz), now).await?;
    }
    if status == EventStatus::Cancelled && row.status != EventStatus::Cancelled {
        status::cancel_remaining_occurrences(tx, row.id, now).await?;
    }
    crate::search::index_event(tx, row.id).await?;
    seats::promote_event_waitlists(tx, row.id, now).await
}

/// Whether the stored event has all fields of `event`, so that nothing is to be changed.
fn is_stored(row: &EventRow, event: &ValidEvent, context: &ValidationContext) -> Result<bool> {
    let stored = as_input(row)?.validate(context);
    // The caller compares the status.
    let (status, expanded_until) = (event.status, event.expanded_until);
    Ok(stored.is_ok_and(|stored| ValidEvent { status, expanded_until, ..stored } == *event))
}

async fn update(
    tx: &mut Tx,
    row: &EventRow,
    revised: &EventRow,
    event: &ValidEvent,
    now: Timestamp,
) -> Result<()> {
    store::update_event(tx, revised).await?;
    classification::update(tx, row, revised, &event.tags).await?;
    let texts =
        |row: &EventRow| (row.title.clone(), row.location.clone(), row.description.clone(), row.tags.clone());
    if texts(row) != texts(revised) {
        search_documents::refresh(tx, row.id).await?;
    }
    update_inherited_columns(tx, row.id, event, is_listed(revised.visibility, revised.status), now).await
}

/// Copies the capacity and the visibility of an event to its occurrences that are not over. Past occurrences
/// get only the columns that decide whether and how lists show them.
async fn update_inherited_columns(
    tx: &mut Tx,
    id: EventId,
    event: &ValidEvent,
    listed: bool,
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET capacity = coalesce(capacity_override, $2), listed = $3,
            updated_at = $4, version = version + 1
         WHERE event_id = $1 AND ends_at > $4"
    ))
    .bind(id)
    .bind(event.capacity)
    .bind(listed)
    .bind(now)
    .execute()
    .await?;
    // Past occurrences are in public lists as long as their event is.
    tx.query(sql!(
        "UPDATE occurrences SET listed = $2, all_day = $3
         WHERE event_id = $1 AND (listed <> $2 OR all_day <> $3)"
    ))
    .bind(id)
    .bind(listed)
    .bind(event.span.all_day)
    .execute()
    .await?;
    Ok(())
}
