//! What the figures are, and how they are made of counts: pure functions.

use std::iter::Sum;

use chrono::NaiveDate;

use crate::events::{EventStatus, OccurrenceStatus};
use crate::feedback::FeedbackSummary;
use crate::id::{EventId, OccurrenceId};
use crate::time::Moment;

/// Registrations, seats, waitlist and attendance, in numbers. Registrations count once, however large the party; seats count people.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// Registrations that were ever made.
    pub registrations: i64,
    /// Those that hold a place, checked in or not.
    pub confirmed: i64,
    /// Those that were given up or taken off.
    pub cancelled: i64,
    /// `cancelled` of `registrations`, from 0 to 1; null where there are none.
    pub cancellation_rate: Option<f64>,
    /// Seats of the dates that take place.
    pub capacity: i64,
    /// People who have one.
    pub seats_taken: i64,
    /// `seats_taken` of `capacity`: above 1 where a capacity was lowered; null where no date takes place.
    pub fill_rate: Option<f64>,
    /// Registrations on the waitlist now.
    pub waiting: i64,
    /// Registrations that ever stood there.
    pub waitlisted: i64,
    /// Of these, those that hold a place by now.
    pub promoted: i64,
    /// `promoted` of `waitlisted`, from 0 to 1; null where nobody had to wait.
    pub conversion_rate: Option<f64>,
    /// Registrations that were checked in.
    pub attended: i64,
    /// Registrations that held a place, and were not checked in, at dates that are over and where someone was: else nobody looked.
    pub no_shows: i64,
    /// `attended` of `attended` and `no_shows`, from 0 to 1; null where nobody looked.
    pub attendance_rate: Option<f64>,
}

/// How the ratings of late compare with those before.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trend {
    /// The mean of the ratings of the earlier half of the dates that were rated.
    pub earlier: f64,
    /// That of the later half.
    pub recent: f64,
}

/// The registrations of a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayOfRegistrations {
    /// The day, by the clocks of the event, or by UTC where there are several.
    pub date: NaiveDate,
    /// Registrations that were made on it, whatever became of them.
    pub registrations: i64,
    /// For how many people they were made.
    pub people: i64,
}

/// One date in comparison with the others of its event.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OccurrenceInsights {
    /// The date.
    pub occurrence_id: OccurrenceId,
    /// When it starts, by the clocks of the event.
    pub starts_at: Moment,
    /// Whether it takes place.
    pub status: OccurrenceStatus,
    /// Its own title, or the event's.
    pub title: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// How people rated it.
    pub feedback: FeedbackSummary,
    /// Days on which people registered for it, in order.
    pub by_day: Vec<DayOfRegistrations>,
}

/// What an event's dates say together, and each by itself.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Insights {
    /// The event.
    pub event_id: EventId,
    /// IANA name of the zone whose days `by_day` counts.
    pub timezone: String,
    /// All dates together.
    pub total: Figures,
    /// All ratings together.
    pub feedback: FeedbackSummary,
    /// Null unless two dates at least were rated.
    pub trend: Option<Trend>,
    /// Days on which people registered, in order.
    pub by_day: Vec<DayOfRegistrations>,
    /// The dates that have begun or for which someone registered, by start; the latest 1,000.
    pub dates: Vec<OccurrenceInsights>,
}

/// One event in comparison with the others of its organizer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventInsights {
    /// The event.
    pub event_id: EventId,
    /// Its title.
    pub title: String,
    /// Whether it is a draft, published, or cancelled.
    pub status: EventStatus,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// How people rated it.
    pub feedback: FeedbackSummary,
    /// Null unless two of its dates at least were rated.
    pub trend: Option<Trend>,
}

/// What the events of an organizer say together, and each by itself.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizerInsights {
    /// All events together.
    pub total: Figures,
    /// All ratings together.
    pub feedback: FeedbackSummary,
    /// Null unless two dates at least were rated.
    pub trend: Option<Trend>,
    /// Days of UTC on which people registered, in order.
    pub by_day: Vec<DayOfRegistrations>,
    /// The events for which someone registered, those with most registrations first; at most 1,000.
    pub events: Vec<EventInsights>,
}

/// What is counted of one date; all rates are made of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) registrations: i64,
    pub(super) confirmed: i64,
    pub(super) cancelled: i64,
    pub(super) capacity: i64,
    pub(super) seats_taken: i64,
    pub(super) waiting: i64,
    pub(super) waitlisted: i64,
    pub(super) promoted: i64,
    pub(super) attended: i64,
    pub(super) no_shows: i64,
}

impl Counts {
    /// Sees to what only a date that is over tells, and only one that took place.
    pub(super) const fn of_outcome(self, took_place: bool, over: bool) -> Self {
        let seats = if took_place { (self.capacity, self.seats_taken) } else { (0, 0) };
        let looked = took_place && over && self.attended > 0;
        let no_shows = if looked { self.confirmed - self.attended } else { 0 };
        Self { capacity: seats.0, seats_taken: seats.1, no_shows, ..self }
    }

    pub(super) fn figures(self) -> Figures {
        Figures {
            registrations: self.registrations,
            confirmed: self.confirmed,
            cancelled: self.cancelled,
            cancellation_rate: rate(self.cancelled, self.registrations),
            capacity: self.capacity,
            seats_taken: self.seats_taken,
            fill_rate: rate(self.seats_taken, self.capacity),
            waiting: self.waiting,
            waitlisted: self.waitlisted,
            promoted: self.promoted,
            conversion_rate: rate(self.promoted, self.waitlisted),
            attended: self.attended,
            no_shows: self.no_shows,
            attendance_rate: rate(self.attended, self.attended + self.no_shows),
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), |a, b| Self {
            registrations: a.registrations + b.registrations,
            confirmed: a.confirmed + b.confirmed,
            cancelled: a.cancelled + b.cancelled,
            capacity: a.capacity + b.capacity,
            seats_taken: a.seats_taken + b.seats_taken,
            waiting: a.waiting + b.waiting,
            waitlisted: a.waitlisted + b.waitlisted,
            promoted: a.promoted + b.promoted,
            attended: a.attended + b.attended,
            no_shows: a.no_shows + b.no_shows,
        })
    }
}

/// A part of a whole, to four places.
fn rate(part: i64, whole: i64) -> Option<f64> {
    let steps = (whole > 0).then(|| (part * 20_000 + whole) / (whole * 2))?;
    i32::try_from(steps).ok().map(|steps| f64::from(steps) / 10_000.0)
}

/// Compares the halves of what was rated, given by start as (sum, number) of each date; of an odd number the middle counts to the later.
pub(super) fn trend(rated: &[(i64, i64)]) -> Option<Trend> {
    if rated.len() < 2 {
        return None;
    }
    let (earlier, recent) = rated.split_at(rated.len() / 2);
    let mean = |half: &[(i64, i64)]| {
        crate::feedback::mean(
            half.iter().map(|(sum, _)| sum).sum(),
            half.iter().map(|(_, count)| count).sum(),
        )
    };
    Some(Trend { earlier: mean(earlier)?, recent: mean(recent)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Counts = Counts {
        registrations: 12,
        confirmed: 8,
        cancelled: 3,
        capacity: 10,
        seats_taken: 9,
        waiting: 1,
        waitlisted: 4,
        promoted: 3,
        attended: 6,
        no_shows: 0,
    };

    #[test]
    fn rates_are_parts_of_what_they_say() {
        let figures = FULL.of_outcome(true, true).figures();
        assert_eq!((figures.cancellation_rate, figures.fill_rate), (Some(0.25), Some(0.9)));
        assert_eq!((figures.conversion_rate, figures.no_shows), (Some(0.75), 2));
        assert_eq!(figures.attendance_rate, Some(0.75));
        let none = Counts::default().of_outcome(true, true).figures();
        assert_eq!(
            (none.cancellation_rate, none.fill_rate, none.conversion_rate, none.attendance_rate),
            (None, None, None, None)
        );
        assert_eq!((rate(1, 3), rate(2, 3), rate(7, 5)), (Some(0.3333), Some(0.6667), Some(1.4)));
    }

    #[test]
    fn who_did_not_come_is_known_only_afterwards_and_where_someone_looked() {
        assert_eq!(FULL.of_outcome(true, false).no_shows, 0, "it is going on");
        let unseen = Counts { attended: 0, ..FULL }.of_outcome(true, true);
        assert_eq!((unseen.no_shows, unseen.figures().attendance_rate), (0, None));
        let cancelled = FULL.of_outcome(false, true);
        assert_eq!((cancelled.no_shows, cancelled.capacity, cancelled.registrations), (0, 0, 12));
    }

    #[test]
    fn sums_are_of_counts_and_not_of_rates() {
        let small = Counts { capacity: 90, seats_taken: 0, ..Counts::default() };
        let both: Counts = [FULL, small].into_iter().sum();
        assert_eq!(both.figures().fill_rate, Some(0.09));
    }

    #[test]
    fn a_trend_has_two_halves() {
        assert_eq!(trend(&[(10, 2)]), None);
        assert_eq!(trend(&[(2, 1), (9, 2), (5, 1)]), Some(Trend { earlier: 2.0, recent: 4.67 }));
    }
}
