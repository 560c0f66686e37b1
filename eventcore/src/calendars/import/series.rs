//! The series of a UID: its rule with RDATE and EXDATE, its occurrences that differ, and the parts into which
//! `RANGE=THISANDFUTURE` divides it.

use chrono::{NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::note::ImportNote;
use super::occurrence::{Fault, Index, ZoneOfDates, has_future, occurrence};
use super::vevent::{FileStatus, Vevent, When};
use crate::events::{ImportedOccurrence, OriginalStart};
use crate::recurrence::{DateValue, Recurrence, RuleError, Series, SeriesStart};
use crate::time::{IsoDuration, TimeInput, Timestamp, end_of, resolve_leniently};

/// No event starts before 1970, and none on its first day: that is another day in some zone.
const EARLIEST: Timestamp = Timestamp::from_micros(2 * 86_400 * 1_000_000);

/// A part of a series, or the only event of a UID.
pub(super) struct Built<'e> {
    /// Empty for the first part; otherwise where it begins.
    pub(super) key: String,
    pub(super) component: Index,
    pub(super) event: &'e Vevent,
    pub(super) start: SeriesStart,
    /// `None` for a single occurrence.
    pub(super) recurrence: Option<Recurrence>,
    /// With the component of each; `None` for those of RDATE.
    pub(super) occurrences: Vec<(Option<Index>, ImportedOccurrence)>,
    pub(super) left_out: Vec<Fault>,
    pub(super) notes: Vec<Fault>,
}

/// A component that changes one occurrence, or all from there on.
type Override<'e> = (Index, &'e Vevent);

/// Puts a series together.
///
/// # Errors
/// The component because of which nothing of the UID is imported.
pub(super) fn build<'e>(
    (component, event): (Index, &'e Vevent),
    overrides: Vec<Override<'e>>,
    zone: ZoneOfDates,
    now: Timestamp,
) -> Result<Vec<Built<'e>>, Fault> {
    let start = series_start(event, zone);
    let recurrence = recurrence(event, start);
    let is_series = recurrence.is_some() || !overrides.is_empty();
    let mut part = Built {
        key: String::new(),
        component,
        event,
        start,
        recurrence,
        occurrences: Vec::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
    };
    if !is_series {
        return Ok(vec![part]);
    }
    let rule_fault = |error: RuleError| {
        (component, ImportNote::at(error.code(), event.rule_place, error.message().to_owned()))
    };
    let (later, own): (Vec<_>, Vec<_>) =
        overrides.into_iter().partition(|(_, event)| event.recurrence_id.is_some_and(|id| id.and_following));
    let own = part.resolve(own, now)?;
    part.begin_after_1970().map_err(rule_fault)?;
    part.add_periods(now);
    let mut parts = part.split(later)?;
    for (id, component, event) in own {
        // The last part that begins at or before it.
        let at = parts.iter().rposition(|(begins, _)| *begins <= id).unwrap_or_default();
        let (begins, part) = &mut parts[at];
        let id = if *begins == Timestamp::MIN { id } else { part.moved_with(*begins, id) };
        let tz = part.start.tz;
        part.occurrences.push((Some(component), occurrence(event, OriginalStart::At(id), tz)));
    }
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

fn series_start(event: &Vevent, zone: ZoneOfDates) -> SeriesStart {
    match event.start {
        When::Date(date) => SeriesStart::on(date, zone.tz),
        When::Local(local, tz) => SeriesStart::at(local, tz),
        When::Utc(instant) => SeriesStart::at(instant.to_utc().naive_utc(), Tz::UTC),
    }
}

/// The recurrence of a component; `None` if it recurs in no way.
fn recurrence(event: &Vevent, start: SeriesStart) -> Option<Recurrence> {
    if event.rule.is_none() && event.rdates.is_empty() {
        return None;
    }
    let mut rdate: Vec<DateValue> = event.rdates.iter().map(|(when, _)| value(*when, start)).collect();
    let mut exdate: Vec<DateValue> = event.exdates.iter().map(|when| value(*when, start)).collect();
    for values in [&mut rdate, &mut exdate] {
        let mut known = std::collections::HashSet::new();
        values.retain(|value| known.insert(*value));
    }
    Some(Recurrence { rrule: event.rule.clone(), rdate, exdate })
}

/// A time as the recurrence of a series has it.
fn value(when: When, start: SeriesStart) -> DateValue {
    match when {
        _ if start.all_day => DateValue::Date(when.date(start.tz)),
        When::Date(date) => DateValue::Date(date),
        When::Local(local, tz) if tz == start.tz => DateValue::Local(local),
        when => DateValue::Utc(when.instant(start.tz)),
    }
}

impl<'e> Built<'e> {
    fn series(&self) -> Result<Series, RuleError> {
        Series::new(self.start, self.recurrence.clone().unwrap_or_default())
    }

    fn fault(&self, error: &RuleError) -> Fault {
        (self.component, ImportNote::at(error.code(), self.event.rule_place, error.message().to_owned()))
    }

    fn first(&self) -> Timestamp {
        self.start.instant.unwrap_or_else(|| resolve_leniently(self.start.local, self.start.tz))
    }

    /// Whether nothing of it ends after `now`.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        let has_moved = self
            .occurrences
            .iter()
            .any(|(_, occurrence)| !occurrence.is_cancelled && end(occurrence, self.start.tz) > now);
        let of_rule = self.series().is_ok_and(|series| has_future(&series, self.event.seconds, now));
        !has_moved && !of_rule
    }

    /// Finds the original starts of overrides. One that the rule does not have becomes an RDATE, as calendars
    /// show it.
    fn resolve(
        &mut self,
        overrides: Vec<Override<'e>>,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, Index, &'e Vevent)>, Fault> {
        let mut series = self.series().map_err(|error| self.fault(&error))?;
        let mut resolved = Vec::with_capacity(overrides.len());
        for (component, event) in overrides {
            let Some(id) = event.recurrence_id else { continue };
            let at = original_start(&series, id.when);
            let is_cancelled = event.status == Some(FileStatus::Cancelled);
            let ends = end(&occurrence(event, OriginalStart::At(at), self.start.tz), self.start.tz);
            if series.at(at).map_err(|error| self.fault(&error))?.is_some() {
                resolved.push((at, component, event));
                continue;
            }
            let note = |code, message: &str| (component, ImportNote::at(code, event.place, message));
            if is_cancelled {
                self.left_out
                    .push(note("not_in_series", "the series has no occurrence that it could cancel"));
                continue;
            }
            if ends <= now {
                self.left_out.push(note("past", "it is over"));
                continue;
            }
            if at < self.first() {
                return Err(note("before_start", "its RECURRENCE-ID is before the start of the series"));
            }
            let tz = self.start.tz;
            let date = at.in_zone(tz).date_naive();
            let recurrence = self.recurrence.get_or_insert_default();
            let excludes = |value: &DateValue| match value {
                DateValue::Date(day) => *day == date,
                DateValue::Local(local) => resolve_leniently(*local, tz) == at,
                DateValue::Utc(instant) => *instant == at,
            };
            recurrence.exdate.retain(|value| !excludes(value));
            series = self.series().map_err(|error| self.fault(&error))?;
            if series.at(at).map_err(|error| self.fault(&error))?.is_none() {
                let added = if self.start.all_day { DateValue::Date(date) } else { DateValue::Utc(at) };
                self.recurrence.get_or_insert_default().rdate.push(added);
                series = self.series().map_err(|error| self.fault(&error))?;
                self.notes.push(note("occurrence_added", "the rule does not have it: it is an RDATE"));
            }
            resolved.push((at, component, event));
        }
        Ok(resolved)
    }

    /// Moves a start before 1970 to the first occurrence after it.
    fn begin_after_1970(&mut self) -> Result<(), RuleError> {
        if self.first() >= EARLIEST {
            return Ok(());
        }
        let series = self.series()?;
        let Some(first) = series.between(EARLIEST, Timestamp::MAX).next().transpose()? else { return Ok(()) };
        let split = series.split(first.original_start())?;
        (self.start, self.recurrence) = (split.start, Some(split.tail));
        let message = format!("it begins before 1970: its occurrences since {} are taken", first.date());
        self.notes.push((self.component, ImportNote::at("start_moved", self.event.place, message)));
        Ok(())
    }

    /// Gives occurrences of RDATE;VALUE=PERIOD their own lengths.
    fn add_periods(&mut self, now: Timestamp) {
        let tz = self.start.tz;
        for (when, seconds) in &self.event.rdates {
            let Some(seconds) = seconds.filter(|seconds| *seconds != self.event.seconds) else { continue };
            let at = when.instant(tz);
            if self.start.all_day || at < EARLIEST || at <= now {
                continue;
            }
            let occurrence = ImportedOccurrence {
                original: OriginalStart::At(at),
                title: None,
                description: None,
                location: None,
                url: None,
                starts_at: TimeInput::Instant(at.in_zone(tz).fixed_offset()),
                duration: IsoDuration::from_seconds(seconds),
                is_cancelled: false,
            };
            self.occurrences.push((None, occurrence));
        }
    }

    /// Divides it where components change all that follows. Each part comes with the original start in the
    /// whole series from which on occurrences belong to it.
    fn split(self, later: Vec<Override<'e>>) -> Result<Vec<(Timestamp, Built<'e>)>, Fault> {
        let mut series = self.series().map_err(|error| self.fault(&error))?;
        let mut starts: Vec<_> = later
            .into_iter()
            .filter_map(|(index, event)| {
                Some((original_start(&series, event.recurrence_id?.when), index, event))
            })
            .collect();
        starts.sort_by_key(|(at, index, _)| (*at, *index));
        let mut parts = vec![(Timestamp::MIN, self)];
        for (at, component, event) in starts {
            let fault = |error: RuleError| {
                (component, ImportNote::at(error.code(), event.place, error.message().to_owned()))
            };
            let split = series.split(at).map_err(fault)?;
            let Some((begins, head)) = parts.last_mut() else { break };
            let tail = part_after(head, (component, event), &split.start, split.tail.clone(), at);
            // The head may have been moved: its own recurrence ends where the unmoved one does.
            head.recurrence = Some(if *begins == Timestamp::MIN {
                split.head.clone()
            } else {
                split.head.shifted(series.start(), head.start).map_err(fault)?
            });
            series = Series::new(split.start, split.tail).map_err(fault)?;
            let mut tail = tail.map_err(fault)?;
            let moved = std::mem::take(&mut head.occurrences).into_iter();
            let (after, before) = moved.partition(
                |(_, occurrence)| matches!(occurrence.original, OriginalStart::At(id) if id >= at),
            );
            (head.occurrences, tail.occurrences) = (before, after);
            parts.push((at, tail));
        }
        Ok(parts)
    }

    /// Where an occurrence of the undivided series is in a part that begins at `begins` there.
    fn moved_with(&self, begins: Timestamp, id: Timestamp) -> Timestamp {
        let tz = self.start.tz;
        let local = |at: Timestamp| at.in_zone(tz).naive_local();
        let moved: NaiveDateTime = self.start.local + (local(id) - local(begins));
        resolve_leniently(moved, tz)
    }
}

/// The part of a series that begins with a component with `RANGE=THISANDFUTURE`.
fn part_after<'e>(
    head: &Built<'e>,
    (component, event): Override<'e>,
    from: &SeriesStart,
    tail: Recurrence,
    at: Timestamp,
) -> Result<Built<'e>, RuleError> {
    let tz = head.start.tz;
    let start = match event.start {
        When::Date(date) => SeriesStart::on(date, tz),
        when => SeriesStart::at(when.instant(tz).in_zone(tz).naive_local(), tz),
    };
    let recurrence = match &event.rule {
        Some(rule) => Recurrence { rrule: Some(rule.clone()), rdate: Vec::new(), exdate: Vec::new() },
        None if start.local == from.local && start.all_day == from.all_day => tail,
        None => tail.shifted(*from, start)?,
    };
    let seconds = at.as_micros().div_euclid(1_000_000);
    Ok(Built {
        key: seconds.to_string(),
        component,
        event,
        start,
        recurrence: Some(recurrence),
        occurrences: Vec::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
    })
}

/// The original start that a RECURRENCE-ID means. A date means the occurrence on that day.
fn original_start(series: &Series, when: When) -> Timestamp {
    let start = series.start();
    if start.all_day {
        return resolve_leniently(when.date(start.tz).and_time(NaiveTime::MIN), start.tz);
    }
    let When::Date(date) = when else { return when.instant(start.tz) };
    let from = crate::time::start_of_day(date, start.tz);
    let next = date.succ_opt().map_or(Timestamp::MAX, |next| crate::time::start_of_day(next, start.tz));
    match series.between(from, next).next() {
        Some(Ok(instance)) => instance.original_start(),
        _ => resolve_leniently(date.and_time(start.local.time()), start.tz),
    }
}

/// The end of an occurrence of a file.
fn end(occurrence: &ImportedOccurrence, tz: Tz) -> Timestamp {
    let seconds = occurrence.duration.as_seconds();
    match occurrence.starts_at {
        TimeInput::Day(date) => {
            let local = date.and_time(NaiveTime::MIN);
            end_of(local, resolve_leniently(local, tz), seconds, true, tz)
        }
        TimeInput::Local(local) => end_of(local, resolve_leniently(local, tz), seconds, false, tz),
        TimeInput::Instant(at) => {
            Timestamp::from_micros(Timestamp::from(at).as_micros().saturating_add(seconds * 1_000_000))
        }
    }
}
