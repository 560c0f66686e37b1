//! Deletion of jobs that finished long ago.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::time::Timestamp;

/// How long a finished job is kept, for those who look for what happened.
const KEPT: Duration = Duration::from_hours(24);
/// The most rows that one transaction deletes.
const BATCH: u16 = 1_000;

/// Deletes a batch of the jobs that finished a day ago. True if there may be more.
pub(crate) async fn prune(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let deleted = tx
        .query(sql!(
            "DELETE FROM jobs WHERE state = 'finished' AND id IN (
                SELECT id FROM jobs WHERE state = 'finished' AND updated_at <= $1
                ORDER BY updated_at, id LIMIT $2)"
        ))
        .bind(now.minus(KEPT))
        .bind(i64::from(BATCH))
        .execute()
        .await?;
    Ok(deleted >= u64::from(BATCH))
}
