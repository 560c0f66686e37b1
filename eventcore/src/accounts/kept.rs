//! What is kept of sign-ins and of links in mails, for the export of a user's data.

use std::fmt::Write;

use sqlx::FromRow;

use super::account_link::LinkPurpose;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::UserId;
use crate::time::Timestamp;

/// A client that a user has signed in from. Its name is kept as a hash alone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownClient {
    /// The beginning of the SHA-256 of its user agent without version numbers, in hexadecimal digits.
    pub fingerprint: String,
    /// When the user last signed in from it.
    pub last_seen_at: Timestamp,
}

/// A link that was mailed to a user, without its token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailedLink {
    /// What it does.
    pub purpose: LinkPurpose,
    /// The address that it was sent to.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was used; null if it was not.
    pub used_at: Option<Timestamp>,
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing into a String never fails.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

impl EventCore {
    /// The clients that a user has signed in from, latest first. Makes no permission check.
    pub(crate) async fn known_clients_of(&self, user: UserId) -> Result<Vec<KnownClient>> {
        let rows: Vec<(Vec<u8>, Timestamp)> = self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT fingerprint, last_seen_at FROM known_clients WHERE user_id = $1
                 ORDER BY last_seen_at DESC, fingerprint"
            ))
            .bind(user)
            .all()
            .await?;
        let client = |(fingerprint, last_seen_at): (Vec<u8>, Timestamp)| KnownClient {
            fingerprint: hexadecimal(&fingerprint),
            last_seen_at,
        };
        Ok(rows.into_iter().map(client).collect())
    }

    /// The links that were mailed to a user, oldest first. Makes no permission check.
    pub(crate) async fn mailed_links_of(&self, user: UserId) -> Result<Vec<MailedLink>> {
        Ok(self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT purpose, email, created_at, expires_at, used_at FROM account_links
                 WHERE user_id = $1 ORDER BY created_at, id"
            ))
            .bind(user)
            .all()
            .await?)
    }
}
