//! Statistics for PostgreSQL's planner of tables that have grown.

use super::{Db, Dialect, Queries, SqlWriter, Tx, sql, transaction};
use crate::error::Result;

impl Db {
    /// Analyses the tables that have become four times as large as the planner knows. Returns how many there
    /// were: none on SQLite, whose statements leave its planner no choice that depends on sizes.
    ///
    /// Each statement is planned once, and a plan that was made for a small table may read all of it. ANALYZE
    /// lets all sessions plan again. The server does that itself a minute later, which is long when thousands
    /// register for an event at once.
    ///
    /// # Errors
    /// As the database fails.
    pub(crate) async fn analyze_grown_tables(&self) -> Result<usize> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(0);
        }
        let grown: Vec<(String,)> = self
            .read()
            .await?
            .query(sql!(
                sqlite "SELECT ''",
                postgres "SELECT quote_ident(c.relname) FROM pg_class c
                    WHERE c.relkind = 'r' AND c.relnamespace = quote_ident(current_schema())::regnamespace
                        AND pg_relation_size(c.oid)
                            >= 4 * greatest(c.relpages, 1) * current_setting('block_size')::bigint"
            ))
            .all()
            .await?;
        for (table,) in &grown {
            transaction!(self, |tx| analyze(tx, table))?;
        }
        Ok(grown.len())
    }
}

/// Analyses a table, unless somebody does so or changes it right now.
async fn analyze(tx: &mut Tx, table: &str) -> Result<()> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("ANALYZE (SKIP_LOCKED) ").push(table);
    sql.query(tx).execute().await?;
    Ok(())
}
