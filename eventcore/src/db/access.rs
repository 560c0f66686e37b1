//! How transactions of a database are begun.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::backend::Backend;
use super::direct_tx::DirectTx;
use super::held::HeldTx;
use super::insert_hook::InsertHook;
use super::observer::Observer;
use super::pool_settings::PoolSettings;
use super::sqlite::QueuedCaller;
use super::transaction::Tx;
use crate::changes::{Change, ChangeBus};
use crate::error::Result;

/// Runs at the start of each transaction of a database. If it fails, the transaction is not begun.
pub(crate) trait BeginHook: Send + Sync {
    fn after_begin<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>>;
}

/// Runs before the commit of each transaction that has changed something, with its changes. If it fails, the
/// transaction is rolled back. What it changes in turn is committed and published too. Changes for which a
/// statement of the transaction has run the INSERTs of [`InsertHook`] are left out.
pub(crate) trait CommitHook: InsertHook {
    fn before_commit<'t>(
        &'t self,
        tx: &'t mut Tx,
        changes: &'t [Change],
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>>;
}

/// A database, and what its transactions have in common. Clones share the connections.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) backend: Arc<Backend>,
    pub(super) settings: PoolSettings,
    /// Whether a database with tables, and none of this library, is foreign.
    pub(super) refuses_foreign: bool,
    /// Publishes what transactions have changed.
    pub(super) bus: ChangeBus,
    pub(super) begin_hook: Option<Arc<dyn BeginHook>>,
    pub(super) commit_hook: Option<Arc<dyn CommitHook>>,
    /// They run after the commit hook.
    pub(super) observers: Vec<Arc<dyn Observer>>,
    /// The places of long reads.
    pub(super) long_reads: Arc<Semaphore>,
    /// The transaction that all operations share, if they do.
    pub(super) held: Option<HeldTx>,
}

/// The place of a caller in the queue in front of its transaction.
pub(super) enum QueuePlace {
    /// For the writer of SQLite.
    Writer(QueuedCaller),
    /// There is no queue.
    Free,
}

impl Access {
    /// Joins the queue.
    pub(super) fn enqueue(&self) -> QueuePlace {
        match &*self.backend {
            _ if self.held.is_some() => QueuePlace::Free,
            Backend::Sqlite { writer, .. } => QueuePlace::Writer(writer.enqueue()),
            Backend::Postgres(_) => QueuePlace::Free,
        }
    }

    fn insert_hook(&self) -> Option<Arc<dyn InsertHook>> {
        self.commit_hook.clone().map(|hook| hook as Arc<dyn InsertHook>)
    }

    /// Waits in the queue, and begins a transaction.
    ///
    /// # Errors
    /// `unavailable` after the time limit.
    pub(super) async fn begin(&self, place: QueuePlace) -> Result<Tx> {
        if let Some(held) = &self.held {
            let tx = Tx::part(held.part().await?, held.dialect(), self.bus.clone());
            return Ok(tx.with_insert_hook(self.insert_hook()));
        }
        let limit = self.settings.queue_timeout;
        let tx = match (&*self.backend, place) {
            (Backend::Sqlite { .. }, QueuePlace::Writer(caller)) => {
                DirectTx::Sqlite(caller.begin(limit).await?)
            }
            (Backend::Sqlite { writer, .. }, QueuePlace::Free) => {
                DirectTx::Sqlite(writer.enqueue().begin(limit).await?)
            }
            (Backend::Postgres(server), _) => DirectTx::Postgres(server.begin().await?),
        };
        let mut tx = Tx::direct(tx, self.bus.clone()).with_insert_hook(self.insert_hook());
        if let Some(hook) = &self.begin_hook {
            hook.after_begin(&mut tx).await?;
        }
        Ok(tx)
    }
}
