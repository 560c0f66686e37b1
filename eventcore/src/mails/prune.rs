//! Deletion of mails that were delivered or given up long ago.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::time::Timestamp;

/// How long a mail is kept after its last attempt.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// The most rows that one transaction deletes.
const BATCH: u64 = 1_000;

/// Deletes a batch of the mails whose last attempt was 30 days ago. True if there may be more.
pub(crate) async fn prune(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let deleted = tx
        .query(sql!(
            "DELETE FROM mails WHERE id IN (
                SELECT id FROM mails WHERE created_at <= $1 AND state <> 'waiting'
                ORDER BY created_at, id LIMIT 1000)"
        ))
        .bind(now.minus(KEPT))
        .execute()
        .await?;
    Ok(deleted >= BATCH)
}
