//! Replacing an event, or changing some of its fields.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::aggregate::EventAggregate;
use super::change_plan::{ChangePlan, Effects};
use super::event::{Event, EventStatus, zone};
use super::input::{CurrentEvent, EventInput, ValidationContext};
use super::patch::EventPatch;
use super::rows::{self, EventRow};
use super::schedule::expansion::{self, Horizon};
use super::schedule::{past, reschedule};
use super::window::drop_replaced;
use super::{classification, html, read, split_start, status, store};
use crate::actor::Actor;
use crate::categories::{self, CategoryName};
use crate::core::EventCore;
use crate::db::{Locking, Tx, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::EventId;
use crate::input::{merge_patch, must_be_object};
use crate::precondition::{Precondition, must_be_version};
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
        self.edit_event(actor, id, &Edit::Replace(Box::new(input.clone())), expected).await
    }

    /// Changes some fields of an event, by an [`EventPatch`] or by its JSON. Past occurrences do not change.
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
        patch: impl Into<EventPatch>,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        self.edit_event(actor, id, &Edit::Patch(patch.into().into_json()), expected).await
    }

    async fn edit_event(
        &self,
        actor: &Actor,
        id: EventId,
        edit: &Edit,
        expected: Option<&Precondition>,
    ) -> Result<Event> {
        actor.may_write()?;
        if edit.may_publish() {
            self.must_be_verified(actor).await?;
        }
        let now = self.now();
        let horizon = self.horizon(actor, now);
        transaction!(self.db(), |tx| edit_locked(tx, actor, id, edit, expected, now, horizon))
    }
}

/// The new fields of an event.
#[derive(Clone)]
pub(super) enum Edit {
    Replace(Box<EventInput>),
    Patch(Value),
    /// A patch of an event that the same transaction has split off, with occurrences of the other one.
    PatchOfSplit(Value),
}

impl Edit {
    /// Whether the event may have more occurrences afterwards.
    fn may_add_occurrences(&self) -> bool {
        match self {
            Self::Replace(_) => true,
            Self::Patch(patch) | Self::PatchOfSplit(patch) => {
                ["recurrence", "starts_at", "timezone", "all_day"]
                    .iter()
                    .any(|name| patch.get(name).is_some())
            }
        }
    }

    /// Whether it names `published` as the status, which publishes a draft.
    fn may_publish(&self) -> bool {
        match self {
            Self::Replace(input) => input.status == Some(EventStatus::Published),
            Self::Patch(patch) | Self::PatchOfSplit(patch) => {
                patch.get("status").is_some_and(|status| status == EventStatus::Published.as_str())
            }
        }
    }
}

/// Changes an event: locks and loads it with its occurrences, plans the change, and stores the plan.
pub(super) async fn edit_locked(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    edit: &Edit,
    expected: Option<&Precondition>,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    let mut stored = EventAggregate::lock(tx, actor, id, now).await?;
    must_be_version(stored.event.version, expected)?;
    let input = match edit {
        Edit::Replace(input) => Cow::Borrowed(&**input),
        Edit::Patch(patch) => Cow::Owned(patched(&stored.event, patch)?),
        Edit::PatchOfSplit(patch) => {
            let input = patched(&stored.event, patch)?;
            Cow::Owned(split_start::by_rule(input, patch, zone(&stored.event.timezone)))
        }
    };
    // The category precedes the occurrences in the lock order (see `db::lock_order`).
    let category = lock_category(tx, &stored.event, input.category.as_deref()).await?;
    let mut input = classification::with_category(&input, category.as_ref());
    if input.parse_errors.has_unknown() {
        settle_read_only(tx, id, input.to_mut(), now).await?;
    }
    if edit.may_add_occurrences() {
        horizon.quotas.lock_for_events(tx, stored.event.organizer_id, Locking::Wait).await?;
    }
    if stored.has_past {
        reschedule::lock_occurrences(tx, id).await?;
    }
    stored.lock_occurrences(tx, now).await?;

    let row = &stored.event;
    let (span, recurrence) = (row.span()?, row.recurrence()?);
    let current = CurrentEvent {
        starts_at: span.starts_at,
        recurring: recurrence.is_some(),
        changeable_from: stored.changeable_from(now),
    };
    let default_zone = zone(&row.timezone);
    let context =
        ValidationContext { now, default_zone, horizon, current: Some(current), imported_since: None };
    let mut event = input.validate(&context).map_err(Error::Invalid)?;
    let reschedules = span != event.span || row.timezone != event.tz.name() || recurrence != event.recurrence;
    if reschedules {
        let ids = (id, row.organizer_id);
        let before = stored.future_occurrences(now);
        let (planned, bounded) = (event.occurrences.len(), event.expanded_until.is_none());
        horizon.quotas.check_changed_event(tx, ids, before, planned, bounded, now).await?;
    } else {
        event.expanded_until = row.expanded_until;
    }
    let status = status::next_status(row.status, event.status)?;
    let is_split = matches!(edit, Edit::PatchOfSplit(_));
    let version = row.version + i64::from(!is_split);
    let revised = EventRow { version, ..row.revised(&event, category.as_ref(), status, now)? };
    if !reschedules && !is_split && revised.has_fields_of(row) {
        return rows::created::answer(&stored, &stored.event, &stored.remaining, &[], now);
    }
    if status == EventStatus::Draft && row.status == EventStatus::Published {
        status::must_have_no_registrations(tx, id).await?;
    }
    let diff = if reschedules { Some(reschedule::diff(row, &event, &stored.remaining, now)?) } else { None };
    let schedule = diff.as_ref().map(|diff| (event.occurrences.as_slice(), diff));
    let effects = Effects { tags: &event.tags, schedule, on_all: is_split };
    let plan = ChangePlan::of(&stored, revised, effects, now)?;
    if stored.has_past || stored.remaining.iter().any(|occurrence| occurrence.has_begun(now)) {
        // Past occurrences still inherit the old values.
        past::keep_values(tx, row, &event, now).await?;
    }
    let (was_series, is_series) = (recurrence.is_some(), event.recurrence.is_some());
    if was_series != is_series {
        store::keep_invitation_names(tx, id, was_series).await?;
    }
    plan.store(tx, &stored, now).await
}

/// Locks the category with a slug, unless the event refers to it already: then it cannot be deleted while
/// the event is locked.
async fn lock_category(tx: &mut Tx, event: &EventRow, slug: Option<&str>) -> Result<Option<CategoryName>> {
    match (slug, event.category_id, &event.category) {
        (None, ..) => Ok(None),
        (Some(slug), Some(id), Some(current)) if slug == current => {
            Ok(Some(CategoryName { id, slug: current.clone() }))
        }
        (Some(slug), ..) => categories::lock_by_slug(tx, slug).await,
    }
}

/// Takes back the errors about unknown fields that a client has read and sends unchanged.
async fn settle_read_only(tx: &mut Tx, id: EventId, input: &mut EventInput, now: Timestamp) -> Result<()> {
    let mut stored = [read::load_event(tx, id, now).await?];
    if input.parse_errors.contains("/description_html") {
        html::add_html(&mut stored).await?;
    }
    input.parse_errors.settle_read_only(&stored[0])
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
