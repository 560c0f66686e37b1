//! Delivering one mail.

use super::facts::NotificationFacts;
use super::mail::Mail;
use super::mailer::{DeliveryError, OutgoingMail};
use super::outbox::MailState;
use super::waiting::WaitingMail;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql};
use crate::error::{Cause, Error, Result};
use crate::id::{MailId, UserId};
use crate::signed_link::SignedPurpose;
use crate::time::Timestamp;

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

/// Tries to deliver a mail, outside of any transaction. `facts` are those of its notifications.
///
/// # Errors
/// If this process has no mailer.
pub(crate) async fn deliver(
    core: &EventCore,
    waiting: WaitingMail,
    facts: Option<NotificationFacts>,
) -> Result<DeliveryOutcome> {
    let token = match &waiting.mail {
        Mail::Notification { about, .. } => {
            let subject = unsubscribe_subject(waiting.user, about.as_str());
            Some(core.link_key().await?.sign(SignedPurpose::Unsubscribe, &subject))
        }
        mail => match mail.link() {
            // A link that has expired meanwhile only confuses.
            Some((.., expires_at)) if expires_at <= core.now() => return Ok(DeliveryOutcome::Dropped),
            Some((purpose, link, _)) => Some(core.link_key().await?.sign(purpose, link.as_uuid().as_bytes())),
            None => None,
        },
    };
    let WaitingMail { id, mail, address, name, username, timezone, created_at, .. } = waiting;
    let outgoing = OutgoingMail { id, address, name, username, timezone, mail, facts, token, created_at };
    let Some(mailer) = core.mailer_cell().get() else {
        return Err(Error::unavailable(Cause::NotOffered, "this process delivers no mails"));
    };
    match mailer.deliver(&outgoing).await {
        Ok(()) => Ok(DeliveryOutcome::Sent),
        Err(error) => Ok(DeliveryOutcome::Failed(error)),
    }
}

/// The subject of the token that turns off the mails of a kind for a user.
fn unsubscribe_subject(user: UserId, kind: &str) -> Vec<u8> {
    [user.as_uuid().as_bytes(), kind.as_bytes()].concat()
}

/// The user and the word of the kind in the subject of a token.
pub(crate) fn unsubscribe_target(subject: &[u8]) -> Option<(UserId, &str)> {
    let (user, kind) = subject.split_at_checked(16)?;
    let user = uuid::Uuid::from_slice(user).ok()?;
    Some((user.into(), std::str::from_utf8(kind).ok()?))
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
