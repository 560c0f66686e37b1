//! Random histories of one date, by the rules and by a model that was written without them: both must tell the same story.

use proptest::collection::vec;
use proptest::prelude::*;

use super::rules::{self, Effect, Held, Seats};

/// What people and organizers do.
#[derive(Debug, Clone, Copy)]
enum Step {
    Register { who: usize, party: i64 },
    Cancel { who: usize },
    Promotable { who: usize, yes: bool },
    Capacity(i64),
    Waitlist(bool),
}

const PEOPLE: usize = 12;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..PEOPLE, 1..9_i64).prop_map(|(who, party)| Step::Register { who, party }),
        5 => (0..PEOPLE).prop_map(|who| Step::Cancel { who }),
        2 => (0..PEOPLE, any::<bool>()).prop_map(|(who, yes)| Step::Promotable { who, yes }),
        2 => (1..14_i64).prop_map(Step::Capacity),
        1 => any::<bool>().prop_map(Step::Waitlist),
    ]
}

/// Someone's state as both sides tell it: what they hold, and whether they may be promoted.
type Told = Option<(Held, bool)>;

/// A date that follows the rules, as storage does: it carries out effects, and keeps the numbers apart from the registrations.
struct ByRules {
    seats: Seats,
    waitlist_enabled: bool,
    people: [Told; PEOPLE],
    /// The order in which people joined the list.
    list: Vec<usize>,
}

impl ByRules {
    /// Those who wait and want to be promoted, those for whom the date is too small among them.
    fn willing(&self) -> impl Iterator<Item = (usize, i64)> {
        self.list.iter().filter_map(|who| match self.people[*who] {
            Some((Held::Waiting(party), true)) => Some((*who, party)),
            _ => None,
        })
    }

    fn next(&self) -> Option<(usize, i64)> {
        self.willing().find(|(_, party)| self.seats.hold(*party))
    }

    fn carry_out<Id>(&mut self, who: usize, effect: &Effect<Id>) {
        self.seats = self.seats.after(effect);
        let promotable = self.people[who].is_none_or(|(_, promotable)| promotable);
        self.people[who] = match *effect {
            Effect::Seat { party }
            | Effect::ResizePlace { to: party, .. }
            | Effect::Promote { party, .. } => Some((Held::Place(party), promotable)),
            Effect::Join { party } | Effect::ResizeWaiting { to: party } => {
                Some((Held::Waiting(party), promotable))
            }
            Effect::Vacate { .. } | Effect::Leave => None,
        };
        match effect {
            Effect::Join { .. } => self.list.push(who),
            Effect::Leave | Effect::Promote { .. } => self.list.retain(|other| *other != who),
            _ => {}
        }
    }

    /// Answers the code of a refusal.
    fn perform(&mut self, step: Step) -> Result<(), &'static str> {
        let someone_next = self.next().is_some();
        match step {
            Step::Register { who, party } => {
                let effect = match self.people[who] {
                    None => rules::admit(self.seats, someone_next, self.waitlist_enabled, party).map(Some),
                    Some((held, _)) => rules::resize(self.seats, someone_next, held, party),
                };
                if let Some(effect) = effect.map_err(|error| error.code())? {
                    self.carry_out(who, &effect);
                }
            }
            Step::Cancel { who } => {
                if let Some((held, _)) = self.people[who] {
                    self.carry_out(who, &rules::leave(held));
                }
            }
            Step::Promotable { who, yes } => {
                if let Some((_, promotable)) = &mut self.people[who] {
                    *promotable = yes;
                }
            }
            Step::Capacity(capacity) => self.seats.capacity = capacity,
            Step::Waitlist(enabled) => self.waitlist_enabled = enabled,
        }
        let promoted = rules::promote(self.seats, self.willing().collect::<Vec<_>>());
        for effect in promoted {
            if let Effect::Promote { who, .. } = effect {
                self.carry_out(who, &effect);
            }
        }
        Ok(())
    }
}

/// The model: one list of everyone in the order in which they came, and everything counted anew each time.
struct Model {
    capacity: i64,
    waitlist_enabled: bool,
    everyone: Vec<Someone>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Someone {
    who: usize,
    party: i64,
    sits: bool,
    promotable: bool,
}

impl Model {
    fn taken(&self) -> i64 {
        self.everyone.iter().filter(|someone| someone.sits).map(|someone| someone.party).sum()
    }

    fn head(&self) -> Option<usize> {
        self.everyone
            .iter()
            .position(|someone| !someone.sits && someone.promotable && someone.party <= self.capacity)
    }

    fn perform(&mut self, step: Step) -> Result<(), &'static str> {
        match step {
            Step::Register { who, party } => self.register(who, party)?,
            Step::Cancel { who } => self.everyone.retain(|someone| someone.who != who),
            Step::Promotable { who, yes } => {
                for someone in self.everyone.iter_mut().filter(|someone| someone.who == who) {
                    someone.promotable = yes;
                }
            }
            Step::Capacity(capacity) => self.capacity = capacity,
            Step::Waitlist(enabled) => self.waitlist_enabled = enabled,
        }
        while let Some(head) = self.head() {
            if self.everyone[head].party > self.capacity - self.taken() {
                break;
            }
            self.everyone[head].sits = true;
        }
        Ok(())
    }

    fn register(&mut self, who: usize, party: i64) -> Result<(), &'static str> {
        let (left, head) = (self.capacity - self.taken(), self.head());
        if let Some(known) = self.everyone.iter_mut().find(|someone| someone.who == who) {
            let more = party - known.party;
            if known.sits && more > 0 && (more > left || head.is_some()) {
                return Err("event_full");
            }
            known.party = party;
            return Ok(());
        }
        if left < 0 {
            return Err("registration_closed");
        }
        let sits = party <= left && head.is_none();
        if !sits && !self.waitlist_enabled {
            return Err("event_full");
        }
        self.everyone.push(Someone { who, party, sits, promotable: true });
        Ok(())
    }

    fn told(&self, who: usize) -> Told {
        let someone = self.everyone.iter().find(|someone| someone.who == who)?;
        let held = if someone.sits { Held::Place(someone.party) } else { Held::Waiting(someone.party) };
        Some((held, someone.promotable))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_and_the_model_tell_the_same_story(capacity in 1..14_i64, steps in vec(step(), 1..=200)) {
        let mut rules = ByRules {
            seats: Seats { capacity, taken: 0, waiting: 0 },
            waitlist_enabled: true,
            people: [None; PEOPLE],
            list: Vec::new(),
        };
        let mut model = Model { capacity, waitlist_enabled: true, everyone: Vec::new() };
        for step in steps {
            let (before, waiting) = (rules.seats, rules.list.clone());
            prop_assert_eq!(rules.perform(step), model.perform(step), "{:?}", step);
            for who in 0..PEOPLE {
                prop_assert_eq!(rules.people[who], model.told(who), "{} after {:?}", who, step);
            }
            let seats = rules.seats;
            prop_assert_eq!((seats.taken, seats.capacity), (model.taken(), model.capacity));
            prop_assert_eq!(usize::try_from(seats.waiting).ok(), Some(rules.list.len()));
            // Within capacity, or no fuller than before where the capacity was lowered.
            prop_assert!(seats.taken <= seats.capacity || seats.taken <= before.taken);
            // Those who went on waiting stand as they stood, newcomers behind them.
            let stayed = waiting.iter().filter(|who| rules.list.contains(who));
            prop_assert!(rules.list.iter().zip(stayed).all(|(now, then)| now == then));
            // Nobody waits who could sit.
            prop_assert!(rules.next().is_none_or(|(_, party)| !seats.fit(party)));
        }
    }
}
