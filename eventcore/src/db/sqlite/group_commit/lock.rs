//! The mutex of the group, and what its holder does when a member ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::group::Group;

/// The lock of the group. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct GroupLock {
    group: Arc<Mutex<Group>>,
    /// Callers that wait for the lock. While there are any, the group stays open for them.
    queued: Arc<AtomicUsize>,
}

impl GroupLock {
    pub(super) fn new(group: Group) -> Self {
        Self { group: Arc::new(Mutex::new(group)), queued: Arc::default() }
    }

    /// Waits for the lock, without being counted as queued.
    pub(super) fn lock(&self) -> impl Future<Output = OwnedMutexGuard<Group>> + Send + use<> {
        self.group.clone().lock_owned()
    }

    pub(super) fn count_queued(&self) {
        self.queued.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn uncount_queued(&self) {
        self.queued.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether another member joins the group before it is committed.
    pub(super) fn another_follows(&self, group: &Group) -> bool {
        self.queued.load(Ordering::SeqCst) > 0 && !group.is_full()
    }

    /// Commits the group, unless another member follows.
    async fn commit_if_last(&self, mut group: OwnedMutexGuard<Group>) {
        if !self.another_follows(&group) {
            group.commit().await;
        }
    }

    /// Rolls back the member at work.
    pub(super) async fn roll_back_member(&self, mut group: OwnedMutexGuard<Group>) {
        group.roll_back_member().await;
        self.commit_if_last(group).await;
    }

    /// Ends what a dropped caller or a dropped transaction has left: a group that was left open for it, or
    /// what it wrote.
    pub(super) fn settle_abandoned(self) {
        // Without a runtime the process is ending, or the next member does it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let mut group = self.lock().await;
            group.settle().await;
            self.commit_if_last(group).await;
        });
    }
}
