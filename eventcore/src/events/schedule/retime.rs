//! The times of occurrences that the rule does not time, when their event gets another time zone, or becomes
//! all-day or timed.

use chrono::{NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::expansion::PlannedOccurrence;
use crate::error::Result;
use crate::events::event::zone;
use crate::events::occurrence::state::OccurrenceState;
use crate::events::rows::EventRow;
use crate::time::{self, Timestamp, format_local, parse_local, round_to_days};

const DAY: i64 = 86_400;

/// By which clock and in which units an event has its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EventClock {
    tz: Tz,
    all_day: bool,
    /// The time of day at which it starts.
    starts: NaiveTime,
    /// Its length; days of 86,400 seconds if it is all-day.
    seconds: i64,
}

/// The time of an occurrence that overrides that of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OwnTime {
    /// The start by the wall clock.
    local: NaiveDateTime,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl EventClock {
    fn of(event: &EventRow) -> Result<Self> {
        let span = event.span()?;
        let (starts, seconds) = (span.local.time(), span.seconds);
        Ok(Self { tz: zone(&event.timezone), all_day: event.all_day, starts, seconds })
    }
}

impl OwnTime {
    /// The same time of an event with another clock.
    ///
    /// A time is an instant: another zone changes only its wall clock. A day is a date: another zone changes
    /// only its instant. If times become days, an occurrence takes place on the day on which it starts; if
    /// days become times, at the time of its event. It keeps its length, in whole days if it is all-day, or
    /// gets that of the event if it had that before.
    fn by(self, old: &EventClock, new: &EventClock) -> Self {
        let elapsed = (self.ends_at.as_micros() - self.starts_at.as_micros()) / 1_000_000;
        let length = round_to_days(elapsed, old.all_day);
        let inherited = length == old.seconds && old.all_day != new.all_day;
        match (old.all_day, new.all_day) {
            (false, false) => Self { local: self.starts_at.in_zone(new.tz).naive_local(), ..self },
            (_, true) => {
                let days = length.div_euclid(DAY) + i64::from(length.rem_euclid(DAY) > 0);
                let seconds = if inherited { new.seconds } else { days.max(1) * DAY };
                Self::at(self.local.date().and_time(NaiveTime::MIN), seconds, new)
            }
            (true, false) => {
                let seconds = if inherited { new.seconds } else { length };
                // The rule may have had it at a time before.
                let starts = Some(self.local.time()).filter(|time| *time != NaiveTime::MIN);
                Self::at(self.local.date().and_time(starts.unwrap_or(new.starts)), seconds, new)
            }
        }
    }

    fn at(local: NaiveDateTime, seconds: i64, clock: &EventClock) -> Self {
        let starts_at = time::resolve_leniently(local, clock.tz);
        Self { local, starts_at, ends_at: time::end_of(local, starts_at, seconds, clock.all_day, clock.tz) }
    }
}

/// A change of the time zone of an event, or from times to days or back.
pub(crate) struct Retiming {
    old: EventClock,
    new: EventClock,
}

impl Retiming {
    /// The change between two rows of an event, if there is one.
    pub(crate) fn between(old: &EventRow, new: &EventRow) -> Result<Option<Self>> {
        let (old, new) = (EventClock::of(old)?, EventClock::of(new)?);
        let is_same = (old.tz, old.all_day) == (new.tz, new.all_day);
        Ok((!is_same).then_some(Self { old, new }))
    }

    /// Changes the time of an occurrence that has not begun, unless the rule times it. `planned` is where the
    /// rule has it, if it does.
    pub(crate) fn apply(
        &self,
        occurrence: &mut OccurrenceState,
        planned: Option<&PlannedOccurrence>,
    ) -> Result<()> {
        if planned.is_some() && !occurrence.moved {
            return Ok(());
        }
        let local = parse_local(occurrence.starts_local.as_ref().unwrap_or(&occurrence.original_local))?;
        let own = OwnTime { local, starts_at: occurrence.starts_at, ends_at: occurrence.ends_at };
        let own = own.by(&self.old, &self.new);
        let is_planned = |planned: &PlannedOccurrence| {
            (own.starts_at, own.ends_at) == (planned.original_start, planned.ends_at)
        };
        occurrence.moved = occurrence.moved && !planned.is_some_and(is_planned);
        occurrence.starts_local = occurrence.moved.then(|| format_local(own.local));
        (occurrence.starts_at, occurrence.ends_at) = (own.starts_at, own.ends_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(tz: Tz, all_day: bool, seconds: i64) -> EventClock {
        let starts = if all_day { NaiveTime::MIN } else { NaiveTime::from_hms_opt(18, 30, 0).unwrap() };
        EventClock { tz, all_day, starts, seconds }
    }

    fn own(clock: &EventClock, local: &str, seconds: i64) -> OwnTime {
        OwnTime::at(local.parse().unwrap(), seconds, clock)
    }

    const BERLIN: Tz = Tz::Europe__Berlin;
    const NEW_YORK: Tz = Tz::America__New_York;

    #[test]
    fn times_are_instants_and_days_are_dates() {
        let (timed, elsewhere) = (clock(BERLIN, false, 3_600), clock(NEW_YORK, false, 3_600));
        let moved = own(&timed, "2027-09-15T20:00:00", 2_700);
        let there = moved.by(&timed, &elsewhere);
        assert_eq!((there.starts_at, there.ends_at), (moved.starts_at, moved.ends_at));
        assert_eq!(there.local.to_string(), "2027-09-15 14:00:00");

        let (days, elsewhere) = (clock(BERLIN, true, DAY), clock(NEW_YORK, true, DAY));
        // From the last day of summer time to the next: 25 hours.
        for day in ["2027-09-16T00:00:00", "2027-10-31T00:00:00"] {
            assert_eq!(own(&days, day, 2 * DAY).by(&days, &elsewhere), own(&elsewhere, day, 2 * DAY));
        }
    }

    #[test]
    fn times_become_the_day_on_which_they_start() {
        let (timed, days) = (clock(BERLIN, false, 3_600), clock(BERLIN, true, 2 * DAY));
        for (seconds, expected) in [(3_600, 2), (2_700, 1), (DAY, 1), (DAY + 1, 2)] {
            let day = own(&timed, "2027-09-15T20:00:00", seconds).by(&timed, &days);
            assert_eq!(day, own(&days, "2027-09-15T00:00:00", expected * DAY), "{seconds}");
        }
    }

    #[test]
    fn days_become_the_time_of_their_event() {
        let (days, timed) = (clock(NEW_YORK, true, DAY), clock(BERLIN, false, 3_600));
        for (days_long, expected) in [(1, 3_600), (3, 3 * DAY)] {
            let time = own(&days, "2027-09-15T00:00:00", days_long * DAY).by(&days, &timed);
            assert_eq!(time, own(&timed, "2027-09-15T18:30:00", expected), "{days_long}");
        }
        let cancelled = OwnTime {
            local: "2027-09-15T20:00:00".parse().unwrap(),
            ..own(&days, "2027-09-15T00:00:00", DAY)
        };
        assert_eq!(cancelled.by(&days, &timed), own(&timed, "2027-09-15T20:00:00", 3_600));
    }
}
