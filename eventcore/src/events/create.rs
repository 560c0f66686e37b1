//! Creating an event, also as a copy of another.

use super::change;
use super::creation::create;
use super::creation_queue::CreationRequest;
use super::event::{Event, EventStatus};
use super::input::EventInput;
use super::rows;
use super::schedule::expansion::{Horizon, STEP};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Tx, transaction};
use crate::error::{Result, Violations};
use crate::id::{EventId, UserId};
use crate::input::{Fields, deserialize_by_fields};
use crate::time::{TimeInput, Timestamp};

impl EventCore {
    /// Creates an event with the actor as its organizer. It is published, unless the input has the status
    /// `draft`.
    ///
    /// The occurrences of a long series without an end are created in several transactions.
    ///
    /// # Errors
    /// `invalid_input` with all violations; `quota_exceeded`, see [`Quotas`](crate::Quotas);
    /// `email_not_verified` unless it is a draft, see
    /// [`Builder::require_verified_email`](crate::Builder::require_verified_email).
    pub async fn create_event(&self, actor: &Actor, input: &EventInput) -> Result<Event> {
        let organizer = actor.writer()?.id;
        if input.status.is_none_or(|status| status == EventStatus::Published) {
            self.must_be_verified(actor).await?;
        }
        let now = self.now();
        let horizon = self.horizon(actor, now);
        let first = horizon.step(STEP);
        let event = if self.db().may_batch() {
            self.create_jointly(CreationRequest { input: input.clone(), organizer, horizon: first }).await?
        } else {
            transaction!(self.db(), |tx| create(tx, input, organizer, now, first))?
        };
        self.complete_schedule(event, &horizon, now).await
    }

    /// Creates a draft as a copy of an event that the actor organizes, with another start.
    ///
    /// EXDATE, RDATE and UNTIL move with the start. Registration times that are instants are not copied. The
    /// actor becomes the organizer.
    ///
    /// # Errors
    /// `invalid_input` with all violations; `quota_exceeded`, see [`Quotas`](crate::Quotas).
    pub async fn duplicate_event(&self, actor: &Actor, id: EventId, input: &DuplicateInput) -> Result<Event> {
        let organizer = actor.writer()?.id;
        let now = self.now();
        let horizon = self.horizon(actor, now);
        let first = horizon.step(STEP);
        let event = transaction!(self.db(), |tx| duplicate(tx, actor, id, input, organizer, now, first))?;
        self.complete_schedule(event, &horizon, now).await
    }
}

async fn duplicate(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    duplicate: &DuplicateInput,
    organizer: UserId,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    let row = rows::find(tx, actor, id).await?.must_organize()?.row;
    let mut input = change::as_input(&row)?;
    input.starts_at = duplicate.starts_at;
    if duplicate.timezone.is_some() {
        input.timezone.clone_from(&duplicate.timezone);
    }
    // They are instants, which belong to the old start.
    (input.registration_opens_at, input.registration_closes_at) = (None, None);
    input.status = Some(EventStatus::Draft);
    input.parse_errors = duplicate.parse_errors.clone();
    change::shift_recurrence(&row, &mut input)?;
    create(tx, &input, organizer, now, horizon).await
}

/// The start of an event that is created as a copy of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DuplicateInput {
    /// Start: with an offset, or a local time in `timezone`; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<TimeInput>,
    /// IANA time zone. Default: that of the other event.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Errors of parsing JSON, which validation reports; empty for values built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(DuplicateInput);

impl DuplicateInput {
    fn take(fields: &mut Fields) -> Self {
        let (starts_at, timezone) = (fields.parsed("starts_at"), fields.string("timezone"));
        Self { starts_at, timezone, parse_errors: Violations::default() }
    }
}
