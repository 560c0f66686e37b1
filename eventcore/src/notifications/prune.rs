//! Deletion: of notifications after 90 days, and of all that a deleted user was told.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{NotificationId, UserId};
use crate::time::Timestamp;

/// How long a notification is kept.
pub(super) const KEPT: Duration = Duration::from_hours(90 * 24);

/// Deletes the notifications that are too old among the next ones of the table. Returns where to go on, or
/// `None` at the end of the table.
///
/// Walks through the primary key: an index by time would make each notification dearer to write.
pub(crate) async fn prune(
    tx: &mut Tx,
    after: Option<(UserId, NotificationId)>,
    now: Timestamp,
) -> Result<Option<(UserId, NotificationId)>> {
    let after = after.unwrap_or((uuid::Uuid::nil().into(), uuid::Uuid::nil().into()));
    let last: Option<(UserId, NotificationId)> = tx
        .query(sql!(
            "SELECT user_id, id FROM notifications WHERE (user_id, id) > ($1, $2)
             ORDER BY user_id, id LIMIT 1 OFFSET 4999"
        ))
        .bind(after.0)
        .bind(after.1)
        .optional()
        .await?;
    let end = last.unwrap_or((uuid::Uuid::max().into(), uuid::Uuid::max().into()));
    tx.query(sql!(
        "DELETE FROM notifications WHERE (user_id, id) > ($1, $2) AND (user_id, id) <= ($3, $4)
            AND created_at <= $5"
    ))
    .bind(after.0)
    .bind(after.1)
    .bind(end.0)
    .bind(end.1)
    .bind(now.minus(KEPT))
    .execute()
    .await?;
    Ok(last)
}

/// Deletes all that a user was told, and how they wanted to be told.
pub(crate) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    for delete in [
        sql!("DELETE FROM notifications WHERE user_id = $1"),
        sql!("DELETE FROM notification_preferences WHERE user_id = $1"),
        sql!("DELETE FROM event_mutes WHERE user_id = $1"),
        sql!("UPDATE users SET reminders = NULL WHERE id = $1"),
    ] {
        tx.query(delete).bind(user).execute().await?;
    }
    Ok(())
}
