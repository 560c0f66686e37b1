//! Requests of several callers in one transaction, and what becomes of those that it does not decide.
//!
//! A batch leaves out the rows that other transactions have locked, so that nobody waits for a row that they
//! did not ask for. What it has not decided continues in tasks of its own, one for each key, which wait for
//! those rows. If the transaction of a batch fails, perhaps because of one request, each request gets a
//! transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::batcher::{Batch, BatchKey, BatchLimits, Batcher};
use super::locking::Locking;
use super::pool_settings::within;
use crate::error::{Error, Result};

/// Transactions without an outcome after which requests fail: others change the same rows again and again.
const FRUITLESS_ROUNDS: usize = 8;
/// Transactions at once that wait for rows. Each of them holds a pooled connection.
const WAITING: usize = 4;

/// The requests of a kind that wait for their batch, and how many may wait for rows that others have locked.
#[derive(Debug)]
pub(crate) struct JointQueue<K, Q, A> {
    batcher: Batcher<K, Q, Result<A>>,
    waiting: Arc<Semaphore>,
    /// Longest time in a queue; zero for no limit.
    wait: Duration,
}

/// Requests of a kind, and how they are carried out.
pub(crate) trait JointWork: Clone + Send + Sync + 'static {
    /// Requests of one key run one after another.
    type Key: BatchKey;
    type Request: Clone + Send + Sync + 'static;
    type Answer: Send + 'static;

    /// The queue of all requests of the kind.
    fn queue(&self) -> &JointQueue<Self::Key, Self::Request, Self::Answer>;

    /// Carries out requests in one transaction. `None` for those that have to be tried again, in another
    /// transaction: a row is locked, or what was read is out of date.
    fn run_together(
        &self,
        requests: &[Self::Request],
        locking: Locking,
    ) -> impl Future<Output = Result<Vec<Option<Result<Self::Answer>>>>> + Send;

    /// Carries out a request in a transaction of its own.
    fn run_alone(&self, request: &Self::Request) -> impl Future<Output = Result<Self::Answer>> + Send;
}

type WorkBatch<W> = Batch<<W as JointWork>::Key, <W as JointWork>::Request, Result<<W as JointWork>::Answer>>;

impl<K: BatchKey, Q: Send + 'static, A: Send + 'static> JointQueue<K, Q, A> {
    /// A queue for such batches.
    pub(crate) fn new(limits: BatchLimits) -> Self {
        let waiting = Arc::new(Semaphore::new(WAITING));
        Self { batcher: Batcher::new(limits), waiting, wait: limits.wait }
    }
}

/// Carries out a request in a batch with others, whatever becomes of the caller.
///
/// # Errors
/// Those of the request. `unavailable` if it has to wait for others for too long.
pub(crate) async fn run_jointly<W: JointWork>(
    work: &W,
    key: W::Key,
    request: W::Request,
) -> Result<W::Answer> {
    let own = work.clone();
    let run = move |batch| run_batch(own.clone(), batch);
    work.queue().batcher.submit(key, request, run).await?
}

/// Runs a batch; what has to wait continues in tasks of its own.
async fn run_batch<W: JointWork>(work: W, mut batch: WorkBatch<W>) {
    run_round(&work, &mut batch, Locking::Skip).await;
    for part in batch.into_parts() {
        tokio::spawn(run_part(work.clone(), part));
    }
}

/// Runs the requests of one key until all are decided.
async fn run_part<W: JointWork>(work: W, mut part: WorkBatch<W>) {
    let queue = work.queue();
    // The semaphore is never closed.
    let permit = within(queue.wait, queue.waiting.clone().acquire_owned()).await;
    let Some(_permit) = permit else { return part.answer_rest(|| Err(Error::busy())) };
    let mut rounds_without_outcome = 0;
    while !part.is_empty() && rounds_without_outcome < FRUITLESS_ROUNDS {
        let before = part.requests().len();
        if !run_round(&work, &mut part, Locking::Wait).await {
            return run_each(&work, part).await;
        }
        rounds_without_outcome += usize::from(part.requests().len() == before);
    }
    part.answer_rest(|| Err(Error::Contended));
}

/// Runs each request in a transaction of its own, so that the error of one does not fail the others.
async fn run_each<W: JointWork>(work: &W, mut part: WorkBatch<W>) {
    let requests: Vec<W::Request> = part.requests().cloned().collect();
    for request in requests {
        let outcome = work.run_alone(&request).await;
        part.answer([Some(outcome)]);
    }
}

/// Runs all requests in one transaction and answers those that it decides. Returns false if the transaction
/// failed, perhaps because of one of them.
async fn run_round<W: JointWork>(work: &W, batch: &mut WorkBatch<W>, locking: Locking) -> bool {
    let requests: Vec<W::Request> = batch.requests().cloned().collect();
    match work.run_together(&requests, locking).await {
        Ok(outcomes) => batch.answer(outcomes),
        Err(Error::Unavailable { cause, message }) => {
            batch.answer_rest(|| Err(Error::unavailable(cause, message.clone())));
        }
        // Nobody else's fault: to run it again would be no other transaction.
        Err(error) if requests.len() == 1 => batch.answer([Some(Err(error))]),
        Err(_) => return false,
    }
    true
}
