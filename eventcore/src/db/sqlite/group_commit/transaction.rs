//! One transaction on SQLite: a member of a group.

use tokio::sync::OwnedMutexGuard;

use super::super::super::statement::Connection;
use super::deferred::StatementState;
use super::group::Group;
use super::lock::GroupLock;

/// A transaction. It belongs to a task that the runtime polls to its end. Dropping it rolls back this member
/// alone.
#[derive(Debug)]
pub(in crate::db) struct SqliteTx {
    /// `None` once it is committed or rolled back.
    group: Option<OwnedMutexGuard<Group>>,
    lock: GroupLock,
    statements: StatementState,
}

impl SqliteTx {
    pub(super) fn new(group: OwnedMutexGuard<Group>, lock: GroupLock) -> Self {
        Self { group: Some(group), lock, statements: StatementState::default() }
    }

    pub(in crate::db) fn connection(&mut self) -> Connection<'_> {
        match self.group.as_mut().and_then(|group| group.conn().ok()) {
            Some(conn) => Connection::Sqlite { conn, statements: Some(&mut self.statements) },
            None => {
                unreachable!(
                    "`commit` consumes the transaction, and `begin` fails once the database is closed"
                )
            }
        }
    }

    /// Commits, and waits for the COMMIT that the transaction shares.
    ///
    /// # Errors
    /// If a statement failed before, if the deferred statement fails, or if the group could not be committed.
    pub(in crate::db) async fn commit(mut self) -> sqlx::Result<()> {
        let deferred = self.statements.take_deferred()?;
        let Some(mut group) = self.group.take() else { return Ok(()) };
        let outcome = group.outcome();
        let another_follows = self.lock.another_follows(&group);
        if let Err(error) = group.add_member(deferred, another_follows).await {
            self.lock.roll_back_member(group).await;
            return Err(error);
        }
        if !another_follows {
            group.commit().await;
        }
        drop(group);
        outcome.wait().await
    }

    /// Rolls back this transaction alone. Its reads saw what earlier members of the group wrote, so it waits
    /// for their COMMIT before the caller may rely on what it read.
    ///
    /// # Errors
    /// If the group with the earlier members was rolled back.
    pub(in crate::db) async fn rollback(mut self) -> sqlx::Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let earlier_members = group.has_members().then(|| group.outcome());
        self.lock.roll_back_member(group).await;
        match earlier_members {
            Some(outcome) => outcome.wait().await,
            None => Ok(()),
        }
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        // The lock is released in the state *at work*: whoever takes it next rolls back first.
        if self.group.take().is_some() {
            self.lock.clone().settle_abandoned();
        }
    }
}
