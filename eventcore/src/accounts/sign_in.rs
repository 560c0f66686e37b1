//! Signing in, staying signed in, and proving it with each call.

use super::input::{Credentials, RefreshToken};
use super::session::REFRESH;
use super::token::{self, ACCESS_SECONDS, PERSONAL};
use super::{access_token, address, session, user};
use crate::actor::{Actor, Role, Scope, SignedIn};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// What a sign-in gives.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenPair {
    /// Goes with each call as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
    /// Gives a new pair, once.
    pub refresh_token: String,
    /// Seconds for which the refresh token is good.
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
    /// Signs in by username or e-mail address. `user_agent` is what the list of sessions shows.
    ///
    /// # Errors
    /// `invalid_credentials`, in the same words and time whether or not there is such an account.
    pub async fn sign_in(&self, credentials: &Credentials, user_agent: Option<&str>) -> Result<TokenPair> {
        credentials.misread.clone().into_result()?;
        let login = address::fold_login(&credentials.login);
        let found: Option<SignInRow> = if login.contains('\0') {
            None
        } else {
            let mut db = self.db().read().await?;
            db.query(sql!("SELECT id, password_hash FROM users WHERE (username = $1 OR email_folded = $1) AND deleted_at IS NULL"))
                .bind(login)
                .optional()
                .await?
        };
        let hash = found.as_ref().and_then(|row| row.password_hash.clone());
        let right = self.passwords().verify(credentials.password.clone(), hash.clone()).await?;
        match found {
            Some(SignInRow { id, .. }) if right => self.begin_session(id, hash, user_agent).await,
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// Opens a session for a user without a password: for programs that own the database.
    ///
    /// # Errors
    /// `invalid_credentials` for a user who is disabled.
    pub async fn open_session(&self, actor: &Actor, user: UserId) -> Result<TokenPair> {
        if *actor != Actor::System {
            return Err(Error::Forbidden("only the system can do this"));
        }
        self.user(actor, user).await?;
        self.begin_session(user, None, None).await
    }

    /// `proven` is the hash of the password that was shown.
    async fn begin_session(
        &self,
        user: UserId,
        proven: Option<String>,
        user_agent: Option<&str>,
    ) -> Result<TokenPair> {
        let now = self.now();
        let signer = self.signer().await?;
        let agent: Option<String> =
            user_agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(200).collect());
        transaction!(self.db(), tx => {
            // While the password was hashed, it may have been changed, which ended all sessions: none must begin with the old one now.
            let row = user::find_locked(tx, user).await?.ok_or(Error::InvalidCredentials)?;
            if row.disabled_at.is_some() || (proven.is_some() && proven != row.password_hash) {
                return Err(Error::InvalidCredentials);
            }
            let session = session::insert(tx, user, agent.clone(), now).await?;
            let refresh_token = insert_refresh(tx, session, now).await?;
            Ok(pair(signer.sign(user, session, now)?, refresh_token))
        })
    }

    /// Exchanges a refresh token for a new pair. Each token works once: the second use of one ends its whole family.
    pub async fn refresh(&self, input: &RefreshToken) -> Result<TokenPair> {
        input.misread.clone().into_result()?;
        let now = self.now();
        let signer = self.signer().await?;
        let hash = token::hash(&input.refresh_token);
        // The end of a family must be stored, so it is an answer of the transaction, not an error in it.
        let pair: Option<TokenPair> = transaction!(self.db(), tx => {
            let Some(row) = find_refresh(tx, &hash).await? else { return Ok(None) };
            if row.used_at.is_some() {
                session::end(tx, row.session_id).await?;
                return Ok(None);
            }
            if row.expires_at <= now || row.disabled_at.is_some() {
                return Ok(None);
            }
            // Those that have run out could not be used anyway, and would add up.
            tx.query(sql!("DELETE FROM refresh_tokens WHERE session_id = $1 AND expires_at <= $2"))
                .bind(row.session_id)
                .bind(now)
                .execute()
                .await?;
            tx.query(sql!("UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1")).bind(hash.clone()).bind(now).execute().await?;
            tx.query(sql!("UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1"))
                .bind(row.session_id)
                .bind(now)
                .bind(now.plus(REFRESH))
                .execute()
                .await?;
            let refresh_token = insert_refresh(tx, row.session_id, now).await?;
            Ok(Some(pair(signer.sign(row.user_id, row.session_id, now)?, refresh_token)))
        })?;
        pair.ok_or(Error::InvalidCredentials)
    }

    /// Ends the session that a refresh token belongs to; one that is none ends nothing.
    pub async fn sign_out(&self, input: &RefreshToken) -> Result<()> {
        input.misread.clone().into_result()?;
        let hash = token::hash(&input.refresh_token);
        transaction!(self.db(), tx => {
            if let Some(row) = find_refresh(tx, &hash).await? {
                session::end(tx, row.session_id).await?;
            }
            Ok(())
        })
    }

    /// Who sends these credentials: an access token, or a personal access token. What was revoked, disabled or deleted is refused at once.
    ///
    /// # Errors
    /// `token_expired` for an access token that was good once, `invalid_credentials` for everything else.
    pub async fn authenticate(&self, bearer: &str) -> Result<Actor> {
        let now = self.now();
        if bearer.starts_with(PERSONAL) {
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
        let (role,) = role.ok_or(Error::InvalidCredentials)?;
        Ok(Actor::User(SignedIn { id: user, role, session: Some(session), token: None, scope: Scope::Write }))
    }
}

async fn find_refresh(tx: &mut Tx, hash: &[u8]) -> Result<Option<RefreshRow>> {
    // Two uses at once stand in line here, and the second sees the first.
    let locked: Option<(SessionId,)> = tx
        .query(sql!(
            sqlite "SELECT s.id FROM sessions s JOIN refresh_tokens r ON r.session_id = s.id WHERE r.hash = $1",
            postgres "SELECT s.id FROM sessions s JOIN refresh_tokens r ON r.session_id = s.id WHERE r.hash = $1 FOR UPDATE OF s"
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

async fn insert_refresh(tx: &mut Tx, session: SessionId, now: Timestamp) -> Result<String> {
    let token = token::random()?;
    tx.query(sql!("INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($1, $2, $3)"))
        .bind(token::hash(&token))
        .bind(session)
        .bind(now.plus(REFRESH))
        .execute()
        .await?;
    Ok(token)
}

fn pair(access_token: String, refresh_token: String) -> TokenPair {
    TokenPair {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: ACCESS_SECONDS,
        refresh_token,
        refresh_expires_in: i64::try_from(REFRESH.as_secs()).unwrap_or(i64::MAX),
    }
}
