//! What the components of one UID become: a pure function from parsed components to inputs.

use std::collections::HashMap;

use super::note::ImportNote;
use super::occurrence::{Fault, Index, ZoneOfDates, instant_input, occurrence};
use super::series::{self, Built};
use super::vevent::{FileStatus, Vevent, When};
use crate::events::{EventStatus, ImportedEvent, ImportedOccurrence, OriginalStart};
use crate::fold::fold;
use crate::recurrence::{Recurrence, SeriesStart};
use crate::time::{IsoDuration, TimeInput, Timestamp, resolve, resolve_leniently};

/// The greatest number of components of one UID.
const MAX_OF_UID: usize = 2_001;

/// The components of one UID.
#[derive(Debug, Default)]
pub(super) struct UidComponents {
    pub(super) uid: String,
    /// Those without RECURRENCE-ID.
    pub(super) masters: Vec<Index>,
    pub(super) overrides: Vec<Index>,
}

/// What a group becomes.
#[derive(Debug)]
pub(super) struct UidPlan {
    pub(super) uid: String,
    /// The event, and one for each RANGE=THISANDFUTURE. Empty if the file has occurrences only.
    pub(super) parts: Vec<PartPlan>,
    /// Occurrences of an event that the file does not have.
    pub(super) alone: Vec<(Index, ImportedOccurrence)>,
    /// Components that are not imported, although others of the UID are.
    pub(super) left_out: Vec<Fault>,
    pub(super) notes: Vec<Fault>,
}

/// An event.
#[derive(Debug)]
pub(super) struct PartPlan {
    /// Tells it from other events of the UID: empty, or where it begins.
    pub(super) key: String,
    pub(super) component: Index,
    pub(super) event: ImportedEvent,
    /// The components of `event.occurrences`; `None` for those of RDATE.
    pub(super) components: Vec<Option<Index>>,
    /// Whether all of it is over.
    pub(super) is_over: bool,
}

/// What plans depend on besides the file.
#[derive(Debug)]
pub(super) struct PlanContext {
    pub(super) now: Timestamp,
    /// The slugs of categories by their folded names and slugs.
    pub(super) categories: HashMap<String, String>,
}

impl PlanContext {
    /// The slug of the first label that is a category, and up to ten others as tags.
    fn labels(&self, categories: &[String]) -> (Option<String>, Vec<String>) {
        let (mut slug, mut tags) = (None, Vec::<String>::new());
        for label in categories {
            let (label, _) = super::texts::one_line(label.trim_start_matches('#'), 1_000);
            let folded = fold(&label);
            let is_known = tags.iter().any(|tag| fold(tag) == folded);
            match self.categories.get(&folded) {
                Some(category) if slug.is_none() => slug = Some(category.clone()),
                _ if folded.is_empty() || is_known || label.chars().count() > 50 || tags.len() == 10 => {}
                _ => tags.push(label),
            }
        }
        (slug, tags)
    }
}

/// Plans the components of a group. `events` has all components that can be read, by their index; `tz` is
/// the zone of dates.
///
/// # Errors
/// The component because of which nothing of the UID is imported.
pub(super) fn plan(
    group: &UidComponents,
    events: &HashMap<Index, (Vevent, ZoneOfDates)>,
    context: &PlanContext,
) -> Result<UidPlan, Fault> {
    let mut plan = UidPlan {
        uid: group.uid.clone(),
        parts: Vec::new(),
        alone: Vec::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
    };
    let duplicate = |(first, other): (u32, Index)| {
        let line = events.get(&other).map_or(0, |(event, _)| event.place.line);
        let message = format!("another component of this UID, in line {first}, has the same occurrence");
        (other, ImportNote::new("duplicate_uid", line, message))
    };
    let line = |index: &Index| events.get(index).map_or(0, |(event, _)| event.place.line);
    if group.masters.len() + group.overrides.len() > MAX_OF_UID {
        let last = group.overrides.last().or(group.masters.last()).copied().unwrap_or_default();
        let message = "the UID has more than 2,000 occurrences of its own";
        return Err((last, ImportNote::new("too_many_occurrences", line(&last), message)));
    }
    let mut overrides: Vec<Index> = Vec::new();
    for index in &group.overrides {
        let id = |index: &Index| events.get(index).and_then(|(event, _)| event.recurrence_id);
        match overrides.iter().find(|other| id(other) == id(index)) {
            Some(other) => plan.left_out.push(duplicate((line(other), *index))),
            None => overrides.push(*index),
        }
    }
    let Some(master) = group.masters.first() else {
        for index in overrides {
            let Some((event, zone)) = events.get(&index) else { continue };
            plan.alone.push((index, alone(index, event, *zone)?));
        }
        return Ok(plan);
    };
    plan.left_out.extend(group.masters[1..].iter().map(|other| duplicate((line(master), *other))));
    let Some((event, zone)) = events.get(master) else { return Ok(plan) };
    let overrides = overrides.into_iter().filter_map(|index| Some((index, &events.get(&index)?.0)));
    let built = series::build((*master, event), overrides.collect(), *zone, context.now)?;
    add_parts(&mut plan, built, event, *zone, context)?;
    Ok(plan)
}

fn alone(index: Index, event: &Vevent, zone: ZoneOfDates) -> Result<ImportedOccurrence, Fault> {
    let fault = |code, message: &str| (index, ImportNote::at(code, event.place, message));
    let id = event.recurrence_id.ok_or_else(|| fault("internal", "it has no RECURRENCE-ID"))?;
    if id.and_following {
        let message = "it changes the rest of a series that the file does not have";
        return Err(fault("without_series", message));
    }
    let original = match id.when {
        When::Date(date) => OriginalStart::On(date),
        when => OriginalStart::At(when.instant(zone.tz)),
    };
    Ok(occurrence(event, original, zone.tz))
}

fn add_parts(
    plan: &mut UidPlan,
    built: Vec<Built<'_>>,
    master: &Vevent,
    zone: ZoneOfDates,
    context: &PlanContext,
) -> Result<(), Fault> {
    for part in built {
        plan.left_out.extend(part.left_out.iter().cloned());
        plan.notes.extend(part.notes.iter().cloned());
        let event = imported(&part, master, zone, context)?;
        plan.parts.push(PartPlan {
            key: part.key.clone(),
            component: part.component,
            is_over: part.is_over(context.now),
            components: part.occurrences.iter().map(|(component, _)| *component).collect(),
            event,
        });
    }
    Ok(())
}

/// The event of a part. What the component of a later part lacks is that of the series.
fn imported(
    part: &Built<'_>,
    master: &Vevent,
    zone: ZoneOfDates,
    context: &PlanContext,
) -> Result<ImportedEvent, Fault> {
    let event = part.event;
    let SeriesStart { local, tz, all_day, instant, .. } = part.start;
    let is_series = part.recurrence.is_some();
    let starts_at = match (all_day, instant, resolve(local, tz)) {
        (true, ..) => TimeInput::Day(local.date()),
        (false, Some(instant), _) if resolve_leniently(local, tz) != instant => {
            TimeInput::Instant(instant.in_zone(tz).fixed_offset())
        }
        (false, _, Ok(_)) => TimeInput::Local(local),
        (false, _, Err(gap)) if is_series => {
            return Err((part.component, ImportNote::at("local_time_gap", event.place, gap.to_string())));
        }
        (false, _, Err(_)) => TimeInput::Instant(resolve_leniently(local, tz).in_zone(tz).fixed_offset()),
    };
    let timezone = match event.start {
        When::Utc(_) if !is_series && zone.is_named => zone.tz,
        _ => tz,
    };
    let starts_at = if timezone == tz { starts_at } else { instant_input(event.start, timezone) };
    let or_master = |of: fn(&Vevent) -> &Option<String>| of(event).clone().or_else(|| of(master).clone());
    let categories = event.categories.as_ref().or(master.categories.as_ref());
    Ok(ImportedEvent {
        title: or_master(|event| &event.title),
        description: or_master(|event| &event.description),
        location: or_master(|event| &event.location),
        url: or_master(|event| &event.url),
        starts_at,
        duration: IsoDuration::from_seconds(event.seconds),
        timezone: timezone.name(),
        all_day,
        recurrence: part.recurrence.clone().filter(|recurrence| *recurrence != Recurrence::default()),
        labels: categories.map(|categories| context.labels(categories)),
        is_private: event.is_private || master.is_private,
        status: event.status.or(master.status).map(|status| match status {
            FileStatus::Tentative => EventStatus::Draft,
            FileStatus::Confirmed => EventStatus::Published,
            FileStatus::Cancelled => EventStatus::Cancelled,
        }),
        occurrences: part.occurrences.iter().map(|(_, occurrence)| occurrence.clone()).collect(),
    })
}
