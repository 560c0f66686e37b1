//! Writing mails in the transaction that causes them.

use super::mail::Mail;
use crate::db::{Queries, RowInsert, RowList, SqlWriter, Tx, sql, text_enum};
use crate::error::{Error, Result};
use crate::id::{EventId, MailId, UserId};
use crate::jobs::{Job, enqueue};
use crate::time::Timestamp;

text_enum! {
    /// The state of a mail.
    pub enum MailState {
        /// It is to be delivered, or to be tried again.
        Waiting = "waiting",
        /// The server of the recipient, or one on the way, has taken it.
        Sent = "sent",
        /// A server has refused it for good.
        Refused = "refused",
        /// All attempts have failed.
        Failed = "failed",
        /// It was of no use any more when its turn came.
        Dropped = "dropped",
    }
}

/// Queues a mail to a user, at an address of theirs.
pub(crate) async fn queue(
    tx: &mut Tx,
    user: UserId,
    address: &str,
    mail: &Mail,
    now: Timestamp,
) -> Result<()> {
    let id = MailId::at(now);
    tx.query(sql!(
        "INSERT INTO mails (id, user_id, address, kind, facts, state, created_at)
         VALUES ($1, $2, $3, $4, $5, 'waiting', $6)"
    ))
    .bind(id)
    .bind(user)
    .bind(address.to_owned())
    .bind(mail.kind())
    .bind(serde_json::to_string(mail).map_err(Error::internal)?)
    .bind(now)
    .execute()
    .await?;
    enqueue(tx, &[Job::SendMail { mail: id }], now, now).await
}

/// A mail about notifications, to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotificationMail {
    pub(crate) id: MailId,
    pub(crate) user: UserId,
    pub(crate) address: String,
    pub(crate) event: EventId,
    pub(crate) mail: Mail,
}

/// Queues mails about notifications, whose users are locked. An id that exists is left out.
pub(crate) async fn queue_notifications(
    tx: &mut Tx,
    mails: &[NotificationMail],
    now: Timestamp,
) -> Result<()> {
    if mails.is_empty() {
        return Ok(());
    }
    let facts: Vec<String> = mails
        .iter()
        .map(|one| serde_json::to_string(&one.mail).map_err(Error::internal))
        .collect::<Result<_>>()?;
    let each = || mails.iter();
    let rows = RowList::default()
        .ids("id", each().map(|one| one.id.as_uuid()))
        .ids("user_id", each().map(|one| one.user.as_uuid()))
        .texts("address", each().map(|one| one.address.clone()))
        .texts("kind", each().map(|one| one.mail.kind().to_string()))
        .texts("facts", facts)
        .ids("event_id", each().map(|one| one.event.as_uuid()))
        .instants("created_at", each().map(|_| now));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.insert(RowInsert {
        select: "INSERT INTO mails (id, user_id, address, kind, facts, event_id, state, created_at)
             SELECT v.id, v.user_id, v.address, v.kind, v.facts, v.event_id, 'waiting', v.created_at FROM ",
        rows,
        // SQLite would read ON CONFLICT as the condition of a join.
        rest: " WHERE true ON CONFLICT (id) DO NOTHING",
    });
    sql.query(tx).execute().await?;
    let job = |one: &NotificationMail| {
        let mail = one.id;
        if one.mail.kind().is_bulk() { Job::SendBulkMail { mail } } else { Job::SendMail { mail } }
    };
    let jobs: Vec<Job> = mails.iter().map(job).collect();
    enqueue(tx, &jobs, now, now).await
}

/// Deletes all mails of a user, sent or not: their addresses are personal data.
pub(crate) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM mails WHERE user_id = $1")).bind(user).execute().await?;
    Ok(())
}
