//! Reading notifications of many people at once, for those who follow theirs.

use std::collections::HashMap;

use sqlx::FromRow;

use super::notification::Notification;
use super::row::{COLUMNS, NotificationRow};
use crate::db::{Queries, Reader, RowList, SqlWriter};
use crate::error::Result;
use crate::id::{NotificationId, UserId};

#[derive(FromRow)]
struct ToldRow {
    user_id: UserId,
    #[sqlx(flatten)]
    row: NotificationRow,
}

/// Those of the given notifications that exist and are shown in the app.
pub(crate) async fn told(
    reader: &mut Reader,
    ids: &[(UserId, NotificationId)],
) -> Result<HashMap<(UserId, NotificationId), Notification>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = RowList::default()
        .ids("user_id", ids.iter().map(|(user, _)| user.as_uuid()))
        .ids("id", ids.iter().map(|(_, id)| id.as_uuid()));
    let mut sql = SqlWriter::new(reader.dialect());
    sql.push("SELECT n.user_id, ").push(COLUMNS).push(" FROM ").rows("v", rows);
    sql.push(
        " JOIN notifications n ON n.user_id = v.user_id AND n.id = v.id
         LEFT JOIN users u ON u.id = n.actor_id WHERE n.in_app",
    );
    let found: Vec<ToldRow> = sql.query(reader).all().await?;
    found.into_iter().map(|ToldRow { user_id, row }| Ok(((user_id, row.id), row.notification()?))).collect()
}

/// How many unread notifications users have.
pub(crate) async fn unread_counts(reader: &mut Reader, users: &[UserId]) -> Result<HashMap<UserId, i64>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = RowList::default().ids("user_id", users.iter().map(|user| user.as_uuid()));
    let mut sql = SqlWriter::new(reader.dialect());
    sql.push("SELECT v.user_id, (SELECT count(*) FROM notifications n WHERE n.user_id = v.user_id");
    sql.push(" AND n.read_at IS NULL AND n.in_app) AS unread FROM ").rows("v", rows);
    let counts: Vec<(UserId, i64)> = sql.query(reader).all().await?;
    Ok(counts.into_iter().collect())
}
