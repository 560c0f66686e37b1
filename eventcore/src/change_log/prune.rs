//! Deletion of what changed some minutes ago.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::time::Timestamp;

/// How long a row is kept: the five minutes within which readers resume, and as long as a transaction may
/// take.
const KEPT: Duration = Duration::from_mins(6);
/// The most rows that one transaction deletes.
const BATCH: i64 = 5_000;

/// Deletes a batch of old rows. True if there may be more.
pub(crate) async fn prune(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    // In the order of the primary key, about that of time: an index by time would make each row dearer.
    let deleted = tx
        .query(sql!(
            sqlite "DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT $2)
                AND created_at < $1",
            postgres "DELETE FROM changes WHERE (number, id) IN (
                SELECT number, id FROM changes ORDER BY number, id LIMIT $2) AND created_at < $1"
        ))
        .bind(now.minus(KEPT))
        .bind(BATCH)
        .execute()
        .await?;
    Ok(deleted >= BATCH.unsigned_abs())
}
