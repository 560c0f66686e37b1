//! Links in mails that verify an address or set a new password: each works once, until it expires.

use std::time::Duration;

use sqlx::FromRow;

use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, text_enum};
use crate::error::{Error, Result};
use crate::id::{AccountLinkId, UserId};
use crate::signed_link::SignedPurpose;
use crate::time::Timestamp;

text_enum! {
    /// What a link does.
    pub enum LinkPurpose {
        /// It verifies an e-mail address.
        VerifyEmail = "verify_email",
        /// It sets a new password.
        ResetPassword = "reset_password",
    }
}

/// The links of a purpose that a user gets in an hour. More would fill the mailbox of someone else.
const HOURLY: i64 = 5;

impl LinkPurpose {
    const fn signed(self) -> SignedPurpose {
        match self {
            Self::VerifyEmail => SignedPurpose::VerifyEmail,
            Self::ResetPassword => SignedPurpose::ResetPassword,
        }
    }

    const fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_hours(24),
            Self::ResetPassword => Duration::from_hours(1),
        }
    }
}

/// A row of `account_links`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct LinkRow {
    pub(super) id: AccountLinkId,
    pub(super) user_id: UserId,
    pub(super) email: String,
    expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
}

/// The error for a token that nobody signed, or whose link is gone. It does not tell which.
pub(super) fn invalid() -> Error {
    Error::invalid("/token", "invalid_link", "is not valid: use the newest link, or ask for another")
}

fn expired() -> Error {
    Error::invalid("/token", "expired_link", "has expired: ask for another link")
}

fn used() -> Error {
    Error::invalid("/token", "used_link", "was used before: ask for another link")
}

impl EventCore {
    /// The link of a token, which may have been used.
    ///
    /// # Errors
    /// `invalid_input` at `/token` for a token that is not valid, or has expired.
    pub(super) async fn account_link(&self, purpose: LinkPurpose, token: &str) -> Result<LinkRow> {
        let key = self.link_key().await?;
        let id = key.subject(purpose.signed(), token).ok_or_else(invalid)?;
        let id = uuid::Uuid::from_slice(&id).map(AccountLinkId::from).map_err(|_| invalid())?;
        let mut db = self.db().read().await?;
        let found: Option<LinkRow> = db
            .query(sql!("SELECT id, user_id, email, expires_at, used_at FROM account_links WHERE id = $1"))
            .bind(id)
            .optional()
            .await?;
        let link = found.ok_or_else(invalid)?;
        if link.expires_at <= self.now() { Err(expired()) } else { Ok(link) }
    }

    /// Checks the token of a link without using the link up.
    ///
    /// # Errors
    /// `invalid_input` at `/token` for a token that is not valid, has expired, or was used.
    pub async fn check_account_link(&self, purpose: LinkPurpose, token: &str) -> Result<()> {
        let link = self.account_link(purpose, token).await?;
        if link.used_at.is_some() { Err(used()) } else { Ok(()) }
    }
}

/// Makes a link for a user, who must be locked. `None` if the user got too many of them lately.
pub(super) async fn issue(
    tx: &mut Tx,
    user: UserId,
    purpose: LinkPurpose,
    email: &str,
    now: Timestamp,
) -> Result<Option<(AccountLinkId, Timestamp)>> {
    let lately: i64 = tx
        .query(sql!(
            "SELECT count(*) FROM account_links WHERE user_id = $1 AND purpose = $2 AND created_at > $3"
        ))
        .bind(user)
        .bind(purpose)
        .bind(now.minus(Duration::from_hours(1)))
        .scalar()
        .await?;
    if lately >= HOURLY {
        return Ok(None);
    }
    let (id, expires_at) = (AccountLinkId::at(now), now.plus(purpose.lifetime()));
    tx.query(sql!(
        "INSERT INTO account_links (id, user_id, purpose, email, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)"
    ))
    .bind(id)
    .bind(user)
    .bind(purpose)
    .bind(email.to_owned())
    .bind(now)
    .bind(expires_at)
    .execute()
    .await?;
    Ok(Some((id, expires_at)))
}

/// Uses a link up. Of two uses at once, one succeeds.
///
/// # Errors
/// `invalid_input` at `/token` if it was used before, or has expired.
pub(super) async fn consume(tx: &mut Tx, id: AccountLinkId, now: Timestamp) -> Result<()> {
    let consumed = tx
        .query(sql!(
            "UPDATE account_links SET used_at = $2 WHERE id = $1 AND used_at IS NULL AND expires_at > $2"
        ))
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    if consumed == 0 { Err(used()) } else { Ok(()) }
}

/// Uses up all links of a user with a purpose.
pub(super) async fn void(tx: &mut Tx, user: UserId, purpose: LinkPurpose, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE account_links SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL"
    ))
    .bind(user)
    .bind(purpose)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Deletes links that have expired, of all users.
pub(crate) async fn prune_links(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.query(sql!("DELETE FROM account_links WHERE expires_at <= $1")).bind(now).execute().await?;
    Ok(())
}

/// Deletes the links of a user.
pub(crate) async fn forget_links(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM account_links WHERE user_id = $1")).bind(user).execute().await?;
    Ok(())
}
