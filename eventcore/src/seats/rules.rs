//! Who gets a seat: pure rules over the seats of one date, its waitlist and a request. Each answers with effects, which storage carries out.

use crate::error::{Error, Result};

/// The numbers that a date keeps about its seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seats {
    /// How many there are.
    pub(crate) capacity: i64,
    /// How many confirmed and attending parties hold; more than there are, once the capacity was lowered.
    pub(crate) taken: i64,
    /// Registrations that wait.
    pub(crate) waiting: i64,
}

/// What someone has at a date: a party of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Seats.
    Place(i64),
    /// A place on the waitlist.
    Waiting(i64),
}

/// What becomes of the seats of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect<Id> {
    /// A newcomer gets seats.
    Seat { party: i64 },
    /// A newcomer joins the end of the waitlist.
    Join { party: i64 },
    /// A party that holds seats gets larger or smaller.
    ResizePlace { from: i64, to: i64 },
    /// A party that waits gets larger or smaller, and keeps its place in the list.
    ResizeWaiting { to: i64 },
    /// A party gives its seats back.
    Vacate { party: i64 },
    /// A party leaves the waitlist.
    Leave,
    /// A party that waited gets seats.
    Promote { who: Id, party: i64 },
}

/// An effect on the one who asks.
pub(crate) type Own = Effect<std::convert::Infallible>;

impl Held {
    /// How many people.
    pub(crate) const fn party(self) -> i64 {
        match self {
            Self::Place(party) | Self::Waiting(party) => party,
        }
    }
}

impl Seats {
    /// Whether a party can sit down now.
    pub(crate) const fn fit(self, party: i64) -> bool {
        self.taken + party <= self.capacity
    }

    /// Whether a party could ever sit down here. One that is larger than the whole date keeps its place in the list, and is passed over until there
    /// are enough seats: at the head of the list, nobody behind it would ever get one.
    pub(crate) const fn hold(self, party: i64) -> bool {
        party <= self.capacity
    }

    /// The numbers after an effect.
    #[must_use]
    pub(crate) const fn after<Id>(self, effect: &Effect<Id>) -> Self {
        let Self { capacity, taken, waiting } = self;
        let (taken, waiting) = match *effect {
            Effect::Seat { party } => (taken + party, waiting),
            Effect::Join { .. } => (taken, waiting + 1),
            Effect::ResizePlace { from, to } => (taken - from + to, waiting),
            Effect::ResizeWaiting { .. } => (taken, waiting),
            Effect::Vacate { party } => (taken - party, waiting),
            Effect::Leave => (taken, waiting - 1),
            Effect::Promote { party, .. } => (taken + party, waiting - 1),
        };
        Self { capacity, taken, waiting }
    }
}

/// Lets a newcomer in: to a seat if the party fits and nobody would be overtaken, else to the end of the waitlist. `someone_next` says whether
/// anyone waits who is not passed over.
pub(crate) fn admit(seats: Seats, someone_next: bool, waitlist_enabled: bool, party: i64) -> Result<Own> {
    if seats.taken > seats.capacity {
        return Err(Error::RegistrationClosed);
    }
    if seats.fit(party) && !someone_next {
        return Ok(Effect::Seat { party });
    }
    if !waitlist_enabled {
        return Err(Error::EventFull);
    }
    Ok(Effect::Join { party })
}

/// Makes a party larger or smaller; nothing where it is as large already. Larger, where it holds seats, only if the seats are there and nobody waits for them.
pub(crate) fn resize(seats: Seats, someone_next: bool, held: Held, to: i64) -> Result<Option<Own>> {
    match held {
        _ if held.party() == to => Ok(None),
        Held::Waiting(_) => Ok(Some(Effect::ResizeWaiting { to })),
        Held::Place(from) if to > from && (someone_next || !seats.fit(to - from)) => Err(Error::EventFull),
        Held::Place(from) => Ok(Some(Effect::ResizePlace { from, to })),
    }
}

/// Takes a party off the date.
pub(crate) const fn leave(held: Held) -> Own {
    match held {
        Held::Place(party) => Effect::Vacate { party },
        Held::Waiting(_) => Effect::Leave,
    }
}

/// Gives free seats to those who wait and want to be promoted (id and party of each, in the order of the list), as long as the first that could ever
/// sit down here fits.
pub(crate) fn promote<Id>(seats: Seats, next: impl IntoIterator<Item = (Id, i64)>) -> Vec<Effect<Id>> {
    let mut seats = seats;
    let mut promoted = Vec::new();
    for (who, party) in next {
        if !seats.hold(party) {
            continue;
        }
        if !seats.fit(party) {
            break;
        }
        let effect = Effect::Promote { who, party };
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
    fn newcomers_sit_wait_or_are_refused() {
        assert_eq!(admit(free(2), false, false, 2).ok(), Some(Effect::Seat { party: 2 }));
        assert_eq!(admit(free(2), false, true, 3).ok(), Some(Effect::Join { party: 3 }));
        assert_eq!(code(admit(free(2), false, false, 3)), "event_full");
        assert_eq!(admit(free(2), false, true, 5).ok(), Some(Effect::Join { party: 5 }));
        assert_eq!(code(admit(free(2), false, false, 5)), "event_full");
        assert_eq!(code(admit(free(5), false, true, 1)), "registration_closed");
    }

    #[test]
    fn nobody_is_overtaken_by_a_small_party() {
        assert_eq!(admit(free(2), true, true, 1).ok(), Some(Effect::Join { party: 1 }));
        assert_eq!(code(admit(free(2), true, false, 1)), "event_full");
        assert_eq!(code(resize(free(2), true, Held::Place(1), 2)), "event_full");
    }

    #[test]
    fn parties_grow_where_seats_are_and_shrink_always() {
        assert_eq!(
            resize(free(2), false, Held::Place(2), 4).ok().flatten(),
            Some(Effect::ResizePlace { from: 2, to: 4 })
        );
        assert_eq!(code(resize(free(2), false, Held::Place(2), 5)), "event_full");
        assert_eq!(
            resize(free(9), true, Held::Place(2), 1).ok().flatten(),
            Some(Effect::ResizePlace { from: 2, to: 1 })
        );
        assert_eq!(resize(FULL, true, Held::Place(2), 2).ok(), Some(None));
        assert_eq!(
            resize(FULL, true, Held::Waiting(1), 4).ok().flatten(),
            Some(Effect::ResizeWaiting { to: 4 })
        );
        assert_eq!(
            resize(FULL, true, Held::Waiting(1), 5).ok().flatten(),
            Some(Effect::ResizeWaiting { to: 5 })
        );
    }

    #[test]
    fn seats_go_to_the_head_as_long_as_it_fits() {
        assert_eq!(
            promote(free(0), [("a", 2), ("b", 1), ("c", 2), ("d", 1)]),
            [Effect::Promote { who: "a", party: 2 }, Effect::Promote { who: "b", party: 1 }]
        );
        assert_eq!(promote(free(5), [("a", 1)]), []);
        assert_eq!(
            promote(free(2), [("too many", 5), ("b", 1), ("too many", 6), ("c", 2), ("d", 1)]),
            [Effect::Promote { who: "b", party: 1 }]
        );
    }
}
