//! The types of insights, and the pure functions that compute them from counts.

use std::iter::Sum;

use chrono::NaiveDate;

use crate::events::{EventStatus, OccurrenceStatus};
use crate::feedback::FeedbackSummary;
use crate::id::{EventId, OccurrenceId};
use crate::time::Moment;

/// Figures about registrations, seats, the waitlist and attendance. A registration counts once, whatever the
/// size of its party; seats count people.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// All registrations, cancelled ones included.
    pub registrations: i64,
    /// Registrations that are confirmed or attended.
    pub confirmed: i64,
    /// Cancelled registrations.
    pub cancelled: i64,
    /// `cancelled` / `registrations`, from 0 to 1; null without registrations.
    pub cancellation_rate: Option<f64>,
    /// Seats of the occurrences that are not cancelled.
    pub capacity: i64,
    /// Seats taken at these occurrences.
    pub seats_taken: i64,
    /// `seats_taken` / `capacity`: above 1 if a capacity was lowered; null if all occurrences are cancelled.
    pub fill_rate: Option<f64>,
    /// Registrations on the waitlist now.
    pub waiting: i64,
    /// Registrations that were ever on the waitlist.
    pub waitlisted: i64,
    /// Those of `waitlisted` that are confirmed or attended now.
    pub promoted: i64,
    /// `promoted` / `waitlisted`, from 0 to 1; null if no registration was ever waitlisted.
    pub conversion_rate: Option<f64>,
    /// Registrations that were checked in.
    pub attended: i64,
    /// Registrations that were confirmed and not checked in. Counted only for past occurrences with at least
    /// one check-in, because the others had no check-in at all.
    pub no_shows: i64,
    /// `attended` / (`attended` + `no_shows`), from 0 to 1; null without check-ins.
    pub attendance_rate: Option<f64>,
}

/// The trend of ratings: the earlier half of the rated occurrences compared with the later half.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trend {
    /// The mean rating of the earlier half.
    pub earlier: f64,
    /// The mean rating of the later half.
    pub recent: f64,
}

/// The registrations made on a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DailyRegistrations {
    /// The day, in the time zone of the event, or in UTC for several events.
    pub date: NaiveDate,
    /// Registrations made on the day, whatever their status is now.
    pub registrations: i64,
    /// The number of people in their parties.
    pub people: i64,
}

/// Insights into an occurrence.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OccurrenceInsights {
    /// The occurrence.
    pub occurrence_id: OccurrenceId,
    /// Its start, in the time zone of the event.
    pub starts_at: Moment,
    /// Its status.
    pub status: OccurrenceStatus,
    /// Its own title, or that of the event.
    pub title: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Its ratings.
    pub feedback: FeedbackSummary,
    /// Its registrations by day, in order. Days without registrations are left out.
    pub by_day: Vec<DailyRegistrations>,
}

/// Insights into an event and its occurrences.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Insights {
    /// The event.
    pub event_id: EventId,
    /// The IANA time zone whose days `by_day` counts.
    pub timezone: String,
    /// The figures of all occurrences together.
    pub total: Figures,
    /// All ratings.
    pub feedback: FeedbackSummary,
    /// Null unless at least two occurrences were rated.
    pub trend: Option<Trend>,
    /// All registrations by day, in order. Days without registrations are left out.
    pub by_day: Vec<DailyRegistrations>,
    /// The occurrences that have started or have registrations, by start; the latest 1,000.
    pub occurrences: Vec<OccurrenceInsights>,
}

/// Insights into an event, beside the other events of its organizer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventInsights {
    /// The event.
    pub event_id: EventId,
    /// Its title.
    pub title: String,
    /// Its status.
    pub status: EventStatus,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Its ratings.
    pub feedback: FeedbackSummary,
    /// Null unless at least two of its occurrences were rated.
    pub trend: Option<Trend>,
}

/// Insights into all events of an organizer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizerInsights {
    /// The figures of all events together.
    pub total: Figures,
    /// All ratings.
    pub feedback: FeedbackSummary,
    /// Null unless at least two occurrences were rated.
    pub trend: Option<Trend>,
    /// All registrations by day in UTC, in order. Days without registrations are left out.
    pub by_day: Vec<DailyRegistrations>,
    /// The events that have registrations, those with the most first; at most 1,000.
    pub events: Vec<EventInsights>,
}

/// The counts from which [`Figures`] are computed, of an occurrence or a sum of them.
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
    /// Sets the no-shows of an occurrence, and removes the seats of a cancelled one.
    pub(super) const fn with_outcome(self, is_scheduled: bool, is_over: bool) -> Self {
        let (capacity, seats_taken) = if is_scheduled { (self.capacity, self.seats_taken) } else { (0, 0) };
        let had_check_in = is_scheduled && is_over && self.attended > 0;
        let no_shows = if had_check_in { self.confirmed - self.attended } else { 0 };
        Self { capacity, seats_taken, no_shows, ..self }
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
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
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

/// `part` / `whole`, rounded to four decimal places; `None` if `whole` is 0.
fn rate(part: i64, whole: i64) -> Option<f64> {
    let ten_thousandths = (whole > 0).then(|| (part * 20_000 + whole) / (whole * 2))?;
    i32::try_from(ten_thousandths).ok().map(|n| f64::from(n) / 10_000.0)
}

/// The trend of rated occurrences in order of their start. Each is given by the sum and the number of its
/// ratings.
///
/// `None` for fewer than two occurrences. The later half of an odd number has one more.
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
    fn rates_are_rounded_and_null_without_a_base() {
        let figures = FULL.with_outcome(true, true).figures();
        assert_eq!((figures.cancellation_rate, figures.fill_rate), (Some(0.25), Some(0.9)));
        assert_eq!((figures.conversion_rate, figures.no_shows), (Some(0.75), 2));
        assert_eq!(figures.attendance_rate, Some(0.75));
        let none = Counts::default().with_outcome(true, true).figures();
        assert_eq!(
            (none.cancellation_rate, none.fill_rate, none.conversion_rate, none.attendance_rate),
            (None, None, None, None)
        );
        assert_eq!((rate(1, 3), rate(2, 3), rate(7, 5)), (Some(0.3333), Some(0.6667), Some(1.4)));
    }

    #[test]
    fn no_shows_need_a_past_occurrence_with_check_ins() {
        assert_eq!(FULL.with_outcome(true, false).no_shows, 0, "not over yet");
        let without_check_in = Counts { attended: 0, ..FULL }.with_outcome(true, true);
        assert_eq!((without_check_in.no_shows, without_check_in.figures().attendance_rate), (0, None));
        let cancelled = FULL.with_outcome(false, true);
        assert_eq!((cancelled.no_shows, cancelled.capacity, cancelled.registrations), (0, 0, 12));
    }

    #[test]
    fn rates_of_sums_are_not_sums_of_rates() {
        let small = Counts { capacity: 90, seats_taken: 0, ..Counts::default() };
        let both: Counts = [FULL, small].into_iter().sum();
        assert_eq!(both.figures().fill_rate, Some(0.09));
    }

    #[test]
    fn trends_compare_two_halves() {
        assert_eq!(trend(&[(10, 2)]), None);
        assert_eq!(trend(&[(2, 1), (9, 2), (5, 1)]), Some(Trend { earlier: 2.0, recent: 4.67 }));
    }
}
