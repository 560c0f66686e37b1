//! Changing an event: all of it, or what a merge patch names.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::dates::{self, Horizon};
use super::event::{Event, EventStatus, zone};
use super::input::{EventInput, Stands, Terms, ValidEvent};
use super::length::Length;
use super::rows::{self, EventRow, listed};
use super::start::Start;
use super::when::{LOCAL_FORMAT, Moment};
use super::{labels, schedule, status, store};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::fold::fold;
use crate::id::EventId;
use crate::input::merge_patch;

impl EventCore {
    /// Replaces all fields of an event; what the input leaves out gets its default, except `status`, which stays.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn replace_event(
        &self,
        actor: &Actor,
        id: EventId,
        input: &EventInput,
        expected: Option<i64>,
    ) -> Result<Event> {
        self.edit_event(actor, id, Edit::Whole(input), expected).await
    }

    /// Changes the fields of an event that a JSON merge patch (RFC 7396) names.
    ///
    /// Another start, time zone or `all_day` moves the whole series: EXDATE, RDATE and UNTIL move with it, unless the patch
    /// names them in `recurrence`.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn change_event(
        &self,
        actor: &Actor,
        id: EventId,
        patch: &Value,
        expected: Option<i64>,
    ) -> Result<Event> {
        self.edit_event(actor, id, Edit::Patch(patch), expected).await
    }

    async fn edit_event(
        &self,
        actor: &Actor,
        id: EventId,
        edit: Edit<'_>,
        expected: Option<i64>,
    ) -> Result<Event> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let seen = rows::find_locked(tx, actor, id).await?.organized()?;
            rows::must_be_version(seen.row.version, expected)?;
            let input = match edit {
                Edit::Whole(input) => Cow::Borrowed(input),
                Edit::Patch(patch) => Cow::Owned(patched(&seen.row, patch)?),
            };
            apply(tx, &seen.row, &input, now, self.horizon(now)).await?;
            rows::load_one(tx, id, now).await
        })
    }
}

/// How an event is to be changed.
#[derive(Clone, Copy)]
enum Edit<'a> {
    Whole(&'a EventInput),
    Patch(&'a Value),
}

/// The event with a patch applied: `duration` stays unless `ends_at` or `all_day` says otherwise.
///
/// If the patch moves the start, the parts of `recurrence` that it does not name move too. The parts that it names are
/// taken as they are given.
pub(super) fn patched(row: &EventRow, patch: &Value) -> Result<EventInput> {
    if !patch.is_object() {
        return Err(Error::invalid("", "wrong_type", "must be a JSON object"));
    }
    let mut event = as_json(row)?;
    let turns = patch.get("all_day").and_then(Value::as_bool).is_some_and(|all_day| all_day != row.all_day);
    if turns || patch.get("ends_at").is_some_and(|end| !end.is_null()) {
        event["duration"] = Value::Null;
    }
    let mut moves = patch.clone();
    let recurrence = moves.as_object_mut().and_then(|fields| fields.remove("recurrence"));
    merge_patch(&mut event, moves);
    let mut input: EventInput = serde_json::from_value(event.clone()).map_err(Error::internal)?;
    let Some(recurrence) = recurrence else {
        shift(row, &mut input)?;
        return Ok(input);
    };
    // A rule that is replaced may be wrong at the new start.
    let mut shifted = input.clone();
    shift(row, &mut shifted)?;
    if recurrence.is_object() && shifted.misread == input.misread {
        event["recurrence"] = json!(shifted.recurrence);
    }
    merge_patch(&mut event, json!({"recurrence": recurrence}));
    serde_json::from_value(event).map_err(Error::internal)
}

/// Moves EXDATE, RDATE and UNTIL to where an event's new start takes them, and notes in `misread` what is wrong there. If
/// the start is wrong, they stay, and validation refuses it.
pub(super) fn shift(row: &EventRow, input: &mut EventInput) -> Result<()> {
    let tz = zone(&row.timezone);
    let (Some(recurrence), (Some(new_tz), Some(new))) =
        (&input.recurrence, input.timing().read(&mut Violations::default(), tz))
    else {
        return Ok(());
    };
    match dates::shifted(recurrence, (&row.span()?, tz), (&new, new_tz)) {
        Ok(shifted) => input.recurrence = Some(shifted),
        Err(error) => {
            let pointer = format!("/recurrence{}", error.pointer());
            input.misread.add(pointer, error.code(), error.message());
        }
    }
    Ok(())
}

/// The event as someone would have to give it to get it as it is.
pub(super) fn as_input(row: &EventRow) -> Result<EventInput> {
    serde_json::from_value(as_json(row)?).map_err(Error::internal)
}

fn as_json(row: &EventRow) -> Result<Value> {
    let tz = zone(&row.timezone);
    let span = row.span()?;
    let starts_at = if row.all_day {
        Start::Day(span.local.date()).to_string()
    } else if row.starts_offset_seconds.is_some() {
        Moment::at(span.starts_at, tz).to_string()
    } else {
        span.local.format(LOCAL_FORMAT).to_string()
    };
    let window = |at: Option<Timestamp>| at.map(|at| Moment::at(at, tz));
    Ok(json!({
        "title": row.title,
        "description": row.description,
        "location": row.location,
        "url": row.url,
        "starts_at": starts_at,
        "duration": Length::from_seconds(row.duration_seconds).to_string(),
        "timezone": row.timezone,
        "all_day": row.all_day,
        "capacity": row.capacity,
        "category": row.category,
        "tags": row.tags()?,
        "visibility": row.visibility,
        "waitlist_enabled": row.waitlist_enabled,
        "registration_opens_at": window(row.registration_opens_at),
        "registration_closes_at": window(row.registration_closes_at),
        "max_party_size": row.max_party_size,
        "recurrence": row.recurrence()?,
    }))
}

/// Makes of a locked event what the input says.
pub(super) async fn apply(
    tx: &mut Tx,
    row: &EventRow,
    input: &EventInput,
    now: Timestamp,
    horizon: Horizon,
) -> Result<()> {
    let old_span = row.span()?;
    let recurrence = row.recurrence()?;
    let input = labels::known(tx, input).await?;
    schedule::lock_dates(tx, row.id).await?;
    let from = schedule::first_ahead(tx, row.id, now).await?;
    let stands = Stands { starts_at: old_span.starts_at, recurring: recurrence.is_some(), from };
    let terms = Terms { now, home: zone(&row.timezone), horizon, stands: Some(stands) };
    let mut event = input.validate(&terms).map_err(Error::Invalid)?;
    let moves = old_span != event.span || row.timezone != event.tz.name() || recurrence != event.recurrence;
    if !moves {
        event.expanded_until = row.expanded_until;
    }
    let status = status::after(row.status, event.status)?;
    if status == EventStatus::Draft && row.status == EventStatus::Published {
        status::must_have_no_registrations(tx, row.id).await?;
    }
    schedule::keep_what_is_over(tx, row, &event, now).await?;
    update(tx, row, &event, status, now).await?;
    if moves {
        schedule::follow(tx, row, &event, status, now).await?;
    }
    if status == EventStatus::Cancelled && row.status != EventStatus::Cancelled {
        status::cancel_dates(tx, row.id, now).await?;
    }
    crate::search::feed(tx, row.id).await?;
    crate::registrations::pass_on_event(tx, row.id, now).await
}

async fn update(
    tx: &mut Tx,
    row: &EventRow,
    event: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<()> {
    store::update(tx, row.id, event, status, now).await?;
    labels::write(tx, row.id, event).await?;
    let tags: Vec<&str> = event.tags.iter().map(|(_, name)| name.as_str()).collect();
    let same =
        (&row.title, &row.location, &row.description) == (&event.title, &event.location, &event.description);
    if !same || row.tags()? != tags {
        refold(tx, row.id).await?;
    }
    pass_on(tx, row.id, event, listed(event.visibility, status), now).await
}

/// Writes what the occurrences inherit to those that are not over.
async fn pass_on(tx: &mut Tx, id: EventId, event: &ValidEvent, listed: bool, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET capacity = coalesce(capacity_override, $2), listed = $3, updated_at = $4, version = version + 1
         WHERE event_id = $1 AND ends_at > $4"
    ))
    .bind(id)
    .bind(event.capacity)
    .bind(listed)
    .bind(now)
    .execute()
    .await?;
    // Who may find an event may find its past, and no longer if it is hidden.
    tx.query(sql!(
        "UPDATE occurrences SET listed = $2, all_day = $3 WHERE event_id = $1 AND (listed <> $2 OR all_day <> $3)"
    ))
    .bind(id)
    .bind(listed)
    .bind(event.span.all_day)
    .execute()
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Words {
    text_id: i64,
    title: String,
    location: String,
}

/// Folds the words anew of the event and of each date that has some of its own.
pub(super) async fn refold(tx: &mut Tx, id: EventId) -> Result<()> {
    let words: Vec<Words> = tx
        .query(sql!(
            "SELECT DISTINCT o.text_id, coalesce(o.title, e.title) AS title, coalesce(o.location, e.location) AS location
             FROM occurrences o JOIN events e ON e.id = o.event_id WHERE o.event_id = $1"
        ))
        .bind(id)
        .all()
        .await?;
    for Words { text_id, title, location } in words {
        tx.query(sql!("UPDATE texts SET title = $2, location = $3, cut = FALSE WHERE id = $1"))
            .bind(text_id)
            .bind(fold(&title))
            .bind(fold(&location))
            .execute()
            .await?;
    }
    Ok(())
}
