//! The user: its public types, and the rows of the table `users`.

use sqlx::FromRow;

use super::login::Username;
use crate::actor::Role;
use crate::db::{Queries, RowList, SqlWriter, Tx, sql, violates_unique};
use crate::error::{Error, Result};
use crate::fold::{ROWS_AT_ONCE, fold};
use crate::id::UserId;
use crate::time::Timestamp;

/// A user account, as the user and admins see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The id.
    pub id: UserId,
    /// 3–32 of `a-z 0-9 . _ -`.
    pub username: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the user has followed the link in a verification mail.
    pub email_verified: bool,
    /// The address that replaces `email` once it is verified; null if there is none.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub pending_email: Option<String>,
    /// Whether mails to `email` are refused by the server of that address.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub email_bouncing: bool,
    /// Whether mails to attendees of the events that the user organizes name `email` as the address for
    /// replies (`Reply-To`), once it is verified and unless it refuses mails. Attendees then see it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub takes_replies: bool,
    /// The name for display, 1–100 characters.
    pub display_name: String,
    /// IANA time zone.
    pub timezone: String,
    /// The role.
    pub role: Role,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// Increases with every change.
    pub version: i64,
}

impl User {
    /// The public part of the account.
    pub fn profile(&self) -> PublicProfile {
        PublicProfile {
            id: self.id,
            username: self.username.clone(),
            display_name: self.display_name.clone(),
        }
    }
}

/// The public part of a user account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicProfile {
    /// The id.
    pub id: UserId,
    /// 3–32 of `a-z 0-9 . _ -`.
    pub username: String,
    /// The name for display, 1–100 characters.
    pub display_name: String,
}

/// A row of `users`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified_at: Option<Timestamp>,
    pub(crate) pending_email: Option<String>,
    pub(crate) email_bounced_at: Option<Timestamp>,
    pub(crate) takes_replies: bool,
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
    /// The names that the password must not consist of: username, e-mail address, display name.
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
            pending_email: row.pending_email,
            email_bouncing: row.email_bounced_at.is_some(),
            takes_replies: row.takes_replies,
            display_name: row.display_name,
            timezone: row.timezone,
            role: row.role,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

/// The text in which the user search of admins looks. None of the folded parts can contain the separator.
pub(crate) fn search_text(username: &str, display_name: &str, email: &str) -> String {
    [username, display_name, email].map(fold).join("\n")
}

/// Finds a user who is not deleted.
pub(crate) async fn find(db: &mut impl Queries, id: UserId) -> Result<Option<UserRow>> {
    Ok(db.query(sql!("SELECT * FROM users WHERE id = $1 AND deleted_at IS NULL")).bind(id).optional().await?)
}

/// Finds a user by username, compared without case. Returns `None` for an invalid username.
pub(crate) async fn find_by_username(db: &mut impl Queries, username: &str) -> Result<Option<UserRow>> {
    let Ok(username) = username.parse::<Username>() else { return Ok(None) };
    Ok(db
        .query(sql!("SELECT * FROM users WHERE username = $1 AND deleted_at IS NULL"))
        .bind(username.as_str().to_owned())
        .optional()
        .await?)
}

/// Loads a user who is not deleted.
pub(crate) async fn load(db: &mut impl Queries, id: UserId) -> Result<User> {
    find(db, id).await?.map(User::from).ok_or(Error::NotFound("user"))
}

/// Finds a user who is not deleted and locks the row until the transaction ends.
pub(crate) async fn find_locked(db: &mut impl Queries, id: UserId) -> Result<Option<UserRow>> {
    Ok(db
        .query(sql!("SELECT * FROM users WHERE id = $1 AND deleted_at IS NULL", for update))
        .bind(id)
        .optional()
        .await?)
}

/// Folds the texts anew in which admins search, after a change of the folding.
pub(crate) async fn refold(tx: &mut Tx) -> Result<()> {
    let users: Vec<UserRow> =
        tx.query(sql!("SELECT * FROM users WHERE deleted_at IS NULL ORDER BY id")).all().await?;
    for users in users.chunks(ROWS_AT_ONCE) {
        let texts = users.iter().map(|user| {
            let [username, email, display_name] = user.names();
            search_text(username, display_name, email)
        });
        let rows = RowList::default().ids("id", users.iter().map(|user| user.id.as_uuid()));
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("UPDATE users SET search_text = v.search_text FROM ");
        sql.rows("v", rows.texts("search_text", texts)).push(" WHERE users.id = v.id");
        sql.query(tx).execute().await?;
    }
    Ok(())
}

/// Maps violations of the unique indexes of `users` to `username_taken` and `email_taken`.
pub(super) fn map_unique_violation(error: sqlx::Error) -> Error {
    if violates_unique(&error, "users", "username") {
        Error::UsernameTaken
    } else if violates_unique(&error, "users", "email_folded") {
        Error::EmailTaken
    } else if violates_unique(&error, "users", "external_id") {
        Error::invalid("/external_id", "taken", "belongs to another user")
    } else {
        error.into()
    }
}
