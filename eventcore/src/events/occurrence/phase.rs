//! The phase of an occurrence as clients see it.

use chrono::NaiveDate;

use crate::events::event::{Occurrence, zone};
use crate::phase::Phase;
use crate::time::{Moment, Timestamp, start_of_day};

impl Occurrence {
    /// Whether it is upcoming, takes place, or is past.
    pub fn phase(&self, now: Timestamp) -> Phase {
        let (starts_at, ends_at) = self.instants();
        Phase::of(starts_at, ends_at, self.all_day, now)
    }

    /// Whether it has begun and is not over. An all-day occurrence is upcoming then, any other is current.
    pub fn takes_place(&self, now: Timestamp) -> bool {
        let (starts_at, ends_at) = self.instants();
        starts_at <= now && now < ends_at
    }

    /// Start and end. Days begin and end in its own time zone.
    fn instants(&self) -> (Timestamp, Timestamp) {
        let tz = zone(&self.timezone);
        let instant = |moment: Moment, day_of: fn(NaiveDate) -> NaiveDate| match moment {
            Moment::At(instant) => instant.into(),
            Moment::Day(day) => start_of_day(day_of(day), tz),
        };
        (instant(self.starts_at, |day| day), instant(self.ends_at, |day| day.succ_opt().unwrap_or(day)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_and_end_in_the_zone_of_the_occurrence() {
        let occurrence = |starts_at: &str, ends_at: &str, timezone: &str| -> Occurrence {
            serde_json::from_value(serde_json::json!({
                "id": "01890000-0000-7000-8000-000000000001",
                "event_id": "01890000-0000-7000-8000-000000000000",
                "title": "Fair", "description": "", "location": "Hall", "url": null,
                "original_start": starts_at,
                "starts_at": starts_at, "ends_at": ends_at, "timezone": timezone,
                "all_day": !starts_at.contains('T'), "status": "scheduled", "overridden": [], "capacity": 1,
                "seats_taken": 0, "seats_left": 1, "waitlist_length": 0, "waitlist_enabled": true,
                "registration_open": true, "recurring": false, "version": 1,
                "organizer": {
                    "id": "01890000-0000-7000-8000-000000000002", "username": "ada", "display_name": "Ada",
                },
                "links": {"google": "", "outlook": "", "ics": ""},
            }))
            .unwrap()
        };
        let phases = |occurrence: &Occurrence, now: &str| {
            let now = now.parse().unwrap();
            (occurrence.phase(now), occurrence.takes_place(now))
        };
        let fair = occurrence("2027-03-04", "2027-03-05", "Pacific/Auckland");
        assert_eq!(phases(&fair, "2027-03-03T10:59:59Z"), (Phase::Upcoming, false));
        assert_eq!(phases(&fair, "2027-03-03T11:00:00Z"), (Phase::Upcoming, true));
        assert_eq!(phases(&fair, "2027-03-05T10:59:59Z"), (Phase::Upcoming, true));
        assert_eq!(phases(&fair, "2027-03-05T11:00:00Z"), (Phase::Past, false));
        // The day has 25 hours, and the next one begins at its end.
        let long = occurrence("2027-10-31", "2027-10-31", "Europe/Berlin");
        assert_eq!(phases(&long, "2027-10-31T22:59:59Z"), (Phase::Upcoming, true));
        assert_eq!(phases(&long, "2027-10-31T23:00:00Z"), (Phase::Past, false));
        // Midnight does not exist in Santiago on this day: it ends an hour later by the clock.
        let gap = occurrence("2027-09-04", "2027-09-04", "America/Santiago");
        assert_eq!(phases(&gap, "2027-09-05T03:59:59Z"), (Phase::Upcoming, true));
        assert_eq!(phases(&gap, "2027-09-05T04:00:00Z"), (Phase::Past, false));
        let talk = occurrence("2027-03-04T18:30:00+01:00", "2027-03-04T19:30:00+01:00", "Europe/Berlin");
        assert_eq!(phases(&talk, "2027-03-04T17:29:59Z"), (Phase::Upcoming, false));
        assert_eq!(phases(&talk, "2027-03-04T17:30:00Z"), (Phase::Current, true));
    }
}
