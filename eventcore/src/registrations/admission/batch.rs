//! Batches of requests: those that come while a batch runs form the next one, each batch in one transaction.

use super::request::{AdmissionRequest, Admitted};
use super::run::{admit_all, admit_in};
use crate::core::EventCore;
use crate::db::{JointQueue, JointWork, Locking, run_jointly, transaction, transaction_in_this_task};
use crate::error::Result;
use crate::id::OccurrenceId;

/// The admission of requests by the library.
#[derive(Clone)]
struct AdmissionWork(EventCore);

impl EventCore {
    /// Carries out a request in a batch with others, whatever becomes of the caller.
    pub(in super::super) async fn admit(&self, request: AdmissionRequest) -> Result<Admitted> {
        if !self.db().may_batch() {
            let now = self.now();
            return transaction!(self.db(), |tx| admit_in(tx, &request, now));
        }
        run_jointly(&AdmissionWork(self.clone()), request.occurrence, request).await
    }
}

impl JointWork for AdmissionWork {
    type Key = OccurrenceId;
    type Request = AdmissionRequest;
    type Answer = Admitted;

    fn queue(&self) -> &JointQueue<OccurrenceId, AdmissionRequest, Admitted> {
        self.0.admissions().queue()
    }

    async fn run_together(
        &self,
        requests: &[AdmissionRequest],
        locking: Locking,
    ) -> Result<Vec<Option<Result<Admitted>>>> {
        let now = self.0.now();
        transaction_in_this_task!(self.0.db(), |tx| admit_all(tx, requests, locking, now))
    }

    async fn run_alone(&self, request: &AdmissionRequest) -> Result<Admitted> {
        let now = self.0.now();
        transaction_in_this_task!(self.0.db(), |tx| admit_in(tx, request, now))
    }
}
