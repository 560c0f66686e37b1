//! A model of one occurrence: who has seats, and who waits in which order, recomputed at each step.

use std::collections::BTreeMap;

/// A request for an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Register {
        who: usize,
        party: i64,
    },
    Cancel {
        who: usize,
    },
    /// Reads the registration of the user.
    Mine {
        who: usize,
    },
    Capacity(i64),
    /// Reads the public counts.
    Look,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Place { new: bool, sits: bool, party: i64, position: Option<usize> },
    Numbers { capacity: i64, taken: i64, waiting: usize },
    Nothing,
    Refused(String),
}

/// The state of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Occurrence {
    pub(super) capacity: i64,
    /// Users with seats, and their party sizes.
    pub(super) sit: BTreeMap<usize, i64>,
    /// The waitlist in order: users and party sizes.
    pub(super) wait: Vec<(usize, i64)>,
}

impl Occurrence {
    pub(super) const fn new(capacity: i64) -> Self {
        Self { capacity, sit: BTreeMap::new(), wait: Vec::new() }
    }

    fn left(&self) -> i64 {
        self.capacity - self.sit.values().sum::<i64>()
    }

    fn place(&self, who: usize, new: bool) -> Told {
        if let Some(party) = self.sit.get(&who) {
            return Told::Place { new, sits: true, party: *party, position: None };
        }
        match self.wait.iter().position(|(other, _)| *other == who) {
            Some(ahead) => {
                Told::Place { new, sits: false, party: self.wait[ahead].1, position: Some(ahead + 1) }
            }
            None => Told::Refused("not-found".to_owned()),
        }
    }

    /// Executes a request.
    pub(super) fn answer(&mut self, ask: Ask) -> Told {
        let told = match ask {
            Ask::Register { who, party } => match self.register(who, party) {
                Ok(new) => {
                    self.seat();
                    self.place(who, new)
                }
                Err(refusal) => Told::Refused(refusal.to_owned()),
            },
            Ask::Cancel { who } => {
                self.sit.remove(&who);
                self.wait.retain(|(other, _)| *other != who);
                Told::Nothing
            }
            Ask::Mine { who } => self.place(who, false),
            Ask::Capacity(capacity) => {
                self.capacity = capacity;
                Told::Nothing
            }
            Ask::Look => {
                let taken = self.sit.values().sum();
                Told::Numbers { capacity: self.capacity, taken, waiting: self.wait.len() }
            }
        };
        self.seat();
        told
    }

    /// The first in the waitlist whose party fits into the capacity.
    fn head(&self) -> Option<usize> {
        self.wait.iter().position(|(_, party)| *party <= self.capacity)
    }

    fn seat(&mut self) {
        while let Some(head) = self.head().filter(|head| self.wait[*head].1 <= self.left()) {
            let (who, party) = self.wait.remove(head);
            self.sit.insert(who, party);
        }
    }

    fn register(&mut self, who: usize, party: i64) -> Result<bool, &'static str> {
        let (left, queue) = (self.left(), self.head().is_some());
        if let Some(known) = self.sit.get_mut(&who) {
            let more = party - *known;
            if more > 0 && (more > left || queue) {
                return Err("event-full");
            }
            *known = party;
            return Ok(false);
        }
        if let Some((_, known)) = self.wait.iter_mut().find(|(other, _)| *other == who) {
            *known = party;
            return Ok(false);
        }
        if left < 0 {
            return Err("registration-closed");
        }
        if party <= left && !queue {
            self.sit.insert(who, party);
            return Ok(true);
        }
        self.wait.push((who, party));
        Ok(true)
    }
}
