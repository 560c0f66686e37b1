//! Overriding fields of an event for one of its occurrences.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::editable::{EditableOccurrence, StoredOccurrence, lock_for_edit};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::events::event::{Occurrence, zone};
use crate::events::input::{check_capacity, check_url};
use crate::events::patch::OccurrencePatch;
use crate::events::window::{OpenPeriod, RegistrationWindow, WindowInput, WindowStart, drop_replaced};
use crate::events::{read, store};
use crate::id::OccurrenceId;
use crate::input::{Fields, Lines, check_text, deserialize_by_fields, merge_patch, must_be_object};
use crate::precondition::Precondition;
use crate::search::{self, DocumentTexts};
use crate::seats;
use crate::time::{
    IsoDuration, LeadTime, Span, SpanInput, TimeInput, Timestamp, format_local, round_to_days,
};

/// The fields of an occurrence that differ from its event's. `None` means the value of the event.
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
    /// Address of an online event: http or https.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub url: Option<String>,
    /// Start: with an offset, or a local time of the event's zone; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub starts_at: Option<TimeInput>,
    /// End; for an all-day event its last day, inclusive.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub ends_at: Option<TimeInput>,
    /// Instead of `ends_at`: an ISO 8601 duration.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub duration: Option<IsoDuration>,
    /// Seats: 1–1,000,000.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000_000))]
    pub capacity: Option<i64>,
    /// Start of registration; a date means the beginning of that day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_opens_at: Option<TimeInput>,
    /// Instead of `registration_opens_at`: an ISO 8601 duration before the start. Its days are calendar days
    /// in the event's zone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_opens_before: Option<LeadTime>,
    /// End of registration, exclusive; a date means the end of that day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_closes_at: Option<TimeInput>,
    /// Instead of `registration_closes_at`: an ISO 8601 duration before the start. Its days are calendar days
    /// in the event's zone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_closes_before: Option<LeadTime>,
    /// Errors of parsing JSON, which validation reports; empty for values built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(Overrides);

impl Overrides {
    fn take(fields: &mut Fields) -> Self {
        Self {
            title: fields.string("title"),
            description: fields.string("description"),
            location: fields.string("location"),
            url: fields.string("url"),
            starts_at: fields.parsed("starts_at"),
            ends_at: fields.parsed("ends_at"),
            duration: fields.parsed("duration"),
            capacity: fields.integer("capacity"),
            registration_opens_at: fields.parsed("registration_opens_at"),
            registration_opens_before: fields.parsed("registration_opens_before"),
            registration_closes_at: fields.parsed("registration_closes_at"),
            registration_closes_before: fields.parsed("registration_closes_before"),
            parse_errors: Violations::default(),
        }
    }

    /// The overrides of an occurrence after a merge patch.
    pub(super) fn patched(locked: &EditableOccurrence, patch: &Value) -> Result<Self> {
        let mut overrides = locked.overrides()?;
        if patch.get("ends_at").is_some_and(|end| !end.is_null()) {
            overrides["duration"] = Value::Null;
        }
        drop_replaced(&mut overrides, patch);
        merge_patch(&mut overrides, patch.clone());
        Ok(Self::read(overrides))
    }

    const fn window(&self) -> WindowInput {
        WindowInput {
            opens_at: self.registration_opens_at,
            opens_before: self.registration_opens_before,
            closes_at: self.registration_closes_at,
            closes_before: self.registration_closes_before,
        }
    }

    /// Checks all fields; returns time and registration window of the occurrence, or every violation.
    pub(super) fn validate(&self, locked: &EditableOccurrence, now: Timestamp) -> Result<Times> {
        let mut violations = self.parse_errors.clone();
        if let Some(title) = &self.title {
            check_text(&mut violations, "title", title, 1, 200, Lines::One);
        }
        if let Some(description) = &self.description {
            check_text(&mut violations, "description", description, 0, 20_000, Lines::Many);
        }
        if let Some(location) = &self.location {
            check_text(&mut violations, "location", location, 1, 300, Lines::One);
        }
        if let Some(url) = &self.url {
            check_url(&mut violations, url);
        }
        if let Some(seats) = self.capacity {
            check_capacity(&mut violations, seats);
        }
        let tz = zone(&locked.event.timezone);
        let (_, span) = self.timing(locked, tz)?.read(&mut violations, tz);
        if let Some(span) = span
            && span.starts_at != locked.occurrence.starts_at
            && span.is_past(tz, now)
        {
            violations.add("/starts_at", "in_the_past", "must not be in the past");
        }
        let own = self.window().read(&mut violations, Some(tz));
        let window = own.or(locked.event.window());
        let start = span.map(|span| WindowStart { at: span.starts_at, all_day: span.all_day, tz });
        if own != RegistrationWindow::default() {
            self.window().check(&mut violations, window, start);
        }
        violations.clone().into_result()?;
        let (span, start) = span.zip(start).ok_or(Error::Invalid(violations))?;
        Ok(Times { span, own, period: window.of(start) })
    }

    /// Whether an occurrence has these overrides and this time already, so that nothing is to be changed.
    pub(super) fn are_stored(&self, stored: &StoredOccurrence, times: &Times) -> bool {
        self.fields_are_stored(stored, times) && times.are_stored(stored)
    }

    /// The same for all overrides but start and end.
    fn fields_are_stored(&self, stored: &StoredOccurrence, times: &Times) -> bool {
        let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
        (trimmed(&self.title), &self.description, trimmed(&self.location), &self.url, self.capacity)
            == (
                stored.title.clone(),
                &stored.description,
                stored.location.clone(),
                &stored.url,
                stored.capacity_override,
            )
            && times.own == stored.own_window()
    }

    /// Whether the occurrence gets another location or address.
    fn replaces_place(&self, locked: &EditableOccurrence) -> bool {
        let location = self.location.as_deref().map_or(locked.event.location.as_str(), str::trim);
        let url = |own: &Option<String>| own.as_ref().or(locked.event.url.as_ref()).cloned();
        location != locked.location() || url(&self.url) != url(&locked.occurrence.url)
    }

    /// The overridden time, completed by the start of the rule and the duration of the event.
    fn timing<'a>(&self, locked: &'a EditableOccurrence, tz: Tz) -> Result<SpanInput<'a>> {
        let event = &locked.event;
        let planned = locked.planned()?;
        let start = if event.all_day {
            TimeInput::Day(planned.local.date())
        } else {
            TimeInput::Instant(planned.original_start.in_zone(tz).fixed_offset())
        };
        let duration = IsoDuration::from_seconds(event.duration_seconds);
        Ok(SpanInput {
            starts_at: Some(self.starts_at.unwrap_or(start)),
            ends_at: self.ends_at,
            duration: self.duration.or_else(|| self.ends_at.is_none().then_some(duration)),
            timezone: Some(&event.timezone),
            all_day: event.all_day,
        })
    }
}

/// The validated time of an occurrence.
#[derive(Debug, Clone)]
pub(super) struct Times {
    span: Span,
    /// The edges of the registration window that differ from the event's.
    own: RegistrationWindow,
    period: OpenPeriod,
}

impl Times {
    /// Whether an occurrence has these start and end already.
    fn are_stored(&self, stored: &StoredOccurrence) -> bool {
        (self.span.starts_at, self.span.ends_at) == (stored.starts_at, stored.ends_at)
    }
}

impl EditableOccurrence {
    fn location(&self) -> &str {
        self.occurrence.location.as_ref().unwrap_or(&self.event.location)
    }

    /// The stored overrides, as the JSON of [`Overrides`].
    fn overrides(&self) -> Result<Value> {
        let StoredOccurrence { title, description, location, url, capacity_override, .. } = &self.occurrence;
        let mut overrides = json!({
            "title": title,
            "description": description,
            "location": location,
            "url": url,
            "capacity": capacity_override,
        });
        merge_patch(&mut overrides, self.occurrence.own_window().as_json(zone(&self.event.timezone)));
        if self.occurrence.moved {
            let (starts_at, ends_at) = (self.occurrence.starts_at, self.occurrence.ends_at);
            let all_day = self.event.all_day;
            if starts_at != self.planned()?.original_start {
                let start = starts_at.in_zone(zone(&self.event.timezone));
                let input = if all_day {
                    TimeInput::Day(start.date_naive())
                } else {
                    TimeInput::Instant(start.fixed_offset())
                };
                overrides["starts_at"] = input.to_string().into();
            }
            let elapsed = i64::try_from(ends_at.since(starts_at).as_secs()).map_err(Error::internal)?;
            let seconds = round_to_days(elapsed, all_day);
            if seconds != self.event.duration_seconds {
                overrides["duration"] = IsoDuration::from_seconds(seconds).to_string().into();
            }
        }
        Ok(overrides)
    }
}

impl EventCore {
    /// Changes the overrides of an occurrence, by an [`OccurrencePatch`] or by its JSON; null removes an
    /// override.
    ///
    /// # Errors
    /// `invalid_input` with all violations; `occurrence_past` if it is over; `version_mismatch` if `expected`
    /// is not the stored version.
    pub async fn change_occurrence(
        &self,
        actor: &Actor,
        id: OccurrenceId,
        patch: impl Into<OccurrencePatch>,
        expected: Option<&Precondition>,
    ) -> Result<Occurrence> {
        actor.may_write()?;
        let patch = &patch.into().into_json();
        must_be_object(patch)?;
        let now = self.now();
        transaction!(self.db(), |tx| change(tx, actor, id, patch, expected, now))
    }
}

pub(crate) async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: OccurrenceId,
    patch: &Value,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Occurrence> {
    let locked = lock_for_edit(tx, actor, id, expected, now).await?;
    let mut overrides = Overrides::patched(&locked, patch)?;
    if overrides.parse_errors.has_unknown() {
        overrides.parse_errors.settle_read_only(&read::load_occurrence(tx, id, now).await?)?;
    }
    let times = overrides.validate(&locked, now)?;
    if !overrides.are_stored(&locked.occurrence, &times) {
        let event = locked.event.id;
        if !times.are_stored(&locked.occurrence) {
            let old_starts_at = locked.occurrence.starts_at;
            tx.record(Change::OccurrenceMoved { event, occurrence: id, old_starts_at });
        }
        if !overrides.fields_are_stored(&locked.occurrence, &times) {
            let old_location = overrides.replaces_place(&locked).then(|| locked.location().to_owned());
            tx.record(Change::OccurrenceChanged { event, occurrence: id, old_location });
        }
        store_overrides(tx, &locked, &overrides, &times, now).await?;
        store::count_calendar_change(tx, event).await?;
        seats::promote_waitlist(tx, id, now).await?;
    }
    read::load_occurrence(tx, id, now).await
}

pub(super) async fn store_overrides(
    tx: &mut Tx,
    locked: &EditableOccurrence,
    overrides: &Overrides,
    Times { span, own, period }: &Times,
    now: Timestamp,
) -> Result<()> {
    let (document, unused) = store_document(tx, locked, overrides).await?;
    let planned = locked.planned()?;
    let moved = (span.starts_at, span.ends_at) != (planned.original_start, planned.ends_at);
    tx.query(sql!(
        "UPDATE occurrences SET title = $2, description = $3, location = $4, url = $5, capacity_override = $6,
            capacity = $7, starts_at = $8, ends_at = $9, moved = $10, starts_local = $11, document_id = $12,
            updated_at = $13, version = version + 1, registration_opens = $14, registration_closes = $15,
            registration_opens_at = $16, registration_closes_at = $17, all_day = $18, timezone = NULL
         WHERE id = $1"
    ))
    .bind(locked.occurrence.id)
    .bind(overrides.title.as_deref().map(|title| title.trim().to_owned()))
    .bind(overrides.description.clone())
    .bind(overrides.location.as_deref().map(|location| location.trim().to_owned()))
    .bind(overrides.url.clone())
    .bind(overrides.capacity)
    .bind(overrides.capacity.unwrap_or(locked.event.capacity))
    .bind(span.starts_at)
    .bind(span.ends_at)
    .bind(moved)
    .bind(moved.then(|| format_local(span.local)))
    .bind(document)
    .bind(now)
    .bind(own.opens.map(|edge| edge.to_string()))
    .bind(own.closes.map(|edge| edge.to_string()))
    .bind(period.opens_at)
    .bind(period.closes_at)
    .bind(span.all_day)
    .execute()
    .await?;
    search::delete_unused(tx, unused.into_iter().collect()).await
}

/// Gives an occurrence the search document of its texts: the event's own, unless title, location or
/// description are overridden. Returns its id, and that of a document that is no longer needed.
async fn store_document(
    tx: &mut Tx,
    locked: &EditableOccurrence,
    overrides: &Overrides,
) -> Result<(i64, Option<i64>)> {
    let (event, stored) = (&locked.event, &locked.occurrence);
    let texts_of = |title: &Option<String>, location: &Option<String>, description: &Option<String>| {
        let inherited = event.texts()?;
        Ok::<_, Error>(DocumentTexts {
            title: title.clone().unwrap_or(inherited.title),
            location: location.clone().unwrap_or(inherited.location),
            description: description.clone().unwrap_or(inherited.description),
            tags: inherited.tags,
        })
    };
    let has_own = stored.title.is_some() || stored.location.is_some() || stored.description.is_some();
    if overrides.title.is_none() && overrides.location.is_none() && overrides.description.is_none() {
        let shared = search::own_document(tx, event.id).await?;
        return Ok((shared, has_own.then_some(stored.document_id)));
    }
    let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
    let texts = texts_of(&trimmed(&overrides.title), &trimmed(&overrides.location), &overrides.description)?;
    if !has_own {
        return Ok((search::insert_document(tx, event.id, &texts).await?, None));
    }
    if texts != texts_of(&stored.title, &stored.location, &stored.description)? {
        search::update_documents(tx, &[(stored.document_id, texts)]).await?;
    }
    Ok((stored.document_id, None))
}
