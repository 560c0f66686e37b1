//! [`SpanInput`], the fields of a request for the time of an event, and [`Span`], the time after validation.

use chrono::{Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use eventcore_recurrence::SeriesStart;

use super::duration::IsoDuration;
use super::input::TimeInput;
use super::{Timestamp, end_of, resolve, resolve_leniently, start_of_day};
use crate::error::Violations;

/// The latest instant of an event: 48 hours before the end of the year 9999, so that its local time in every
/// zone has a year of four digits.
const LATEST: Timestamp = Timestamp::from_micros(Timestamp::MAX.as_micros() - 48 * 3_600_000_000);

/// The fields of a request for the time of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanInput<'a> {
    pub(crate) starts_at: Option<TimeInput>,
    pub(crate) ends_at: Option<TimeInput>,
    pub(crate) duration: Option<IsoDuration>,
    pub(crate) timezone: Option<&'a str>,
    pub(crate) all_day: bool,
}

impl SpanInput<'_> {
    /// The time zone and the span that the fields mean; adds everything that is invalid to `violations`.
    ///
    /// `default_zone` applies if `starts_at` has an offset and `timezone` is absent.
    pub(crate) fn read(self, violations: &mut Violations, default_zone: Tz) -> (Option<Tz>, Option<Span>) {
        let tz = self.zone(violations, default_zone);
        if self.starts_at.is_none() {
            violations.add("/starts_at", "required", "is required");
        }
        (tz, tz.and_then(|tz| self.span(violations, tz)))
    }

    fn zone(self, violations: &mut Violations, default_zone: Tz) -> Option<Tz> {
        match (self.timezone, self.starts_at) {
            (Some(name), _) => {
                let tz = name.parse().ok();
                if tz.is_none() {
                    violations.add("/timezone", "invalid", "must be an IANA time zone such as Europe/Berlin");
                }
                tz
            }
            (None, Some(TimeInput::Instant(_))) => Some(default_zone),
            (None, None) => None,
            (None, Some(_)) => {
                violations.add(
                    "/timezone",
                    "required",
                    "is required: a start without an offset needs a time zone such as Europe/Berlin",
                );
                None
            }
        }
    }

    fn span(self, violations: &mut Violations, tz: Tz) -> Option<Span> {
        let start = self.starts_at?;
        if self.all_day {
            self.all_day_span(violations, tz, start)
        } else {
            self.timed_span(violations, tz, start)
        }
    }

    fn timed_span(self, violations: &mut Violations, tz: Tz, start: TimeInput) -> Option<Span> {
        let starts_at = instant(violations, "starts_at", start, tz)?;
        let local = starts_at.in_zone(tz).naive_local();
        let seconds = match (self.ends_at, self.duration) {
            (Some(end), duration) => {
                let ends_at = instant(violations, "ends_at", end, tz)?;
                let seconds = (ends_at.as_micros() - starts_at.as_micros()) / 1_000_000;
                if duration.is_some_and(|duration| duration.as_seconds() != seconds) {
                    add_conflict(violations);
                }
                seconds
            }
            (None, Some(duration)) => duration.as_seconds(),
            (None, None) => 3_600,
        };
        self.check_length(violations, seconds)?;
        let ends_at = end_of(local, starts_at, seconds, false, tz);
        if ends_at > LATEST {
            let pointer = if self.ends_at.is_some() { "/ends_at" } else { "/duration" };
            violations.add(pointer, "out_of_range", "must end before the end of the year 9999");
            return None;
        }
        let first = resolve(local, tz).ok();
        let offset = starts_at.in_zone(tz).offset().fix().local_minus_utc();
        Some(Span {
            local,
            offset: (first != Some(starts_at)).then_some(i64::from(offset)),
            starts_at,
            ends_at,
            seconds,
            all_day: false,
        })
    }

    fn all_day_span(self, violations: &mut Violations, tz: Tz, start: TimeInput) -> Option<Span> {
        let first = date(violations, "starts_at", start)?;
        let days = match (self.ends_at, self.duration) {
            (Some(end), duration) => {
                let days = (date(violations, "ends_at", end)? - first).num_days() + 1;
                if duration.is_some_and(|duration| duration.as_days() != Some(days)) {
                    add_conflict(violations);
                }
                days
            }
            (None, Some(duration)) => match duration.as_days() {
                Some(days) => days,
                None => {
                    let message = "must be whole days for an all-day event, such as P2D";
                    violations.add("/duration", "invalid", message);
                    return None;
                }
            },
            (None, None) => 1,
        };
        let seconds = days.saturating_mul(86_400);
        self.check_length(violations, seconds)?;
        let local = first.and_time(NaiveTime::MIN);
        let starts_at = start_of_day(first, tz);
        let ends_at = end_of(local, starts_at, seconds, true, tz);
        Some(Span { local, offset: None, starts_at, ends_at, seconds, all_day: true })
    }

    /// Adds a violation to the field that gave the length, unless the length is positive and at most ten
    /// years.
    fn check_length(self, violations: &mut Violations, seconds: i64) -> Option<()> {
        let pointer = if self.ends_at.is_some() { "/ends_at" } else { "/duration" };
        if seconds <= 0 {
            violations.add(pointer, "ends_before_start", "must end after it starts");
            return None;
        }
        if seconds > IsoDuration::MAX.as_seconds() {
            violations.add(pointer, "out_of_range", "must not last longer than ten years");
            return None;
        }
        Some(())
    }
}

fn add_conflict(violations: &mut Violations) {
    violations.add("/duration", "conflict", "contradicts ends_at: give only one of them");
}

/// An optional time that may also be given as a date, which means the beginning of that day.
///
/// Adds a violation for the field `name` if the value is invalid. Without a time zone, which has a violation
/// of its own then, the result is `None`.
pub(crate) fn instant_or_day(
    violations: &mut Violations,
    tz: Option<Tz>,
    name: &str,
    input: Option<TimeInput>,
) -> Option<Timestamp> {
    match input? {
        TimeInput::Day(day) => in_range(violations, name, start_of_day(day, tz?)),
        time => instant(violations, name, time, tz?),
    }
}

/// An optional time that may also be given as a date, which means the end of that day: the midnight after it.
///
/// Violations are those of [`instant_or_day`].
pub(crate) fn instant_or_end_of_day(
    violations: &mut Violations,
    tz: Option<Tz>,
    name: &str,
    input: Option<TimeInput>,
) -> Option<Timestamp> {
    match input? {
        TimeInput::Day(day) => {
            let next = day.succ_opt().unwrap_or(NaiveDate::MAX);
            in_range(violations, name, start_of_day(next, tz?))
        }
        time => instant(violations, name, time, tz?),
    }
}

fn instant(violations: &mut Violations, name: &str, input: TimeInput, tz: Tz) -> Option<Timestamp> {
    let pointer = format!("/{name}");
    let at = match input {
        TimeInput::Instant(instant) => Timestamp::from(instant),
        TimeInput::Local(local) => match resolve(local, tz) {
            Ok(at) => at,
            Err(gap) => {
                violations.add(pointer, "local_time_gap", gap.to_string());
                return None;
            }
        },
        TimeInput::Day(_) => {
            violations.add(pointer, "invalid", "needs a time of day unless all_day is true");
            return None;
        }
    };
    let at = in_range(violations, name, at)?;
    if at.as_micros() % 1_000_000 != 0 {
        violations.add(pointer, "invalid", "must be a whole second");
        return None;
    }
    Some(at)
}

/// The instant, if events can have it; otherwise adds a violation.
fn in_range(violations: &mut Violations, name: &str, at: Timestamp) -> Option<Timestamp> {
    if at < Timestamp::from_micros(0) || at > LATEST {
        violations.add(format!("/{name}"), "out_of_range", "must be between the years 1970 and 9999");
        return None;
    }
    Some(at)
}

fn date(violations: &mut Violations, name: &str, input: TimeInput) -> Option<NaiveDate> {
    match input {
        // Ten years, the longest duration, are left until the year 9999.
        TimeInput::Day(day) if (1970..=9989).contains(&day.year()) => Some(day),
        TimeInput::Day(_) => {
            violations.add(format!("/{name}"), "out_of_range", "must be between the years 1970 and 9989");
            None
        }
        TimeInput::Instant(_) | TimeInput::Local(_) => {
            violations.add(format!("/{name}"), "invalid", "must be a date because all_day is true");
            None
        }
    }
}

/// Start, end and length of an event's first occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The start as a local time of the event's zone; midnight for an all-day event.
    pub(crate) local: NaiveDateTime,
    /// The UTC offset of the start in seconds, only where `local` occurs twice and the second time is meant.
    pub(crate) offset: Option<i64>,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// The length; for an all-day event its days of 86,400 seconds, whatever the clocks do in between.
    pub(crate) seconds: i64,
    pub(crate) all_day: bool,
}

impl Span {
    /// The start of a series whose first occurrence is this.
    pub(crate) fn series_start(&self, tz: Tz) -> SeriesStart {
        let start = if self.all_day {
            SeriesStart::on(self.local.date(), tz)
        } else {
            SeriesStart::at(self.local, tz)
        };
        start.with_instant(self.starts_at)
    }

    /// The greatest time between a start and an end of this length, whatever the clocks do in between.
    pub(crate) fn longest(&self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::try_from(self.seconds).unwrap_or_default() + 2 * 86_400)
    }

    /// Whether it has started; an all-day event of today has not.
    pub(crate) fn is_past(&self, tz: Tz, now: Timestamp) -> bool {
        if self.all_day { self.local.date() < now.in_zone(tz).date_naive() } else { self.starts_at < now }
    }

    /// The span of the columns of a stored event. Start and end follow from them by the current tz database.
    pub(crate) fn stored(
        local: NaiveDateTime,
        offset: Option<i64>,
        seconds: i64,
        all_day: bool,
        tz: Tz,
    ) -> Self {
        let second = offset
            .and_then(|offset| FixedOffset::east_opt(i32::try_from(offset).ok()?))
            .and_then(|offset| offset.from_local_datetime(&local).single())
            .map(Timestamp::from);
        let starts_at = second.unwrap_or_else(|| resolve_leniently(local, tz));
        Self {
            local,
            offset,
            starts_at,
            ends_at: end_of(local, starts_at, seconds, all_day, tz),
            seconds,
            all_day,
        }
    }
}
