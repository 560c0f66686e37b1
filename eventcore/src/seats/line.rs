//! The head of a waitlist in memory, for decisions over many requests at once.

use std::collections::VecDeque;

use super::rules::{self, Effect, Seats};

/// A waiting registration that is not passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitingParty<Id> {
    pub(crate) id: Id,
    pub(crate) party: i64,
    pub(crate) number: i64,
}

/// The first registrations of a waitlist, in its order, without those that are passed over.
#[derive(Debug, Clone)]
pub(crate) struct WaitingLine<Id> {
    next: VecDeque<WaitingParty<Id>>,
    /// Whether these are all of them.
    complete: bool,
    /// The greatest number of those that were loaded: all with a smaller one are known.
    known_to: Option<i64>,
}

impl<Id: Copy + PartialEq> WaitingLine<Id> {
    /// A line of these registrations, in the order of their numbers. It goes on if there are `limit` of them.
    pub(crate) fn new(next: Vec<WaitingParty<Id>>, limit: usize) -> Self {
        let known_to = next.last().map(|waiting| waiting.number);
        Self { complete: next.len() < limit, next: next.into(), known_to }
    }

    /// Whether someone waits for the next free seats.
    pub(crate) fn someone_next(&self, seats: Seats) -> bool {
        !self.next.is_empty() || (!self.complete && seats.waiting > 0)
    }

    /// The next party.
    pub(crate) fn first(&self) -> Option<&WaitingParty<Id>> {
        self.next.front()
    }

    /// Adds a registration at the place of its number.
    pub(crate) fn join(&mut self, waiting: WaitingParty<Id>) {
        // Behind the last known one of an incomplete line others may come first.
        if self.complete || Some(waiting.number) <= self.known_to {
            let at = self.next.partition_point(|other| other.number < waiting.number);
            self.next.insert(at, waiting);
        }
    }

    /// Removes a registration, if it is in the line.
    pub(crate) fn leave(&mut self, id: Id) {
        self.next.retain(|waiting| waiting.id != id);
    }

    /// Promotes from the line until the next party does not fit, and updates `seats`.
    pub(crate) fn promote(&mut self, seats: &mut Seats) -> Vec<WaitingParty<Id>> {
        let effects = rules::promote(*seats, self.next.iter().map(|waiting| (*waiting, waiting.party)));
        *seats = effects.iter().fold(*seats, Seats::after);
        let promoted = effects.into_iter().filter_map(|effect| match effect {
            Effect::Promote { id, .. } => Some(id),
            _ => None,
        });
        let promoted: Vec<WaitingParty<Id>> = promoted.collect();
        self.next.retain(|waiting| !promoted.contains(waiting));
        promoted
    }

    /// Whether seats are free that may be due to registrations behind the end of this line.
    pub(crate) fn is_exhausted(&self, seats: Seats) -> bool {
        !self.complete && self.next.is_empty() && seats.waiting > 0 && seats.fits(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(id: char, party: i64, number: i64) -> WaitingParty<char> {
        WaitingParty { id, party, number }
    }

    #[test]
    fn seats_go_to_the_head_until_a_party_does_not_fit() {
        let waiting = vec![party('a', 1, 1), party('b', 2, 3), party('c', 2, 4), party('d', 1, 6)];
        let mut line = WaitingLine::new(waiting, 16);
        let mut seats = Seats { capacity: 4, taken: 0, waiting: 4 };
        assert_eq!(line.promote(&mut seats), [party('a', 1, 1), party('b', 2, 3)]);
        assert_eq!(seats, Seats { capacity: 4, taken: 3, waiting: 2 });
        assert_eq!(line.first(), Some(&party('c', 2, 4)));
        line.leave('c');
        assert_eq!(line.promote(&mut seats), [party('d', 1, 6)]);
        assert!(!line.someone_next(seats) && !line.is_exhausted(seats));
    }

    #[test]
    fn a_registration_takes_the_place_of_its_number() {
        let mut line = WaitingLine::new(vec![party('a', 1, 2), party('b', 1, 5)], 16);
        line.join(party('c', 1, 9));
        line.join(party('d', 1, 3));
        let mut seats = Seats { capacity: 3, taken: 0, waiting: 4 };
        let promoted: Vec<char> = line.promote(&mut seats).iter().map(|waiting| waiting.id).collect();
        assert_eq!(promoted, ['a', 'd', 'b']);
    }

    #[test]
    fn a_registration_that_leaves_and_returns_keeps_its_place() {
        let mut line = WaitingLine::new(vec![party('a', 4, 1), party('b', 1, 2)], 2);
        line.leave('b');
        line.join(party('b', 2, 2));
        line.leave('a');
        line.join(party('a', 1, 1));
        let mut seats = Seats { capacity: 5, taken: 2, waiting: 2 };
        assert_eq!(line.promote(&mut seats), [party('a', 1, 1), party('b', 2, 2)]);
    }

    #[test]
    fn a_line_that_goes_on_is_never_taken_for_empty() {
        let mut line = WaitingLine::new(vec![party('a', 1, 1)], 1);
        line.join(party('z', 1, 99));
        let mut seats = Seats { capacity: 2, taken: 0, waiting: 5 };
        assert_eq!(line.promote(&mut seats), [party('a', 1, 1)]);
        assert!(line.someone_next(seats) && line.is_exhausted(seats));
        let nobody = Seats { waiting: 0, ..seats };
        assert!(!line.someone_next(nobody) && !line.is_exhausted(nobody));
        let full = Seats { taken: 2, ..seats };
        assert!(!line.is_exhausted(full));
    }
}
