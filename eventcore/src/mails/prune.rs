//! Deletion of old mails that were delivered or given up.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::time::Timestamp;

/// How long a mail is kept.
pub(crate) const KEPT: Duration = Duration::from_hours(30 * 24);
/// The most rows that one transaction deletes.
const BATCH: u16 = 1_000;

/// Deletes a batch of the mails that are 30 days old, unless they are to be tried again. True if there may be
/// more.
pub(crate) async fn prune(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let deleted = tx
        .query(sql!(
            "DELETE FROM mails WHERE id IN (
                SELECT id FROM mails WHERE created_at <= $1 AND state <> 'waiting'
                ORDER BY created_at, id LIMIT $2)"
        ))
        .bind(now.minus(KEPT))
        .bind(i64::from(BATCH))
        .execute()
        .await?;
    Ok(deleted >= u64::from(BATCH))
}
