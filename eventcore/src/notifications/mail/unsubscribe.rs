//! Preferences by a link in a mail, which needs no sign-in: what RFC 8058 asks for, and all kinds by channel.

use crate::accounts::lock_account;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::mails::unsubscribe_target;
use crate::notifications::kind::NotificationKind;
use crate::notifications::preferences::{self, KindPreference, NotificationPreferences, PreferencesInput};
use crate::signed_link::SignedPurpose;

/// What the link in a mail leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailPreferences {
    /// The kind of the mail.
    pub kind: NotificationKind,
    /// The username of the recipient.
    pub username: String,
    /// What the recipient wants to be told.
    pub preferences: NotificationPreferences,
}

impl MailPreferences {
    /// Whether mails of the kind of the mail are sent.
    pub fn are_mails_on(&self) -> bool {
        self.preferences.kinds.iter().any(|known| known.kind == self.kind && known.email)
    }
}

/// The error for a token that nobody signed, or whose account is gone. It does not tell which.
fn invalid() -> Error {
    Error::invalid("/token", "invalid_link", "is not valid: use the link of a mail as it is")
}

impl EventCore {
    /// The preferences of the recipient of a mail, by the token of its link.
    ///
    /// # Errors
    /// `invalid_input` at `/token` for a token that is not valid, or whose account is deleted.
    pub async fn mail_preferences(&self, token: &str) -> Result<MailPreferences> {
        let (user, kind) = self.recipient(token).await?;
        let mut db = self.db().read().await?;
        let found = sql!("SELECT username FROM users WHERE id = $1 AND deleted_at IS NULL");
        let (username,): (String,) = db.query(found).bind(user).optional().await?.ok_or_else(invalid)?;
        Ok(MailPreferences { kind, username, preferences: preferences::load(&mut db, user).await? })
    }

    /// Turns the mails off that are of the same kind as the one with this token. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// As [`EventCore::mail_preferences`].
    pub async fn unsubscribe(&self, token: &str) -> Result<()> {
        let (user, kind) = self.recipient(token).await?;
        transaction!(self.db(), |tx| turn_off(tx, user, kind))
    }

    /// Replaces the channels of all kinds for the recipient of a mail, by the token of its link. Reminders
    /// stay as they are, and so do notices about the account.
    ///
    /// # Errors
    /// As [`EventCore::mail_preferences`].
    pub async fn set_mail_preferences(&self, token: &str, kinds: &[KindPreference]) -> Result<()> {
        let (user, _) = self.recipient(token).await?;
        let kinds: Vec<KindPreference> =
            kinds.iter().filter(|preference| !preference.kind.is_about_account()).copied().collect();
        transaction!(self.db(), |tx| replace(tx, user, &kinds))
    }

    /// The user and the kind of a token.
    async fn recipient(&self, token: &str) -> Result<(UserId, NotificationKind)> {
        let subject =
            self.link_key().await?.subject(SignedPurpose::Unsubscribe, token).ok_or_else(invalid)?;
        let (user, kind) = unsubscribe_target(&subject).ok_or_else(invalid)?;
        Ok((user, kind.parse().map_err(|_| invalid())?))
    }
}

/// Locks an account, so that nothing is stored about one that is deleted.
async fn lock(tx: &mut Tx, user: UserId) -> Result<()> {
    if lock_account(tx, user).await? { Ok(()) } else { Err(invalid()) }
}

async fn turn_off(tx: &mut Tx, user: UserId, kind: NotificationKind) -> Result<()> {
    lock(tx, user).await?;
    tx.query(sql!(
        "INSERT INTO notification_preferences (user_id, kind, in_app, email) VALUES ($1, $2, TRUE, FALSE)
         ON CONFLICT (user_id, kind) DO UPDATE SET email = FALSE"
    ))
    .bind(user)
    .bind(kind)
    .execute()
    .await?;
    Ok(())
}

async fn replace(tx: &mut Tx, user: UserId, kinds: &[KindPreference]) -> Result<()> {
    lock(tx, user).await?;
    let reminders = Some(preferences::load(tx, user).await?.reminders);
    let input = PreferencesInput { kinds: kinds.to_vec(), reminders, ..PreferencesInput::default() };
    preferences::store(tx, user, &input).await?;
    Ok(())
}
