//! Transactions, as the operations see them.

use std::sync::Arc;

use super::dialect::Dialect;
use super::direct_tx::{Connected, DirectTx};
use super::held::{HeldGuard, HeldTx};
use super::insert_hook::{InsertHook, RowInsert};
use super::statement::Connection;
use crate::changes::{Change, ChangeBus};
use crate::error::Result;
use crate::id::UserId;

/// A transaction. After a failed statement it can only be rolled back, on both databases. Dropping it rolls
/// it back.
pub struct Tx {
    kind: Kind,
    dialect: Dialect,
    /// What the operation has changed, to be published after the commit.
    changes: Vec<RecordedChange>,
    bus: ChangeBus,
    /// The user who acts in the transaction.
    actor: Option<UserId>,
    insert_hook: Option<Arc<dyn InsertHook>>,
}

/// A change of a transaction.
pub(super) struct RecordedChange {
    pub(super) change: Change,
    /// Whether the work of the commit hook is done.
    pub(super) is_done: bool,
}

#[derive(Debug)]
enum Kind {
    /// In the task that runs its statements.
    Direct(DirectTx),
    /// A part of a transaction that a caller holds.
    Part(HeldGuard),
    /// Held by the caller. Each statement runs in a task of its own.
    Held(Holder),
}

/// Rolls a held transaction back when it is dropped.
#[derive(Debug)]
struct Holder(HeldTx);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Where the statements of a transaction run.
pub(super) enum TxTarget<'c> {
    Connection(Connection<'c>),
    Held(&'c HeldTx),
}

impl Tx {
    const fn new(kind: Kind, dialect: Dialect, bus: ChangeBus) -> Self {
        Self { kind, dialect, changes: Vec::new(), bus, actor: None, insert_hook: None }
    }

    /// This transaction with a hook for [`Self::record_with_inserts`].
    pub(super) fn with_insert_hook(self, insert_hook: Option<Arc<dyn InsertHook>>) -> Self {
        Self { insert_hook, ..self }
    }

    pub(super) const fn direct(tx: DirectTx, bus: ChangeBus) -> Self {
        let dialect = tx.dialect();
        Self::new(Kind::Direct(tx), dialect, bus)
    }

    pub(super) const fn part(guard: HeldGuard, dialect: Dialect, bus: ChangeBus) -> Self {
        Self::new(Kind::Part(guard), dialect, bus)
    }

    pub(super) const fn held(held: HeldTx, bus: ChangeBus) -> Self {
        let dialect = held.dialect();
        Self::new(Kind::Held(Holder(held)), dialect, bus)
    }

    /// Records what the operation has changed. It is published after the commit.
    pub(crate) fn record(&mut self, change: Change) {
        self.changes.push(RecordedChange { change, is_done: false });
    }

    /// Records what a statement of the operation will change, if that statement runs the INSERTs that this
    /// returns as well. They do what otherwise takes a statement before the commit.
    pub(crate) fn record_with_inserts(&mut self, changes: Vec<Change>) -> Result<Vec<RowInsert>> {
        let inserts = match &self.insert_hook {
            Some(hook) => hook.inserts_for(&changes)?,
            None => None,
        };
        let is_done = inserts.is_some();
        self.changes.extend(changes.into_iter().map(|change| RecordedChange { change, is_done }));
        Ok(inserts.unwrap_or_default())
    }

    /// Names the user who acts, for those who are told of the changes.
    pub(crate) const fn act_as(&mut self, actor: Option<UserId>) {
        self.actor = actor;
    }

    /// The user who acts, if an operation has named one.
    pub(crate) const fn actor(&self) -> Option<UserId> {
        self.actor
    }

    /// Takes what the operation has changed so far.
    pub(super) fn take_changes(&mut self) -> Vec<RecordedChange> {
        std::mem::take(&mut self.changes)
    }

    /// What the operation has changed so far.
    pub(super) fn changes(&self) -> Vec<Change> {
        self.changes.iter().map(|recorded| recorded.change.clone()).collect()
    }

    /// Notes that the database has aborted the transaction because of others.
    pub(super) fn lose_contention(&self) {
        if let Kind::Part(guard) = &self.kind {
            guard.lose_contention();
        }
    }

    /// Puts changes back, before those that were recorded since.
    pub(super) fn put_back(&mut self, changes: Vec<RecordedChange>) {
        self.changes.splice(..0, changes);
    }

    /// The transaction on its connection, to be held; `None` for one that is held already.
    pub(super) fn into_direct(self) -> Option<DirectTx> {
        match self.kind {
            Kind::Direct(tx) => Some(tx),
            Kind::Part(_) | Kind::Held(_) => None,
        }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether it is a part of a larger transaction, and cannot be run again by itself.
    pub(super) const fn is_part(&self) -> bool {
        matches!(self.kind, Kind::Part(_))
    }

    pub(super) fn target(&mut self) -> TxTarget<'_> {
        match &mut self.kind {
            Kind::Direct(tx) => TxTarget::Connection(tx.connection()),
            Kind::Part(guard) => TxTarget::Connection(guard.connection()),
            Kind::Held(Holder(held)) => TxTarget::Held(held),
        }
    }

    /// The connection of the transaction, if the database is PostgreSQL: in an [`Observer`](super::Observer)
    /// and in [`Transaction::run`](crate::Transaction::run). Statements on it must neither end the
    /// transaction nor change tables of the library.
    #[cfg(feature = "sqlx-0_9")]
    pub fn postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        match self.target() {
            TxTarget::Connection(Connection::Postgres { conn, .. }) => Some(conn),
            TxTarget::Connection(_) | TxTarget::Held(_) => None,
        }
    }

    /// The connection of the transaction, if the database is SQLite, as [`Self::postgres`]. Roll back after a
    /// statement on it that has failed.
    ///
    /// # Errors
    /// Those of an earlier statement of the transaction.
    #[cfg(feature = "sqlx-0_9")]
    pub async fn sqlite(&mut self) -> sqlx::Result<Option<&mut sqlx::SqliteConnection>> {
        match self.target() {
            TxTarget::Connection(Connection::Sqlite { conn, statements }) => {
                if let Some(statements) = statements {
                    statements.before_statement(conn).await?;
                }
                Ok(Some(conn))
            }
            TxTarget::Connection(_) | TxTarget::Held(_) => Ok(None),
        }
    }

    /// Commits. After `Ok` the changes survive a crash.
    pub async fn commit(self) -> Result<()> {
        let Self { kind, changes, bus, .. } = self;
        let changes = changes.into_iter().map(|recorded| recorded.change).collect();
        match kind {
            Kind::Direct(tx) => bus.publish_after(changes, tx.commit()).await,
            Kind::Part(guard) => {
                guard.succeed(changes);
                Ok(())
            }
            Kind::Held(Holder(ref held)) => held.commit(&bus).await,
        }
    }

    /// Rolls back. Returns whether the connection still works: if not, the server has rolled back.
    ///
    /// # Errors
    /// On SQLite, if earlier transactions of the same group were not committed: what this one read never
    /// existed.
    pub(super) async fn rollback(self) -> Result<Connected> {
        match self.kind {
            Kind::Direct(tx) => tx.rollback().await,
            // The whole transaction cannot be committed any more.
            Kind::Part(guard) => {
                drop(guard);
                Ok(Connected::Yes)
            }
            Kind::Held(Holder(ref held)) => held.rollback().await,
        }
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("kind", &self.kind).field("dialect", &self.dialect).finish_non_exhaustive()
    }
}
