//! Changing one date: its own time, place, words and seats, apart from the event's fields.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::locked::{DateRow, Held, hold};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::events::event::{Occurrence, zone};
use crate::events::input::{check_capacity, check_url};
use crate::events::{read, store};
use crate::id::OccurrenceId;
use crate::input::{Fields, Lines, check_text, merge_patch};
use crate::seats;
use crate::time::IsoDuration;
use crate::time::TimeInput;
use crate::time::Timestamp;
use crate::time::wall_clock;
use crate::time::{Span, Timing};

/// What one date has of its own; what is left out is the event's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overrides {
    /// 1–200 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, min_length = 1, max_length = 200))]
    pub title: Option<String>,
    /// Markdown, up to 20,000 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 20_000))]
    pub description: Option<String>,
    /// 1–300 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, min_length = 1, max_length = 300))]
    pub location: Option<String>,
    /// An http or https address.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub url: Option<String>,
    /// When it starts instead: with an offset, or local in the event's zone; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub starts_at: Option<TimeInput>,
    /// When it ends; the last day of an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub ends_at: Option<TimeInput>,
    /// Instead of `ends_at`: an ISO 8601 duration.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub duration: Option<IsoDuration>,
    /// Seats: 1–1,000,000.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000_000))]
    pub capacity: Option<i64>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl Overrides {
    fn read(mut fields: Fields) -> Self {
        let mut overrides = Self {
            title: fields.text("title"),
            description: fields.text("description"),
            location: fields.text("location"),
            url: fields.text("url"),
            starts_at: fields.parsed("starts_at"),
            ends_at: fields.parsed("ends_at"),
            duration: fields.parsed("duration"),
            capacity: fields.number("capacity"),
            misread: Violations::default(),
        };
        overrides.misread = fields.finish();
        overrides
    }

    /// What a merge patch makes of what a date has of its own.
    fn patched(held: &Held, patch: &Value) -> Result<Self> {
        let mut own = held.overrides()?;
        if patch.get("ends_at").is_some_and(|end| !end.is_null()) {
            own["duration"] = Value::Null;
        }
        merge_patch(&mut own, patch.clone());
        Ok(Self::read(Fields::of(own)))
    }

    /// Checks every rule and answers when the date takes place, or everything that is wrong.
    fn validate(&self, held: &Held, now: Timestamp) -> Result<Span> {
        let mut wrong = self.misread.clone();
        if let Some(title) = &self.title {
            check_text(&mut wrong, "title", title, 1, 200, Lines::One);
        }
        if let Some(description) = &self.description {
            check_text(&mut wrong, "description", description, 0, 20_000, Lines::Many);
        }
        if let Some(location) = &self.location {
            check_text(&mut wrong, "location", location, 1, 300, Lines::One);
        }
        if let Some(url) = &self.url {
            check_url(&mut wrong, url);
        }
        if let Some(seats) = self.capacity {
            check_capacity(&mut wrong, seats);
        }
        let tz = zone(&held.event.timezone);
        let (_, span) = self.timing(held, tz)?.read(&mut wrong, tz);
        if let Some(span) = span
            && span.starts_at != held.date.starts_at
            && span.is_past(tz, now)
        {
            wrong.add("/starts_at", "in_the_past", "must not lie in the past");
        }
        wrong.clone().into_result()?;
        span.ok_or(Error::Invalid(wrong))
    }

    fn timing<'a>(&self, held: &'a Held, tz: Tz) -> Result<Timing<'a>> {
        let by_rule = held.by_rule()?;
        let start = if held.event.all_day {
            TimeInput::Day(by_rule.local.date())
        } else {
            TimeInput::Instant(by_rule.original_start.in_zone(tz).fixed_offset())
        };
        let length = IsoDuration::from_seconds(held.event.duration_seconds);
        Ok(Timing {
            starts_at: Some(self.starts_at.unwrap_or(start)),
            ends_at: self.ends_at,
            duration: self.duration.or_else(|| self.ends_at.is_none().then_some(length)),
            timezone: Some(&held.event.timezone),
            all_day: held.event.all_day,
        })
    }
}

impl Held {
    /// What the date has of its own, as someone would have to give it.
    fn overrides(&self) -> Result<Value> {
        let DateRow { title, description, location, url, capacity_override, .. } = &self.date;
        let mut own = json!({"title": title, "description": description, "location": location, "url": url, "capacity": capacity_override});
        if self.date.moved {
            let tz = zone(&self.event.timezone);
            let start = self.date.starts_at.in_zone(tz);
            let (by_rule, all_day) = (self.by_rule()?, self.event.all_day);
            if self.date.starts_at != by_rule.original_start {
                own["starts_at"] = if all_day {
                    TimeInput::Day(start.date_naive()).to_string().into()
                } else {
                    TimeInput::Instant(start.fixed_offset()).to_string().into()
                };
            }
            let lasts = self.date.ends_at.since(self.date.starts_at).as_secs();
            let seconds = crate::time::whole_days(i64::try_from(lasts).map_err(Error::internal)?, all_day);
            if seconds != self.event.duration_seconds {
                own["duration"] = IsoDuration::from_seconds(seconds).to_string().into();
            }
        }
        Ok(own)
    }
}

impl EventCore {
    /// Changes what one date has of its own by a JSON merge patch (RFC 7396); null gives the event's field back.
    ///
    /// # Errors
    /// `occurrence_past` if it is over, `version_mismatch` if `expected` is not the version that is stored.
    pub async fn change_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        patch: &Value,
        expected: Option<i64>,
    ) -> Result<Occurrence> {
        actor.may_write()?;
        if !patch.is_object() {
            return Err(Error::invalid("", "wrong_type", "must be a JSON object"));
        }
        let now = self.now();
        transaction!(self.db(), tx => {
            let held = hold(tx, actor, id, expected, now).await?;
            let overrides = Overrides::patched(&held, patch)?;
            let span = overrides.validate(&held, now)?;
            store_overrides(tx, &held, &overrides, &span, now).await?;
            seats::promote_waitlist(tx, id, now).await?;
            Ok(read::find_occurrence(tx, id).await?.occurrence(now))
        })
    }
}

async fn store_overrides(
    tx: &mut Tx,
    held: &Held,
    overrides: &Overrides,
    span: &Span,
    now: Timestamp,
) -> Result<()> {
    let text = own_words(tx, held, overrides).await?;
    let by_rule = held.by_rule()?;
    let moved = (span.starts_at, span.ends_at) != (by_rule.original_start, by_rule.ends_at);
    tx.query(sql!(
        "UPDATE occurrences SET title = $2, description = $3, location = $4, url = $5, capacity_override = $6, capacity = $7,
            starts_at = $8, ends_at = $9, moved = $10, starts_local = $11, text_id = $12, updated_at = $13, version = version + 1
         WHERE id = $1"
    ))
    .bind(held.date.id)
    .bind(overrides.title.as_deref().map(|title| title.trim().to_owned()))
    .bind(overrides.description.clone())
    .bind(overrides.location.as_deref().map(|location| location.trim().to_owned()))
    .bind(overrides.url.clone())
    .bind(overrides.capacity)
    .bind(overrides.capacity.unwrap_or(held.event.capacity))
    .bind(span.starts_at)
    .bind(span.ends_at)
    .bind(moved)
    .bind(moved.then(|| wall_clock(span.local)))
    .bind(text)
    .bind(now)
    .execute()
    .await?;
    store::drop_unused_words(tx, held.date.text_id).await?;
    crate::search::feed(tx, held.event.id).await
}

/// The words by which the date is found: the event's, unless it has a title or a place of its own.
async fn own_words(tx: &mut Tx, held: &Held, overrides: &Overrides) -> Result<i64> {
    let event = &held.event;
    if overrides.title.is_none() && overrides.location.is_none() && overrides.description.is_none() {
        return store::base_words(tx, event.id).await;
    }
    let title = overrides.title.as_ref().unwrap_or(&event.title);
    let location = overrides.location.as_ref().unwrap_or(&event.location);
    store::insert_words(tx, event.id, title, location).await
}
