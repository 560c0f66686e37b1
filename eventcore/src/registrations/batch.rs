//! Batched registration on PostgreSQL: requests that arrive for an occurrence while a batch runs form the
//! next one, and each batch is one transaction.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::admission::{Admission, RegisteredBy};
use super::locked_occurrence::LockedOccurrence;
use super::queue::PendingRegistration;
use super::registration::{Party, Registered};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Tx, transaction_in_this_task};
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, UserId};
use crate::time::Timestamp;

/// Runs batches for one occurrence until its queue is empty.
///
/// If the runner is dropped before that, the queue is removed: pending requests end with an error, and the
/// next request starts a new runner.
struct BatchRunner {
    core: EventCore,
    occurrence: OccurrenceId,
    /// The queue was empty and is removed; another runner may own the occurrence by now.
    done: bool,
}

impl Drop for BatchRunner {
    fn drop(&mut self) {
        if !self.done {
            self.core.registration_queues().remove(self.occurrence);
        }
    }
}

impl EventCore {
    /// Registers in a batch with the other requests for the occurrence.
    ///
    /// A caller that is dropped while its batch runs is registered all the same.
    pub(super) async fn register_batched(
        &self,
        actor: &Actor,
        user: UserId,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let (answer, answered) = oneshot::channel();
        let request = PendingRegistration { actor: *actor, user, party: party.clone(), answer };
        if self.registration_queues().push(occurrence, request) {
            let runner = BatchRunner { core: self.clone(), occurrence, done: false };
            tokio::spawn(async move { runner.run().await });
        }
        answered.await.map_err(Error::internal)?
    }
}

impl BatchRunner {
    async fn run(mut self) {
        while !self.done {
            let _permit = self.core.db().row_permit(self.occurrence.as_uuid()).await;
            let batch = self.core.registration_queues().next_batch(self.occurrence);
            match batch.len() {
                0 => self.done = true,
                1 => self.run_each(batch).await,
                _ => self.run_together(batch).await,
            }
        }
    }

    /// Runs each request in a transaction of its own.
    async fn run_each(&self, batch: Vec<PendingRegistration>) {
        for PendingRegistration { actor, user, party, answer } in batch {
            let outcome = self.core.register_alone(&actor, user, self.occurrence, &party).await;
            // The receiver is gone if the caller was dropped; the registration is made all the same.
            let _ = answer.send(outcome);
        }
    }

    /// Runs all requests in one transaction; those that it could not decide follow one by one.
    async fn run_together(&self, batch: Vec<PendingRegistration>) {
        let now = self.core.now();
        match self.admit_batch(&batch, now).await {
            Ok(outcomes) => {
                let mut undecided = Vec::new();
                for (request, outcome) in batch.into_iter().zip(outcomes) {
                    match outcome {
                        Some(outcome) => drop(request.answer.send(outcome)),
                        None => undecided.push(request),
                    }
                }
                self.run_each(undecided).await;
            }
            Err(Error::Unavailable(why)) => {
                for request in batch {
                    let _ = request.answer.send(Err(Error::Unavailable(why.clone())));
                }
            }
            // One request's error must not fail the others.
            Err(_) => self.run_each(batch).await,
        }
    }

    async fn admit_batch(
        &self,
        batch: &[PendingRegistration],
        now: Timestamp,
    ) -> Result<Vec<Option<Result<Registered>>>> {
        transaction_in_this_task!(self.core.db(), |tx| admit_all(tx, self.occurrence, batch, now))
    }
}

/// Admits the requests of a batch that make a new registration. `None` for the others: users who have a
/// registration already, and users who were not found.
async fn admit_all(
    tx: &mut Tx,
    occurrence: OccurrenceId,
    batch: &[PendingRegistration],
    now: Timestamp,
) -> Result<Vec<Option<Result<Registered>>>> {
    let users: Vec<UserId> = batch.iter().map(|request| request.user).collect();
    let loaded = LockedOccurrence::lock_and_load_for(tx, occurrence, &users, now).await?;
    let mut by_user: HashMap<UserId, LockedOccurrence> = loaded.into_iter().collect();
    let Some(mut admission) = by_user.values().next().map(Admission::of) else {
        return Ok(batch.iter().map(|_| None).collect());
    };
    let outcomes = batch.iter().map(|request| {
        // Removed, so that a second request of the same user in this batch stays undecided.
        let occurrence = by_user.remove(&request.user).filter(|occurrence| !occurrence.has_registration)?;
        Some(request.admit(occurrence, &mut admission, now))
    });
    let outcomes = outcomes.collect();
    admission.insert(tx, now).await?;
    Ok(outcomes)
}

impl PendingRegistration {
    fn admit(
        &self,
        occurrence: LockedOccurrence,
        admission: &mut Admission,
        now: Timestamp,
    ) -> Result<Registered> {
        let occurrence = occurrence.visible(&self.actor)?;
        let attendee = occurrence.attendee(self.user).ok_or(Error::Unauthenticated)?;
        admission.admit(&occurrence, attendee, &self.party, RegisteredBy::Attendee, now)
    }
}
