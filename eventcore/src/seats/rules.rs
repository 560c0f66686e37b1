//! Admission and promotion: pure rules over the seats of one occurrence, its waitlist and a request.
//!
//! Each rule returns effects, which the storage code carries out.

use crate::error::{Error, Result};

/// The seat counts of one occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seats {
    /// Seats in all.
    pub(crate) capacity: i64,
    /// Seats of confirmed and attended parties. Exceeds `capacity` after the organizer lowered it.
    pub(crate) taken: i64,
    /// Registrations on the waitlist.
    pub(crate) waiting: i64,
}

/// What a registration holds, with its party size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holding {
    /// Seats: confirmed or attended.
    Seats(i64),
    /// A place on the waitlist.
    WaitlistPlace(i64),
}

/// A change of an occurrence's seats and waitlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect<Id> {
    /// A new registration gets seats.
    Confirm { party: i64 },
    /// A new registration joins the end of the waitlist.
    JoinWaitlist { party: i64 },
    /// A party with seats changes its size.
    ResizeSeated { from: i64, to: i64 },
    /// A waiting party changes its size and keeps its position.
    ResizeWaiting { to: i64 },
    /// A party gives its seats back.
    FreeSeats { party: i64 },
    /// A party leaves the waitlist.
    LeaveWaitlist,
    /// A waiting party gets seats.
    Promote { id: Id, party: i64 },
}

/// An effect on the registration of the request itself, which is never a promotion.
pub(crate) type RequestEffect = Effect<std::convert::Infallible>;

impl Holding {
    /// The party size.
    pub(crate) const fn party(self) -> i64 {
        match self {
            Self::Seats(party) | Self::WaitlistPlace(party) => party,
        }
    }
}

impl Seats {
    /// Whether enough seats are free for a party.
    pub(crate) const fn fits(self, party: i64) -> bool {
        self.taken + party <= self.capacity
    }

    /// Whether a party would fit into the empty occurrence.
    ///
    /// A larger party keeps its position and is passed over until the capacity suffices: at the head of the
    /// list it would block everyone behind it.
    pub(crate) const fn can_ever_fit(self, party: i64) -> bool {
        party <= self.capacity
    }

    /// The counts after an effect.
    #[must_use]
    pub(crate) const fn after<Id>(self, effect: &Effect<Id>) -> Self {
        let Self { capacity, taken, waiting } = self;
        let (taken, waiting) = match *effect {
            Effect::Confirm { party } => (taken + party, waiting),
            Effect::JoinWaitlist { .. } => (taken, waiting + 1),
            Effect::ResizeSeated { from, to } => (taken - from + to, waiting),
            Effect::ResizeWaiting { .. } => (taken, waiting),
            Effect::FreeSeats { party } => (taken - party, waiting),
            Effect::LeaveWaitlist => (taken, waiting - 1),
            Effect::Promote { party, .. } => (taken + party, waiting - 1),
        };
        Self { capacity, taken, waiting }
    }
}

/// Decides a new registration: seats if the party fits and overtakes nobody, else the end of the waitlist.
///
/// `someone_next`: whether the waitlist has a registration that is not passed over.
///
/// # Errors
/// `registration_closed` while more seats are taken than there are; `event_full` if the party would have to
/// wait and the waitlist is disabled.
pub(crate) fn admit(
    seats: Seats,
    someone_next: bool,
    waitlist_enabled: bool,
    party: i64,
) -> Result<RequestEffect> {
    if seats.taken > seats.capacity {
        return Err(Error::RegistrationClosed);
    }
    if seats.fits(party) && !someone_next {
        return Ok(Effect::Confirm { party });
    }
    if !waitlist_enabled {
        return Err(Error::EventFull);
    }
    Ok(Effect::JoinWaitlist { party })
}

/// Decides a change of a party's size; `None` if the size stays.
///
/// # Errors
/// `event_full` if a seated party grows and the seats are not free, or are due to the waitlist.
pub(crate) fn resize(
    seats: Seats,
    someone_next: bool,
    holding: Holding,
    to: i64,
) -> Result<Option<RequestEffect>> {
    match holding {
        _ if holding.party() == to => Ok(None),
        Holding::WaitlistPlace(_) => Ok(Some(Effect::ResizeWaiting { to })),
        Holding::Seats(from) if to > from && (someone_next || !seats.fits(to - from)) => {
            Err(Error::EventFull)
        }
        Holding::Seats(from) => Ok(Some(Effect::ResizeSeated { from, to })),
    }
}

/// The effect of cancelling a registration.
pub(crate) const fn leave(holding: Holding) -> RequestEffect {
    match holding {
        Holding::Seats(party) => Effect::FreeSeats { party },
        Holding::WaitlistPlace(_) => Effect::LeaveWaitlist,
    }
}

/// Promotes waiting parties in list order until the first one that does not fit.
///
/// `next` yields id and party size of the registrations that may be promoted. Parties larger than the
/// capacity are passed over.
pub(crate) fn promote<Id>(seats: Seats, next: impl IntoIterator<Item = (Id, i64)>) -> Vec<Effect<Id>> {
    let mut seats = seats;
    let mut promoted = Vec::new();
    for (id, party) in next {
        if !seats.can_ever_fit(party) {
            continue;
        }
        if !seats.fits(party) {
            break;
        }
        let effect = Effect::Promote { id, party };
        seats = seats.after(&effect);
        promoted.push(effect);
    }
    promoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Seats = Seats { capacity: 4, taken: 4, waiting: 0 };

    fn free(taken: i64) -> Seats {
        Seats { taken, ..FULL }
    }

    fn code<T>(outcome: Result<T>) -> &'static str {
        outcome.err().map_or("", |error| error.code())
    }

    #[test]
    fn a_new_party_is_confirmed_waitlisted_or_refused() {
        assert_eq!(admit(free(2), false, false, 2).ok(), Some(Effect::Confirm { party: 2 }));
        assert_eq!(admit(free(2), false, true, 3).ok(), Some(Effect::JoinWaitlist { party: 3 }));
        assert_eq!(code(admit(free(2), false, false, 3)), "event_full");
        assert_eq!(admit(free(2), false, true, 5).ok(), Some(Effect::JoinWaitlist { party: 5 }));
        assert_eq!(code(admit(free(2), false, false, 5)), "event_full");
        assert_eq!(code(admit(free(5), false, true, 1)), "registration_closed");
    }

    #[test]
    fn a_small_party_overtakes_nobody() {
        assert_eq!(admit(free(2), true, true, 1).ok(), Some(Effect::JoinWaitlist { party: 1 }));
        assert_eq!(code(admit(free(2), true, false, 1)), "event_full");
        assert_eq!(code(resize(free(2), true, Holding::Seats(1), 2)), "event_full");
    }

    #[test]
    fn parties_grow_into_free_seats_and_always_shrink() {
        assert_eq!(
            resize(free(2), false, Holding::Seats(2), 4).ok().flatten(),
            Some(Effect::ResizeSeated { from: 2, to: 4 })
        );
        assert_eq!(code(resize(free(2), false, Holding::Seats(2), 5)), "event_full");
        assert_eq!(
            resize(free(9), true, Holding::Seats(2), 1).ok().flatten(),
            Some(Effect::ResizeSeated { from: 2, to: 1 })
        );
        assert_eq!(resize(FULL, true, Holding::Seats(2), 2).ok(), Some(None));
        assert_eq!(
            resize(FULL, true, Holding::WaitlistPlace(1), 4).ok().flatten(),
            Some(Effect::ResizeWaiting { to: 4 })
        );
        assert_eq!(
            resize(FULL, true, Holding::WaitlistPlace(1), 5).ok().flatten(),
            Some(Effect::ResizeWaiting { to: 5 })
        );
    }

    #[test]
    fn promotion_stops_at_the_first_party_that_does_not_fit() {
        assert_eq!(
            promote(free(0), [("a", 2), ("b", 1), ("c", 2), ("d", 1)]),
            [Effect::Promote { id: "a", party: 2 }, Effect::Promote { id: "b", party: 1 }]
        );
        assert_eq!(promote(free(5), [("a", 1)]), []);
        assert_eq!(
            promote(free(2), [("too many", 5), ("b", 1), ("too many", 6), ("c", 2), ("d", 1)]),
            [Effect::Promote { id: "b", party: 1 }]
        );
    }
}
