//! Running the work of an operation in a transaction, in a task of its own.

use super::access::{Access, QueuePlace};
use super::direct_tx::Connected;
use super::postgres;
use super::transaction::Tx;
use crate::changes::Change;
use crate::error::{Error, Result};

/// Runs an async function in a transaction and commits if it returns `Ok`:
/// `transaction!(self.db(), |tx| store(tx, input, now))`.
///
/// The transaction runs to its end in a task of its own, whatever becomes of the caller: a caller who is
/// dropped, or not polled any more, keeps nobody waiting, and only does not learn the outcome. For that task
/// each argument is cloned once: a reference, or an `Option` of one, as what it refers to.
///
/// A transaction that PostgreSQL aborts for a deadlock or a serialization failure (`40P01`, `40001`), or
/// whose connection the server ends before the COMMIT, is run again, a bounded number of times. The
/// function must have no effects outside its transaction.
macro_rules! transaction {
    ($db:expr, |$tx:ident| $($verb:ident)::+($first:ident $(, $argument:expr)* $(,)?)) => {
        $crate::db::transaction!(@own [$db] [$($verb)::+] [] $($argument,)*)
    };
    (@own [$db:expr] [$($verb:tt)+] [$($owned:ident)*] $argument:expr, $($rest:tt)*) => {{
        let owned = $crate::db::argument::Argument::new($argument).own();
        $crate::db::transaction!(@own [$db] [$($verb)+] [$($owned)* owned] $($rest)*)
    }};
    (@own [$db:expr] [$($verb:tt)+] [$($owned:ident)*]) => {{
        let mut attempts = $db.attempts();
        $crate::db::run_to_its_end(async move {
            loop {
                let mut tx = attempts.begin().await?;
                let outcome = $($verb)+(&mut tx $(, $owned.lend())*).await;
                if let Some(outcome) = attempts.end(tx, outcome).await {
                    break outcome;
                }
            }
        })
        .await
    }};
}
pub(crate) use transaction;

/// Runs an async function in a transaction, in the task of the caller, which must be one that the library has
/// spawned: a future that its owner may leave unpolled would keep others waiting.
macro_rules! transaction_in_this_task {
    ($db:expr, |$tx:ident| $work:expr) => {{
        let mut attempts = $db.attempts();
        loop {
            let mut transaction = attempts.begin().await?;
            let outcome: $crate::error::Result<_> = {
                let $tx = &mut transaction;
                $work.await
            };
            if let Some(outcome) = attempts.end(transaction, outcome).await {
                break outcome;
            }
        }
    }};
}
pub(crate) use transaction_in_this_task;

/// The attempts to run a transaction.
pub(crate) struct Attempts {
    access: Access,
    /// The place of the first attempt.
    place: Option<QueuePlace>,
    retries: u32,
}

impl Attempts {
    /// Joins the queue for a transaction.
    pub(super) fn new(access: Access) -> Self {
        let place = Some(access.enqueue());
        Self { access, place, retries: 0 }
    }

    /// Begins the next attempt.
    pub(crate) async fn begin(&mut self) -> Result<Tx> {
        let place = self.place.take().unwrap_or(QueuePlace::Free);
        self.access.begin(place).await
    }

    /// Commits if `outcome` is `Ok`, otherwise rolls back. `None` means that the caller should run the
    /// transaction again; this function has then waited before it returns.
    pub(crate) async fn end<T>(&mut self, mut tx: Tx, outcome: Result<T>) -> Option<Result<T>> {
        let is_part = tx.is_part();
        let outcome = match outcome {
            Ok(value) => run_hooks(&self.access, &mut tx).await.map(|()| value),
            Err(error) => Err(error),
        };
        if matches!(outcome, Err(Error::Contended)) {
            tx.lose_contention();
        }
        let (outcome, connected) = match outcome {
            // After a lost COMMIT nobody knows whether it was executed: it is not run again.
            Ok(value) => (tx.commit().await.map(|()| value), Connected::Yes),
            Err(error) => match tx.rollback().await {
                // What the refusal is based on was not committed: only the failed rollback may be reported.
                Err(rollback) if !error.is_unavailable() => (Err(rollback), Connected::Yes),
                Err(_) => (Err(error), Connected::Yes),
                Ok(connected) => (Err(error), connected),
            },
        };
        let again = match &outcome {
            Ok(_) => false,
            Err(Error::Contended) => !is_part,
            Err(error) => connected == Connected::No && error.is_unavailable(),
        };
        if again && self.retries < postgres::RETRIES {
            self.retries += 1;
            tokio::time::sleep(postgres::backoff(self.retries)).await;
            return None;
        }
        Some(outcome)
    }
}

/// Runs the commit hook with what the transaction has changed, without what a statement of it has done
/// already; then the observers, with all that it has changed.
async fn run_hooks(access: &Access, tx: &mut Tx) -> Result<()> {
    let changes = tx.take_changes();
    let left: Vec<Change> = changes.iter().filter(|one| !one.is_done).map(|one| one.change.clone()).collect();
    let mut outcome = match &access.commit_hook {
        Some(hook) if !left.is_empty() => hook.before_commit(tx, &left).await,
        _ => Ok(()),
    };
    tx.put_back(changes);
    if outcome.is_ok() && !access.observers.is_empty() {
        let changes = tx.changes();
        for observer in access.observers.iter().filter(|_| !changes.is_empty()) {
            outcome = observer.before_commit(tx, &changes).await;
            if outcome.is_err() {
                break;
            }
        }
    }
    outcome
}
