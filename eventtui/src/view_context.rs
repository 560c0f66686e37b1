//! The context in which screens are drawn: theme, clock, time zone, and the registrations of the user.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use eventcore::categories::Category;
use eventcore::events::Occurrence;
use eventcore::phase::Phase;
use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::time::{Moment, resolve_leniently, start_of_day};
use eventcore::{OccurrenceId, Timestamp};

use crate::natural_dates::{DateContext, DayOrder};
use crate::theme::Theme;

/// The theme, the clock and the time zone by which the screens are drawn, and the registrations of the user.
#[derive(Debug, Clone)]
pub(crate) struct ViewContext {
    pub(crate) theme: Theme,
    /// The user's time zone.
    pub(crate) my_zone: Tz,
    /// Times are shown in the user's time zone rather than in the event's own.
    pub(crate) in_my_zone: bool,
    /// The current time in the user's time zone.
    pub(crate) now: NaiveDateTime,
    /// How `12/24` is read.
    pub(crate) day_order: DayOrder,
    /// The categories, as far as they are loaded.
    pub(crate) categories: Vec<Category>,
    /// Past occurrences that the user attended and has not rated.
    pub(crate) unrated: HashSet<OccurrenceId>,
    /// The user's registrations by occurrence, as far as they are loaded.
    pub(crate) my_statuses: HashMap<OccurrenceId, MyStatus>,
}

/// The user's registration for one occurrence, reduced to what lists show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MyStatus {
    pub(crate) status: RegistrationStatus,
    pub(crate) party_size: i64,
    /// On the waitlist, from 1.
    pub(crate) position: Option<i64>,
    /// The user keeps the position but is not promoted.
    pub(crate) paused: bool,
    pub(crate) version: i64,
}

impl From<&Registration> for MyStatus {
    fn from(registration: &Registration) -> Self {
        Self {
            status: registration.status,
            party_size: registration.party_size,
            position: registration.position,
            paused: !registration.auto_promote,
            version: registration.version(),
        }
    }
}

impl MyStatus {
    /// Whether the registration is in force: not cancelled.
    pub(crate) fn is_live(&self) -> bool {
        self.status != RegistrationStatus::Cancelled
    }

    /// [`Self::short`], with `paused` where that applies.
    pub(crate) fn long(self) -> String {
        let paused = self.status == RegistrationStatus::Waitlisted && self.paused;
        format!("{}{}", self.short(), if paused { " paused" } else { "" })
    }

    /// A few columns for lists: `● you`, `◌ 3rd`, or `‖ 3rd` for a paused registration.
    pub(crate) fn short(self) -> String {
        let sign = if self.paused { '‖' } else { '◌' };
        match (self.status, self.position) {
            (RegistrationStatus::Waitlisted, Some(position)) => format!("{sign} {}", ordinal(position)),
            (RegistrationStatus::Waitlisted, None) => format!("{sign} waiting"),
            (RegistrationStatus::Confirmed, _) if self.party_size > 1 => {
                format!("● you +{}", self.party_size - 1)
            }
            (RegistrationStatus::Confirmed, _) => "● you".to_owned(),
            (RegistrationStatus::Attended, _) => "✓ there".to_owned(),
            (RegistrationStatus::Cancelled, _) => String::new(),
        }
    }
}

/// `1st`, `2nd`, `11th`.
pub(crate) fn ordinal(n: i64) -> String {
    let ending = match (n % 10, n % 100) {
        (1, 11) | (2, 12) | (3, 13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

impl ViewContext {
    /// What spoken times refer to, in the user's time zone.
    pub(crate) const fn dates(&self) -> DateContext {
        DateContext { now: self.now, order: self.day_order }
    }

    /// What spoken times refer to, in another time zone.
    pub(crate) fn dates_in(&self, zone: Tz) -> DateContext {
        let now = resolve_leniently(self.now, self.my_zone).in_zone(zone).naive_local();
        DateContext { now, order: self.day_order }
    }

    /// The zone in which the times of an occurrence are shown; `own` is the IANA name of its own zone.
    pub(crate) fn zone_of(&self, own: &str) -> Tz {
        if self.in_my_zone { self.my_zone } else { own.parse().unwrap_or(Tz::UTC) }
    }

    /// The day and time of a moment; no time for an all-day occurrence.
    pub(crate) fn local(&self, moment: &Moment, own: &str) -> (NaiveDate, Option<NaiveDateTime>) {
        match moment {
            Moment::Day(day) => (*day, None),
            Moment::At(instant) => {
                let local = Timestamp::from(*instant).in_zone(self.zone_of(own)).naive_local();
                (local.date(), Some(local))
            }
        }
    }

    /// The first and the last day of an occurrence, in the zone that is shown.
    pub(crate) fn days(&self, occurrence: &Occurrence) -> (NaiveDate, NaiveDate) {
        days_in(occurrence, self.zone_of(&occurrence.timezone))
    }

    /// `18:30`, or `all day`.
    pub(crate) fn time(&self, moment: &Moment, own: &str) -> String {
        let (_, local) = self.local(moment, own);
        local.map_or_else(|| "all day".to_owned(), |local| local.format("%H:%M").to_string())
    }

    /// The current time as an instant.
    fn instant(&self) -> Timestamp {
        resolve_leniently(self.now, self.my_zone)
    }

    /// The seconds since an instant; negative if it lies ahead.
    pub(crate) fn seconds_since(&self, then: Timestamp) -> i64 {
        (self.instant().as_micros() - then.as_micros()) / 1_000_000
    }

    /// Whether the occurrence is upcoming, takes place, or is past.
    pub(crate) fn phase(&self, occurrence: &Occurrence) -> Phase {
        occurrence.phase(self.instant())
    }

    /// Whether the occurrence has begun and is not over, all-day ones included.
    pub(crate) fn takes_place(&self, occurrence: &Occurrence) -> bool {
        occurrence.takes_place(self.instant())
    }

    /// Whether a moment has come: a day with its beginning in the zone of this IANA name.
    pub(crate) fn has_come(&self, moment: &Moment, own: &str) -> bool {
        let instant = match moment {
            Moment::Day(day) => start_of_day(*day, own.parse().unwrap_or(Tz::UTC)),
            Moment::At(instant) => (*instant).into(),
        };
        instant.in_zone(self.my_zone).naive_local() <= self.now
    }

    /// Whether the occurrence has ended.
    pub(crate) fn is_over(&self, occurrence: &Occurrence) -> bool {
        self.phase(occurrence) == Phase::Past
    }

    /// `Thu 4 March 2027 · in 3 days`.
    pub(crate) fn day(&self, day: NaiveDate) -> String {
        let date = day.format("%a %-d %B %Y");
        match (day - self.now.date()).num_days() {
            0 => format!("{date} · today"),
            1 => format!("{date} · tomorrow"),
            -1 => format!("{date} · yesterday"),
            days @ 2..=13 => format!("{date} · in {days} days"),
            _ => date.to_string(),
        }
    }

    /// `Thu 4 March 2027, 18:30–20:30 (UTC+1)`.
    pub(crate) fn span(&self, occurrence: &Occurrence) -> String {
        let (first, start) = self.local(&occurrence.starts_at, &occurrence.timezone);
        let (last, end) = self.local(&occurrence.ends_at, &occurrence.timezone);
        let day = |day: NaiveDate| day.format("%a %-d %B %Y").to_string();
        match (start, end) {
            (Some(start), Some(end)) => {
                let zone = self.zone_of(&occurrence.timezone);
                let until = if first == last {
                    end.format("%H:%M").to_string()
                } else {
                    end.format("%a %-d %B, %H:%M").to_string()
                };
                format!("{}, {}–{until} ({zone})", day(first), start.format("%H:%M"))
            }
            _ if first == last => format!("{}, all day", day(first)),
            _ => format!("{} – {}, all day", day(first), day(last)),
        }
    }
}

/// The first and the last day of an occurrence in a time zone, by the rule of [`Occurrence::days`].
pub(crate) fn days_in(occurrence: &Occurrence, tz: Tz) -> (NaiveDate, NaiveDate) {
    occurrence.days(tz).into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_have_english_endings() {
        let texts: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].into_iter().map(ordinal).collect();
        assert_eq!(texts, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
    }
}
