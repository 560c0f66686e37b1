//! The group of transactions on the writing connection. The module `group_commit` describes its states.

use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr, SqliteConnection};
use tokio::sync::watch;

use super::deferred::Deferred;

/// Largest number of transactions that share one COMMIT.
const GROUP_LIMIT: usize = 256;

/// The writing connection and the group that is open on it, if any.
#[derive(Debug)]
pub(super) struct Group {
    /// `None` once the database is closed.
    conn: Option<SqliteConnection>,
    state: GroupState,
    /// Members that wait for the shared COMMIT.
    members: usize,
    /// Sends the outcome of the shared COMMIT to the members of the group. Each group has its own channel.
    outcome: watch::Sender<Option<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GroupState {
    /// No transaction is open.
    Closed,
    /// A group is open, and its savepoint is clean.
    Between,
    /// A group is open, and a member may have written after the savepoint.
    AtWork,
    /// BEGIN, COMMIT or ROLLBACK runs. Seen only after the task that ran it was dropped.
    Changing,
}

/// Receives the outcome of one group's COMMIT.
pub(super) struct GroupOutcome(watch::Receiver<Option<bool>>);

impl GroupOutcome {
    /// Waits for the shared COMMIT.
    ///
    /// # Errors
    /// If the group was rolled back.
    pub(super) async fn wait(mut self) -> sqlx::Result<()> {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(true)) => Ok(()),
            _ => Err(sqlx::Error::WorkerCrashed),
        }
    }
}

impl Group {
    pub(super) fn new(conn: SqliteConnection) -> Self {
        Self { conn: Some(conn), state: GroupState::Closed, members: 0, outcome: watch::channel(None).0 }
    }

    pub(super) fn conn(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        self.conn.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    pub(super) fn is_full(&self) -> bool {
        self.members >= GROUP_LIMIT
    }

    pub(super) fn has_members(&self) -> bool {
        self.members > 0
    }

    pub(super) fn outcome(&self) -> GroupOutcome {
        GroupOutcome(self.outcome.subscribe())
    }

    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        self.conn()?.execute(sql).await.map(drop)
    }

    /// Begins a member, in a new group if none is open.
    pub(super) async fn begin_member(&mut self) -> sqlx::Result<()> {
        self.settle().await;
        if self.state == GroupState::Closed {
            self.state = GroupState::Changing;
            if let Err(error) = self.run("BEGIN IMMEDIATE; SAVEPOINT member").await {
                // SAVEPOINT may have failed after BEGIN succeeded. If BEGIN failed, ROLLBACK fails too and
                // does no harm.
                drop(self.run("ROLLBACK").await);
                self.state = GroupState::Closed;
                return Err(error);
            }
            self.outcome = watch::channel(None).0;
        }
        self.state = GroupState::AtWork;
        Ok(())
    }

    /// Rolls back what a dropped task has left.
    pub(super) async fn settle(&mut self) {
        match self.state {
            GroupState::Closed | GroupState::Between => {}
            GroupState::AtWork => self.roll_back_member().await,
            GroupState::Changing => self.abort().await,
        }
    }

    /// Runs the deferred statement of the member at work and adds the member to the group. `another_follows`
    /// also replaces its savepoint by one for the next member; otherwise [`Self::commit`] must follow.
    pub(super) async fn add_member(
        &mut self,
        deferred: Option<Deferred>,
        another_follows: bool,
    ) -> sqlx::Result<()> {
        const NEXT: &str = "RELEASE member; SAVEPOINT member";
        match (deferred, another_follows) {
            (None, false) => {}
            (None, true) => self.run(NEXT).await?,
            (Some((sql, args)), false) => {
                self.conn()?.execute(sqlx::query_with(sql, args)).await?;
            }
            (Some((sql, args)), true) => {
                // One command for all of it: a command to the connection's thread costs more than its work
                // there.
                let sql = AssertSqlSafe(format!("{}; {NEXT}", sql.as_str())).into_sql_str();
                self.conn()?.execute(sqlx::query_with(sql, args)).await?;
            }
        }
        self.state = GroupState::Between;
        self.members += 1;
        Ok(())
    }

    /// Rolls back the member at work. The savepoint stays, for the next member. If SQLite cannot do that, the
    /// whole group is rolled back.
    pub(super) async fn roll_back_member(&mut self) {
        match self.run("ROLLBACK TO member").await {
            Ok(()) => self.state = GroupState::Between,
            Err(_) => self.abort().await,
        }
    }

    /// Commits the group, if one is open, and sends the outcome to its members. COMMIT also releases the
    /// savepoint.
    pub(super) async fn commit(&mut self) {
        if self.state == GroupState::Closed {
            return;
        }
        self.state = GroupState::Changing;
        if let Err(error) = self.run("COMMIT").await {
            tracing::error!(%error, members = self.members, "a group of transactions could not be committed");
            self.abort().await;
        } else {
            self.close_group(true);
        }
    }

    /// Rolls back the whole group and sends the error to its members. SQLite itself rolls back everything
    /// when a disk is full or broken, so no member may be reported as stored.
    async fn abort(&mut self) {
        self.state = GroupState::Changing;
        // Fails if SQLite has rolled back by itself.
        drop(self.run("ROLLBACK").await);
        self.close_group(false);
    }

    fn close_group(&mut self, committed: bool) {
        self.state = GroupState::Closed;
        self.members = 0;
        self.outcome.send_replace(Some(committed));
    }

    /// Closes the connection. Statements fail with `PoolClosed` afterwards.
    pub(super) async fn close_connection(&mut self) {
        if let Some(conn) = self.conn.take() {
            // Closing runs a checkpoint. If it fails, the next process to open the file runs it.
            drop(conn.close().await);
        }
    }
}
