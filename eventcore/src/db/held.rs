//! Transactions that a caller holds: those that an embedding program begins, and ends by a call.
//!
//! What is done in them runs in tasks of the library, statement by statement or operation by operation, so
//! that a caller who stops polling in between holds nothing but an idle transaction; and an idle transaction
//! is rolled back after a time limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::dialect::Dialect;
use super::direct_tx::{Connected, DirectTx};
use super::error::is_retryable;
use super::pool_settings::{PoolSettings, within};
use super::statement::{Connection, StatementJob};
use super::task::run_to_its_end;
use crate::changes::{Change, ChangeBus};
use crate::error::{Cause, Error, Result};

/// A transaction that a caller holds. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct HeldTx {
    state: Arc<Mutex<HeldState>>,
    dialect: Dialect,
    caches_statements: bool,
    settings: PoolSettings,
    /// The database has aborted the transaction because of others.
    lost_contention: Arc<AtomicBool>,
}

#[derive(Debug)]
struct HeldState {
    /// `None` once it is committed or rolled back.
    tx: Option<DirectTx>,
    /// An operation has failed: the transaction can only be rolled back.
    failed: bool,
    /// It was rolled back because it was idle for too long.
    timed_out: bool,
    last_used: Instant,
    /// What the operations have changed, to be published after the commit.
    changes: Vec<Change>,
}

/// The use of a held transaction by one operation, in the task of that operation. If it is dropped before the
/// operation succeeds, nothing of the transaction will be stored.
#[derive(Debug)]
pub(super) struct HeldGuard {
    state: OwnedMutexGuard<HeldState>,
    succeeded: bool,
    lost_contention: Arc<AtomicBool>,
}

impl HeldTx {
    /// Holds `tx`, and rolls it back when it has been idle for too long.
    pub(super) fn new(mut tx: DirectTx, settings: PoolSettings) -> Self {
        let (dialect, caches_statements) = (tx.dialect(), tx.connection().caches_statements());
        let state = Arc::new(Mutex::new(HeldState {
            tx: Some(tx),
            failed: false,
            timed_out: false,
            last_used: Instant::now(),
            changes: Vec::new(),
        }));
        if !settings.idle_transaction_timeout.is_zero() {
            tokio::spawn(end_when_idle(Arc::downgrade(&state), settings));
        }
        let lost_contention = Arc::new(AtomicBool::new(false));
        Self { state, dialect, caches_statements, settings, lost_contention }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) const fn caches_statements(&self) -> bool {
        self.caches_statements
    }

    async fn lock(&self) -> Result<OwnedMutexGuard<HeldState>> {
        within(self.settings.queue_timeout, self.state.clone().lock_owned()).await.ok_or_else(|| {
            Error::unavailable(
                Cause::Busy,
                "another operation of the transaction runs: wait until it has ended",
            )
        })
    }

    /// Runs a statement.
    pub(super) async fn run<T: Send + 'static>(&self, job: StatementJob<T>) -> sqlx::Result<T> {
        let held = self.clone();
        let outcome = run_to_its_end(async move {
            let mut state = held.lock().await?;
            let outcome = job.run(state.open()?.connection()).await;
            if outcome.as_ref().is_err_and(is_retryable) {
                held.lost_contention.store(true, Ordering::Relaxed);
            }
            state.last_used = Instant::now();
            Ok(outcome)
        });
        outcome.await.unwrap_or_else(|refused| Err(sqlx::Error::AnyDriverError(Box::new(refused))))
    }

    /// Takes the transaction for an operation, in the task of that operation.
    ///
    /// # Errors
    /// `unavailable` if another operation has failed, or does not end.
    pub(super) async fn part(&self) -> Result<HeldGuard> {
        let mut state = self.lock().await?;
        state.open()?;
        Ok(HeldGuard { state, succeeded: false, lost_contention: self.lost_contention.clone() })
    }

    /// Whether the database has aborted the transaction because of others.
    pub(super) fn has_lost_contention(&self) -> bool {
        self.lost_contention.load(Ordering::Relaxed)
    }

    /// What the operations have changed so far.
    pub(super) async fn changes(&self) -> Result<Vec<Change>> {
        let mut state = self.lock().await?;
        state.open()?;
        Ok(state.changes.clone())
    }

    /// Commits what all operations wrote, unless one has failed.
    pub(super) async fn commit(&self, bus: &ChangeBus) -> Result<()> {
        let (held, bus) = (self.clone(), bus.clone());
        run_to_its_end(async move {
            let mut state = held.lock().await?;
            state.open()?;
            let changes = std::mem::take(&mut state.changes);
            match state.tx.take() {
                Some(tx) => bus.publish_after(changes, tx.commit()).await,
                None => Ok(()),
            }
        })
        .await
    }

    /// Rolls back, unless the transaction has ended.
    pub(super) async fn rollback(&self) -> Result<Connected> {
        let held = self.clone();
        run_to_its_end(async move {
            match held.lock().await?.tx.take() {
                Some(tx) => tx.rollback().await,
                None => Ok(Connected::Yes),
            }
        })
        .await
    }

    /// Rolls back in the background, unless the transaction has ended.
    pub(super) fn abandon(&self) {
        let state = self.state.clone();
        // Without a runtime nothing runs in the transaction, and dropping it rolls it back.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { drop(state.lock().await.tx.take()) });
        }
    }
}

impl HeldState {
    /// The transaction.
    ///
    /// # Errors
    /// `unavailable` if it has ended, or can only be rolled back.
    fn open(&mut self) -> Result<&mut DirectTx> {
        match &mut self.tx {
            Some(tx) if !self.failed => Ok(tx),
            Some(_) => Err(must_be_begun_anew("an operation of the transaction has failed")),
            None if self.timed_out => {
                Err(must_be_begun_anew("the transaction was rolled back because it was idle for too long"))
            }
            None => Err(must_be_begun_anew("the transaction has ended")),
        }
    }
}

fn must_be_begun_anew(why: &str) -> Error {
    Error::unavailable(Cause::TransactionEnded, format!("{why}: begin another one"))
}

/// Rolls the transaction back when it has been idle for too long.
async fn end_when_idle(state: Weak<Mutex<HeldState>>, settings: PoolSettings) {
    let limit = settings.idle_transaction_timeout;
    let mut deadline = Instant::now() + limit;
    loop {
        tokio::time::sleep_until(deadline).await;
        let Some(state) = state.upgrade() else { return };
        // While an operation runs, the transaction is not idle.
        let mut state = state.lock_owned().await;
        deadline = state.last_used + limit;
        if state.tx.is_none() {
            return;
        }
        if deadline <= Instant::now() {
            state.timed_out = true;
            if let Some(tx) = state.tx.take() {
                tracing::warn!(seconds = limit.as_secs_f32(), "rolled back a transaction that was left idle");
                drop(tx.rollback().await);
            }
            return;
        }
    }
}

impl HeldGuard {
    pub(super) fn connection(&mut self) -> Connection<'_> {
        match &mut self.state.tx {
            Some(tx) => tx.connection(),
            None => unreachable!("the transaction ends only while it has no guard"),
        }
    }

    pub(super) fn lose_contention(&self) {
        self.lost_contention.store(true, Ordering::Relaxed);
    }

    pub(super) fn succeed(mut self, changes: Vec<Change>) {
        self.state.changes.extend(changes);
        self.succeeded = true;
    }
}

impl Drop for HeldGuard {
    fn drop(&mut self) {
        self.state.failed |= !self.succeeded;
        self.state.last_used = Instant::now();
    }
}
