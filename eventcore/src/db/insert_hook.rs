//! An INSERT that a hook adds to a statement of a transaction.

use super::row_list::RowList;
use crate::changes::Change;
use crate::error::Result;

/// What a hook does about changes by one INSERT.
pub(crate) trait InsertHook: Send + Sync {
    /// An INSERT that does the work of the hook for these changes, so that it can be a part of the statement
    /// that makes them. `None` if there is nothing to do, or more than that.
    fn insert_for(&self, changes: &[Change]) -> Result<Option<RowInsert>>;
}

/// An INSERT of a list of rows, which is the table `v` of its SELECT.
#[derive(Debug)]
pub(crate) struct RowInsert {
    /// `INSERT INTO … SELECT … FROM`.
    pub(crate) select: &'static str,
    pub(crate) rows: RowList,
    /// What comes after the rows: joins, conditions.
    pub(crate) rest: &'static str,
}
