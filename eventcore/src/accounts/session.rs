//! Sessions: the sign-ins of a user.

use std::time::Duration;

use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// The lifetime of a refresh token, and of a session since its last refresh.
pub(super) const REFRESH_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// An active session.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The user agent of the client that signed in, up to 200 characters.
    pub user_agent: Option<String>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When its tokens were last refreshed.
    pub last_used_at: Timestamp,
    /// When it expires unless its tokens are refreshed.
    pub expires_at: Timestamp,
    /// Whether it is the session of the request.
    pub current: bool,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: SessionId,
    user_agent: Option<String>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

impl EventCore {
    /// The actor's own active sessions, newest first, at most 100.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<Session>> {
        let signed_in = actor.signed_in()?;
        self.sessions_of(signed_in.id, signed_in.session).await
    }

    /// The active sessions of a user, newest first, at most 100. Makes no permission check.
    pub(crate) async fn sessions_of(&self, user: UserId, current: Option<SessionId>) -> Result<Vec<Session>> {
        let mut db = self.db().read().await?;
        let rows: Vec<SessionRow> = db
            .query(sql!(
                "SELECT id, user_agent, created_at, last_used_at, expires_at FROM sessions
                 WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT 100"
            ))
            .bind(user)
            .bind(self.now())
            .all()
            .await?;
        let session = |row: SessionRow| Session {
            current: current == Some(row.id),
            id: row.id,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// Ends one of the actor's own sessions. Its access and refresh tokens are invalid from then on.
    ///
    /// # Errors
    /// `not_found` if the actor has no such session.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let user = actor.writer()?.id;
        transaction!(self.db(), |tx| end_own(tx, user, id))
    }
}

/// Starts a session. Deletes the expired sessions of the user.
pub(super) async fn insert(
    tx: &mut Tx,
    user: UserId,
    user_agent: Option<&str>,
    now: Timestamp,
) -> Result<SessionId> {
    tx.query(sql!("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2"))
        .bind(user)
        .bind(now)
        .execute()
        .await?;
    let id = SessionId::at(now);
    tx.query(sql!(
        "INSERT INTO sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $4, $5)"
    ))
    .bind(id)
    .bind(user)
    .bind(user_agent.map(str::to_owned))
    .bind(now)
    .bind(now.plus(REFRESH_LIFETIME))
    .execute()
    .await?;
    Ok(id)
}

async fn end_own(tx: &mut Tx, user: UserId, id: SessionId) -> Result<()> {
    let ended = tx
        .query(sql!("DELETE FROM sessions WHERE id = $1 AND user_id = $2"))
        .bind(id)
        .bind(user)
        .execute()
        .await?;
    if ended == 0 { Err(Error::NotFound("session")) } else { Ok(()) }
}

/// Ends a session of any user.
pub(super) async fn end(tx: &mut Tx, id: SessionId) -> Result<()> {
    tx.query(sql!("DELETE FROM sessions WHERE id = $1")).bind(id).execute().await?;
    Ok(())
}

/// Ends all sessions of a user except one.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, except: Option<SessionId>) -> Result<()> {
    tx.query(sql!("DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2"))
        .bind(user)
        .bind(except)
        .execute()
        .await?;
    Ok(())
}
