//! The entries of an event: its rule with RDATE and EXDATE, and the occurrences that differ from it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use super::entry::{CalendarEntry, EntryEnd, EntryRecurrence, EntryStatus, TimeValue};
use super::member_filter::CalendarPeriod;
use super::timezone;
use crate::events::{EventStatus, OccurrenceStatus};
use crate::recurrence::{Instance, Recurrence, RuleResult, Series};
use crate::time::{Span, Timestamp, occurs_once, resolve_leniently};

/// An event as far as its file needs it.
#[derive(Debug, Clone)]
pub(super) struct CalendarEvent {
    pub(super) span: Span,
    pub(super) tz: Tz,
    pub(super) recurrence: Option<Recurrence>,
    /// The end of the period in which occurrences are stored. `None` if all of them are stored.
    pub(super) expanded_until: Option<Timestamp>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) location: String,
    pub(super) url: Option<String>,
    pub(super) status: EventStatus,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// SEQUENCE of all its entries: rises with every change of what they show.
    pub(super) sequence: i64,
}

/// An occurrence as far as the file needs it.
#[derive(Debug, Clone)]
pub(super) struct CalendarOccurrence {
    pub(super) original_start: Timestamp,
    /// The local time of the rule, which may be in a gap.
    pub(super) nominal: NaiveDateTime,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    /// Whether it has days and no times. An occurrence that is over may differ from its event.
    pub(super) all_day: bool,
    /// The time zone in which it took place, if it is not the event's.
    pub(super) tz: Option<Tz>,
    pub(super) status: OccurrenceStatus,
    /// Overrides of the event.
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) url: Option<String>,
    /// Whether it has no address, whatever the event's is.
    pub(super) without_url: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: i64,
}

/// The rule of an entry that has only RDATE otherwise: without a rule, some calendars show the start not at
/// all, and with the start among the RDATE others show it twice.
const ONLY_START: &str = "FREQ=DAILY;COUNT=1";

/// The starts that calendars compute from the exported rule: each instant with its local time by the rule.
type RuleStarts = BTreeMap<Timestamp, NaiveDateTime>;

impl CalendarEvent {
    /// The entry of the series and one entry for each occurrence that differs from it. `occurrences` are all
    /// stored ones by original start.
    pub(super) fn entries<'a>(&'a self, occurrences: &'a [CalendarOccurrence]) -> Vec<CalendarEntry<'a>> {
        if let ([only], None) = (occurrences, &self.recurrence) {
            let mut entry = self.entry(only, false);
            if self.status == EventStatus::Cancelled {
                entry.status = EntryStatus::Cancelled;
            }
            return vec![entry];
        }
        let (recurrence, rule_starts) = self.recurrence(occurrences);
        let differing = occurrences.iter().filter(|occurrence| self.differs(occurrence, &rule_starts));
        let updated_at = self.series_updated_at(&recurrence, occurrences);
        std::iter::once(CalendarEntry { updated_at, ..self.series_entry(recurrence) })
            .chain(differing.map(|occurrence| self.entry(occurrence, true)))
            .collect()
    }

    /// The occurrences with the starts by which the file identifies them, in their order: days if the event
    /// is all-day. Of several with one RECURRENCE-ID the file has one, and rather one that takes place.
    pub(super) fn identified(&self, mut occurrences: Vec<CalendarOccurrence>) -> Vec<CalendarOccurrence> {
        for occurrence in &mut occurrences {
            if self.span.all_day {
                occurrence.nominal = occurrence.nominal.date().into();
                occurrence.original_start = resolve_leniently(occurrence.nominal, self.tz);
            }
            // One that was cancelled may be a fraction of a second away from another that took its start.
            let seconds = occurrence.original_start.as_micros().div_euclid(1_000_000);
            occurrence.original_start = Timestamp::from_micros(seconds * 1_000_000);
        }
        occurrences.sort_by_key(|occurrence| {
            (occurrence.original_start, occurrence.status == OccurrenceStatus::Cancelled)
        });
        occurrences.dedup_by_key(|occurrence| occurrence.original_start);
        occurrences
    }

    /// The entry of one occurrence. If it `is_one_of_many` it has a RECURRENCE-ID.
    pub(super) fn entry<'a>(
        &'a self,
        occurrence: &'a CalendarOccurrence,
        is_one_of_many: bool,
    ) -> CalendarEntry<'a> {
        CalendarEntry {
            starts: self.own_value(occurrence, occurrence.starts_at),
            ends: EntryEnd::At(self.own_end(occurrence)),
            recurrence_id: is_one_of_many.then(|| self.value(occurrence.nominal, occurrence.original_start)),
            recurrence: EntryRecurrence::default(),
            title: occurrence.title.as_ref().unwrap_or(&self.title),
            description: occurrence.description.as_ref().unwrap_or(&self.description),
            location: occurrence.location.as_ref().unwrap_or(&self.location),
            url: if occurrence.without_url {
                None
            } else {
                occurrence.url.as_ref().or(self.url.as_ref()).map(String::as_str)
            },
            status: match (occurrence.status, self.status) {
                (OccurrenceStatus::Cancelled, _) => EntryStatus::Cancelled,
                (_, EventStatus::Draft) => EntryStatus::Tentative,
                _ => EntryStatus::Confirmed,
            },
            created_at: occurrence.created_at,
            updated_at: occurrence.updated_at.max(self.updated_at),
            sequence: self.sequence,
            reminders: Vec::new(),
        }
    }

    /// The entry of the series, which holds for all occurrences without an entry of their own.
    fn series_entry(&self, recurrence: EntryRecurrence) -> CalendarEntry<'_> {
        let (starts_at, ends_at) = (self.span.starts_at, self.span.ends_at);
        let local_duration = self.wall_clock(ends_at) - self.wall_clock(starts_at);
        let ends = if self.span.all_day
            || (local_duration.num_seconds() == self.span.seconds && self.span.offset.is_none())
        {
            EntryEnd::At(self.value_at(ends_at))
        } else {
            // The first occurrence spans a clock change: DTEND would give the others another local end.
            EntryEnd::After(self.span.seconds)
        };
        CalendarEntry {
            starts: self.local_value(self.span.local),
            ends,
            recurrence_id: None,
            recurrence,
            title: &self.title,
            description: &self.description,
            location: &self.location,
            url: self.url.as_deref(),
            status: match self.status {
                EventStatus::Draft => EntryStatus::Tentative,
                EventStatus::Published => EntryStatus::Confirmed,
                EventStatus::Cancelled => EntryStatus::Cancelled,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
            sequence: self.sequence,
            reminders: Vec::new(),
        }
    }

    /// The last change of what the entry of the series shows. An occurrence that was changed may have been
    /// shown by an entry of its own before. New ones of an exported rule change nothing.
    fn series_updated_at(&self, recurrence: &EntryRecurrence, all: &[CalendarOccurrence]) -> Timestamp {
        let shown = all.iter().filter(|occurrence| {
            occurrence.version > 1 || recurrence.rrule.as_deref().is_none_or(|rule| rule == ONLY_START)
        });
        shown
            .map(|occurrence| occurrence.updated_at)
            .chain([self.updated_at])
            .max()
            .unwrap_or(self.updated_at)
    }

    /// The recurrence by which calendars compute exactly `occurrences`, and the starts by its rule alone.
    fn recurrence(&self, occurrences: &[CalendarOccurrence]) -> (EntryRecurrence, RuleStarts) {
        // If the rule cannot be expanded, all occurrences are listed as RDATE.
        let (rrule, rule_starts, starts_off_rule) = self.expand_rule().unwrap_or_else(|error| {
            tracing::error!(?error, "a stored rule cannot be expanded: its occurrences are listed");
            (None, RuleStarts::from([(self.span.starts_at, self.span.local)]), false)
        });
        let first = resolve_leniently(self.span.local, self.tz);
        let stored = |at: &Timestamp| {
            occurrences.binary_search_by_key(at, |occurrence| occurrence.original_start).is_ok()
        };
        // If the rule does not match the start, some calendars take it for the first occurrence and others do
        // not: with an RDATE it is one in all of them. If the rule matches it, or there is none, some would
        // show it twice.
        let start =
            (starts_off_rule && rrule.is_some() && stored(&first)).then(|| self.local_value(self.span.local));
        let extra = occurrences.iter().filter(|occurrence| {
            occurrence.original_start > first && !rule_starts.contains_key(&occurrence.original_start)
        });
        let extra =
            extra.map(|occurrence| self.unambiguous_value(occurrence.nominal, occurrence.original_start));
        let missing =
            rule_starts.iter().filter(|(at, _)| !stored(at)).map(|(at, nominal)| self.value(*nominal, *at));
        let (later_rdates, later_exdates) = self.exceptions_beyond_horizon();
        let rdate = sorted(start.into_iter().chain(extra).chain(later_rdates));
        let lists_all = rrule.is_none() && !rdate.is_empty();
        let recurrence = EntryRecurrence {
            rrule: rrule.or_else(|| lists_all.then(|| ONLY_START.to_owned())),
            rdate,
            exdate: sorted(missing.chain(later_exdates)),
        };
        (recurrence, rule_starts)
    }

    /// The exported rule, the starts that it gives, and whether it does not match the first start.
    fn expand_rule(&self) -> RuleResult<(Option<String>, RuleStarts, bool)> {
        let series = self.series()?;
        let exported = series.for_calendars()?;
        let mut rule_starts = RuleStarts::new();
        for instance in exported.between(Timestamp::MIN, self.expanded_until.unwrap_or(Timestamp::MAX)) {
            let instance = instance?;
            rule_starts.insert(instance.original_start(), instance.nominal());
        }
        let rrule = exported.recurrence().rrule.as_ref().map(ToString::to_string);
        Ok((rrule, rule_starts, !series.starts_on_rule()?))
    }

    /// Whether an occurrence takes place within a period by the rule, after those that are stored.
    pub(super) fn goes_on_within(&self, period: CalendarPeriod) -> bool {
        let Some(until) = self.expanded_until else { return false };
        let length = Duration::from_secs(self.span.seconds.unsigned_abs());
        let from = until.max(period.from.minus(length));
        let exported = self.series().and_then(|series| series.for_calendars());
        exported.is_ok_and(|series| {
            let ends_within = |instance: &RuleResult<Instance>| {
                instance
                    .as_ref()
                    .map_or(true, |instance| instance.original_start().plus(length) > period.from)
            };
            series.between(from, period.to).any(|instance| ends_within(&instance))
        })
    }

    fn series(&self) -> RuleResult<Series> {
        Series::new(self.span.series_start(self.tz), self.recurrence.clone().unwrap_or_default())
    }

    /// RDATE and EXDATE beyond the stored occurrences.
    fn exceptions_beyond_horizon(&self) -> (Vec<TimeValue>, Vec<TimeValue>) {
        let Some(until) = self.expanded_until else { return Default::default() };
        let (added, excluded) =
            self.series().and_then(|series| series.exceptions_from(until)).unwrap_or_default();
        let nominal = |instance: &Instance| (instance.nominal(), instance.original_start());
        let is_start = |instance: &&Instance| instance.original_start() == self.span.starts_at;
        (
            added
                .iter()
                .filter(|instance| !is_start(instance))
                .map(nominal)
                .map(|(nominal, at)| self.unambiguous_value(nominal, at))
                .collect(),
            excluded.iter().map(nominal).map(|(nominal, at)| self.value(nominal, at)).collect(),
        )
    }

    /// Whether an occurrence needs an entry of its own: it has other texts, status or times than the series,
    /// or it is before the start, where RDATE is not allowed.
    fn differs(&self, occurrence: &CalendarOccurrence, rule_starts: &RuleStarts) -> bool {
        let texts = [&occurrence.title, &occurrence.description, &occurrence.location, &occurrence.url];
        texts.iter().any(|text| text.is_some())
            || (occurrence.without_url && self.url.is_some())
            || (occurrence.status == OccurrenceStatus::Cancelled) != (self.status == EventStatus::Cancelled)
            || !self.has_regular_time(occurrence)
            || occurrence.original_start < self.span.starts_at
                && !rule_starts.contains_key(&occurrence.original_start)
    }

    /// Whether an occurrence begins at its start by the rule and has the duration of the event, both in local
    /// and in elapsed time: calendars use either.
    fn has_regular_time(&self, occurrence: &CalendarOccurrence) -> bool {
        let (starts, ends) = (self.wall_clock(occurrence.starts_at), self.wall_clock(occurrence.ends_at));
        let has_own_clock = occurrence.all_day != self.span.all_day || self.tz_of(occurrence) != self.tz;
        if occurrence.starts_at != occurrence.original_start || has_own_clock {
            return false;
        }
        if self.span.all_day {
            return (ends.date() - starts.date()).num_seconds() == self.span.seconds;
        }
        let elapsed = (occurrence.ends_at.as_micros() - occurrence.starts_at.as_micros()) / 1_000_000;
        starts == occurrence.nominal
            && (ends - starts).num_seconds() == self.span.seconds
            && elapsed == self.span.seconds
    }

    /// The local time in the zone of the event.
    fn wall_clock(&self, at: Timestamp) -> NaiveDateTime {
        at.in_zone(self.tz).naive_local()
    }

    fn tz_of(&self, occurrence: &CalendarOccurrence) -> Tz {
        occurrence.tz.unwrap_or(self.tz)
    }

    fn value_at(&self, at: Timestamp) -> TimeValue {
        self.value(self.wall_clock(at), at)
    }

    /// The value of `at`, whose local time by the rule is `nominal`.
    pub(super) fn value(&self, nominal: NaiveDateTime, at: Timestamp) -> TimeValue {
        if self.span.all_day { TimeValue::Date(nominal.date()) } else { self.time_value(nominal, at) }
    }

    fn time_value(&self, nominal: NaiveDateTime, at: Timestamp) -> TimeValue {
        if resolve_leniently(nominal, self.tz) == at && !timezone::is_utc(self.tz) {
            TimeValue::Local(nominal)
        } else {
            TimeValue::Utc(at)
        }
    }

    /// The value of a time of one occurrence.
    fn own_value(&self, occurrence: &CalendarOccurrence, at: Timestamp) -> TimeValue {
        if occurrence.all_day {
            TimeValue::Date(at.in_zone(self.tz_of(occurrence)).date_naive())
        } else {
            // The file has one time zone.
            self.time_value(self.wall_clock(at), at)
        }
    }

    /// The end of one occurrence: after its start, as DTEND must be (RFC 5545, 3.8.2.2).
    fn own_end(&self, occurrence: &CalendarOccurrence) -> TimeValue {
        match (
            self.own_value(occurrence, occurrence.starts_at),
            self.own_value(occurrence, occurrence.ends_at),
        ) {
            (TimeValue::Date(first), TimeValue::Date(end)) if end <= first => {
                TimeValue::Date(first.succ_opt().unwrap_or(first))
            }
            (_, end) => end,
        }
    }

    /// Like [`Self::value`], but an instant if the local time occurs twice or not at all: some calendars
    /// reject such times.
    fn unambiguous_value(&self, nominal: NaiveDateTime, at: Timestamp) -> TimeValue {
        if self.span.all_day || occurs_once(nominal, self.tz) {
            self.value(nominal, at)
        } else {
            TimeValue::Utc(at)
        }
    }

    fn local_value(&self, nominal: NaiveDateTime) -> TimeValue {
        if self.span.all_day {
            TimeValue::Date(nominal.date())
        } else if timezone::is_utc(self.tz) {
            TimeValue::Utc(nominal.and_utc().into())
        } else {
            TimeValue::Local(nominal)
        }
    }
}

fn sorted(times: impl Iterator<Item = TimeValue>) -> Vec<TimeValue> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.dedup();
    times
}
