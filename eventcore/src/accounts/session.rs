//! Sessions: the sign-ins of a user, which they can see and end.

use std::time::Duration;

use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// For how long a refresh token is good.
pub(super) const REFRESH: Duration = Duration::from_hours(30 * 24);

/// A sign-in that holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Names it.
    pub id: SessionId,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub last_used_at: Timestamp,
    /// When it ends if it is not used.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
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
    /// The actor's own sessions that hold, newest first, at most 100.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<Session>> {
        let signed_in = actor.signed_in()?;
        self.sessions_of(signed_in.id, signed_in.session).await
    }

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

    /// Ends one of the actor's own sessions.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let signed_in = actor.writer()?;
        transaction!(self.db(), tx => {
            let ended = tx
                .query(sql!("DELETE FROM sessions WHERE id = $1 AND user_id = $2"))
                .bind(id)
                .bind(signed_in.id)
                .execute()
                .await?;
            if ended == 0 { Err(Error::NotFound("session")) } else { Ok(()) }
        })
    }
}

/// Begins a session, and clears away the user's own that nobody has used for too long.
pub(crate) async fn insert(
    tx: &mut Tx,
    user: UserId,
    user_agent: Option<String>,
    now: Timestamp,
) -> Result<SessionId> {
    tx.query(sql!("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2"))
        .bind(user)
        .bind(now)
        .execute()
        .await?;
    let id = SessionId::at(now);
    tx.query(sql!(
        "INSERT INTO sessions (id, user_id, user_agent, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)"
    ))
    .bind(id)
    .bind(user)
    .bind(user_agent)
    .bind(now)
    .bind(now.plus(REFRESH))
    .execute()
    .await?;
    Ok(id)
}

/// Ends one session.
pub(crate) async fn end(tx: &mut Tx, id: SessionId) -> Result<()> {
    tx.query(sql!("DELETE FROM sessions WHERE id = $1")).bind(id).execute().await?;
    Ok(())
}

/// Ends all sessions of a user, but for one.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, except: Option<SessionId>) -> Result<()> {
    tx.query(sql!("DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2"))
        .bind(user)
        .bind(except)
        .execute()
        .await?;
    Ok(())
}
