//! What the operator of an installation does with accounts, at the command line.

use super::change::{check_password, set_password};
use super::session;
use super::user::{User, UserRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};

impl EventCore {
    /// Sets a new password for a user who forgot theirs, and ends all their sessions; for the system.
    pub async fn reset_password(&self, actor: &Actor, username: &str, password: &str) -> Result<User> {
        must_be_system(actor)?;
        check_password(password, &[username])?;
        let hash = self.passwords().hash(password.to_owned()).await?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let row = by_username(tx, username).await?;
            set_password(tx, row.id, &hash, now).await?;
            session::end_all(tx, row.id, None, now).await?;
            Ok(row.into())
        })
    }

    /// Keeps a user from signing in, or lets them again, and ends all their sessions; for the system. Nothing of theirs is lost.
    pub async fn set_user_disabled(&self, actor: &Actor, username: &str, disabled: bool) -> Result<User> {
        must_be_system(actor)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let row = by_username(tx, username).await?;
            tx.query(sql!("UPDATE users SET disabled_at = $2, updated_at = $3, version = version + 1 WHERE id = $1"))
                .bind(row.id)
                .bind(disabled.then_some(row.disabled_at.unwrap_or(now)))
                .bind(now)
                .execute()
                .await?;
            session::end_all(tx, row.id, None, now).await?;
            Ok(row.into())
        })
    }
}

fn must_be_system(actor: &Actor) -> Result<()> {
    if *actor == Actor::System { Ok(()) } else { Err(Error::Forbidden("only the operator can do this")) }
}

async fn by_username(tx: &mut Tx, username: &str) -> Result<UserRow> {
    let row: Option<UserRow> = tx
        .query(sql!("SELECT * FROM users WHERE username = $1 AND deleted_at IS NULL", for update))
        .bind(username.to_lowercase())
        .optional()
        .await?;
    row.ok_or(Error::NotFound("user"))
}
