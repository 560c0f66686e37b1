//! Callers that wait for the writer.

use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::super::super::enqueued::Enqueued;
use super::super::super::pool_settings::within;
use super::group::Group;
use super::lock::GroupLock;
use super::transaction::SqliteTx;
use crate::error::{Cause, Error, Result};

/// A caller in the queue. If it is dropped before it has the lock, it ends a group that was left open for it.
pub(in crate::db) struct QueuedCaller {
    granted: Enqueued<OwnedMutexGuard<Group>>,
    /// `None` once the caller has the lock.
    lock: Option<GroupLock>,
}

impl QueuedCaller {
    /// Joins the queue.
    pub(super) fn join(lock: GroupLock) -> Self {
        lock.count_queued();
        Self { granted: Enqueued::new(lock.lock()), lock: Some(lock) }
    }

    /// Waits for the writer and begins a transaction.
    ///
    /// # Errors
    /// `unavailable` if the writer is not free within `limit`, or if SQLite cannot begin.
    pub(in crate::db) async fn begin(mut self, limit: Duration) -> Result<SqliteTx> {
        let Some(mut group) = within(limit, &mut self.granted).await else {
            return Err(Error::unavailable(
                Cause::Busy,
                "other transactions keep the database busy: try again shortly",
            ));
        };
        // From now on the transaction ends the group.
        let Some(lock) = self.lock.take() else { return Err(Error::internal("a caller begins once")) };
        lock.uncount_queued();
        if let Err(error) = group.begin_member().await {
            return Err(error.into());
        }
        Ok(SqliteTx::new(group, lock))
    }
}

impl Drop for QueuedCaller {
    fn drop(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        lock.uncount_queued();
        lock.settle_abandoned();
    }
}
