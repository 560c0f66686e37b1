//! The queues of registration requests that are decided in batches, one queue per occurrence.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::registration::{Party, Registered};
use crate::actor::Actor;
use crate::error::Result;
use crate::id::{OccurrenceId, UserId};

/// Maximum number of requests in a batch, so that the first of them does not wait long for the others.
const BATCH_SIZE: usize = 100;

/// Pending requests by occurrence, in order of arrival. An occurrence has an entry while a batch runner
/// serves it.
#[derive(Debug, Default)]
pub(crate) struct RegistrationQueues(Mutex<HashMap<OccurrenceId, Vec<PendingRegistration>>>);

/// A registration request that waits for its batch.
#[derive(Debug)]
pub(super) struct PendingRegistration {
    pub(super) actor: Actor,
    pub(super) user: UserId,
    pub(super) party: Party,
    pub(super) answer: oneshot::Sender<Result<Registered>>,
}

impl RegistrationQueues {
    fn lock(&self) -> MutexGuard<'_, HashMap<OccurrenceId, Vec<PendingRegistration>>> {
        // Each change leaves the map consistent, so a panic elsewhere under the lock does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request; returns whether the caller must start a batch runner for the occurrence.
    pub(super) fn push(&self, occurrence: OccurrenceId, request: PendingRegistration) -> bool {
        let mut queues = self.lock();
        let is_first = !queues.contains_key(&occurrence);
        queues.entry(occurrence).or_default().push(request);
        is_first
    }

    /// Takes the next batch, with the requests of callers who have gone: a call that has begun runs to its
    /// end. An empty batch removes the queue.
    pub(super) fn next_batch(&self, occurrence: OccurrenceId) -> Vec<PendingRegistration> {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&occurrence) else { return Vec::new() };
        if queue.is_empty() {
            queues.remove(&occurrence);
            return Vec::new();
        }
        let size = queue.len().min(BATCH_SIZE);
        queue.drain(..size).collect()
    }

    /// Drops a queue; its requests end with an error.
    pub(super) fn remove(&self, occurrence: OccurrenceId) {
        self.lock().remove(&occurrence);
    }
}
