//! Sessions: the sign-ins of a user.

use std::time::Duration;

use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Sql, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

/// The lifetime of a refresh token, and of a session since its last refresh.
const REFRESH_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// The lifetime of a session, however often its tokens are refreshed.
const SESSION_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// When a session that was created at `created_at` expires unless its tokens are refreshed again after `now`.
pub(super) fn expiry(created_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(REFRESH_LIFETIME).min(created_at.plus(SESSION_LIFETIME))
}

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
    /// When it expires unless its tokens are refreshed; at the latest 90 days after the sign-in.
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

impl SessionRow {
    fn into_session(self, current: Option<SessionId>) -> Session {
        Session {
            current: current == Some(self.id),
            id: self.id,
            user_agent: self.user_agent,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
        }
    }
}

impl EventCore {
    /// A page of the actor's own active sessions, newest first.
    pub async fn sessions(&self, actor: &Actor, page: &PageRequest) -> Result<Page<Session>> {
        let signed_in = actor.signed_in()?;
        let (user, now) = (signed_in.id, self.now());
        let keyset = Keyset::new(page, "sessions", Order::Descending)?;
        let mut db = self.db().read().await?;
        let total = if page.count {
            let count = sql!("SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2");
            Some(db.query(count).bind(user).bind(now).scalar().await?)
        } else {
            None
        };
        let position = keyset.position.unwrap_or(keyset.beginning());
        let rows: Vec<SessionRow> = db
            .query(Sql::dynamic(format!(
                "SELECT id, user_agent, created_at, last_used_at, expires_at FROM sessions
                 WHERE user_id = $1 AND expires_at > $2 AND {}",
                keyset.beyond("created_at", "id", 3)
            )))
            .bind(user)
            .bind(now)
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .all()
            .await?;
        let page =
            keyset.page(rows, |row| SortKey { number: row.created_at.as_micros(), id: row.id.as_uuid() });
        Ok(Page { total, ..page.map(|row| row.into_session(signed_in.session())) })
    }

    /// All active sessions of a user, newest first. Makes no permission check.
    pub(crate) async fn sessions_of(&self, user: UserId, current: Option<SessionId>) -> Result<Vec<Session>> {
        let mut db = self.db().read().await?;
        let rows: Vec<SessionRow> = db
            .query(sql!(
                "SELECT id, user_agent, created_at, last_used_at, expires_at FROM sessions
                 WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC"
            ))
            .bind(user)
            .bind(self.now())
            .all()
            .await?;
        Ok(rows.into_iter().map(|row| row.into_session(current)).collect())
    }

    /// Ends one of the actor's own sessions. Its access and refresh tokens are invalid from then on.
    ///
    /// # Errors
    /// `not_found` if the actor has no such session. `password_required` for any session but the current one,
    /// which a user may always leave; see [`Actor::may_change_credentials`].
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        actor.may_manage_credentials()?;
        let signed_in = actor.signed_in()?;
        if signed_in.session() != Some(id) {
            actor.may_change_credentials(self.now())?;
        }
        transaction!(self.db(), |tx| end_own(tx, signed_in.id, id))
    }

    /// Ends all of the actor's sessions except the current one.
    ///
    /// # Errors
    /// See [`Actor::may_change_credentials`].
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<()> {
        actor.may_change_credentials(self.now())?;
        let signed_in = actor.signed_in()?;
        transaction!(self.db(), |tx| end_others(tx, signed_in.id, signed_in.session()))
    }
}

/// Starts a session, for which the user was authenticated at `now`. Deletes the expired sessions of the user.
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
        "INSERT INTO sessions (id, user_id, user_agent, created_at, last_used_at, confirmed_at, expires_at)
         VALUES ($1, $2, $3, $4, $4, $4, $5)"
    ))
    .bind(id)
    .bind(user)
    .bind(user_agent.map(str::to_owned))
    .bind(now)
    .bind(expiry(now, now))
    .execute()
    .await?;
    Ok(id)
}

/// Records that the password was given in a session.
pub(super) async fn confirm(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE sessions SET confirmed_at = $2 WHERE id = $1"))
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Requires that the session of the actor, if that is the credential, still exists. The user must be locked:
/// a change of password ends sessions under that lock.
pub(super) async fn must_exist(tx: &mut Tx, actor: &Actor) -> Result<()> {
    let Some(id) = actor.signed_in().ok().and_then(|signed_in| signed_in.session()) else { return Ok(()) };
    let found: Option<(SessionId,)> =
        tx.query(sql!("SELECT id FROM sessions WHERE id = $1")).bind(id).optional().await?;
    found.map(drop).ok_or(Error::InvalidToken)
}

async fn end_own(tx: &mut Tx, user: UserId, id: SessionId) -> Result<()> {
    let ended = tx
        .query(sql!("DELETE FROM sessions WHERE id = $1 AND user_id = $2"))
        .bind(id)
        .bind(user)
        .execute()
        .await?;
    if ended == 0 {
        return Err(Error::NotFound("session"));
    }
    tx.record(Change::SessionsEnded { user });
    Ok(())
}

/// Ends a session of any user.
pub(super) async fn end(tx: &mut Tx, user: UserId, id: SessionId) -> Result<()> {
    let ended = tx.query(sql!("DELETE FROM sessions WHERE id = $1")).bind(id).execute().await?;
    if ended > 0 {
        tx.record(Change::SessionsEnded { user });
    }
    Ok(())
}

/// Ends all sessions of a user except one. The caller records a change from which that follows.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, except: Option<SessionId>) -> Result<()> {
    tx.query(sql!("DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2"))
        .bind(user)
        .bind(except)
        .execute()
        .await?;
    Ok(())
}

async fn end_others(tx: &mut Tx, user: UserId, current: Option<SessionId>) -> Result<()> {
    end_all(tx, user, current).await?;
    tx.record(Change::SessionsEnded { user });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lasts_30_days_after_its_last_refresh_and_90_at_most() {
        let signed_in: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let days = |days: u64| signed_in.plus(Duration::from_hours(24 * days));
        for (refreshed, expires) in [(0, 30), (29, 59), (60, 90), (61, 90), (89, 90)] {
            assert_eq!(expiry(signed_in, days(refreshed)), days(expires), "{refreshed}");
        }
    }
}
