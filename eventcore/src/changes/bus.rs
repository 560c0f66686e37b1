//! The bus: publishes the changes of transactions in the order of their commits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{broadcast, watch};

use super::change::Change;

/// Changes that a subscriber can be behind before it loses the oldest.
pub(super) const CAPACITY: usize = 8_192;

/// The bus. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeBus {
    state: Arc<BusState>,
}

#[derive(Debug, Default)]
struct BusState {
    /// Created by the first subscriber.
    sender: OnceLock<broadcast::Sender<Change>>,
    commits: Mutex<CommitOrder>,
    /// Changes its value with each transaction that has changed something.
    committed: watch::Sender<()>,
    /// Changes its value when another process may have changed something.
    heard: watch::Sender<()>,
}

/// The commits that are under way, in their order.
///
/// A commit takes a number before the COMMIT is sent, when it still has all its locks. A transaction that
/// depends on another one can read or lock what that wrote only after its COMMIT, so it takes a larger
/// number, although it may learn of its own COMMIT first. Each commit is therefore published when all smaller
/// numbers have ended.
#[derive(Debug, Default)]
struct CommitOrder {
    /// The number of the next commit.
    next: u64,
    /// The smallest number that has not ended.
    oldest: u64,
    /// Commits that have ended while an older one is under way, with their changes.
    ended: BTreeMap<u64, Vec<Change>>,
}

/// The changes of a transaction that is about to commit. When it is dropped, it publishes them if the
/// transaction has committed.
#[derive(Debug)]
struct PendingChanges {
    bus: ChangeBus,
    number: u64,
    changes: Vec<Change>,
    committed: bool,
}

impl ChangeBus {
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.state.sender.get_or_init(|| broadcast::Sender::new(CAPACITY)).subscribe()
    }

    /// Learns that transactions have changed something, and not what.
    pub(crate) fn committed(&self) -> watch::Receiver<()> {
        self.state.committed.subscribe()
    }

    /// Learns that another process may have changed something.
    pub(crate) fn heard(&self) -> watch::Receiver<()> {
        self.state.heard.subscribe()
    }

    /// Another process may have changed something.
    pub(crate) fn hear(&self) {
        self.state.heard.send_replace(());
    }

    /// Runs `commit`, and publishes `changes` if it succeeds.
    pub(crate) async fn publish_after<E>(
        &self,
        changes: Vec<Change>,
        commit: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let has_changed = !changes.is_empty();
        let pending = self.enter(changes);
        let outcome = commit.await;
        if outcome.is_ok() && has_changed {
            self.state.committed.send_replace(());
        }
        if let (Ok(()), Some(pending)) = (&outcome, pending) {
            pending.publish();
        }
        outcome
    }

    /// Takes the next place in the order of commits; `None` if there is nothing to tell, or nobody.
    fn enter(&self, changes: Vec<Change>) -> Option<PendingChanges> {
        let listened = self.state.sender.get().is_some_and(|sender| sender.receiver_count() > 0);
        if changes.is_empty() || !listened {
            return None;
        }
        let mut commits = self.commits();
        let number = commits.next;
        commits.next += 1;
        Some(PendingChanges { bus: self.clone(), number, changes, committed: false })
    }

    fn end(&self, number: u64, changes: Vec<Change>) {
        let mut commits = self.commits();
        commits.ended.insert(number, changes);
        while let Some(changes) = commits.ended_in_order() {
            if let Some(sender) = self.state.sender.get() {
                for change in changes {
                    // It fails if the last subscriber has gone.
                    drop(sender.send(change));
                }
            }
        }
    }

    fn commits(&self) -> MutexGuard<'_, CommitOrder> {
        // Each change leaves the order consistent, so a panic elsewhere under the lock does no harm.
        self.state.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CommitOrder {
    /// The changes of the oldest commit, if it has ended.
    fn ended_in_order(&mut self) -> Option<Vec<Change>> {
        let changes = self.ended.remove(&self.oldest)?;
        self.oldest += 1;
        Some(changes)
    }
}

impl PendingChanges {
    fn publish(mut self) {
        self.committed = true;
    }
}

impl Drop for PendingChanges {
    fn drop(&mut self) {
        let changes = if self.committed { std::mem::take(&mut self.changes) } else { Vec::new() };
        self.bus.end(self.number, changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, uuid_at};
    use crate::time::Timestamp;

    fn created(number: i64) -> Change {
        Change::EventCreated {
            event: EventId::from(uuid_at(Timestamp::from_micros(number))),
            organizer: uuid_at(Timestamp::from_micros(0)).into(),
        }
    }

    #[test]
    fn commits_that_end_out_of_order_are_published_in_order() {
        let bus = ChangeBus::default();
        let mut receiver = bus.subscribe();
        let changes: Vec<Change> = (0..4).map(created).collect();
        let mut pending = changes.iter().map(|change| bus.enter(vec![change.clone()]).unwrap());
        let (first, second, third, fourth) = (
            pending.next().unwrap(),
            pending.next().unwrap(),
            pending.next().unwrap(),
            pending.next().unwrap(),
        );
        third.publish();
        first.publish();
        assert_eq!(receiver.try_recv().unwrap(), changes[0]);
        assert!(receiver.try_recv().is_err(), "the second is under way");
        // It was rolled back.
        drop(second);
        assert_eq!(receiver.try_recv().unwrap(), changes[2]);
        fourth.publish();
        assert_eq!(receiver.try_recv().unwrap(), changes[3]);
    }

    #[test]
    fn without_subscribers_nothing_is_kept() {
        let bus = ChangeBus::default();
        assert!(bus.enter(vec![created(1)]).is_none());
        drop(bus.subscribe());
        assert!(bus.enter(vec![created(2)]).is_none());
        let _receiver = bus.subscribe();
        assert!(bus.enter(Vec::new()).is_none());
        assert!(bus.enter(vec![created(3)]).is_some());
        assert!(bus.commits().ended.is_empty());
    }
}
