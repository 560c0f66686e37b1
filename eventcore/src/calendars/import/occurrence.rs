//! What the plans of events and of series share: components by their index, and occurrences.

use chrono_tz::Tz;

use super::note::ImportNote;
use super::vevent::{FileStatus, Vevent, When};
use crate::events::{ImportedOccurrence, OriginalStart};
use crate::recurrence::Series;
use crate::time::{IsoDuration, TimeInput, Timestamp};

/// The index of a component in the file.
pub(super) type Index = usize;

/// A fault of one component, for which nothing of its UID is imported.
pub(super) type Fault = (Index, ImportNote);

/// The zone of dates and floating times of a calendar.
#[derive(Debug, Clone, Copy)]
pub(super) struct ZoneOfDates {
    pub(super) tz: Tz,
    /// Whether the calendar or the caller names it, so that single events in UTC can have it.
    pub(super) is_named: bool,
}

/// An occurrence with the values of a component.
pub(super) fn occurrence(event: &Vevent, original: OriginalStart, tz: Tz) -> ImportedOccurrence {
    ImportedOccurrence {
        original,
        title: event.title.clone(),
        description: event.description.clone(),
        location: event.location.clone(),
        url: event.url.clone(),
        starts_at: instant_input(event.start, tz),
        duration: IsoDuration::from_seconds(event.seconds),
        is_cancelled: event.status == Some(FileStatus::Cancelled),
    }
}

/// A start as an instant, or as a date.
pub(super) fn instant_input(start: When, tz: Tz) -> TimeInput {
    match start {
        When::Date(date) => TimeInput::Day(date),
        _ => TimeInput::Instant(start.instant(tz).in_zone(tz).fixed_offset()),
    }
}

/// Whether a series has an occurrence of this length that ends after `now`.
pub(super) fn has_future(series: &Series, seconds: i64, now: Timestamp) -> bool {
    let start = series.start();
    let margin = u64::try_from(seconds).unwrap_or_default() + 2 * 86_400;
    let mut recent = series.between(now.minus(std::time::Duration::from_secs(margin)), Timestamp::MAX);
    recent.any(|instance| {
        instance.is_ok_and(|instance| {
            let (local, at) = (instance.local(), instance.original_start());
            crate::time::end_of(local, at, seconds, start.all_day, start.tz) > now
        })
    })
}
