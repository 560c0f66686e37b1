//! Deletion of old deliveries.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::time::Timestamp;

/// How long a delivery is kept.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// The most rows that one transaction deletes.
const BATCH: u16 = 1_000;

/// Deletes a batch of the deliveries that are 30 days old, and former secrets that no longer sign. True if
/// there may be more.
pub(crate) async fn prune(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    tx.query(sql!(
        "UPDATE webhooks SET former_secret = NULL, former_secret_until = NULL WHERE former_secret_until <= $1"
    ))
    .bind(now)
    .execute()
    .await?;
    let deleted = tx
        .query(sql!(
            "DELETE FROM webhook_deliveries WHERE id IN (
                SELECT id FROM webhook_deliveries WHERE created_at <= $1 ORDER BY created_at, id LIMIT $2)"
        ))
        .bind(now.minus(KEPT))
        .bind(i64::from(BATCH))
        .execute()
        .await?;
    Ok(deleted >= u64::from(BATCH))
}
