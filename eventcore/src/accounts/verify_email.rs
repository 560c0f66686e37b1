//! Verifying an e-mail address by a link that was sent to it.

use super::account_link::{self, LinkPurpose, LinkRow};
use super::input::LinkToken;
use super::login::Email;
use super::user::{self, User, UserRow};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::mails::{self, Mail};
use crate::time::Timestamp;

impl EventCore {
    /// Verifies the address that the link of a token was sent to. If that is an address which the user has
    /// given to replace a verified one, it replaces it now. A repeat has no effect.
    ///
    /// # Errors
    /// `invalid_input` at `/token` for a token that is not valid, has expired, or was sent to an address that
    /// the user has given up meanwhile; `email_taken` if another user has the address by now.
    pub async fn verify_email(&self, input: &LinkToken) -> Result<User> {
        input.parse_errors.clone().into_result()?;
        let link = self.account_link(LinkPurpose::VerifyEmail, &input.token).await?;
        let now = self.now();
        transaction!(self.db(), |tx| verify(tx, &link, now))
    }

    /// Sends another link to the address of the actor that is not verified. Has no effect if there is none.
    ///
    /// # Errors
    /// `rate_limited` after five links within an hour.
    pub async fn resend_verification(&self, actor: &Actor) -> Result<()> {
        actor.may_manage_credentials()?;
        let (user, now) = (actor.signed_in()?.id, self.now());
        transaction!(self.db(), |tx| resend(tx, user, now))
    }

    /// Requires a verified address of the actor, if [`Builder::require_verified_email`] is set.
    ///
    /// [`Builder::require_verified_email`]: crate::Builder::require_verified_email
    pub(crate) async fn must_be_verified(&self, actor: &Actor) -> Result<()> {
        match actor.user_id() {
            Some(user) => self.must_be_verified_user(user).await,
            None => Ok(()),
        }
    }

    /// As [`Self::must_be_verified`], for a user. Admins need no verified address.
    pub(crate) async fn must_be_verified_user(&self, user: UserId) -> Result<()> {
        if !self.requires_verified_email() {
            return Ok(());
        }
        let verified = sql!(
            "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1
                AND (email_verified_at IS NOT NULL OR role = 'admin'))"
        );
        let is_verified: bool = self.db().read().await?.query(verified).bind(user).scalar().await?;
        if is_verified { Ok(()) } else { Err(Error::EmailNotVerified) }
    }
}

async fn verify(tx: &mut Tx, link: &LinkRow, now: Timestamp) -> Result<User> {
    let row = user::find_locked(tx, link.user_id).await?.ok_or_else(account_link::invalid)?;
    if row.email_verified_at.is_some() && row.email.as_ref() == Some(&link.email) {
        return Ok(row.into());
    }
    account_link::consume(tx, link.id, now).await?;
    let address: Email = link.email.parse().map_err(Error::internal)?;
    let is_its_own = row.email.as_ref() == Some(&link.email);
    if !is_its_own && row.pending_email.as_ref() != Some(&link.email) {
        return Err(account_link::invalid());
    }
    tx.query(sql!(
        "UPDATE users SET email = $2, email_folded = $3, email_verified_at = $4, pending_email = NULL,
            email_bounced_at = NULL, search_text = $5, updated_at = $4, version = version + 1
         WHERE id = $1"
    ))
    .bind(row.id)
    .bind(address.as_str().to_owned())
    .bind(address.folded())
    .bind(now)
    .bind(user::search_text(&row.username, &row.display_name, address.as_str()))
    .execute()
    .await
    .map_err(user::map_unique_violation)?;
    if !is_its_own {
        // Those that were sent to the former address.
        account_link::void(tx, row.id, LinkPurpose::ResetPassword, now).await?;
    }
    tx.record(Change::AccountChanged { user: row.id });
    user::load(tx, row.id).await
}

async fn resend(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<()> {
    let row = user::find_locked(tx, id).await?.ok_or(Error::Unauthenticated)?;
    let Some(address) = unverified(&row) else { return Ok(()) };
    if send_link(tx, id, &address, now).await? {
        Ok(())
    } else {
        let wait = std::time::Duration::from_hours(1);
        Err(Error::RateLimited { reason: "too many links were sent to this address", wait })
    }
}

/// The address of a user that waits to be verified.
fn unverified(row: &UserRow) -> Option<String> {
    let unverified = row.email.clone().filter(|_| row.email_verified_at.is_none());
    row.pending_email.clone().or(unverified)
}

/// Sends the link that verifies an address; false if too many were sent lately. The user must be locked.
pub(super) async fn send_link(tx: &mut Tx, id: UserId, address: &str, now: Timestamp) -> Result<bool> {
    let issued = account_link::issue(tx, id, LinkPurpose::VerifyEmail, address, now).await?;
    let Some((link, expires_at)) = issued else { return Ok(false) };
    mails::queue(tx, id, address, &Mail::VerifyEmail { link, expires_at }, now).await?;
    Ok(true)
}
