//! An event and its dates as entries: the rule, the dates that it has besides and lacks, and those that differ.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::entry::{Ends, Entry, Repeats, Standing, When};
use super::timezone;
use crate::events::{EventStatus, OccurrenceStatus};
use crate::recurrence::{Instance, Recurrence, Result, Series, Start};
use crate::time::Timestamp;
use crate::time::{Span, resolve_leniently};

/// What a file says of an event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) span: Span,
    pub(super) tz: Tz,
    pub(super) recurrence: Option<Recurrence>,
    /// How far its dates have been made; none, when all of them have been.
    pub(super) made_until: Option<Timestamp>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) location: String,
    pub(super) url: Option<String>,
    pub(super) status: EventStatus,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: i64,
}

/// What it says of one date.
#[derive(Debug, Clone)]
pub(super) struct Date {
    pub(super) original_start: Timestamp,
    /// What the rule says that the clocks show then, even where they skip it.
    pub(super) nominal: NaiveDateTime,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) status: OccurrenceStatus,
    /// Its own words, where it has any.
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) url: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: i64,
}

/// What readers make of the rule: the instants, and what the clocks are to show at each.
type Plain = BTreeMap<Timestamp, NaiveDateTime>;

impl Event {
    /// The whole event: an entry for what repeats, and one for each of `dates` (all that there are, in order) that differs from it.
    pub(super) fn entries<'a>(&'a self, dates: &'a [Date]) -> Vec<Entry<'a>> {
        if let ([only], None) = (dates, &self.recurrence) {
            let mut entry = self.entry(only, false);
            if self.status == EventStatus::Cancelled {
                entry.standing = Standing::Cancelled;
            }
            return vec![entry];
        }
        let (repeats, plain) = self.repeats(dates);
        let differing = dates.iter().filter(|date| self.differs(date, &plain));
        std::iter::once(self.series_entry(repeats))
            .chain(differing.map(|date| self.entry(date, true)))
            .collect()
    }

    /// One date by itself, named within its event where that has more than one.
    pub(super) fn entry<'a>(&'a self, date: &'a Date, of_many: bool) -> Entry<'a> {
        Entry {
            starts: self.shown(date.starts_at),
            ends: Ends::At(self.shown(date.ends_at)),
            recurrence_id: of_many.then(|| self.when(date.nominal, date.original_start)),
            repeats: Repeats::default(),
            title: date.title.as_ref().unwrap_or(&self.title),
            description: date.description.as_ref().unwrap_or(&self.description),
            location: date.location.as_ref().unwrap_or(&self.location),
            url: date.url.as_ref().or(self.url.as_ref()).map(String::as_str),
            standing: match (date.status, self.status) {
                (OccurrenceStatus::Cancelled, _) => Standing::Cancelled,
                (_, EventStatus::Draft) => Standing::Tentative,
                _ => Standing::Confirmed,
            },
            created_at: date.created_at,
            updated_at: date.updated_at.max(self.updated_at),
            // Either change changes what is written.
            sequence: self.version + date.version - 2,
        }
    }

    /// What holds wherever a date says nothing else.
    fn series_entry(&self, repeats: Repeats) -> Entry<'_> {
        let (starts_at, ends_at) = (self.span.starts_at, self.span.ends_at);
        let lasts = self.clock(ends_at) - self.clock(starts_at);
        let ends = if self.span.all_day
            || (lasts.num_seconds() == self.span.seconds && self.span.offset.is_none())
        {
            Ends::At(self.shown(ends_at))
        } else {
            // The clocks change meanwhile: at all other dates, the end by the clock would be another.
            Ends::After(self.span.seconds)
        };
        Entry {
            starts: self.by_clock(self.span.local),
            ends,
            recurrence_id: None,
            repeats,
            title: &self.title,
            description: &self.description,
            location: &self.location,
            url: self.url.as_deref(),
            standing: match self.status {
                EventStatus::Draft => Standing::Tentative,
                EventStatus::Published => Standing::Confirmed,
                EventStatus::Cancelled => Standing::Cancelled,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
            sequence: self.version - 1,
        }
    }

    /// What repeats it, so that readers come to `dates`; and the dates that they have by the rule alone.
    fn repeats(&self, dates: &[Date]) -> (Repeats, Plain) {
        // A rule that has become too much work is written as its dates.
        let (rrule, plain, off_rule) = self.by_rule().unwrap_or_else(|error| {
            tracing::error!(?error, "a stored rule cannot be expanded; its dates are written one by one");
            (None, Plain::from([(self.span.starts_at, self.span.local)]), false)
        });
        let first = resolve_leniently(self.span.local, self.tz);
        let stored = |at: &Timestamp| dates.binary_search_by_key(at, |date| date.original_start).is_ok();
        // A start that the rule does not have is the first date to some readers, and none to others.
        let start = (off_rule && stored(&first)).then(|| self.by_clock(self.span.local));
        let besides = dates
            .iter()
            .filter(|date| date.original_start > first && !plain.contains_key(&date.original_start));
        let besides = besides.map(|date| self.beyond_doubt(date.nominal, date.original_start));
        let lacking =
            plain.iter().filter(|(at, _)| !stored(at)).map(|(at, nominal)| self.when(*nominal, *at));
        let (later, less) = self.beyond();
        let repeats = Repeats {
            rrule,
            rdate: sorted(start.into_iter().chain(besides).chain(later)),
            exdate: sorted(lacking.chain(less)),
        };
        (repeats, plain)
    }

    fn by_rule(&self) -> Result<(Option<String>, Plain, bool)> {
        let series = self.series()?;
        let written = series.for_calendars()?;
        let mut plain = Plain::new();
        for instance in written.between(Timestamp::MIN, self.made_until.unwrap_or(Timestamp::MAX)) {
            let instance = instance?;
            plain.insert(instance.original_start(), instance.nominal());
        }
        let rrule = written.recurrence().rrule.as_ref().map(ToString::to_string);
        Ok((rrule, plain, !series.starts_on_rule()?))
    }

    fn series(&self) -> Result<Series> {
        let Span { local, all_day, starts_at, .. } = self.span;
        let start = Start { local, tz: self.tz, all_day, instant: Some(starts_at) };
        Series::new(start, self.recurrence.clone().unwrap_or_default())
    }

    /// What was added and taken away beyond the dates that have been made.
    fn beyond(&self) -> (Vec<When>, Vec<When>) {
        let Some(until) = self.made_until else { return Default::default() };
        let (added, taken) =
            self.series().and_then(|series| series.exceptions_from(until)).unwrap_or_default();
        let nominal = |instance: &Instance| (instance.nominal(), instance.original_start());
        (
            added.iter().map(nominal).map(|(nominal, at)| self.beyond_doubt(nominal, at)).collect(),
            taken.iter().map(nominal).map(|(nominal, at)| self.when(nominal, at)).collect(),
        )
    }

    /// Whether a date is not what readers make of the series: it has words of its own, is cancelled or not, takes place at another time, or comes before
    /// the start, where RDATE is not for it.
    fn differs(&self, date: &Date, plain: &Plain) -> bool {
        let words = [&date.title, &date.description, &date.location, &date.url];
        words.iter().any(|word| word.is_some())
            || (date.status == OccurrenceStatus::Cancelled) != (self.status == EventStatus::Cancelled)
            || !self.keeps_time(date)
            || date.original_start < self.span.starts_at && !plain.contains_key(&date.original_start)
    }

    /// Whether a date begins when the rule says, and lasts as long as the event both by the clock and in truth: readers go by either.
    fn keeps_time(&self, date: &Date) -> bool {
        let (starts, ends) = (self.clock(date.starts_at), self.clock(date.ends_at));
        if date.starts_at != date.original_start {
            return false;
        }
        if self.span.all_day {
            return (ends.date() - starts.date()).num_seconds() == self.span.seconds;
        }
        let passes = (date.ends_at.as_micros() - date.starts_at.as_micros()) / 1_000_000;
        starts == date.nominal
            && (ends - starts).num_seconds() == self.span.seconds
            && passes == self.span.seconds
    }

    /// What the clocks of the zone show.
    fn clock(&self, at: Timestamp) -> NaiveDateTime {
        at.in_zone(self.tz).naive_local()
    }

    fn shown(&self, at: Timestamp) -> When {
        self.when(self.clock(at), at)
    }

    /// An instant by what the clocks show, or are to show.
    fn when(&self, nominal: NaiveDateTime, at: Timestamp) -> When {
        if self.span.all_day || (resolve_leniently(nominal, self.tz) == at && !timezone::is_utc(self.tz)) {
            self.by_clock(nominal)
        } else {
            When::Instant(at)
        }
    }

    /// As [`Self::when`], but by the clock only where it shows that time once: some readers refuse any other.
    fn beyond_doubt(&self, nominal: NaiveDateTime, at: Timestamp) -> When {
        let once = self.tz.from_local_datetime(&nominal).single().is_some();
        if once || self.span.all_day { self.when(nominal, at) } else { When::Instant(at) }
    }

    fn by_clock(&self, nominal: NaiveDateTime) -> When {
        if self.span.all_day {
            When::Day(nominal.date())
        } else if timezone::is_utc(self.tz) {
            When::Instant(nominal.and_utc().into())
        } else {
            When::Clock(nominal)
        }
    }
}

fn sorted(times: impl Iterator<Item = When>) -> Vec<When> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.dedup();
    times
}
