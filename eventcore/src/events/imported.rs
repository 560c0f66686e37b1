//! Events from calendar files, and changing stored ones to what a file says, together with their occurrences,
//! as an organizer would.

use serde_json::{Value, json};
use sqlx::FromRow;

use super::access::co_organizes;
use super::change::{self, Edit, edit_locked};
use super::event::{EventStatus, OccurrenceStatus, Visibility, zone};
use super::input::EventInput;
use super::occurrence::{change as occurrence_change, status as occurrence_status};
use super::rows::{self, EventRow};
use super::schedule::expansion::{self, Horizon};
use crate::actor::Actor;
use crate::db::{Queries, Sql, Tx, sql};
use crate::error::{Error, Result, Violations};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{DateValue, Recurrence, RuleResult};
use crate::time::{IsoDuration, Span, SpanInput, TimeInput, Timestamp};

/// How many of the next occurrences of two series are compared.
const COMPARED: usize = 20_000;

/// Replaces an event that an earlier import has created, as an organizer would. Returns whether it has
/// changed.
pub(crate) async fn replace_imported(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    input: &EventInput,
    now: Timestamp,
    horizon: Horizon,
) -> Result<bool> {
    let before: Option<(i64,)> =
        tx.query(sql!("SELECT version FROM events WHERE id = $1")).bind(id).optional().await?;
    let edit = Edit::Replace(Box::new(input.clone()));
    let event = edit_locked(tx, actor, id, &edit, None, now, horizon).await?;
    Ok(before != Some((event.version,)))
}

/// An event of a file. `None` means that the file says nothing: a new event gets the default, and a stored
/// one keeps what it has.
#[derive(Debug, Clone)]
pub(crate) struct ImportedEvent {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) starts_at: TimeInput,
    pub(crate) duration: IsoDuration,
    /// The name of an IANA time zone.
    pub(crate) timezone: &'static str,
    pub(crate) all_day: bool,
    pub(crate) recurrence: Option<Recurrence>,
    /// Slug of a category, and tags.
    pub(crate) labels: Option<(Option<String>, Vec<String>)>,
    pub(crate) is_private: bool,
    pub(crate) status: Option<EventStatus>,
    /// Its occurrences that may differ from it.
    pub(crate) occurrences: Vec<ImportedOccurrence>,
}

/// What new events get where a file says nothing.
#[derive(Debug, Clone)]
pub(crate) struct ImportDefaults {
    pub(crate) title: &'static str,
    pub(crate) location: String,
    pub(crate) capacity: i64,
    /// `None`: as CLASS says.
    pub(crate) visibility: Option<Visibility>,
    /// `None`: as STATUS says.
    pub(crate) status: Option<EventStatus>,
    /// Occurrences that are over by then are left out.
    pub(crate) since: Timestamp,
}

/// The start by which a file identifies an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OriginalStart {
    At(Timestamp),
    /// The occurrence on a date in the time zone of the event.
    On(chrono::NaiveDate),
}

/// One occurrence of a file. `None` is the value of the event.
#[derive(Debug, Clone)]
pub(crate) struct ImportedOccurrence {
    pub(crate) original: OriginalStart,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) starts_at: TimeInput,
    pub(crate) duration: IsoDuration,
    pub(crate) is_cancelled: bool,
}

/// What became of an occurrence of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OccurrenceOutcome {
    Changed,
    Unchanged,
    /// It is over, or was before the event was imported.
    Past,
    /// The rule has no occurrence there.
    Unknown,
    /// It is later than the rule is expanded.
    BeyondHorizon,
}

impl ImportedOccurrence {
    /// The merge patch that gives an occurrence of `event` these values.
    pub(super) fn patch(&self, event: &EventRow) -> Value {
        let differing = |own: &Option<String>, inherited: Option<&str>| {
            own.clone().filter(|own| Some(own.as_str()) != inherited)
        };
        json!({
            "title": differing(&self.title, Some(&event.title)),
            "description": differing(&self.description, Some(&event.description)),
            "location": differing(&self.location, Some(&event.location)),
            "url": differing(&self.url, event.url.as_deref()),
            "starts_at": self.starts_at.to_string(),
            "ends_at": null,
            "duration": self.duration.to_string(),
        })
    }

    pub(super) fn is_at(&self, original_start: Timestamp, event: &EventRow) -> bool {
        match self.original {
            // The original start of a cancelled occurrence may differ by fractions of a second.
            OriginalStart::At(at) => {
                at.as_micros().div_euclid(1_000_000) == original_start.as_micros().div_euclid(1_000_000)
            }
            OriginalStart::On(date) => original_start.in_zone(zone(&event.timezone)).date_naive() == date,
        }
    }

    /// Why no occurrence is at its start.
    pub(super) fn outcome_without_row(&self, event: &EventRow, now: Timestamp) -> OccurrenceOutcome {
        let tz = zone(&event.timezone);
        let at = match self.original {
            OriginalStart::At(at) => at,
            OriginalStart::On(date) => crate::time::start_of_day(date, tz),
        };
        match event.expanded_until {
            _ if at <= now => OccurrenceOutcome::Past,
            Some(until) if at >= until => OccurrenceOutcome::BeyondHorizon,
            _ => OccurrenceOutcome::Unknown,
        }
    }
}

impl ImportedEvent {
    /// The input that creates it.
    pub(super) fn new_input(&self, defaults: &ImportDefaults) -> EventInput {
        let (category, tags) = self.labels.clone().unwrap_or_default();
        let by_class = if self.is_private { Visibility::Private } else { Visibility::Public };
        let status = defaults.status.or(self.status).unwrap_or(EventStatus::Published);
        EventInput {
            title: self.title.clone().unwrap_or_else(|| defaults.title.to_owned()),
            description: self.description.clone().unwrap_or_default(),
            location: self.location.clone().unwrap_or_else(|| defaults.location.clone()),
            url: self.url.clone(),
            starts_at: Some(self.starts_at),
            duration: Some(self.duration),
            timezone: Some(self.timezone.to_owned()),
            all_day: self.all_day,
            capacity: Some(defaults.capacity),
            category,
            tags,
            visibility: Some(defaults.visibility.unwrap_or(by_class)),
            // A new event cannot be cancelled: that follows.
            status: Some(if status == EventStatus::Draft { status } else { EventStatus::Published }),
            recurrence: self.recurrence.clone(),
            ..EventInput::default()
        }
    }

    /// The input that replaces a stored event by it.
    fn replacing(&self, row: &EventRow, now: Timestamp, horizon: &Horizon) -> Result<EventInput> {
        let mut input = change::as_input(row)?;
        if let Some(title) = &self.title {
            input.title.clone_from(title);
        }
        if let Some(description) = &self.description {
            input.description.clone_from(description);
        }
        if let Some(location) = &self.location {
            input.location.clone_from(location);
        }
        if self.url.is_some() {
            input.url.clone_from(&self.url);
        }
        if let Some((category, tags)) = &self.labels {
            input.category.clone_from(category);
            input.tags.clone_from(tags);
        }
        if self.is_private {
            input.visibility = Some(Visibility::Private);
        }
        if !self.continues(row, now, horizon)? {
            input.starts_at = Some(self.starts_at);
            input.ends_at = None;
            input.duration = Some(self.duration);
            input.timezone = Some(self.timezone.to_owned());
            input.all_day = self.all_day;
            input.recurrence.clone_from(&self.recurrence);
        }
        let cancels = self.status == Some(EventStatus::Cancelled) && row.status == EventStatus::Published;
        input.status = cancels.then_some(EventStatus::Cancelled);
        Ok(input)
    }

    /// Whether a stored series has the same occurrences as this one, as far as they are not over, so that its
    /// start and rule stay. The file of a series may exclude what was over when it was imported, and writes
    /// the same dates in other ways.
    fn continues(&self, row: &EventRow, now: Timestamp, horizon: &Horizon) -> Result<bool> {
        let (Some(new), Some(old)) = (&self.recurrence, row.recurrence()?) else { return Ok(false) };
        let (old_span, tz) = (row.span()?, zone(&row.timezone));
        let timing = SpanInput {
            starts_at: Some(self.starts_at),
            ends_at: None,
            duration: Some(self.duration),
            timezone: Some(self.timezone),
            all_day: self.all_day,
        };
        // What is invalid, validation reports.
        let (Some(new_tz), Some(new_span)) = timing.read(&mut Violations::default(), tz) else {
            return Ok(false);
        };
        let length = |span: &Span| (span.seconds, span.all_day);
        let has_begun = old_span.starts_at < now;
        if new_tz != tz
            || length(&old_span) != length(&new_span)
            || (!has_begun && old_span.starts_at != new_span.starts_at)
            || old.is_bounded() != new.is_bounded()
            || (!new.is_bounded() && old.rrule != new.rrule)
        {
            return Ok(false);
        }
        let from = if has_begun { now.minus(old_span.longest()) } else { Timestamp::MIN };
        let exceptions = [&old.rdate, &old.exdate, &new.rdate, &new.exdate].into_iter().flatten();
        let last = exceptions.map(|value| latest(*value)).chain([horizon.until]).max();
        let until = if new.is_bounded() { Timestamp::MAX } else { last.unwrap_or(Timestamp::MAX) };
        let starts = |span: &Span, recurrence: &Recurrence| {
            let series = expansion::series(span, tz, recurrence)?;
            let instances = series.between(from, until).take(COMPARED);
            instances.map(|instance| Ok(instance?.original_start())).collect::<RuleResult<Vec<_>>>()
        };
        Ok(match (starts(&old_span, &old), starts(&new_span, new)) {
            (Ok(old), Ok(new)) => old == new && old.len() < COMPARED,
            _ => false,
        })
    }

    /// The event as a draft, which has no cancelled occurrences: they are excluded instead.
    pub(super) fn for_draft(&self) -> Self {
        let mut event = self.clone();
        let (cancelled, rest) = event.occurrences.into_iter().partition(|occurrence| occurrence.is_cancelled);
        event.occurrences = rest;
        let cancelled: Vec<ImportedOccurrence> = cancelled;
        if let Some(recurrence) = &mut event.recurrence {
            let excluded = cancelled.iter().map(|occurrence| match occurrence.original {
                OriginalStart::At(at) => DateValue::Utc(at),
                OriginalStart::On(date) => DateValue::Date(date),
            });
            recurrence.exdate.extend(excluded);
        }
        event
    }
}

/// An instant after all that a value of RDATE or EXDATE may mean.
fn latest(value: DateValue) -> Timestamp {
    let local = match value {
        DateValue::Date(date) => date.and_time(chrono::NaiveTime::MIN),
        DateValue::Local(local) => local,
        DateValue::Utc(instant) => instant.to_utc().naive_utc(),
    };
    Timestamp::from(local.and_utc()).plus(std::time::Duration::from_hours(72))
}

/// The columns of an occurrence that decide what a file changes.
#[derive(FromRow)]
struct StoredForImport {
    id: OccurrenceId,
    original_start: Timestamp,
    status: OccurrenceStatus,
    version: i64,
    has_own: bool,
}

/// Changes an event to what a file says, as an edit by the actor would. Returns whether that changes
/// the event or occurrences that the file does not list, and what became of those that it lists.
///
/// Occurrences that the file does not list lose their own texts and times. One that is cancelled takes place
/// again only if the file lists it.
pub(crate) async fn update_imported(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    event: &ImportedEvent,
    now: Timestamp,
    horizon: Horizon,
) -> Result<(bool, Vec<OccurrenceOutcome>)> {
    let row = rows::find_locked(tx, actor, id).await?.must_organize()?.row;
    let as_draft = (row.status == EventStatus::Draft).then(|| event.for_draft());
    let event = as_draft.as_ref().map_or(event, |draft| draft);
    let edit = Edit::Replace(Box::new(event.replacing(&row, now, &horizon)?));
    let edited = edit_locked(tx, actor, id, &edit, None, now, horizon).await?;
    let mut has_changed = edited.version != row.version;
    if edited.status == EventStatus::Cancelled {
        return Ok((has_changed, vec![OccurrenceOutcome::Unchanged; event.occurrences.len()]));
    }
    let outcomes = update_imported_occurrences(tx, actor, id, &event.occurrences, now).await?;
    has_changed |= reset_others(tx, actor, id, &event.occurrences, now).await?;
    Ok((has_changed, outcomes))
}

/// Changes occurrences of an event to what a file says.
pub(crate) async fn update_imported_occurrences(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    occurrences: &[ImportedOccurrence],
    now: Timestamp,
) -> Result<Vec<OccurrenceOutcome>> {
    let row = rows::find_locked(tx, actor, id).await?.must_organize()?.row;
    let stored = stored_occurrences(tx, id, now).await?;
    let mut outcomes = Vec::with_capacity(occurrences.len());
    for occurrence in occurrences {
        let found = stored.iter().find(|stored| occurrence.is_at(stored.original_start, &row));
        let Some(found) = found else {
            outcomes.push(occurrence.outcome_without_row(&row, now));
            continue;
        };
        let is_cancelled = found.status == OccurrenceStatus::Cancelled;
        let changed = match (occurrence.is_cancelled, is_cancelled) {
            (true, true) => false,
            (true, false) => {
                occurrence_status::cancel(tx, actor, found.id, None, now).await?;
                true
            }
            (false, _) => {
                if is_cancelled {
                    occurrence_status::restore(tx, actor, found.id, None, now).await?;
                }
                let patch = occurrence.patch(&row);
                let version =
                    occurrence_change::change(tx, actor, found.id, &patch, None, now).await?.version;
                version != found.version
            }
        };
        outcomes.push(if changed { OccurrenceOutcome::Changed } else { OccurrenceOutcome::Unchanged });
    }
    Ok(outcomes)
}

/// Takes the overrides away from occurrences that the file does not list.
async fn reset_others(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    occurrences: &[ImportedOccurrence],
    now: Timestamp,
) -> Result<bool> {
    let row = rows::find_locked(tx, actor, id).await?.must_organize()?.row;
    let mut has_changed = false;
    for stored in stored_occurrences(tx, id, now).await? {
        let is_listed = occurrences.iter().any(|listed| listed.is_at(stored.original_start, &row));
        if !stored.has_own || is_listed || stored.status == OccurrenceStatus::Cancelled {
            continue;
        }
        let nothing = json!({
            "title": null, "description": null, "location": null, "url": null,
            "starts_at": null, "ends_at": null, "duration": null,
        });
        let changed = occurrence_change::change(tx, actor, stored.id, &nothing, None, now).await?;
        has_changed |= changed.version != stored.version;
    }
    Ok(has_changed)
}

/// The occurrences of an event that are not over.
async fn stored_occurrences(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<Vec<StoredForImport>> {
    let stored = tx
        .query(sql!(
            "SELECT id, original_start, status, version,
                title IS NOT NULL OR description IS NOT NULL OR location IS NOT NULL OR url IS NOT NULL
                    OR moved AS has_own
             FROM occurrences WHERE event_id = $1 AND ends_at > $2 ORDER BY original_start, status"
        ))
        .bind(id)
        .bind(now)
        .all()
        .await?;
    Ok(stored)
}

/// Whether it is an event that the actor organizes, also together with others.
pub(crate) async fn is_organized_by(tx: &mut Tx, actor: &Actor, id: EventId) -> Result<bool> {
    let Some(user) = actor.user_id() else { return Ok(false) };
    Ok(tx
        .query(Sql::dynamic(format!(
            "SELECT EXISTS (SELECT 1 FROM events e WHERE e.id = $1 AND (e.organizer_id = $2 OR {}))",
            co_organizes("e.id", "$2")
        )))
        .bind(id)
        .bind(user)
        .scalar()
        .await?)
}

/// Whether a violation says only that all of it is over.
pub(crate) fn is_over(error: &Error) -> bool {
    match error {
        Error::Invalid(violations) => violations.as_slice().iter().any(|found| found.code == "in_the_past"),
        Error::OccurrencePast | Error::OccurrenceBegun => true,
        _ => false,
    }
}
