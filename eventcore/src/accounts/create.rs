//! Creating an account.

use super::input::{NewUser, ValidUser};
use super::user::{self, User};
use crate::actor::{Actor, Role};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction, violates};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::time::Timestamp;

impl EventCore {
    /// Creates an account. Anyone may; only admins and the system may say `role`, and only the system may leave out the password.
    ///
    /// # Errors
    /// `username_taken`, `email_taken`; `invalid_input` names every wrong field at once.
    pub async fn create_user(&self, actor: &Actor, input: &NewUser) -> Result<User> {
        let valid = input.validate(*actor != Actor::System)?;
        let role = input.role.unwrap_or(Role::User);
        if role == Role::Admin {
            actor.may_write()?;
            actor.must_be_admin()?;
        }
        self.refuse_taken(&valid).await?;
        let hash = match valid.password.clone() {
            Some(password) => Some(self.passwords().hash(password).await?),
            None => None,
        };
        let now = self.now();
        transaction!(self.db(), tx => {
            let id = insert(tx, &valid, role, hash.clone(), now).await?;
            user::find(tx, id).await?.map(User::from).ok_or(Error::NotFound("user"))
        })
    }

    /// Spares the work of hashing where it would be in vain; the unique indexes decide.
    async fn refuse_taken(&self, user: &ValidUser) -> Result<()> {
        let mut db = self.db().read().await?;
        let (names, addresses): (i64, i64) = db
            .query(sql!(
                "SELECT (SELECT count(*) FROM users WHERE username = $1), (SELECT count(*) FROM users WHERE email_folded = $2)"
            ))
            .bind(user.username.as_str().to_owned())
            .bind(user.email.folded())
            .one()
            .await?;
        match (names, addresses) {
            (0, 0) => Ok(()),
            (0, _) => Err(Error::EmailTaken),
            _ => Err(Error::UsernameTaken),
        }
    }
}

async fn insert(
    tx: &mut Tx,
    new: &ValidUser,
    role: Role,
    hash: Option<String>,
    now: Timestamp,
) -> Result<UserId> {
    let id = UserId::at(now);
    tx.query(sql!(
        "INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role, password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"
    ))
    .bind(id)
    .bind(new.username.as_str().to_owned())
    .bind(new.email.as_str().to_owned())
    .bind(new.email.folded())
    .bind(new.display_name.clone())
    .bind(user::search_text(new.username.as_str(), &new.display_name, new.email.as_str()))
    .bind(new.timezone.name())
    .bind(role)
    .bind(hash)
    .bind(now)
    .execute()
    .await
    .map_err(taken)?;
    Ok(id)
}

/// The unique indexes decide who came first.
pub(super) fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "users", "username") {
        Error::UsernameTaken
    } else if violates(&error, "users", "email_folded") {
        Error::EmailTaken
    } else {
        error.into()
    }
}
