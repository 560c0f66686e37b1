//! Changing an account and its password.

use serde_json::{Value, json};

use super::account_link::LinkPurpose;
use super::confirm::wrong_password;
use super::input::{NewPassword, Profile};
use super::login::Email;
use super::user::{self, User, UserRow};
use super::{access_token, account_link, password, session, verify_email};
use crate::actor::{Actor, Role, SignedIn};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::input::{merge_patch, must_be_object};
use crate::mails::{self, Mail};
use crate::precondition::{Precondition, must_be_version};
use crate::time::Timestamp;

impl EventCore {
    /// Changes `email`, `display_name`, `timezone`, `role` or `takes_replies` of an account by a JSON merge
    /// patch (RFC 7396).
    ///
    /// Only the user and admins may change an account, and only admins may change `role`. Only the user may
    /// turn on `takes_replies`, which tells attendees their address. A new e-mail
    /// address is unverified, and gets a link that verifies it. If users with a verified address give
    /// another one, that is pending until it is verified. The old address is told. The patch may carry
    /// `current_password`, the password of the actor: `email` and `role` are credentials.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version; `email_taken`; `forbidden` for removing
    /// the role of the last admin. For `email` and `role`, see [`Actor::may_change_credentials`].
    pub async fn change_user(
        &self,
        actor: &Actor,
        id: UserId,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<User> {
        must_be_self_or_admin(actor, id)?;
        must_be_object(patch)?;
        let current_password = patch.get("current_password").and_then(Value::as_str);
        let actor = &self.confirmed_by(actor, current_password).await?;
        let now = self.now();
        transaction!(self.db(), |tx| change(tx, actor, id, patch, expected, now))
    }

    /// Changes the password of the actor, ends all their sessions except the current one, and revokes all
    /// their personal access tokens.
    ///
    /// # Errors
    /// `invalid_input` at `/current_password` if that is wrong, and at `/new_password` if that is the current
    /// one; `forbidden` for personal access tokens.
    pub async fn change_password(&self, actor: &Actor, input: &NewPassword) -> Result<()> {
        actor.may_manage_credentials()?;
        let signed_in = actor.signed_in()?;
        let row =
            user::find(&mut self.db().read().await?, signed_in.id).await?.ok_or(Error::Unauthenticated)?;
        let mut violations = input.parse_errors.clone();
        if !violations.contains("/new_password") {
            password::check(&mut violations, "/new_password", &input.new_password, row.names());
        }
        if password::are_equal(&input.current_password, &input.new_password) {
            violations.add("/new_password", "unchanged", "is your current password: choose another");
        }
        violations.into_result()?;
        self.must_be_password(signed_in, &row, &input.current_password, "/current_password").await?;
        let hash = self.passwords().hash(input.new_password.clone()).await?;
        let now = self.now();
        transaction!(self.db(), |tx| replace_password(tx, signed_in, &row, &hash, now))
    }
}

async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: UserId,
    patch: &Value,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<User> {
    let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
    must_be_version(row.version, expected)?;
    let mut input = json!({
        "email": row.email, "display_name": row.display_name, "timezone": row.timezone, "role": row.role,
        "takes_replies": row.takes_replies
    });
    merge_patch(&mut input, patch.clone());
    let mut profile = Profile::read(input);
    profile.parse_errors.settle_read_only(&User::from(row.clone()))?;
    let (email, timezone) = profile.validate()?;
    let role = profile.role.unwrap_or(row.role);
    if role != row.role {
        actor.must_be_admin()?;
        if row.role == Role::Admin {
            must_not_be_last_admin(tx, id).await?;
        }
    }
    let takes_replies = profile.takes_replies;
    if takes_replies && !row.takes_replies && !actor.is(id) {
        return Err(Error::Forbidden("only the user can have replies sent to their own address"));
    }
    let same_email = row.email.as_deref() == Some(email.as_str());
    let gives_up = same_email && patch.get("email").is_some() && row.pending_email.is_some();
    let display_name = profile.display_name.trim();
    if same_email
        && !gives_up
        && (display_name, timezone.name(), role) == (&*row.display_name, &*row.timezone, row.role)
        && takes_replies == row.takes_replies
    {
        return Ok(row.into());
    }
    if !same_email || role != row.role {
        actor.may_change_credentials(now)?;
        session::must_exist(tx, actor).await?;
    }
    // Until a new address is verified, a typing error in it must not lock the user out.
    let pending = !same_email && actor.is(id) && row.email_verified_at.is_some();
    if pending {
        must_not_be_taken(tx, &email).await?;
    }
    let pending_email = match (pending, gives_up || !same_email) {
        (true, _) => Some(email.as_str().to_owned()),
        (false, true) => None,
        (false, false) => row.pending_email.clone(),
    };
    let kept: Option<Email> = row.email.as_deref().filter(|_| pending).and_then(|kept| kept.parse().ok());
    let given = email.clone();
    let email = kept.unwrap_or(email);
    tx.query(sql!(
        "UPDATE users SET email = $2, email_folded = $3, email_verified_at = $4, display_name = $5,
            timezone = $6, role = $7, updated_at = $8, search_text = $9, pending_email = $10,
            email_bounced_at = $11, takes_replies = $12, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(email.as_str().to_owned())
    .bind(email.folded())
    .bind(row.email_verified_at.filter(|_| same_email || pending))
    .bind(display_name.to_owned())
    .bind(timezone.name())
    .bind(role)
    .bind(now)
    .bind(user::search_text(&row.username, display_name, email.as_str()))
    .bind(pending_email)
    .bind(row.email_bounced_at.filter(|_| same_email || pending))
    .bind(takes_replies)
    .execute()
    .await
    .map_err(user::map_unique_violation)?;
    if !same_email {
        tell_addresses(tx, &row, &given, pending, now).await?;
    }
    tx.record(Change::AccountChanged { user: id });
    user::load(tx, id).await
}

/// Fails if another user has the address. The unique index decides when it is verified.
async fn must_not_be_taken(tx: &mut Tx, email: &Email) -> Result<()> {
    let taken: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM users WHERE email_folded = $1)"))
        .bind(email.folded())
        .scalar()
        .await?;
    if taken { Err(Error::EmailTaken) } else { Ok(()) }
}

/// Sends a link to the new address of a user, and tells the old one that there is another.
async fn tell_addresses(
    tx: &mut Tx,
    row: &UserRow,
    given: &Email,
    pending: bool,
    now: Timestamp,
) -> Result<()> {
    // Links that were sent to addresses given before.
    account_link::void(tx, row.id, LinkPurpose::VerifyEmail, now).await?;
    if !pending {
        account_link::void(tx, row.id, LinkPurpose::ResetPassword, now).await?;
    }
    // After too many links in an hour, the user asks for one later.
    verify_email::send_link(tx, row.id, given.as_str(), now).await?;
    if let Some(old) = &row.email {
        mails::queue(tx, row.id, old, &Mail::AddressChange { at: now, pending }, now).await?;
    }
    Ok(())
}

/// Stores a new password for the user of `verified`, whose current password was verified before the
/// transaction.
async fn replace_password(
    tx: &mut Tx,
    signed_in: SignedIn,
    verified: &UserRow,
    hash: &str,
    now: Timestamp,
) -> Result<()> {
    // Of two concurrent changes, the second verified a password that is no longer current.
    let current = user::find_locked(tx, signed_in.id).await?;
    let current = current.filter(|row| row.password_hash == verified.password_hash);
    let row = current.ok_or_else(|| wrong_password("/current_password"))?;
    set_password(tx, &row, hash, signed_in.session(), now).await
}

/// Stores a password hash, and ends what the old password gave: all sessions except `kept`, and all personal
/// access tokens. Tells the user by mail. The user must be locked.
pub(super) async fn set_password(
    tx: &mut Tx,
    row: &UserRow,
    hash: &str,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<()> {
    let id = row.id;
    tx.query(sql!(
        "UPDATE users SET password_hash = $2, updated_at = $3, version = version + 1
         WHERE id = $1 AND deleted_at IS NULL"
    ))
    .bind(id)
    .bind(hash.to_owned())
    .bind(now)
    .execute()
    .await?;
    tx.record(Change::PasswordChanged { user: id });
    session::end_all(tx, id, kept).await?;
    account_link::void(tx, id, LinkPurpose::ResetPassword, now).await?;
    if let Some(address) = &row.email {
        mails::queue(tx, id, address, &Mail::PasswordChanged { at: now }, now).await?;
    }
    access_token::delete_all(tx, id).await
}

/// Requires the user `id` or an admin, with a credential that may write.
pub(crate) fn must_be_self_or_admin(actor: &Actor, id: UserId) -> Result<()> {
    actor.may_write()?;
    if actor.is(id) || actor.is_admin() {
        Ok(())
    } else {
        Err(Error::Forbidden("only the user and admins can do this"))
    }
}

/// Requires that an admin other than `id` remains.
///
/// Locks all admins. Otherwise two admins who leave concurrently could each count on the other.
pub(crate) async fn must_not_be_last_admin(tx: &mut Tx, id: UserId) -> Result<()> {
    let admins: Vec<(UserId,)> = tx
        .query(sql!(
            "SELECT id FROM users
             WHERE role = 'admin' AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY id",
            for update
        ))
        .all()
        .await?;
    if admins.iter().all(|(admin,)| *admin == id) {
        Err(Error::Forbidden("the last admin cannot leave: appoint another admin first"))
    } else {
        Ok(())
    }
}
