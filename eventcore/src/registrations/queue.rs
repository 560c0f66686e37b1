//! The queue of registrations for one occurrence that are decided together, in one transaction.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::registration::{Party, Registered};
use crate::actor::Actor;
use crate::error::Result;
use crate::id::{OccurrenceId, UserId};

/// Let in at once at most: nobody should wait long for those behind them.
const AT_ONCE: usize = 100;

/// Those who wait, by date, in the order in which they came. A date is in it while someone lets people in there.
#[derive(Debug, Default)]
pub(crate) struct Crowds(Mutex<HashMap<OccurrenceId, Vec<Newcomer>>>);

/// Someone who wants to register.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) actor: Actor,
    pub(super) user: UserId,
    pub(super) party: Party,
    pub(super) answer: oneshot::Sender<Result<Registered>>,
}

impl Crowds {
    pub(super) fn waiting(&self) -> MutexGuard<'_, HashMap<OccurrenceId, Vec<Newcomer>>> {
        // It is whole after each change, whatever ended the thread that made it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one to those who wait; answers whether nobody lets them in yet.
    pub(super) fn join(&self, occurrence: OccurrenceId, newcomer: Newcomer) -> bool {
        let mut waiting = self.waiting();
        let begins = !waiting.contains_key(&occurrence);
        waiting.entry(occurrence).or_default().push(newcomer);
        begins
    }

    /// The first who wait and are still there; nobody, and the date is forgotten, where none do.
    pub(super) fn next(&self, occurrence: OccurrenceId) -> Vec<Newcomer> {
        let mut waiting = self.waiting();
        let Some(line) = waiting.get_mut(&occurrence) else { return Vec::new() };
        line.retain(|newcomer| !newcomer.answer.is_closed());
        if line.is_empty() {
            waiting.remove(&occurrence);
            return Vec::new();
        }
        let few = line.len().min(AT_ONCE);
        line.drain(..few).collect()
    }
}
