//! What a user is.

use sqlx::FromRow;

use super::address::Username;
use crate::actor::Role;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::fold::fold;
use crate::id::UserId;
use crate::time::Timestamp;

/// A user, as they themselves and admins see them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Names the user.
    pub id: UserId,
    /// 3–32 of `a-z 0-9 . _ -`.
    pub username: String,
    /// As it was given; null for deleted users.
    pub email: Option<String>,
    /// Whether the link in a mail to it was followed.
    pub email_verified: bool,
    /// What they want to be called.
    pub display_name: String,
    /// IANA name.
    pub timezone: String,
    /// What they may do everywhere.
    pub role: Role,
    /// When they signed up.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

impl User {
    /// What everyone may know.
    pub fn profile(&self) -> PublicProfile {
        PublicProfile {
            id: self.id,
            username: self.username.clone(),
            display_name: self.display_name.clone(),
        }
    }
}

/// What everyone may know of a user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicProfile {
    /// Names the user.
    pub id: UserId,
    /// 3–32 of `a-z 0-9 . _ -`.
    pub username: String,
    /// What they want to be called.
    pub display_name: String,
}

/// A row of `users`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified_at: Option<Timestamp>,
    pub(crate) display_name: String,
    pub(crate) timezone: String,
    pub(crate) role: Role,
    pub(crate) password_hash: Option<String>,
    pub(crate) disabled_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: i64,
}

impl UserRow {
    /// What its password must not consist of.
    pub(crate) fn names(&self) -> [&str; 3] {
        [&self.username, self.email.as_deref().unwrap_or_default(), &self.display_name]
    }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            username: row.username,
            email: row.email,
            email_verified: row.email_verified_at.is_some(),
            display_name: row.display_name,
            timezone: row.timezone,
            role: row.role,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

/// What admins search in; the separator can be in none of them.
pub(crate) fn search_text(username: &str, display_name: &str, email: &str) -> String {
    [username, display_name, email].map(fold).join("\n")
}

/// Loads a user who is not deleted.
pub(crate) async fn find(db: &mut impl Queries, id: UserId) -> Result<Option<UserRow>> {
    Ok(db.query(sql!("SELECT * FROM users WHERE id = $1 AND deleted_at IS NULL")).bind(id).optional().await?)
}

/// Loads the user with this name, compared without case; what can be no name is nobody's.
pub(crate) async fn find_by_username(db: &mut impl Queries, username: &str) -> Result<Option<UserRow>> {
    let Ok(username) = username.parse::<Username>() else { return Ok(None) };
    Ok(db
        .query(sql!("SELECT * FROM users WHERE username = $1 AND deleted_at IS NULL"))
        .bind(username.as_str().to_owned())
        .optional()
        .await?)
}

/// As [`find`], and keeps everyone else from changing the user until the transaction ends.
pub(crate) async fn find_locked(db: &mut impl Queries, id: UserId) -> Result<Option<UserRow>> {
    Ok(db
        .query(sql!("SELECT * FROM users WHERE id = $1 AND deleted_at IS NULL", for update))
        .bind(id)
        .optional()
        .await?)
}
