//! [`WaitingMail`]: a mail that is to be delivered.

use sqlx::FromRow;

use super::mail::Mail;
use super::outbox::MailState;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::id::{MailId, NotificationId, UserId};
use crate::time::Timestamp;

#[derive(FromRow)]
struct MailRow {
    id: MailId,
    user_id: UserId,
    address: String,
    facts: String,
    state: MailState,
    created_at: Timestamp,
    username: String,
    display_name: String,
    timezone: String,
    /// The address that mails about notifications go to, if there is one.
    verified: Option<String>,
}

/// A mail that is to be delivered.
#[derive(Debug, Clone)]
pub(crate) struct WaitingMail {
    pub(super) id: MailId,
    pub(super) user: UserId,
    pub(super) mail: Mail,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) username: String,
    pub(super) timezone: String,
    pub(super) created_at: Timestamp,
    verified: Option<String>,
}

impl WaitingMail {
    /// The recipient and the notifications that it is about; `None` if it is about the account.
    pub(crate) fn notifications(&self) -> Option<(UserId, &[NotificationId])> {
        match &self.mail {
            Mail::Notification { notifications, .. } => Some((self.user, notifications)),
            _ => None,
        }
    }

    /// The mail, addressed to where its user has mails about notifications now. `None` if the address is not
    /// verified or refuses mails, or the account is disabled.
    pub(crate) fn readdressed(self) -> Option<Self> {
        let address = self.verified.clone()?;
        Some(Self { address, ..self })
    }
}

/// Finds a mail. `None` if it was delivered or given up, or its account is deleted.
///
/// # Errors
/// If a newer version of the program wrote it.
pub(crate) async fn find_waiting(core: &EventCore, id: MailId) -> Result<Option<WaitingMail>> {
    let mut db = core.db().read().await?;
    let row: Option<MailRow> = db
        .query(sql!(
            "SELECT m.id, m.user_id, m.address, m.facts, m.state, m.created_at, u.username, u.display_name,
                u.timezone, CASE WHEN u.email_verified_at IS NOT NULL AND u.email_bounced_at IS NULL
                    AND u.disabled_at IS NULL THEN u.email END AS verified
             FROM mails m JOIN users u ON u.id = m.user_id WHERE m.id = $1 AND u.deleted_at IS NULL"
        ))
        .bind(id)
        .optional()
        .await?;
    let Some(row) = row.filter(|row| row.state == MailState::Waiting) else { return Ok(None) };
    Ok(Some(WaitingMail {
        id: row.id,
        user: row.user_id,
        mail: serde_json::from_str(&row.facts).map_err(Error::internal)?,
        address: row.address,
        name: row.display_name,
        username: row.username,
        timezone: row.timezone,
        created_at: row.created_at,
        verified: row.verified,
    }))
}
