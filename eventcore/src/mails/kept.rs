//! The mails of a user that are kept, for the export of their data.

use sqlx::FromRow;

use super::mail::{Mail, MailKind};
use super::outbox::MailState;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, MailId, UserId};
use crate::time::Timestamp;

/// A mail to a user. Its text is not kept, and neither are the links in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeptMail {
    /// The id, which its Message-ID begins with.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// The address that it is sent to.
    pub address: String,
    /// The event that it is about; null if it is about the account.
    pub event_id: Option<EventId>,
    /// Whether it was sent.
    pub state: MailState,
    /// Why the last attempt to send it failed; null if it did not.
    pub last_error: Option<String>,
    /// The user agent of the client that it tells of; null unless it tells of a sign-in.
    pub user_agent: Option<String>,
    /// The network address of the client that it tells of; null unless it tells of a sign-in.
    pub network: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last attempted to send it; null before the first attempt.
    pub updated_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct KeptRow {
    id: MailId,
    kind: MailKind,
    address: String,
    event_id: Option<EventId>,
    facts: String,
    state: MailState,
    last_error: Option<String>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

impl KeptRow {
    fn mail(self) -> Result<KeptMail> {
        let (user_agent, network) = match serde_json::from_str(&self.facts).map_err(Error::internal)? {
            Mail::NewSignIn { user_agent, network, .. } => (user_agent, network),
            _ => (None, None),
        };
        let Self { id, kind, address, event_id, state, last_error, created_at, updated_at, .. } = self;
        Ok(KeptMail {
            id,
            kind,
            address,
            event_id,
            state,
            last_error,
            user_agent,
            network,
            created_at,
            updated_at,
        })
    }
}

impl EventCore {
    /// The mails of a user that are kept, oldest first. Makes no permission check.
    pub(crate) async fn mails_of(&self, user: UserId) -> Result<Vec<KeptMail>> {
        let rows: Vec<KeptRow> = self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT id, kind, address, event_id, facts, state, last_error, created_at, updated_at
                 FROM mails WHERE user_id = $1 ORDER BY created_at, id"
            ))
            .bind(user)
            .all()
            .await?;
        rows.into_iter().map(KeptRow::mail).collect()
    }
}
