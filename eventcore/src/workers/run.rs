//! Taking one job, and doing it under its lease.

use std::time::Duration;

use tokio::task::JoinError;

use super::perform::perform;
use crate::core::EventCore;
use crate::db::{Tx, transaction};
use crate::error::Result;
use crate::jobs::{Job, LEASE, Lane, Lease, enqueue, lease};
use crate::time::Timestamp;

/// How often a worker renews its lease.
const RENEWAL: Duration = Duration::from_secs(LEASE.as_secs() / 3);

impl EventCore {
    /// Adds the recurring jobs that are missing, and the one that follows a start of the program.
    /// [`Workers`](super::Workers) do this when they start.
    pub async fn ensure_jobs(&self) -> Result<()> {
        let now = self.now();
        let jobs = Job::at_start(self.db().dialect());
        transaction!(self.db(), |tx| enqueue(tx, &jobs, now, now))
    }

    /// Does the job that is due first. False if none is due, or others have taken it.
    ///
    /// A failure of the job is recorded with the job, and logged.
    ///
    /// # Errors
    /// If a job could not be taken, or what became of it not be recorded.
    pub async fn run_due_job(&self) -> Result<bool> {
        self.run_due_job_of(Lane::All).await
    }

    /// As [`EventCore::run_due_job`], of a lane.
    pub(super) async fn run_due_job_of(&self, lane: Lane) -> Result<bool> {
        match self.take_due_job(lane).await? {
            Some(lease) => self.run_job(&lease).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes the job of a lane that is due first, unless none is due, or others have taken it.
    pub(super) async fn take_due_job(&self, lane: Lane) -> Result<Option<Lease>> {
        let now = self.now();
        if !lease::is_due(&mut self.db().read().await?, lane, now).await? {
            return Ok(None);
        }
        transaction!(self.db(), |tx| take(tx, lane, now))
    }

    /// Does a job that was taken.
    pub(super) async fn run_job(&self, lease: &Lease) -> Result<()> {
        if let Some(error) = self.attempt(lease).await {
            let now = self.now();
            if transaction!(self.db(), |tx| lease::fail(tx, lease, &error, now))? {
                tracing::error!(job = %lease.id, error, "a job failed for good: see `eventd jobs`");
            } else {
                tracing::warn!(job = %lease.id, error, "a job failed and will be tried again");
            }
        }
        Ok(())
    }

    /// Does the jobs that are due, until none is; returns how many attempts that took.
    pub async fn run_due_jobs(&self) -> Result<u64> {
        let mut attempts = 0;
        while self.run_due_job().await? {
            attempts += 1;
        }
        Ok(attempts)
    }

    /// Does a job in a task of its own, so that a panic is a failure of that job alone, and renews its lease
    /// meanwhile. Returns why it failed.
    async fn attempt(&self, lease: &Lease) -> Option<String> {
        let (core, owned) = (self.clone(), lease.clone());
        let mut work = tokio::spawn(async move { perform(&core, &owned).await });
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                () = tokio::time::sleep(RENEWAL) => {}
            }
            let now = self.now();
            match transaction!(self.db(), |tx| lease::hold(tx, lease, now)) {
                Ok(true) => {}
                // Another worker has the job, or an operator has dropped it.
                Ok(false) => work.abort(),
                Err(error) => tracing::warn!(job = %lease.id, ?error, "a lease cannot be renewed"),
            }
        };
        match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error:?}")),
            Err(error) => Some(ended(error)),
        }
    }
}

/// Why the task of a job ended without an outcome.
fn ended(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            format!("panic: {}", text.or_else(|| panic.downcast_ref().cloned()).unwrap_or_default())
        }
        Err(_) => "the program is shutting down".to_owned(),
    }
}

/// Takes a job, and sets it aside if all its attempts are used up.
async fn take(tx: &mut Tx, lane: Lane, now: Timestamp) -> Result<Option<Lease>> {
    while let Some(lease) = lease::take(tx, lane, now).await? {
        if !lease::give_up(tx, &lease, now).await? {
            return Ok(Some(lease));
        }
        tracing::error!(job = %lease.id, "the workers of a job ended each time: see `eventd jobs`");
    }
    Ok(None)
}
