//! Random histories of one occurrence, by the rules and by an independent model: both must agree after each
//! step.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;

use super::rules::{self, Effect, Holding, Seats};

/// An action of a user or an organizer.
#[derive(Debug, Clone, Copy)]
enum Step {
    Register { who: usize, party: i64 },
    Cancel { who: usize },
    AutoPromote { who: usize, yes: bool },
    Capacity(i64),
    Waitlist(bool),
}

const PEOPLE: usize = 12;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..PEOPLE, 1..9_i64).prop_map(|(who, party)| Step::Register { who, party }),
        5 => (0..PEOPLE).prop_map(|who| Step::Cancel { who }),
        2 => (0..PEOPLE, any::<bool>()).prop_map(|(who, yes)| Step::AutoPromote { who, yes }),
        2 => (1..14_i64).prop_map(Step::Capacity),
        1 => any::<bool>().prop_map(Step::Waitlist),
    ]
}

/// The state of one user: what they hold, and whether they may be promoted.
type State = Option<(Holding, bool)>;

/// An occurrence that applies the effects of the rules, with counts kept apart from the registrations as in
/// storage.
struct RuleBased {
    seats: Seats,
    waitlist_enabled: bool,
    people: [State; PEOPLE],
    /// The waitlist in the order of joining.
    list: Vec<usize>,
}

impl RuleBased {
    /// Waiting registrations with `auto_promote`, including parties larger than the capacity.
    fn promotable(&self) -> impl Iterator<Item = (usize, i64)> {
        self.list.iter().filter_map(|who| match self.people[*who] {
            Some((Holding::WaitlistPlace(party), true)) => Some((*who, party)),
            _ => None,
        })
    }

    fn next(&self) -> Option<(usize, i64)> {
        self.promotable().find(|(_, party)| self.seats.can_ever_fit(*party))
    }

    fn apply<Id>(&mut self, who: usize, effect: &Effect<Id>) {
        self.seats = self.seats.after(effect);
        let auto_promote = self.people[who].is_none_or(|(_, auto_promote)| auto_promote);
        self.people[who] = match *effect {
            Effect::Confirm { party }
            | Effect::ResizeSeated { to: party, .. }
            | Effect::Promote { party, .. } => Some((Holding::Seats(party), auto_promote)),
            Effect::JoinWaitlist { party } | Effect::ResizeWaiting { to: party } => {
                Some((Holding::WaitlistPlace(party), auto_promote))
            }
            Effect::FreeSeats { .. } | Effect::LeaveWaitlist => None,
        };
        match effect {
            Effect::JoinWaitlist { .. } => self.list.push(who),
            Effect::LeaveWaitlist | Effect::Promote { .. } => self.list.retain(|other| *other != who),
            _ => {}
        }
    }

    /// Performs a step; the error is the code of the refusal.
    fn perform(&mut self, step: Step) -> Result<(), &'static str> {
        let someone_next = self.next().is_some();
        match step {
            Step::Register { who, party } => {
                let effect = match self.people[who] {
                    None => rules::admit(self.seats, someone_next, self.waitlist_enabled, party).map(Some),
                    Some((holding, _)) => rules::resize(self.seats, someone_next, holding, party),
                };
                if let Some(effect) = effect.map_err(|error| error.code())? {
                    self.apply(who, &effect);
                }
            }
            Step::Cancel { who } => {
                if let Some((holding, _)) = self.people[who] {
                    self.apply(who, &rules::leave(holding));
                }
            }
            Step::AutoPromote { who, yes } => {
                if let Some((_, auto_promote)) = &mut self.people[who] {
                    *auto_promote = yes;
                }
            }
            Step::Capacity(capacity) => self.seats.capacity = capacity,
            Step::Waitlist(enabled) => self.waitlist_enabled = enabled,
        }
        let promoted = rules::promote(self.seats, self.promotable().collect::<Vec<_>>());
        for effect in promoted {
            if let Effect::Promote { id, .. } = effect {
                self.apply(id, &effect);
            }
        }
        Ok(())
    }
}

/// The model: one list of all registrations in order of arrival, from which everything is counted each time.
struct Model {
    capacity: i64,
    waitlist_enabled: bool,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    who: usize,
    party: i64,
    seated: bool,
    auto_promote: bool,
}

impl Model {
    fn taken(&self) -> i64 {
        self.entries.iter().filter(|entry| entry.seated).map(|entry| entry.party).sum()
    }

    fn head(&self) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| !entry.seated && entry.auto_promote && entry.party <= self.capacity)
    }

    fn perform(&mut self, step: Step) -> Result<(), &'static str> {
        match step {
            Step::Register { who, party } => self.register(who, party)?,
            Step::Cancel { who } => self.entries.retain(|entry| entry.who != who),
            Step::AutoPromote { who, yes } => {
                for entry in self.entries.iter_mut().filter(|entry| entry.who == who) {
                    entry.auto_promote = yes;
                }
            }
            Step::Capacity(capacity) => self.capacity = capacity,
            Step::Waitlist(enabled) => self.waitlist_enabled = enabled,
        }
        while let Some(head) = self.head() {
            if self.entries[head].party > self.capacity - self.taken() {
                break;
            }
            self.entries[head].seated = true;
        }
        Ok(())
    }

    fn register(&mut self, who: usize, party: i64) -> Result<(), &'static str> {
        let (left, head) = (self.capacity - self.taken(), self.head());
        if let Some(known) = self.entries.iter_mut().find(|entry| entry.who == who) {
            let more = party - known.party;
            if known.seated && more > 0 && (more > left || head.is_some()) {
                return Err("event_full");
            }
            known.party = party;
            return Ok(());
        }
        if left < 0 {
            return Err("registration_closed");
        }
        let seated = party <= left && head.is_none();
        if !seated && !self.waitlist_enabled {
            return Err("event_full");
        }
        self.entries.push(Entry { who, party, seated, auto_promote: true });
        Ok(())
    }

    fn state(&self, who: usize) -> State {
        let entry = self.entries.iter().find(|entry| entry.who == who)?;
        let holding =
            if entry.seated { Holding::Seats(entry.party) } else { Holding::WaitlistPlace(entry.party) };
        Some((holding, entry.auto_promote))
    }
}

proptest! {
    // The default generator, ChaCha, takes most of the time in a build without optimization.
    #![proptest_config(ProptestConfig {
        cases: 10_000,
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_rules_agree_with_the_model(capacity in 1..14_i64, steps in vec(step(), 1..=200)) {
        let mut rules = RuleBased {
            seats: Seats { capacity, taken: 0, waiting: 0 },
            waitlist_enabled: true,
            people: [None; PEOPLE],
            list: Vec::new(),
        };
        let mut model = Model { capacity, waitlist_enabled: true, entries: Vec::new() };
        for step in steps {
            let (before, waiting) = (rules.seats, rules.list.clone());
            prop_assert_eq!(rules.perform(step), model.perform(step), "{:?}", step);
            for who in 0..PEOPLE {
                prop_assert_eq!(rules.people[who], model.state(who), "{} after {:?}", who, step);
            }
            let seats = rules.seats;
            prop_assert_eq!((seats.taken, seats.capacity), (model.taken(), model.capacity));
            prop_assert_eq!(usize::try_from(seats.waiting).ok(), Some(rules.list.len()));
            // Within capacity, or no fuller than before if the capacity was lowered.
            prop_assert!(seats.taken <= seats.capacity || seats.taken <= before.taken);
            // Registrations that still wait keep their order, and new ones follow.
            let still_waiting = waiting.iter().filter(|who| rules.list.contains(who));
            prop_assert!(rules.list.iter().zip(still_waiting).all(|(now, then)| now == then));
            // No party that fits is left waiting at the head.
            prop_assert!(rules.next().is_none_or(|(_, party)| !seats.fits(party)));
        }
    }
}
