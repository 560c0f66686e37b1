//! Creating an account.

use super::input::{NewUser, ValidUser};
use super::user::{self, User};
use super::verify_email;
use crate::actor::{Actor, Role};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::time::Timestamp;

impl EventCore {
    /// Creates an account, and sends a link that verifies its address. Anyone may do so, but only
    /// admins and the system may create admins, and only the
    /// system may create a user without a password.
    ///
    /// # Errors
    /// `username_taken`, `email_taken`. For an admin, see [`Actor::may_change_credentials`].
    pub async fn create_user(&self, actor: &Actor, input: &NewUser) -> Result<User> {
        let user = input.validate(*actor != Actor::System)?;
        let role = input.role.unwrap_or(Role::User);
        if role == Role::Admin {
            actor.must_write_as_admin()?;
            actor.may_change_credentials(self.now())?;
        }
        self.must_not_be_taken(&user).await?;
        let hash = match user.password.clone() {
            Some(password) => Some(self.passwords().hash(password).await?),
            None => None,
        };
        let now = self.now();
        // The system has its own ways to reach the users that it creates.
        let verifies = *actor != Actor::System;
        transaction!(self.db(), |tx| insert(tx, &user, role, hash.as_deref(), verifies, now))
    }

    /// Checks for an obvious conflict before the expensive password hash. The unique indexes decide.
    async fn must_not_be_taken(&self, user: &ValidUser) -> Result<()> {
        let mut db = self.db().read().await?;
        let (usernames, emails): (i64, i64) = db
            .query(sql!(
                "SELECT (SELECT count(*) FROM users WHERE username = $1),
                    (SELECT count(*) FROM users WHERE email_folded = $2)"
            ))
            .bind(user.username.as_str().to_owned())
            .bind(user.email.folded())
            .one()
            .await?;
        match (usernames, emails) {
            (0, 0) => Ok(()),
            (0, _) => Err(Error::EmailTaken),
            _ => Err(Error::UsernameTaken),
        }
    }
}

async fn insert(
    tx: &mut Tx,
    user: &ValidUser,
    role: Role,
    hash: Option<&str>,
    verifies: bool,
    now: Timestamp,
) -> Result<User> {
    let id = UserId::at(now);
    store(tx, id, user, role, hash, now).await?;
    if verifies {
        verify_email::send_link(tx, id, user.email.as_str(), now).await?;
    }
    user::load(tx, id).await
}

/// Creates a user whom the embedding program knows by `external_id`, and whose address it has verified, if
/// so.
pub(super) async fn insert_external(
    tx: &mut Tx,
    id: UserId,
    user: &ValidUser,
    external_id: &str,
    verified_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<User> {
    store(tx, id, user, Role::User, None, now).await?;
    tx.query(sql!("UPDATE users SET external_id = $2, email_verified_at = $3 WHERE id = $1"))
        .bind(id)
        .bind(external_id.to_owned())
        .bind(verified_at)
        .execute()
        .await
        .map_err(user::map_unique_violation)?;
    user::load(tx, id).await
}

async fn store(
    tx: &mut Tx,
    id: UserId,
    user: &ValidUser,
    role: Role,
    hash: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!(
        "INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role,
            password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"
    ))
    .bind(id)
    .bind(user.username.as_str().to_owned())
    .bind(user.email.as_str().to_owned())
    .bind(user.email.folded())
    .bind(user.display_name.clone())
    .bind(user::search_text(user.username.as_str(), &user.display_name, user.email.as_str()))
    .bind(user.timezone.name())
    .bind(role)
    .bind(hash.map(str::to_owned))
    .bind(now)
    .execute()
    .await
    .map_err(user::map_unique_violation)?;
    tx.record(Change::AccountCreated { user: id });
    Ok(())
}
