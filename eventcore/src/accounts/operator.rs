//! What the operator of an installation does with accounts, at the command line.

use super::change::set_password;
use super::user::{self, User, UserRow};
use super::{password, session};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::{Error, Result, Violations};

impl EventCore {
    /// Sets a new password for a user who forgot theirs, and ends all their sessions; for the system.
    pub async fn reset_password(&self, actor: &Actor, username: &str, new: &str) -> Result<User> {
        must_be_system(actor)?;
        let row = find(&mut self.db().read().await?, username).await?;
        let mut wrong = Violations::default();
        password::check(&mut wrong, "/password", new, row.names());
        wrong.into_result()?;
        let hash = self.passwords().hash(new.to_owned()).await?;
        let now = self.now();
        transaction!(self.db(), tx => {
            user::find_locked(tx, row.id).await?.ok_or(Error::NotFound("user"))?;
            set_password(tx, row.id, &hash, now).await?;
            session::end_all(tx, row.id, None).await?;
            user::find(tx, row.id).await?.map(User::from).ok_or(Error::NotFound("user"))
        })
    }

    /// Keeps a user from signing in, or lets them again, and ends all their sessions; for the system. Nothing of theirs is lost.
    pub async fn set_user_disabled(&self, actor: &Actor, username: &str, disabled: bool) -> Result<User> {
        must_be_system(actor)?;
        let id = find(&mut self.db().read().await?, username).await?.id;
        let now = self.now();
        transaction!(self.db(), tx => {
            let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
            tx.query(sql!("UPDATE users SET disabled_at = $2, updated_at = $3, version = version + 1 WHERE id = $1"))
                .bind(id)
                .bind(disabled.then_some(row.disabled_at.unwrap_or(now)))
                .bind(now)
                .execute()
                .await?;
            session::end_all(tx, id, None).await?;
            user::find(tx, id).await?.map(User::from).ok_or(Error::NotFound("user"))
        })
    }
}

fn must_be_system(actor: &Actor) -> Result<()> {
    if *actor == Actor::System { Ok(()) } else { Err(Error::Forbidden("only the operator can do this")) }
}

async fn find(db: &mut impl Queries, username: &str) -> Result<UserRow> {
    user::find_by_username(db, username).await?.ok_or(Error::NotFound("user"))
}
