//! A new password by a link, for those who have forgotten theirs.

use super::account_link::{self, LinkPurpose};
use super::change::set_password;
use super::input::{ForgottenPassword, PasswordReset};
use super::login::{Email, fold_login};
use super::{password, user};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::id::{AccountLinkId, UserId};
use crate::jobs::{Job, enqueue};
use crate::mails::{self, Mail};
use crate::time::Timestamp;

impl EventCore {
    /// Sends a link that sets a new password, if a user has the address. A worker looks that up afterwards:
    /// neither the answer nor its time tells whether there is such a user.
    ///
    /// # Errors
    /// `invalid_input` for a text that is no address.
    pub async fn forgot_password(&self, input: &ForgottenPassword) -> Result<()> {
        let mut violations = input.parse_errors.clone();
        if violations.is_empty() && input.email.parse::<Email>().is_err() {
            violations.add("/email", "invalid", "must be an e-mail address such as ada@example.org");
        }
        violations.into_result()?;
        let (email, now) = (fold_login(&input.email), self.now());
        transaction!(self.db(), |tx| ask(tx, &email, now))
    }

    /// Sets a new password by the token of a link, ends all sessions of the user and revokes all their
    /// personal access tokens. The link was sent to the address of the user, which is verified thereby.
    ///
    /// # Errors
    /// `invalid_input` at `/token` for a token that is not valid, has expired, or was used; at
    /// `/new_password` for a password that is refused, after which the link can still be used.
    pub async fn reset_password_by_link(&self, input: &PasswordReset) -> Result<()> {
        let mut violations = input.parse_errors.clone();
        violations.clone().into_result()?;
        self.check_account_link(LinkPurpose::ResetPassword, &input.token).await?;
        let link = self.account_link(LinkPurpose::ResetPassword, &input.token).await?;
        let row = user::find(&mut self.db().read().await?, link.user_id).await?;
        let row = row.filter(|row| row.disabled_at.is_none()).ok_or_else(account_link::invalid)?;
        password::check(&mut violations, "/new_password", &input.new_password, row.names());
        violations.into_result()?;
        let hash = self.passwords().hash(input.new_password.clone()).await?;
        let now = self.now();
        transaction!(self.db(), |tx| reset(tx, link.id, row.id, &link.email, &hash, now))
    }
}

async fn ask(tx: &mut Tx, email: &str, now: Timestamp) -> Result<()> {
    enqueue(tx, &[Job::ForgottenPassword { email: email.to_owned() }], now, now).await
}

/// Sends the link, if a user has the address and signs in with a password. For workers.
pub(crate) async fn send_reset_link(tx: &mut Tx, email: &str, now: Timestamp) -> Result<()> {
    let found: Option<(UserId,)> = tx
        .query(sql!(
            "SELECT id FROM users WHERE email_folded = $1 AND deleted_at IS NULL AND disabled_at IS NULL
                AND password_hash IS NOT NULL"
        ))
        .bind(email.to_owned())
        .optional()
        .await?;
    let Some((id,)) = found else { return Ok(()) };
    let Some(address) = user::find_locked(tx, id).await?.and_then(|row| row.email) else { return Ok(()) };
    let issued = account_link::issue(tx, id, LinkPurpose::ResetPassword, &address, now).await?;
    match issued {
        Some((link, expires_at)) => {
            mails::queue(tx, id, &address, &Mail::ResetPassword { link, expires_at }, now).await
        }
        None => Ok(()),
    }
}

async fn reset(
    tx: &mut Tx,
    link: AccountLinkId,
    user: UserId,
    address: &str,
    hash: &str,
    now: Timestamp,
) -> Result<()> {
    let row = user::find_locked(tx, user).await?.filter(|row| row.disabled_at.is_none());
    let row = row.ok_or_else(account_link::invalid)?;
    account_link::consume(tx, link, now).await?;
    tx.query(sql!(
        "UPDATE users SET email_verified_at = $3 WHERE id = $1 AND email = $2 AND email_verified_at IS NULL"
    ))
    .bind(user)
    .bind(address.to_owned())
    .bind(now)
    .execute()
    .await?;
    set_password(tx, &row, hash, None, now).await
}
