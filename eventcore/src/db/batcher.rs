//! A queue that collects requests while earlier ones run, and hands them to a worker in batches.
//!
//! Each request has a key. Requests of one key run one batch after another, in the order in which they came;
//! batches of different keys may run at once. A worker that has to wait for something, such as the lock of a
//! row, keeps the part of its batch that waits and lets the next batch run: only requests of the same keys
//! are delayed.
//!
//! The states of a request, and what leads from one to another:
//!
//! ```text
//!              submit
//!                |
//!                v
//!   +----------------------+     the time limit      +----------------------+
//!   | waiting              |------------------------>| refused:             |
//!   |   its key is busy or |                         |   NoAnswer::TooLate  |
//!   |   all runners are    |                         +----------------------+
//!   +----------------------+
//!                | a runner takes it with others; its key is busy from now on
//!                v
//!   +----------------------+    the worker panics    +----------------------+
//!   | running              |------------------------>| lost: NoAnswer::Lost |
//!   |   in a batch, on a   |                         +----------------------+
//!   |   runner             |
//!   +----------------------+
//!        |           | Batch::into_parts: the runner takes the next batch
//!        |           v
//!        |   +----------------------+
//!        |   | delayed              |
//!        |   |   in a part, on a    |
//!        |   |   task of its own    |
//!        |   +----------------------+
//!        |           |
//!        v           v  Batch::answer; its key is free again once all requests of the part with it are
//!   +----------------------+
//!   | answered             |
//!   +----------------------+
//! ```
//!
//! A caller that is dropped, or not polled any more, changes nothing of that: its request runs, and the
//! answer is dropped.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::pool_settings::within;
use crate::error::Error;

#[cfg(test)]
mod tests;

/// The queue. Clones share it.
#[derive(Debug)]
pub(crate) struct Batcher<K, Q, A> {
    state: Arc<Mutex<BatchQueue<K, Q, A>>>,
    limits: BatchLimits,
}

/// How large and how many batches may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    /// Maximum number of requests in a batch, so that the first of them does not wait long for the others.
    pub(crate) size: usize,
    /// Maximum number of batches that run at once. Parts of batches that wait do not count.
    pub(crate) running: usize,
    /// Longest time in the queue; zero for no limit.
    pub(crate) wait: Duration,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It did not run within the time limit, and never will.
    TooLate,
    /// Its batch ended without an answer to it: the worker panicked, or the program ends.
    Lost,
}

impl From<NoAnswer> for Error {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::TooLate => Self::busy(),
            NoAnswer::Lost => Self::internal("a batch of requests ended early"),
        }
    }
}

#[derive(Debug)]
struct BatchQueue<K, Q, A> {
    /// Requests that may run, by their numbers.
    ready: BTreeMap<u64, PendingRequest<K, Q, A>>,
    /// The keys of batches that have not ended, and the requests that wait for them, by their numbers.
    busy: HashMap<K, BTreeMap<u64, PendingRequest<K, Q, A>>>,
    /// Number of runners.
    running: usize,
    /// The number of the next request: they count in the order of arrival.
    next_number: u64,
}

#[derive(Debug)]
struct PendingRequest<K, Q, A> {
    key: K,
    request: Q,
    /// When it is too late to run; `None` for never.
    deadline: Option<Instant>,
    answer: oneshot::Sender<Result<A, NoAnswer>>,
}

type BatchWork<K, Q, A> =
    Arc<dyn Fn(Batch<K, Q, A>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Requests that run together. No other batch has a request with one of their keys.
///
/// Dropping it ends the requests that have no answer yet: their callers get none.
pub(crate) struct Batch<K: BatchKey, Q: Send + 'static, A: Send + 'static> {
    pending: Vec<PendingRequest<K, Q, A>>,
    keys: HashSet<K>,
    batcher: Batcher<K, Q, A>,
    work: BatchWork<K, Q, A>,
}

/// What can be the key of a request.
pub(crate) trait BatchKey: Copy + Eq + Hash + Send + 'static {}

impl<T: Copy + Eq + Hash + Send + 'static> BatchKey for T {}

impl<K, Q, A> Clone for Batcher<K, Q, A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), limits: self.limits }
    }
}

impl<K: BatchKey, Q: Send + 'static, A: Send + 'static> Batcher<K, Q, A> {
    pub(crate) fn new(limits: BatchLimits) -> Self {
        let state = BatchQueue { ready: BTreeMap::new(), busy: HashMap::new(), running: 0, next_number: 0 };
        Self { state: Arc::new(Mutex::new(state)), limits }
    }

    fn lock(&self) -> MutexGuard<'_, BatchQueue<K, Q, A>> {
        // Each change leaves the state consistent, so a panic elsewhere under the lock does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a request in a batch and returns its answer. `work` runs a batch, this one's or another: all
    /// requests of a batcher must come with the same work.
    pub(crate) async fn submit<W, F>(&self, key: K, request: Q, work: W) -> Result<A, NoAnswer>
    where
        W: Fn(Batch<K, Q, A>) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let deadline = (!self.limits.wait.is_zero()).then(|| Instant::now() + self.limits.wait);
        let (number, may_run) = {
            let mut state = self.lock();
            let number = state.next_number;
            state.next_number += 1;
            state.put(number, PendingRequest { key, request, deadline, answer });
            (number, state.may_run(self.limits))
        };
        if may_run {
            self.run(Arc::new(move |batch| Box::pin(work(batch))));
        }
        if let Some(answer) = within(self.limits.wait, &mut answered).await {
            return answer.unwrap_or(Err(NoAnswer::Lost));
        }
        if self.withdraw(number, &key) {
            return Err(NoAnswer::TooLate);
        }
        // It runs: what it waits for now has time limits of its own.
        answered.await.unwrap_or(Err(NoAnswer::Lost))
    }

    /// Removes a request from the queue, unless it runs.
    fn withdraw(&self, number: u64, key: &K) -> bool {
        let mut state = self.lock();
        let waiting = state.busy.get_mut(key).and_then(|waiting| waiting.remove(&number));
        waiting.or_else(|| state.ready.remove(&number)).is_some()
    }

    /// Starts a runner if there is something to run.
    fn run(&self, work: BatchWork<K, Q, A>) {
        // Without a runtime the process is ending.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let Some(mut batch) = self.first_batch(&work) else { return };
        let batcher = self.clone();
        runtime.spawn(async move {
            loop {
                // In a task of its own, so that a panic ends this batch and no other.
                let ended = tokio::spawn(work(batch)).await;
                drop(ended);
                match batcher.next_batch(&work) {
                    Some(next) => batch = next,
                    None => return,
                }
            }
        });
    }

    /// The batch of a new runner; `None` if there are enough runners, or nothing can run.
    fn first_batch(&self, work: &BatchWork<K, Q, A>) -> Option<Batch<K, Q, A>> {
        let mut state = self.lock();
        if !state.may_run(self.limits) {
            return None;
        }
        let batch = self.take(&mut state, work)?;
        state.running += 1;
        Some(batch)
    }

    /// The next batch of a runner; `None` ends it.
    fn next_batch(&self, work: &BatchWork<K, Q, A>) -> Option<Batch<K, Q, A>> {
        let mut state = self.lock();
        let batch = self.take(&mut state, work);
        if batch.is_none() {
            state.running -= 1;
        }
        batch
    }

    /// Takes the first requests whose keys are free.
    fn take(&self, state: &mut BatchQueue<K, Q, A>, work: &BatchWork<K, Q, A>) -> Option<Batch<K, Q, A>> {
        let mut pending = Vec::new();
        let now = Instant::now();
        while pending.len() < self.limits.size {
            let Some((_, next)) = state.ready.pop_first() else { break };
            // A caller that is polled has withdrawn its request by itself.
            if next.deadline.is_some_and(|deadline| deadline <= now) {
                drop(next.answer.send(Err(NoAnswer::TooLate)));
            } else {
                pending.push(next);
            }
        }
        if pending.is_empty() {
            return None;
        }
        let keys: HashSet<K> = pending.iter().map(|one| one.key).collect();
        for key in &keys {
            state.busy.insert(*key, BTreeMap::new());
        }
        // Others with these keys are not ready any more.
        for (number, rest) in std::mem::take(&mut state.ready) {
            state.put(number, rest);
        }
        Some(Batch { pending, keys, batcher: self.clone(), work: work.clone() })
    }

    /// Lets requests with these keys run again.
    fn release(&self, keys: &HashSet<K>, work: &BatchWork<K, Q, A>) {
        if keys.is_empty() {
            return;
        }
        let may_run = {
            let mut state = self.lock();
            for key in keys {
                let waiting = state.busy.remove(key).unwrap_or_default();
                state.ready.extend(waiting);
            }
            state.may_run(self.limits)
        };
        if may_run {
            self.run(work.clone());
        }
    }
}

impl<K: BatchKey, Q, A> BatchQueue<K, Q, A> {
    /// Adds a request.
    fn put(&mut self, number: u64, one: PendingRequest<K, Q, A>) {
        match self.busy.get_mut(&one.key) {
            Some(waiting) => waiting.insert(number, one),
            None => self.ready.insert(number, one),
        };
    }

    /// Whether another runner may start, and would find something to run.
    fn may_run(&self, limits: BatchLimits) -> bool {
        self.running < limits.running && !self.ready.is_empty()
    }
}

impl<K: BatchKey, Q: Send + 'static, A: Send + 'static> Batch<K, Q, A> {
    /// The requests without an answer, in the order of arrival.
    pub(crate) fn requests(&self) -> impl ExactSizeIterator<Item = &Q> {
        self.pending.iter().map(|one| &one.request)
    }

    /// Whether all requests have an answer.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Parts of this batch, each with the requests of one key.
    pub(crate) fn into_parts(mut self) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        for one in std::mem::take(&mut self.pending) {
            match parts.iter_mut().find(|part| part.keys.contains(&one.key)) {
                Some(part) => part.pending.push(one),
                None => {
                    self.keys.remove(&one.key);
                    let (keys, batcher) = (HashSet::from([one.key]), self.batcher.clone());
                    parts.push(Self { pending: vec![one], keys, batcher, work: self.work.clone() });
                }
            }
        }
        parts
    }

    /// Answers the requests of [`Self::requests`]; those without an outcome stay in the batch. Their keys
    /// stay busy, and all others are free.
    pub(crate) fn answer(&mut self, outcomes: impl IntoIterator<Item = Option<A>>) {
        let mut outcomes = outcomes.into_iter();
        for one in std::mem::take(&mut self.pending) {
            match outcomes.next().flatten() {
                // The receiver is gone if the caller was dropped meanwhile.
                Some(outcome) => drop(one.answer.send(Ok(outcome))),
                None => self.pending.push(one),
            }
        }
        let needed: HashSet<K> = self.pending.iter().map(|one| one.key).collect();
        let free: HashSet<K> = self.keys.difference(&needed).copied().collect();
        self.keys = needed;
        self.batcher.release(&free, &self.work);
    }

    /// Answers all requests that have no answer yet.
    pub(crate) fn answer_rest(&mut self, outcome: impl Fn() -> A) {
        let outcomes: Vec<_> = self.pending.iter().map(|_| Some(outcome())).collect();
        self.answer(outcomes);
    }
}

impl<K: BatchKey, Q: Send + 'static, A: Send + 'static> Drop for Batch<K, Q, A> {
    fn drop(&mut self) {
        self.pending.clear();
        self.batcher.release(&std::mem::take(&mut self.keys), &self.work);
    }
}
