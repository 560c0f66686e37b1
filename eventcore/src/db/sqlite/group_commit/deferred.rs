//! The statements of one SQLite transaction: whether one has failed, and the one that is deferred to the
//! commit.

use sqlx::sqlite::SqliteArguments;
use sqlx::{SqlStr, SqliteConnection};

/// A statement with its arguments that runs with the commit.
pub(in crate::db) type Deferred = (SqlStr, SqliteArguments);

/// State of the statements of one transaction.
#[derive(Debug, Default)]
pub(in crate::db) struct StatementState {
    /// A statement failed. No further statement runs in the transaction, as on PostgreSQL.
    failed: bool,
    /// Runs with the commit, or before the next statement.
    deferred: Option<Deferred>,
}

impl StatementState {
    /// Prepares for another statement: runs the deferred one, if any.
    ///
    /// # Errors
    /// If this or an earlier statement of the transaction failed.
    pub(in crate::db) async fn before_statement(&mut self, conn: &mut SqliteConnection) -> sqlx::Result<()> {
        if let Some((sql, args)) = self.take_deferred()? {
            // Set before the await: if the caller is dropped meanwhile, it is unknown whether the statement
            // ran.
            self.failed = true;
            sqlx::query_with(sql, args).execute(conn).await?;
            self.failed = false;
        }
        Ok(())
    }

    /// Records that a statement failed.
    pub(in crate::db) fn set_failed(&mut self) {
        self.failed = true;
    }

    /// Defers a statement. Call [`Self::before_statement`] first: only one statement can be deferred.
    pub(in crate::db) fn defer(&mut self, statement: Deferred) {
        self.deferred = Some(statement);
    }

    /// The deferred statement, which is no longer deferred afterwards.
    ///
    /// # Errors
    /// If a statement of the transaction failed.
    pub(super) fn take_deferred(&mut self) -> sqlx::Result<Option<Deferred>> {
        if self.failed {
            return Err(sqlx::Error::Protocol("an earlier statement of this transaction failed".to_owned()));
        }
        Ok(self.deferred.take())
    }
}
