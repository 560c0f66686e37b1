//! Keeping the changes of transactions, for programs that read them after the commit.
//!
//! They are kept on demand, beside the topics of the log: those are all that the readers of
//! [`live`](crate::live) need.

use std::sync::Arc;
use std::time::Duration;

use crate::changes::Change;
use crate::db::{Observer, ObserverFuture, Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::time::{Clock, Timestamp};

/// Changes in one row.
const ROW: usize = 200;
/// The most rows that one transaction deletes.
const BATCH: i64 = 5_000;

/// Stores the changes of each transaction, in it.
pub(crate) struct ChangeKeeper(pub(crate) Arc<dyn Clock>);

impl Observer for ChangeKeeper {
    fn before_commit<'t>(&'t self, tx: &'t mut Tx, changes: &'t [Change]) -> ObserverFuture<'t> {
        Box::pin(keep(tx, changes, self.0.now()))
    }
}

async fn keep(tx: &mut Tx, changes: &[Change], now: Timestamp) -> Result<()> {
    for some in changes.chunks(ROW) {
        let list = serde_json::to_string(some).map_err(Error::internal)?;
        let insert = tx.query(sql!("INSERT INTO kept_changes (changes, created_at) VALUES ($1, $2)"));
        insert.bind(list).bind(now).execute_deferred().await?;
    }
    Ok(())
}

/// Deletes a batch of changes that were kept for long enough. True if there may be more.
pub(crate) async fn prune_kept(tx: &mut Tx, kept: Duration, now: Timestamp) -> Result<bool> {
    let deleted: Vec<(i64,)> = tx
        .query(sql!(
            sqlite "DELETE FROM kept_changes WHERE id IN (
                SELECT id FROM kept_changes WHERE created_at < $1 ORDER BY created_at LIMIT $2) RETURNING id",
            postgres "DELETE FROM kept_changes WHERE (number, id) IN (
                SELECT number, id FROM kept_changes WHERE created_at < $1 ORDER BY created_at LIMIT $2)
                RETURNING number"
        ))
        .bind(now.minus(kept))
        .bind(BATCH)
        .all()
        .await?;
    let Some((last,)) = deleted.iter().max() else { return Ok(false) };
    // Readers who have not seen these are told that they miss something.
    tx.query(sql!(
        "INSERT INTO settings (key, value) VALUES ('deleted_changes', $1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value
         WHERE CAST(settings.value AS BIGINT) < CAST(excluded.value AS BIGINT)"
    ))
    .bind(last.to_string())
    .execute()
    .await?;
    Ok(i64::try_from(deleted.len()).is_ok_and(|count| count >= BATCH))
}
