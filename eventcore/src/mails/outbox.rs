//! Writing mails in the transaction that causes them.

use super::mail::Mail;
use crate::db::{Queries, Tx, sql, text_enum};
use crate::error::{Error, Result};
use crate::id::{MailId, UserId};
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

/// Deletes all mails of a user, sent or not: their addresses are personal data.
pub(crate) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM mails WHERE user_id = $1")).bind(user).execute().await?;
    Ok(())
}
