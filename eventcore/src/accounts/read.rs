//! Reading accounts.

use super::user::{self, PublicProfile, User, UserRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Dialect, Queries, Sql};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::id::UserId;
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

/// The filter of [`EventCore::users`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// A part of the username, the display name or the e-mail address, compared without case and accents. Up
    /// to 200 characters. Default: all users.
    pub q: Option<String>,
}

/// An account, as the operator of an installation sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorAccount {
    /// The account.
    pub user: User,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
}

impl EventCore {
    /// A user account, for the user and for admins. Others use [`EventCore::profile`].
    pub async fn user(&self, actor: &Actor, id: UserId) -> Result<User> {
        if !actor.is_admin() && actor.signed_in()?.id != id {
            return Err(Error::Forbidden("only the user and admins can see the full account"));
        }
        let mut db = self.db().read().await?;
        user::load(&mut db, id).await
    }

    /// The public profile of a user.
    pub async fn profile(&self, id: UserId) -> Result<PublicProfile> {
        let mut db = self.db().read().await?;
        Ok(user::load(&mut db, id).await?.profile())
    }

    /// The public profile of the user with a username, compared without case.
    pub async fn profile_by_username(&self, username: &str) -> Result<PublicProfile> {
        let mut db = self.db().read().await?;
        let found = user::find_by_username(&mut db, username).await?;
        found.map(|row| User::from(row).profile()).ok_or(Error::NotFound("user"))
    }

    /// A page of all users by creation time. Only admins may.
    pub async fn users(&self, actor: &Actor, filter: &UserFilter, page: &PageRequest) -> Result<Page<User>> {
        actor.must_be_admin()?;
        Ok(self.user_rows(filter, page).await?.map(User::from))
    }

    /// A page of all users by creation time, with the state of their accounts. Only the system may.
    pub async fn operator_accounts(
        &self,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<OperatorAccount>> {
        actor.must_be_system()?;
        let rows = self.user_rows(&UserFilter::default(), page).await?;
        Ok(rows.map(|row| OperatorAccount { disabled_at: row.disabled_at, user: row.into() }))
    }

    async fn user_rows(&self, filter: &UserFilter, page: &PageRequest) -> Result<Page<UserRow>> {
        let needle = filter.q.as_deref().map(fold).filter(|q| !q.is_empty());
        if needle.as_deref().is_some_and(|q| q.chars().count() > 200 || q.contains('\0')) {
            return Err(Error::invalid("/q", "invalid", "must have at most 200 characters and no NUL"));
        }
        let keyset = Keyset::new(page, &format!("users {filter:?}"), Order::Ascending)?;
        let mut db = self.db().read().await?;
        let position_function = match db.dialect() {
            Dialect::Sqlite => "instr",
            Dialect::Postgres => "strpos",
        };
        let matching =
            format!("deleted_at IS NULL AND ($1 IS NULL OR {position_function}(search_text, $1) > 0)");
        let total = if page.count {
            let count = Sql::dynamic(format!("SELECT count(*) FROM users WHERE {matching}"));
            Some(db.query(count).bind(needle.clone()).scalar().await?)
        } else {
            None
        };
        let position = keyset.position.unwrap_or(keyset.beginning());
        let rows: Vec<UserRow> = db
            .query(Sql::dynamic(format!(
                "SELECT * FROM users WHERE {matching} AND {}",
                keyset.beyond("created_at", "id", 2)
            )))
            .bind(needle)
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .all()
            .await?;
        let page =
            keyset.page(rows, |row| SortKey { number: row.created_at.as_micros(), id: row.id.as_uuid() });
        Ok(Page { total, ..page })
    }
}
