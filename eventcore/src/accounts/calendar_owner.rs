//! Signing in of calendar programs, which ask people for a name and a password.

use super::access_token;
use super::login::fold_login;
use super::token::PERSONAL_PREFIX;
use crate::core::EventCore;
use crate::error::{Error, Result};
use crate::id::UserId;

/// A user whose calendars a program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarOwner {
    /// The id.
    pub id: UserId,
    /// 3–32 of `a-z 0-9 . _ -`.
    pub username: String,
    /// The name for display.
    pub display_name: String,
    /// The e-mail address.
    pub email: Option<String>,
}

impl EventCore {
    /// The user who signs a calendar program in: by their username or e-mail address, and as the password a
    /// personal access token of any scope. Without a login the token alone tells who it is.
    ///
    /// # Errors
    /// `token_expired` if the token has expired, `invalid_credentials` if it is not valid for another reason
    /// or is another user's.
    pub async fn calendar_owner(&self, login: Option<&str>, token: &str) -> Result<CalendarOwner> {
        if !token.starts_with(PERSONAL_PREFIX) {
            return Err(Error::InvalidToken);
        }
        let row = access_token::bearer(self, token, self.now()).await?;
        let is_named = login.map(fold_login).is_none_or(|login| {
            login == row.username || row.email_folded.as_deref().is_some_and(|email| login == email)
        });
        if !is_named {
            return Err(Error::InvalidToken);
        }
        Ok(CalendarOwner {
            id: row.user_id,
            username: row.username,
            display_name: row.display_name,
            email: row.email,
        })
    }
}
