//! Signing in, refreshing tokens, signing out, and authenticating requests.

use super::input::{Credentials, RefreshToken};
use super::session::REFRESH_LIFETIME;
use super::token::{self, ACCESS_TOKEN_SECONDS, PERSONAL_PREFIX, Signer};
use super::{access_token, login, session, user};
use crate::actor::{Actor, Role, Scope, SignedIn};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenPair {
    /// Authenticates requests: send it as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// The lifetime of the access token in seconds.
    pub expires_in: i64,
    /// Can be exchanged once for a new pair.
    pub refresh_token: String,
    /// The lifetime of the refresh token in seconds.
    pub refresh_expires_in: i64,
}

#[derive(sqlx::FromRow)]
struct SignInRow {
    id: UserId,
    password_hash: Option<String>,
}

#[derive(sqlx::FromRow)]
struct RefreshRow {
    session_id: SessionId,
    user_id: UserId,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
}

impl EventCore {
    /// Signs in by username or e-mail address and starts a session. `user_agent` is stored for the list of
    /// sessions.
    ///
    /// # Errors
    /// `invalid_credentials`, after the same time whether or not the account exists. `rate_limited` after too
    /// many wrong passwords from the client's network, see [`EventCore::for_network`].
    pub async fn sign_in(&self, credentials: &Credentials, user_agent: Option<&str>) -> Result<TokenPair> {
        credentials.parse_errors.clone().into_result()?;
        let login = login::fold_login(&credentials.login);
        let attempt = self.begin_attempt(None, &login)?;
        let found = self.find_login(&login).await?;
        let hash = found.as_ref().and_then(|row| row.password_hash.clone());
        // Without an account a dummy hash is verified, so that the time does not reveal whether there is one.
        let verified = self.passwords().verify(credentials.password.clone(), hash.clone()).await?;
        attempt.end(verified, self.now());
        match found {
            Some(SignInRow { id, .. }) if verified => {
                self.begin_session(id, hash.as_deref(), user_agent).await
            }
            _ => Err(Error::InvalidCredentials),
        }
    }

    async fn find_login(&self, login: &str) -> Result<Option<SignInRow>> {
        // PostgreSQL refuses texts with NUL.
        if login.contains('\0') {
            return Ok(None);
        }
        let mut db = self.db().read().await?;
        Ok(db
            .query(sql!(
                "SELECT id, password_hash FROM users
                 WHERE (username = $1 OR email_folded = $1) AND deleted_at IS NULL"
            ))
            .bind(login.to_owned())
            .optional()
            .await?)
    }

    /// Starts a session of a user without a password. Only the system may: it is for programs that own the
    /// database.
    ///
    /// # Errors
    /// `invalid_credentials` if the user is disabled.
    pub async fn open_session(&self, actor: &Actor, user: UserId) -> Result<TokenPair> {
        actor.must_be_system()?;
        self.user(actor, user).await?;
        self.begin_session(user, None, None).await
    }

    /// `verified` is the password hash that was verified, if a password was given.
    async fn begin_session(
        &self,
        user: UserId,
        verified: Option<&str>,
        user_agent: Option<&str>,
    ) -> Result<TokenPair> {
        let now = self.now();
        let signer = self.signer().await?;
        let user_agent: Option<String> =
            user_agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(200).collect());
        transaction!(self.db(), |tx| begin(tx, signer, user, verified, user_agent.as_deref(), now))
    }

    /// Exchanges a refresh token for a new pair. A refresh token can be used once; a second use ends its
    /// session.
    ///
    /// # Errors
    /// `invalid_credentials` if the token is unknown, used or expired, or its user is disabled or deleted.
    pub async fn refresh(&self, input: &RefreshToken) -> Result<TokenPair> {
        input.parse_errors.clone().into_result()?;
        let now = self.now();
        let signer = self.signer().await?;
        let hash = token::hash(&input.refresh_token);
        let pair = transaction!(self.db(), |tx| exchange(tx, signer, &hash, now))?;
        pair.ok_or(Error::InvalidToken)
    }

    /// Ends the session of a refresh token. An unknown token is no error.
    pub async fn sign_out(&self, input: &RefreshToken) -> Result<()> {
        input.parse_errors.clone().into_result()?;
        let hash = token::hash(&input.refresh_token);
        transaction!(self.db(), |tx| end_session_of(tx, &hash))
    }

    /// The actor of a bearer token: an access token or a personal access token. Revocation, and disabling or
    /// deleting the user, take effect immediately.
    ///
    /// # Errors
    /// `token_expired` if the token has expired, `invalid_credentials` if it is not valid for another reason.
    pub async fn authenticate(&self, bearer: &str) -> Result<Actor> {
        let now = self.now();
        if bearer.starts_with(PERSONAL_PREFIX) {
            return access_token::authenticate(self, bearer, now).await;
        }
        let (user, session) = self.signer().await?.read(bearer, now)?;
        let role: Option<(Role,)> = self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT u.role FROM sessions s JOIN users u ON u.id = s.user_id
                 WHERE s.id = $1 AND u.id = $2 AND u.deleted_at IS NULL AND u.disabled_at IS NULL"
            ))
            .bind(session)
            .bind(user)
            .optional()
            .await?;
        let (role,) = role.ok_or(Error::InvalidToken)?;
        Ok(Actor::User(SignedIn { id: user, role, session: Some(session), token: None, scope: Scope::Write }))
    }
}

async fn begin(
    tx: &mut Tx,
    signer: &Signer,
    user: UserId,
    verified: Option<&str>,
    user_agent: Option<&str>,
    now: Timestamp,
) -> Result<TokenPair> {
    let row = user::find_locked(tx, user).await?.ok_or(Error::InvalidCredentials)?;
    // The password may have changed since it was verified. That change ended all sessions, so none may start
    // now.
    if row.disabled_at.is_some() || (verified.is_some() && verified != row.password_hash.as_deref()) {
        return Err(Error::InvalidCredentials);
    }
    let session = session::insert(tx, user, user_agent, now).await?;
    let refresh_token = insert_refresh_token(tx, session, now).await?;
    Ok(token_pair(signer.sign(user, session, now)?, refresh_token))
}

/// Returns `None` for a token that is not valid. An error would roll back the end of the session after a
/// second use.
async fn exchange(tx: &mut Tx, signer: &Signer, hash: &[u8], now: Timestamp) -> Result<Option<TokenPair>> {
    let Some(row) = find_refresh_token(tx, hash).await? else { return Ok(None) };
    if row.used_at.is_some() {
        session::end(tx, row.session_id).await?;
        return Ok(None);
    }
    if row.expires_at <= now || row.disabled_at.is_some() {
        return Ok(None);
    }
    // Expired tokens are of no use, and would accumulate.
    tx.query(sql!("DELETE FROM refresh_tokens WHERE session_id = $1 AND expires_at <= $2"))
        .bind(row.session_id)
        .bind(now)
        .execute()
        .await?;
    tx.query(sql!("UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1"))
        .bind(hash.to_vec())
        .bind(now)
        .execute()
        .await?;
    tx.query(sql!("UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1"))
        .bind(row.session_id)
        .bind(now)
        .bind(now.plus(REFRESH_LIFETIME))
        .execute()
        .await?;
    let refresh_token = insert_refresh_token(tx, row.session_id, now).await?;
    Ok(Some(token_pair(signer.sign(row.user_id, row.session_id, now)?, refresh_token)))
}

async fn end_session_of(tx: &mut Tx, hash: &[u8]) -> Result<()> {
    if let Some(row) = find_refresh_token(tx, hash).await? {
        session::end(tx, row.session_id).await?;
    }
    Ok(())
}

/// Finds a refresh token and locks its session.
async fn find_refresh_token(tx: &mut Tx, hash: &[u8]) -> Result<Option<RefreshRow>> {
    // Of two concurrent uses, the second waits here. The query below then sees the first.
    let locked: Option<(SessionId,)> = tx
        .query(sql!(
            sqlite "SELECT s.id FROM sessions s JOIN refresh_tokens r ON r.session_id = s.id
                WHERE r.hash = $1",
            postgres "SELECT s.id FROM sessions s JOIN refresh_tokens r ON r.session_id = s.id
                WHERE r.hash = $1 FOR UPDATE OF s"
        ))
        .bind(hash.to_vec())
        .optional()
        .await?;
    if locked.is_none() {
        return Ok(None);
    }
    Ok(tx
        .query(sql!(
            "SELECT r.session_id, s.user_id, r.expires_at, r.used_at, u.disabled_at
             FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id JOIN users u ON u.id = s.user_id
             WHERE r.hash = $1 AND u.deleted_at IS NULL"
        ))
        .bind(hash.to_vec())
        .optional()
        .await?)
}

async fn insert_refresh_token(tx: &mut Tx, session: SessionId, now: Timestamp) -> Result<String> {
    let token = token::random()?;
    tx.query(sql!("INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($1, $2, $3)"))
        .bind(token::hash(&token))
        .bind(session)
        .bind(now.plus(REFRESH_LIFETIME))
        .execute()
        .await?;
    Ok(token)
}

fn token_pair(access_token: String, refresh_token: String) -> TokenPair {
    TokenPair {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: ACCESS_TOKEN_SECONDS,
        refresh_token,
        refresh_expires_in: i64::try_from(REFRESH_LIFETIME.as_secs()).unwrap_or(i64::MAX),
    }
}
