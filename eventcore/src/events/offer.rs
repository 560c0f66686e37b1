//! Whether an occurrence can be registered for. The field `registration_open` and the refusal of a request
//! ask the same [`Offer`].

use super::event::{EventStatus, OccurrenceStatus};
use super::window::OpenPeriod;
use crate::error::{Error, Result};
use crate::phase::{self, Phase};
use crate::time::Timestamp;

/// An occurrence, as far as it decides whether people can register for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) event_status: EventStatus,
    pub(crate) status: OccurrenceStatus,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) all_day: bool,
    pub(crate) open_period: OpenPeriod,
    /// More seats are taken than there are, because the capacity was lowered.
    pub(crate) overbooked: bool,
}

impl Offer {
    /// The phase of the occurrence.
    pub(crate) fn phase(&self, now: Timestamp) -> Phase {
        Phase::of(self.starts_at, self.ends_at, self.all_day, now)
    }

    const fn takes_place(&self) -> Result<()> {
        match (self.event_status, self.status) {
            (EventStatus::Draft, _) => Err(Error::EventNotPublished),
            (EventStatus::Cancelled, _) | (_, OccurrenceStatus::Cancelled) => Err(Error::OccurrenceCancelled),
            _ => Ok(()),
        }
    }

    /// Requires that the occurrence takes place and is upcoming.
    ///
    /// # Errors
    /// `event_not_published`, `occurrence_cancelled`, `occurrence_past`.
    pub(crate) fn upcoming(&self, now: Timestamp) -> Result<()> {
        self.takes_place()?;
        match self.phase(now) {
            Phase::Upcoming => Ok(()),
            Phase::Current => Err(Error::OccurrenceBegun),
            Phase::Past => Err(Error::OccurrencePast),
        }
    }

    /// Requires that the occurrence takes place, and organizers may still register people.
    ///
    /// # Errors
    /// As [`Self::upcoming`].
    pub(crate) fn walk_ins(&self, now: Timestamp) -> Result<()> {
        self.takes_place()?;
        if phase::is_door_open(self.ends_at, now) { Ok(()) } else { Err(Error::OccurrencePast) }
    }

    /// Requires that users can register.
    ///
    /// # Errors
    /// As [`Self::upcoming`], and `registration_not_open`, `registration_closed`.
    pub(crate) fn registration(&self, now: Timestamp) -> Result<()> {
        self.upcoming(now)?;
        self.open_period.must_be_open(now)?;
        if self.overbooked { Err(Error::RegistrationClosed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_has_its_own_code() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let noon = at("2027-03-04T12:00:00Z");
        let open = Offer {
            event_status: EventStatus::Published,
            status: OccurrenceStatus::Scheduled,
            starts_at: at("2027-03-04T18:30:00Z"),
            ends_at: at("2027-03-04T20:30:00Z"),
            all_day: false,
            open_period: OpenPeriod::default(),
            overbooked: false,
        };
        let opens = |text: &str| OpenPeriod { opens_at: Some(at(text)), closes_at: None };
        let closes = |text: &str| OpenPeriod { opens_at: None, closes_at: Some(at(text)) };
        let begun = Offer { starts_at: noon, ..open };
        for (offer, upcoming, registration) in [
            (open, "", ""),
            (
                Offer { event_status: EventStatus::Draft, ..open },
                "event_not_published",
                "event_not_published",
            ),
            (
                Offer { event_status: EventStatus::Cancelled, ..open },
                "occurrence_cancelled",
                "occurrence_cancelled",
            ),
            (
                Offer { status: OccurrenceStatus::Cancelled, ..open },
                "occurrence_cancelled",
                "occurrence_cancelled",
            ),
            (begun, "occurrence_past", "occurrence_past"),
            (Offer { ends_at: noon, ..begun }, "occurrence_past", "occurrence_past"),
            (Offer { all_day: true, ..begun }, "", ""),
            (Offer { all_day: true, ends_at: noon, ..begun }, "occurrence_past", "occurrence_past"),
            (Offer { open_period: opens("2027-03-04T12:00:01Z"), ..open }, "", "registration_not_open"),
            (Offer { open_period: opens("2027-03-04T12:00:00Z"), ..open }, "", ""),
            (Offer { open_period: closes("2027-03-04T12:00:00Z"), ..open }, "", "registration_closed"),
            (Offer { overbooked: true, ..open }, "", "registration_closed"),
        ] {
            let code = |outcome: Result<()>| outcome.err().map_or("", |error| error.code());
            assert_eq!(code(offer.upcoming(noon)), upcoming, "{offer:?}");
            assert_eq!(code(offer.registration(noon)), registration, "{offer:?}");
        }
    }
}
