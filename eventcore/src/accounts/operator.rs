//! Account operations for the operator of an installation, on the command line.

use super::change::set_password;
use super::user::{self, User, UserRow};
use super::{password, session};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::UserId;
use crate::time::Timestamp;

impl EventCore {
    /// Sets the password of a user, ends all their sessions and revokes all their personal access tokens.
    /// Only the system may.
    ///
    /// # Errors
    /// `invalid_input` at `/password` if it is the current one.
    pub async fn reset_password(&self, actor: &Actor, username: &str, new: &str) -> Result<User> {
        actor.must_be_system()?;
        let row = find(&mut self.db().read().await?, username).await?;
        let mut violations = Violations::default();
        password::check(&mut violations, "/password", new, row.names());
        violations.into_result()?;
        if self.passwords().verify(new.to_owned(), row.password_hash.clone()).await? {
            return Err(Error::invalid("/password", "unchanged", "is the current password: choose another"));
        }
        let hash = self.passwords().hash(new.to_owned()).await?;
        let now = self.now();
        transaction!(self.db(), |tx| reset(tx, row.id, &hash, now))
    }

    /// Disables or enables the sign-in of a user and ends all their sessions. Only the system may.
    ///
    /// Disabling changes no other data of the user.
    pub async fn set_user_disabled(&self, actor: &Actor, username: &str, disabled: bool) -> Result<User> {
        actor.must_be_system()?;
        let id = find(&mut self.db().read().await?, username).await?.id;
        let now = self.now();
        transaction!(self.db(), |tx| set_disabled(tx, id, disabled, now))
    }
}

async fn reset(tx: &mut Tx, id: UserId, hash: &str, now: Timestamp) -> Result<User> {
    let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
    set_password(tx, &row, hash, None, now).await?;
    user::load(tx, id).await
}

async fn set_disabled(tx: &mut Tx, id: UserId, disabled: bool, now: Timestamp) -> Result<User> {
    let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
    tx.query(sql!("UPDATE users SET disabled_at = $2, updated_at = $3, version = version + 1 WHERE id = $1"))
        .bind(id)
        .bind(disabled.then_some(row.disabled_at.unwrap_or(now)))
        .bind(now)
        .execute()
        .await?;
    session::end_all(tx, id, None).await?;
    match (row.disabled_at.is_some(), disabled) {
        (false, true) => tx.record(Change::AccountDisabled { user: id }),
        (true, false) => tx.record(Change::AccountEnabled { user: id }),
        (true, true) | (false, false) => {}
    }
    user::load(tx, id).await
}

async fn find(db: &mut impl Queries, username: &str) -> Result<UserRow> {
    user::find_by_username(db, username).await?.ok_or(Error::NotFound("user"))
}
