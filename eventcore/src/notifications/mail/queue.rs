//! Writing the mails of the notifications that are due.

use std::collections::HashMap;
use std::time::Duration;

use super::plan::{DueNotification, MailPlan, RecentMail, WINDOW, people, plan};
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::Result;
use crate::id::{NotificationId, UserId};
use crate::jobs::{Job, Next};
use crate::mails;
use crate::time::Timestamp;

/// How often it is looked.
const PERIOD: Duration = Duration::from_secs(5);
/// The notifications of one transaction.
const BATCH: u16 = 500;

/// Writes the mails of the next notifications that are due, and takes their marks off.
pub(crate) async fn queue_mails(tx: &mut Tx, now: Timestamp) -> Result<Next> {
    let due: Vec<DueNotification> = tx
        .query(sql!(
            "SELECT user_id, id, kind, event_id FROM notifications WHERE mail_due_at <= $1
             ORDER BY mail_due_at, user_id, id LIMIT $2"
        ))
        .bind(now)
        .bind(i64::from(BATCH))
        .all()
        .await?;
    if !due.is_empty() {
        let people = people(&due);
        let addresses = lock_recipients(tx, &people).await?;
        let recent = recent_mails(tx, &people, now).await?;
        let MailPlan { mails, marks } = plan(&due, &addresses, &recent, now);
        mark(tx, &marks).await?;
        mails::queue_notifications(tx, &mails, now).await?;
    }
    let is_full = due.len() >= usize::from(BATCH);
    Ok(Next::Again { job: Job::QueueMails, at: if is_full { now } else { now.plus(PERIOD) } })
}

/// The addresses of those who get mails about notifications. Keeps their accounts from being deleted until
/// the transaction ends.
async fn lock_recipients(tx: &mut Tx, people: &[UserId]) -> Result<HashMap<UserId, String>> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT u.id, u.email FROM ");
    sql.rows("v", RowList::default().ids("id", people.iter().map(|user| user.as_uuid())));
    sql.push(" JOIN users u ON u.id = v.id WHERE u.deleted_at IS NULL AND u.disabled_at IS NULL");
    sql.push(" AND u.email_verified_at IS NOT NULL AND u.email_bounced_at IS NULL AND u.email IS NOT NULL");
    sql.push(" ORDER BY u.id").push_for_postgres(" FOR KEY SHARE OF u");
    let rows: Vec<(UserId, String)> = sql.query(tx).all().await?;
    Ok(rows.into_iter().collect())
}

/// The mails about notifications that people got in the last hour.
async fn recent_mails(tx: &mut Tx, people: &[UserId], now: Timestamp) -> Result<Vec<RecentMail>> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT m.user_id, m.kind, m.event_id, m.created_at FROM ");
    sql.rows("v", RowList::default().ids("id", people.iter().map(|user| user.as_uuid())));
    sql.push(" JOIN mails m ON m.user_id = v.id WHERE m.event_id IS NOT NULL AND m.created_at > ");
    sql.value(now.minus(WINDOW));
    Ok(sql.query(tx).all().await?)
}

/// Sets when mails are due again; never, for those that are done.
async fn mark(tx: &mut Tx, marks: &[(UserId, NotificationId, Option<Timestamp>)]) -> Result<()> {
    let rows = RowList::default()
        .ids("user_id", marks.iter().map(|(user, ..)| user.as_uuid()))
        .ids("id", marks.iter().map(|(_, id, _)| id.as_uuid()))
        .instants("mail_due_at", marks.iter().map(|(.., again)| *again));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("UPDATE notifications SET mail_due_at = v.mail_due_at FROM ").rows("v", rows);
    sql.push(" WHERE notifications.user_id = v.user_id AND notifications.id = v.id");
    sql.query(tx).execute().await?;
    Ok(())
}
