//! INSERTs that a hook adds to a statement of a transaction.

use super::row_list::RowList;
use crate::changes::Change;
use crate::error::Result;

/// What a hook does about changes by INSERTs alone.
pub(crate) trait InsertHook: Send + Sync {
    /// INSERTs that do the work of the hook for these changes, so that they can be parts of the statement
    /// that makes them. `None` if there is more to do than that.
    fn inserts_for(&self, changes: &[Change]) -> Result<Option<Vec<RowInsert>>>;
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
