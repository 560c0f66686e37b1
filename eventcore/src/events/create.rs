//! Creating an event, and making a new one like another.

use super::dates::Horizon;
use super::event::{Event, EventStatus, zone};
use super::input::{EventInput, Terms};
use super::start::Start;
use super::{change, labels, rows, store};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::{EventId, UserId};
use crate::input::Fields;

impl EventCore {
    /// Creates an event whose organizer is the actor. It is published, unless the input says `draft`.
    ///
    /// # Errors
    /// `invalid_input` names every wrong field at once.
    pub async fn create_event(&self, actor: &Actor, input: &EventInput) -> Result<Event> {
        let organizer = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), tx => {
            let id = create(tx, input, organizer, now, self.horizon(now)).await?;
            rows::load_one(tx, id, now).await
        })
    }

    /// Makes a draft with the fields of another event that starts at `date.starts_at`. EXDATE, RDATE and UNTIL move with
    /// the start. The actor, who must be an organizer of the other event, organizes it.
    pub async fn duplicate_event(&self, actor: &Actor, id: EventId, date: &NewDate) -> Result<Event> {
        let organizer = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), tx => {
            let seen = rows::find(tx, actor, id).await?.organized()?;
            let mut input = change::as_input(&seen.row)?;
            input.starts_at = date.starts_at;
            if date.timezone.is_some() {
                input.timezone.clone_from(&date.timezone);
            }
            // Windows belong to the old date.
            (input.registration_opens_at, input.registration_closes_at) = (None, None);
            input.status = Some(EventStatus::Draft);
            input.misread = date.misread.clone();
            change::shift(&seen.row, &mut input)?;
            let copy = create(tx, &input, organizer, now, self.horizon(now)).await?;
            rows::load_one(tx, copy, now).await
        })
    }
}

async fn create(
    tx: &mut Tx,
    input: &EventInput,
    organizer: UserId,
    now: Timestamp,
    horizon: Horizon,
) -> Result<EventId> {
    let home: Option<(String,)> = tx
        // Who is about to leave has left, or stays until the event is theirs to hand over.
        .query(sql!(
            sqlite "SELECT timezone FROM users WHERE id = $1 AND deleted_at IS NULL",
            postgres "SELECT timezone FROM users WHERE id = $1 AND deleted_at IS NULL FOR KEY SHARE"
        ))
        .bind(organizer)
        .optional()
        .await?;
    let (home,) = home.ok_or(Error::Unauthenticated)?;
    let terms = Terms { now, home: zone(&home), horizon, stands: None };
    let input = labels::known(tx, input).await?;
    let event = input.validate(&terms).map_err(Error::Invalid)?;
    let status = event.status.unwrap_or(EventStatus::Published);
    if status == EventStatus::Cancelled {
        return Err(Error::invalid("/status", "invalid", "must be draft or published for a new event"));
    }
    store::insert(tx, &event, organizer, status, now).await
}

/// The date of an event that is made like another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDate {
    /// When it starts: with an offset, or local in `timezone`; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<Start>,
    /// IANA name; the other event's when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for NewDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let (starts_at, timezone) = (fields.parsed("starts_at"), fields.text("timezone"));
        Ok(Self { starts_at, timezone, misread: fields.finish() })
    }
}
