//! From when to when something takes place: what the fields about time say together.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::clock::Timestamp;
use super::duration::IsoDuration;
use super::input::TimeInput;
use super::wall_clock;
use crate::error::Violations;

/// What someone says about the time of something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing<'a> {
    pub(crate) starts_at: Option<TimeInput>,
    pub(crate) ends_at: Option<TimeInput>,
    pub(crate) duration: Option<IsoDuration>,
    pub(crate) timezone: Option<&'a str>,
    pub(crate) all_day: bool,
}

impl Timing<'_> {
    /// The zone and the span that are meant; notes everything that is wrong. `home` is the zone for a start with an offset and no zone.
    pub(crate) fn read(self, wrong: &mut Violations, home: Tz) -> (Option<Tz>, Option<Span>) {
        let tz = self.zone(wrong, home);
        if self.starts_at.is_none() {
            wrong.add("/starts_at", "required", "says when it starts");
        }
        (tz, tz.and_then(|tz| self.span(wrong, tz)))
    }

    fn zone(self, wrong: &mut Violations, home: Tz) -> Option<Tz> {
        match (self.timezone, self.starts_at) {
            (Some(name), _) => name
                .parse()
                .map_err(|_| {
                    wrong.add("/timezone", "invalid", "must be an IANA time zone such as Europe/Berlin")
                })
                .ok(),
            (None, Some(TimeInput::Instant(_))) => Some(home),
            (None, None) => None,
            (None, Some(_)) => {
                wrong.add("/timezone", "required", "says by which clocks a local start is meant");
                None
            }
        }
    }
    /// From when to when: all that the fields about time say together.
    fn span(self, wrong: &mut Violations, tz: Tz) -> Option<Span> {
        let start = self.starts_at?;
        if self.all_day { self.days(wrong, tz, start) } else { self.times(wrong, tz, start) }
    }

    fn times(self, wrong: &mut Violations, tz: Tz, start: TimeInput) -> Option<Span> {
        let starts_at = instant(wrong, "starts_at", start, tz)?;
        let local = starts_at.in_zone(tz).naive_local();
        let seconds = match (self.ends_at, self.duration) {
            (Some(end), duration) => {
                let ends_at = instant(wrong, "ends_at", end, tz)?;
                let seconds = (ends_at.as_micros() - starts_at.as_micros()) / 1_000_000;
                if duration.is_some_and(|d| d.as_seconds() != seconds) {
                    wrong.add("/duration", "conflict", "says something else than ends_at: give one of them");
                }
                seconds
            }
            (None, Some(length)) => length.as_seconds(),
            (None, None) => 3_600,
        };
        let pointer = if self.ends_at.is_some() { "/ends_at" } else { "/duration" };
        check_seconds(wrong, pointer, seconds)?;
        let first = wall_clock::resolve(local, tz).ok();
        let offset = starts_at.in_zone(tz).offset().fix().local_minus_utc();
        Some(Span {
            local,
            offset: (first != Some(starts_at)).then_some(i64::from(offset)),
            starts_at,
            ends_at: wall_clock::end_of(local, starts_at, seconds, false, tz),
            seconds,
            all_day: false,
        })
    }

    fn days(self, wrong: &mut Violations, tz: Tz, start: TimeInput) -> Option<Span> {
        let first = day(wrong, "starts_at", start)?;
        let days = match (self.ends_at, self.duration) {
            (Some(end), duration) => {
                let days = (day(wrong, "ends_at", end)? - first).num_days() + 1;
                if duration.is_some_and(|d| d.as_days() != Some(days)) {
                    wrong.add("/duration", "conflict", "says something else than ends_at: give one of them");
                }
                days
            }
            (None, Some(length)) => match length.as_days() {
                Some(days) => days,
                None => {
                    wrong.add("/duration", "invalid", "must be whole days for an all-day event, such as P2D");
                    return None;
                }
            },
            (None, None) => 1,
        };
        let pointer = if self.ends_at.is_some() { "/ends_at" } else { "/duration" };
        let seconds = days.saturating_mul(86_400);
        check_seconds(wrong, pointer, seconds)?;
        let local = first.and_time(NaiveTime::MIN);
        let starts_at = wall_clock::start_of_day(first, tz);
        let ends_at = wall_clock::end_of(local, starts_at, seconds, true, tz);
        Some(Span { local, offset: None, starts_at, ends_at, seconds, all_day: true })
    }
}

pub(crate) fn window(
    wrong: &mut Violations,
    tz: Option<Tz>,
    name: &str,
    given: Option<TimeInput>,
) -> Option<Timestamp> {
    match given? {
        TimeInput::Day(day) => tz.map(|tz| wall_clock::start_of_day(day, tz)),
        other => instant(wrong, name, other, tz?),
    }
}

fn instant(wrong: &mut Violations, name: &str, given: TimeInput, tz: Tz) -> Option<Timestamp> {
    let pointer = format!("/{name}");
    let at = match given {
        TimeInput::Instant(instant) => Timestamp::from(instant),
        TimeInput::Local(local) => match wall_clock::resolve(local, tz) {
            Ok(at) => at,
            Err(gap) => {
                wrong.add(pointer, "local_time_gap", gap.to_string());
                return None;
            }
        },
        TimeInput::Day(_) => {
            wrong.add(pointer, "invalid", "needs a time of day, unless all_day is true");
            return None;
        }
    };
    if at.as_micros() % 1_000_000 != 0 {
        wrong.add(pointer, "invalid", "must be a whole second");
        return None;
    }
    // A zone with some hours of offset must still write a year of four digits.
    if at < Timestamp::from_micros(0) || at > Timestamp::MAX.minus(std::time::Duration::from_hours(48)) {
        wrong.add(pointer, "out_of_range", "must lie between the years 1970 and 9999");
        return None;
    }
    Some(at)
}

fn day(wrong: &mut Violations, name: &str, given: TimeInput) -> Option<NaiveDate> {
    match given {
        TimeInput::Day(day) if (1970..=9989).contains(&chrono::Datelike::year(&day)) => Some(day),
        TimeInput::Day(_) => {
            wrong.add(format!("/{name}"), "out_of_range", "must lie between the years 1970 and 9989");
            None
        }
        TimeInput::Instant(_) | TimeInput::Local(_) => {
            wrong.add(format!("/{name}"), "invalid", "must be a date, since all_day is true");
            None
        }
    }
}

fn check_seconds(wrong: &mut Violations, pointer: &str, seconds: i64) -> Option<()> {
    if seconds <= 0 {
        wrong.add(pointer, "ends_before_start", "must end after it starts");
        return None;
    }
    if seconds > IsoDuration::MAX.as_seconds() {
        wrong.add(pointer, "out_of_range", "must not last longer than ten years");
        return None;
    }
    Some(())
}

/// From when to when an event's first occurrence takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// By the clocks of its zone.
    pub(crate) local: NaiveDateTime,
    /// Set where the clock shows `local` twice and the second time is meant.
    pub(crate) offset: Option<i64>,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) seconds: i64,
    pub(crate) all_day: bool,
}

impl Span {
    /// Whether its start has passed; an all-day one may still begin today.
    pub(crate) fn is_past(&self, tz: Tz, now: Timestamp) -> bool {
        if self.all_day { self.local.date() < now.in_zone(tz).date_naive() } else { self.starts_at < now }
    }

    /// The span as it was stored.
    pub(crate) fn stored(
        local: NaiveDateTime,
        offset: Option<i64>,
        seconds: i64,
        all_day: bool,
        tz: Tz,
    ) -> Self {
        let meant = offset
            .and_then(|offset| FixedOffset::east_opt(i32::try_from(offset).ok()?))
            .and_then(|offset| offset.from_local_datetime(&local).single())
            .map(Timestamp::from);
        let starts_at = meant.unwrap_or_else(|| wall_clock::resolve_leniently(local, tz));
        Self {
            local,
            offset,
            starts_at,
            ends_at: wall_clock::end_of(local, starts_at, seconds, all_day, tz),
            seconds,
            all_day,
        }
    }
}
