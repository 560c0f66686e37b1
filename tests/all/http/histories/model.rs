//! A model of one occurrence: who has seats, and who waits in which order, recomputed at each step.

use std::collections::BTreeMap;

/// A request for an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
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
pub(super) enum Response {
    Place { new: bool, seated: bool, party: i64, position: Option<usize> },
    Numbers { capacity: i64, taken: i64, waiting: usize },
    Nothing,
    Refused(String),
}

/// The state of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ModelOccurrence {
    pub(super) capacity: i64,
    /// Users with seats, and their party sizes.
    pub(super) seated: BTreeMap<usize, i64>,
    /// The waitlist in order: users and party sizes.
    pub(super) waiting: Vec<(usize, i64)>,
}

impl ModelOccurrence {
    pub(super) const fn new(capacity: i64) -> Self {
        Self { capacity, seated: BTreeMap::new(), waiting: Vec::new() }
    }

    fn left(&self) -> i64 {
        self.capacity - self.seated.values().sum::<i64>()
    }

    fn place(&self, who: usize, new: bool) -> Response {
        if let Some(party) = self.seated.get(&who) {
            return Response::Place { new, seated: true, party: *party, position: None };
        }
        match self.waiting.iter().position(|(other, _)| *other == who) {
            Some(ahead) => Response::Place {
                new,
                seated: false,
                party: self.waiting[ahead].1,
                position: Some(ahead + 1),
            },
            None => Response::Refused("not-found".to_owned()),
        }
    }

    /// Executes a request.
    pub(super) fn answer(&mut self, ask: Request) -> Response {
        let response = match ask {
            Request::Register { who, party } => match self.register(who, party) {
                Ok(new) => {
                    self.seat();
                    self.place(who, new)
                }
                Err(refusal) => Response::Refused(refusal.to_owned()),
            },
            Request::Cancel { who } => {
                self.seated.remove(&who);
                self.waiting.retain(|(other, _)| *other != who);
                Response::Nothing
            }
            Request::Mine { who } => self.place(who, false),
            Request::Capacity(capacity) => {
                self.capacity = capacity;
                Response::Nothing
            }
            Request::Look => {
                let taken = self.seated.values().sum();
                Response::Numbers { capacity: self.capacity, taken, waiting: self.waiting.len() }
            }
        };
        self.seat();
        response
    }

    /// The first in the waitlist whose party fits into the capacity.
    fn head(&self) -> Option<usize> {
        self.waiting.iter().position(|(_, party)| *party <= self.capacity)
    }

    fn seat(&mut self) {
        while let Some(head) = self.head().filter(|head| self.waiting[*head].1 <= self.left()) {
            let (who, party) = self.waiting.remove(head);
            self.seated.insert(who, party);
        }
    }

    fn register(&mut self, who: usize, party: i64) -> Result<bool, &'static str> {
        let (left, queue) = (self.left(), self.head().is_some());
        if let Some(known) = self.seated.get_mut(&who) {
            let more = party - *known;
            if more > 0 && (more > left || queue) {
                return Err("event-full");
            }
            *known = party;
            return Ok(false);
        }
        if let Some((_, known)) = self.waiting.iter_mut().find(|(other, _)| *other == who) {
            *known = party;
            return Ok(false);
        }
        if left < 0 {
            return Err("registration-closed");
        }
        if party <= left && !queue {
            self.seated.insert(who, party);
            return Ok(true);
        }
        self.waiting.push((who, party));
        Ok(true)
    }
}
