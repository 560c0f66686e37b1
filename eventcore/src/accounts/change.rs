//! Changing an account.

use serde_json::{Value, json};

use super::create::taken;
use super::input::{NewPassword, Profile};
use super::user::{self, User};
use super::{password, session};
use crate::actor::{Actor, Role};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::input::merge_patch;
use crate::time::Timestamp;

impl EventCore {
    /// Changes what a JSON merge patch names of `email`, `display_name`, `timezone` and, for admins, `role`. A new address is unverified.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored; `email_taken`.
    pub async fn change_user(
        &self,
        actor: &Actor,
        id: UserId,
        patch: &Value,
        expected: Option<i64>,
    ) -> Result<User> {
        must_be_self_or_admin(actor, id)?;
        if !patch.is_object() {
            return Err(Error::invalid("", "wrong_type", "must be a JSON object"));
        }
        let now = self.now();
        transaction!(self.db(), tx => {
            let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
            must_be_version(row.version, expected)?;
            let mut input = json!({"email": row.email, "display_name": row.display_name, "timezone": row.timezone, "role": row.role});
            merge_patch(&mut input, patch.clone());
            let profile: Profile = serde_json::from_value(input).map_err(Error::internal)?;
            let (email, timezone) = profile.validate()?;
            let role = profile.role.unwrap_or(row.role);
            if role != row.role {
                actor.must_be_admin()?;
                if row.role == Role::Admin {
                    must_not_be_last_admin(tx, id).await?;
                }
            }
            let same_address = row.email.as_deref() == Some(email.as_str());
            tx.query(sql!(
                "UPDATE users SET email = $2, email_folded = $3, email_verified_at = $4, display_name = $5, timezone = $6, role = $7,
                    updated_at = $8, search_text = $9, version = version + 1 WHERE id = $1"
            ))
            .bind(id)
            .bind(email.as_str().to_owned())
            .bind(email.folded())
            .bind(row.email_verified_at.filter(|_| same_address))
            .bind(profile.display_name.trim().to_owned())
            .bind(timezone.name())
            .bind(role)
            .bind(now)
            .bind(user::search_text(&row.username, profile.display_name.trim(), email.as_str()))
            .execute()
            .await
            .map_err(taken)?;
            user::find(tx, id).await?.map(User::from).ok_or(Error::NotFound("user"))
        })
    }

    /// Sets a new password, given the old one, and ends all other sessions.
    ///
    /// # Errors
    /// `invalid_credentials` if the old password is wrong.
    pub async fn change_password(&self, actor: &Actor, input: &NewPassword) -> Result<()> {
        let signed_in = actor.writer()?;
        let row =
            user::find(&mut self.db().read().await?, signed_in.id).await?.ok_or(Error::Unauthenticated)?;
        let mut wrong = input.misread.clone();
        if !wrong.names("/new_password") {
            password::check(&mut wrong, "/new_password", &input.new_password, row.names());
        }
        wrong.into_result()?;
        if !self.passwords().verify(input.current_password.clone(), row.password_hash.clone()).await? {
            return Err(Error::InvalidCredentials);
        }
        let hash = self.passwords().hash(input.new_password.clone()).await?;
        let now = self.now();
        transaction!(self.db(), tx => {
            // Of two changes at once, the second was given a password that no longer holds.
            let unchanged = user::find_locked(tx, signed_in.id).await?.is_some_and(|now| now.password_hash == row.password_hash);
            if !unchanged {
                return Err(Error::InvalidCredentials);
            }
            set_password(tx, signed_in.id, &hash, now).await?;
            session::end_all(tx, signed_in.id, signed_in.session).await
        })
    }
}

pub(crate) async fn set_password(tx: &mut Tx, id: UserId, hash: &str, now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE users SET password_hash = $2, updated_at = $3, version = version + 1 WHERE id = $1 AND deleted_at IS NULL"))
        .bind(id)
        .bind(hash.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Passes the user themselves and admins, if they may change anything.
pub(crate) fn must_be_self_or_admin(actor: &Actor, id: UserId) -> Result<()> {
    actor.may_write()?;
    if actor.is(id) || actor.is_admin() {
        Ok(())
    } else {
        Err(Error::Forbidden("only the user and admins can do this"))
    }
}

/// Passes while another admin remains. Locks them all, so that two who leave at once do not each count on the other.
pub(crate) async fn must_not_be_last_admin(tx: &mut Tx, id: UserId) -> Result<()> {
    let admins: Vec<(UserId,)> = tx
        .query(sql!(
            "SELECT id FROM users WHERE role = 'admin' AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY id",
            for update
        ))
        .all()
        .await?;
    if admins.iter().all(|(admin,)| *admin == id) {
        Err(Error::Forbidden("the last admin must stay one: name another first"))
    } else {
        Ok(())
    }
}
