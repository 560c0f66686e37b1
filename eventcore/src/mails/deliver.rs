//! Delivering one mail.

use sqlx::FromRow;

use super::mail::Mail;
use super::mailer::{DeliveryError, OutgoingMail};
use super::outbox::MailState;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::MailId;
use crate::time::Timestamp;

#[derive(FromRow)]
struct MailRow {
    id: MailId,
    address: String,
    facts: String,
    state: MailState,
    created_at: Timestamp,
    username: String,
    display_name: String,
    timezone: String,
}

/// The outcome of one attempt.
#[derive(Debug, Clone)]
pub(crate) enum DeliveryOutcome {
    /// Nothing is to be done: it was sent before, or it is gone.
    Nothing,
    /// It is of no use any more.
    Dropped,
    Sent,
    Failed(DeliveryError),
}

/// Tries to deliver a mail, outside of any transaction.
///
/// # Errors
/// If the mail cannot be read, or this process has no mailer.
pub(crate) async fn begin(core: &EventCore, id: MailId) -> Result<DeliveryOutcome> {
    let Some(row) = find(core, id).await?.filter(|row| row.state == MailState::Waiting) else {
        return Ok(DeliveryOutcome::Nothing);
    };
    let mail: Mail = serde_json::from_str(&row.facts).map_err(Error::internal)?;
    let link = mail.link();
    // A link that has expired meanwhile only confuses.
    if link.is_some_and(|(.., expires_at)| expires_at <= core.now()) {
        return Ok(DeliveryOutcome::Dropped);
    }
    let token = match link {
        Some((purpose, link, _)) => Some(core.link_key().await?.sign(purpose, link.as_uuid().as_bytes())),
        None => None,
    };
    let MailRow { id, address, username, display_name: name, timezone, created_at, .. } = row;
    let outgoing = OutgoingMail { id, address, name, username, timezone, mail, token, created_at };
    let Some(mailer) = core.mailer_cell().get() else {
        return Err(Error::Unavailable("this process delivers no mails".to_owned()));
    };
    match mailer.deliver(&outgoing).await {
        Ok(()) => Ok(DeliveryOutcome::Sent),
        Err(error) => Ok(DeliveryOutcome::Failed(error)),
    }
}

async fn find(core: &EventCore, id: MailId) -> Result<Option<MailRow>> {
    let mut db = core.db().read().await?;
    Ok(db
        .query(sql!(
            "SELECT m.id, m.address, m.facts, m.state, m.created_at, u.username, u.display_name, u.timezone
             FROM mails m JOIN users u ON u.id = m.user_id WHERE m.id = $1 AND u.deleted_at IS NULL"
        ))
        .bind(id)
        .optional()
        .await?)
}

/// Records the outcome of an attempt. `last` tells that no other attempt follows. Returns why the mail is to
/// be tried again, if so.
pub(crate) async fn conclude(
    tx: &mut Tx,
    id: MailId,
    attempt: &DeliveryOutcome,
    last: bool,
    now: Timestamp,
) -> Result<Option<String>> {
    match attempt {
        DeliveryOutcome::Nothing => Ok(None),
        DeliveryOutcome::Dropped => set_state(tx, id, MailState::Dropped, None, now).await.map(|()| None),
        DeliveryOutcome::Sent => {
            set_state(tx, id, MailState::Sent, None, now).await?;
            set_bouncing(tx, id, None).await?;
            Ok(None)
        }
        DeliveryOutcome::Failed(DeliveryError::Permanent { reason, bounced }) => {
            set_state(tx, id, MailState::Refused, Some(reason), now).await?;
            if *bounced {
                set_bouncing(tx, id, Some(now)).await?;
            }
            Ok(None)
        }
        DeliveryOutcome::Failed(DeliveryError::Temporary(reason)) => {
            let state = if last { MailState::Failed } else { MailState::Waiting };
            set_state(tx, id, state, Some(reason), now).await?;
            Ok(Some(reason.clone()))
        }
    }
}

async fn set_state(
    tx: &mut Tx,
    id: MailId,
    state: MailState,
    error: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!(
        "UPDATE mails SET state = $2, attempts = attempts + 1, last_error = $3, updated_at = $4
         WHERE id = $1 AND state = 'waiting'"
    ))
    .bind(id)
    .bind(state)
    .bind(error.map(str::to_owned))
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Marks the address of a user as one that refuses mails, or as one that takes them, if the mail was sent to
/// the address that they have now.
async fn set_bouncing(tx: &mut Tx, mail: MailId, since: Option<Timestamp>) -> Result<()> {
    let statement = match since {
        Some(_) => sql!(
            "UPDATE users SET email_bounced_at = $2 WHERE email_bounced_at IS NULL AND EXISTS (
                SELECT 1 FROM mails m WHERE m.id = $1 AND m.user_id = users.id AND m.address = users.email)"
        ),
        None => sql!(
            "UPDATE users SET email_bounced_at = $2 WHERE email_bounced_at IS NOT NULL AND EXISTS (
                SELECT 1 FROM mails m WHERE m.id = $1 AND m.user_id = users.id AND m.address = users.email)"
        ),
    };
    tx.query(statement).bind(mail).bind(since).execute().await?;
    Ok(())
}
