//! Databases whose transactions and reads are parts of one transaction.

use super::Db;
use super::access::Access;
use super::held::HeldTx;
use super::task::run_to_its_end;
use super::transaction::Tx;
use crate::changes::Change;
use crate::error::{Error, Result};

impl Db {
    /// Begins a transaction that may write, for tests and tools. Operations use `transaction!`, which also
    /// commits and retries.
    ///
    /// The transaction may stay idle between two statements for
    /// [`PoolSettings::idle_transaction_timeout`](super::PoolSettings::idle_transaction_timeout). After that
    /// it is rolled back.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx::held(self.hold().await?, self.access.bus.clone()))
    }

    async fn hold(&self) -> Result<HeldTx> {
        let (mut attempts, settings) = (self.attempts(), self.access.settings);
        run_to_its_end(async move {
            match attempts.begin().await?.into_direct() {
                Some(tx) => Ok(HeldTx::new(tx, settings)),
                None => Err(Error::internal("a transaction cannot contain another one")),
            }
        })
        .await
    }

    /// A clone whose transactions and reads are parts of one transaction, one after another.
    pub(crate) async fn with_one_transaction(&self) -> Result<Self> {
        let held = Some(self.hold().await?);
        Ok(Self { access: Access { held, ..self.access.clone() } })
    }

    /// What the operations of the transaction of [`Self::with_one_transaction`] have changed so far.
    pub(crate) async fn changes_so_far(&self) -> Result<Vec<Change>> {
        match &self.access.held {
            Some(held) => held.changes().await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether that transaction was aborted because of others, so that it is worth running again.
    pub(crate) fn has_lost_contention(&self) -> bool {
        self.access.held.as_ref().is_some_and(HeldTx::has_lost_contention)
    }

    /// Commits that transaction.
    pub(crate) async fn commit(&self) -> Result<()> {
        match &self.access.held {
            Some(held) => held.commit(&self.access.bus).await,
            None => Ok(()),
        }
    }

    /// Rolls that transaction back, unless it has ended.
    pub(crate) async fn rollback(&self) -> Result<()> {
        match &self.access.held {
            Some(held) => held.rollback().await.map(drop),
            None => Ok(()),
        }
    }

    /// Rolls that transaction back in the background, unless it has ended.
    pub(crate) fn abandon(&self) {
        if let Some(held) = &self.access.held {
            held.abandon();
        }
    }
}
