//! Batches of requests: those that come while a batch runs form the next one, each batch in one transaction.
//!
//! A batch leaves out the occurrences that another transaction has locked, so that nobody waits for the row
//! of an occurrence that they did not ask for. Requests for such an occurrence wait for it in a transaction
//! of their own.

use super::load::Locking;
use super::queue::Outcome;
use super::request::AdmissionRequest;
use super::run::{admit_all, admit_in};
use crate::core::EventCore;
use crate::db::{Batch, transaction, transaction_in_this_task};
use crate::error::{Error, Result};
use crate::id::OccurrenceId;

type AdmissionBatch = Batch<OccurrenceId, AdmissionRequest, Outcome>;

/// Transactions without an outcome after which requests fail: others change the same registrations again and
/// again.
const FRUITLESS_ROUNDS: usize = 8;

impl EventCore {
    /// Carries out a request in a batch with others, whatever becomes of the caller.
    pub(in super::super) async fn admit(&self, request: AdmissionRequest) -> Outcome {
        if !self.db().may_batch() {
            let now = self.now();
            return transaction!(self.db(), |tx| admit_in(tx, &request, now));
        }
        let core = self.clone();
        let run = move |batch| run_batch(core.clone(), batch);
        self.admissions().batcher.submit(request.occurrence, request, run).await?
    }
}

/// Runs a batch; what has to wait continues in tasks of its own.
async fn run_batch(core: EventCore, mut batch: AdmissionBatch) {
    run_round(&core, &mut batch, Locking::Skip).await;
    for part in batch.into_parts() {
        tokio::spawn(run_part(core.clone(), part));
    }
}

/// Runs the requests for one occurrence until all are decided.
async fn run_part(core: EventCore, mut part: AdmissionBatch) {
    // The semaphore is never closed.
    let permit = core.db().wait_for_others(core.admissions().waiting.clone().acquire_owned()).await;
    let Ok(_permit) = permit else { return part.answer_rest(|| Err(Error::busy())) };
    let mut rounds_without_outcome = 0;
    while !part.is_empty() && rounds_without_outcome < FRUITLESS_ROUNDS {
        let before = part.requests().len();
        if !run_round(&core, &mut part, Locking::Wait).await {
            return run_each(&core, part).await;
        }
        rounds_without_outcome += usize::from(part.requests().len() == before);
    }
    part.answer_rest(|| Err(Error::Contended));
}

/// Runs each request in a transaction of its own, so that the error of one does not fail the others.
async fn run_each(core: &EventCore, mut part: AdmissionBatch) {
    let requests: Vec<AdmissionRequest> = part.requests().cloned().collect();
    for request in requests {
        let outcome = run_one(core, &request).await;
        part.answer([Some(outcome)]);
    }
}

async fn run_one(core: &EventCore, request: &AdmissionRequest) -> Outcome {
    let now = core.now();
    transaction_in_this_task!(core.db(), |tx| admit_in(tx, request, now))
}

/// Runs all requests in one transaction and answers those that it decides. Returns false if the transaction
/// failed, perhaps because of one of them.
async fn run_round(core: &EventCore, batch: &mut AdmissionBatch, locking: Locking) -> bool {
    let requests: Vec<AdmissionRequest> = batch.requests().cloned().collect();
    match try_all(core, &requests, locking).await {
        Ok(outcomes) => batch.answer(outcomes),
        Err(Error::Unavailable(why)) => batch.answer_rest(|| Err(Error::Unavailable(why.clone()))),
        Err(_) => return false,
    }
    true
}

async fn try_all(
    core: &EventCore,
    requests: &[AdmissionRequest],
    locking: Locking,
) -> Result<Vec<Option<Outcome>>> {
    let now = core.now();
    transaction_in_this_task!(core.db(), |tx| admit_all(tx, requests, locking, now))
}
