//! How times and dates are shown: in whose zone, and with which marks of mine.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use eventcore::events::{Moment, Occurrence, start_of_day};
use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::{OccurrenceId, Timestamp};

use crate::theme::Theme;

/// What all screens go by.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    /// My time zone.
    pub(crate) mine: Tz,
    /// Times are shown in mine, rather than in each event's own.
    pub(crate) in_mine: bool,
    /// What is now by my clock.
    pub(crate) today: NaiveDateTime,
    /// Dates at which I was, and of which I have said nothing.
    pub(crate) due: HashSet<OccurrenceId>,
    /// My places.
    pub(crate) marks: HashMap<OccurrenceId, Mark>,
}

/// My place at a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) status: RegistrationStatus,
    pub(crate) party: i64,
    pub(crate) position: Option<i64>,
    /// Others are let in before me, as I wish.
    pub(crate) passed_over: bool,
    pub(crate) version: i64,
}

impl From<&Registration> for Mark {
    fn from(place: &Registration) -> Self {
        Self {
            status: place.status,
            party: place.party_size,
            position: place.position,
            passed_over: !place.auto_promote,
            version: place.version(),
        }
    }
}

impl Mark {
    /// With a word more, where there are some columns for it.
    pub(crate) fn in_words(self) -> String {
        let pauses = self.status == RegistrationStatus::Waitlisted && self.passed_over;
        format!("{}{}", self.short(), if pauses { " paused" } else { "" })
    }

    /// In as few columns as can be: `● you`, `◌ 3rd`, `‖ 3rd` for who lets others pass.
    pub(crate) fn short(self) -> String {
        let waits = if self.passed_over { '‖' } else { '◌' };
        match (self.status, self.position) {
            (RegistrationStatus::Waitlisted, Some(position)) => format!("{waits} {}", ordinal(position)),
            (RegistrationStatus::Waitlisted, None) => format!("{waits} waiting"),
            (RegistrationStatus::Confirmed, _) if self.party > 1 => format!("● you +{}", self.party - 1),
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

impl Look {
    /// The zone in which the times of a date are shown.
    pub(crate) fn zone_of(&self, own: &str) -> Tz {
        if self.in_mine { self.mine } else { own.parse().unwrap_or(Tz::UTC) }
    }

    /// Day and time of a moment; no time, for a whole day.
    pub(crate) fn local(&self, moment: &Moment, own: &str) -> (NaiveDate, Option<NaiveDateTime>) {
        match moment {
            Moment::Day(day) => (*day, None),
            Moment::At(instant) => {
                let local = Timestamp::from(*instant).in_zone(self.zone_of(own)).naive_local();
                (local.date(), Some(local))
            }
        }
    }

    /// The first and the last day on which it takes place, in the zone in which its times are shown.
    pub(crate) fn days(&self, date: &Occurrence) -> (NaiveDate, NaiveDate) {
        days_in(date, self.zone_of(&date.timezone))
    }

    /// `18:30`, or `all day`.
    pub(crate) fn time(&self, moment: &Moment, own: &str) -> String {
        let (_, local) = self.local(moment, own);
        local.map_or_else(|| "all day".to_owned(), |local| local.format("%H:%M").to_string())
    }

    /// Whether the date has begun: who waits for a seat gets none any more.
    pub(crate) fn has_begun(&self, date: &Occurrence) -> bool {
        let begins = match date.starts_at {
            Moment::Day(first) => start_of_day(first, date.timezone.parse().unwrap_or(Tz::UTC)),
            Moment::At(start) => start.into(),
        };
        begins.in_zone(self.mine).naive_local() <= self.today
    }

    /// Whether the date has ended.
    pub(crate) fn is_over(&self, date: &Occurrence) -> bool {
        match date.ends_at {
            Moment::Day(last) => last < self.today.date(),
            Moment::At(end) => Timestamp::from(end).in_zone(self.mine).naive_local() <= self.today,
        }
    }

    /// `Thu 4 March 2027 · in 3 days`.
    pub(crate) fn day(&self, day: NaiveDate) -> String {
        let date = day.format("%a %-d %B %Y");
        match (day - self.today.date()).num_days() {
            0 => format!("{date} · today"),
            1 => format!("{date} · tomorrow"),
            -1 => format!("{date} · yesterday"),
            days @ 2..=13 => format!("{date} · in {days} days"),
            _ => date.to_string(),
        }
    }

    /// `Thu 4 March 2027, 18:30–20:30 (UTC+1)`.
    pub(crate) fn span(&self, date: &Occurrence) -> String {
        let (first, start) = self.local(&date.starts_at, &date.timezone);
        let (last, end) = self.local(&date.ends_at, &date.timezone);
        let day = |day: NaiveDate| day.format("%a %-d %B %Y").to_string();
        match (start, end) {
            (Some(start), Some(end)) => {
                let zone = self.zone_of(&date.timezone);
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

/// The first and the last day on which it takes place, by the rule of [`Occurrence::days`].
pub(crate) fn days_in(date: &Occurrence, tz: Tz) -> (NaiveDate, NaiveDate) {
    date.days(tz).into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said() {
        let said: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].into_iter().map(ordinal).collect();
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
    }
}
