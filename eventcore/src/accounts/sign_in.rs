//! Signing in, and authenticating requests.

use super::input::Credentials;
use super::refresh::{self, TokenPair};
use super::signing;
use super::signing_keys::SigningKeys;
use super::user::UserRow;
use super::{known_client, login, session, user};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::mails::{self, Mail};
use crate::time::Timestamp;

#[derive(sqlx::FromRow)]
struct SignInRow {
    id: UserId,
    password_hash: Option<String>,
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
    /// database and authenticate users themselves, which counts as giving the password.
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
        let keys = self.signing_keys();
        let network = self.network().map(|network| network.to_string());
        let user_agent: Option<String> =
            user_agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(200).collect());
        transaction!(self.db(), |tx| begin(
            tx,
            keys,
            user,
            verified,
            user_agent.as_deref(),
            network.as_deref(),
            now
        ))
    }

    /// The actor of a bearer token: an access token or a personal access token. Revocation, and disabling or
    /// deleting the user, take effect immediately.
    ///
    /// # Errors
    /// As [`EventCore::caller`].
    pub async fn authenticate(&self, bearer: &str) -> Result<Actor> {
        self.identify(&self.caller(bearer).await?).await
    }
}

async fn begin(
    tx: &mut Tx,
    keys: &SigningKeys,
    user: UserId,
    verified: Option<&str>,
    user_agent: Option<&str>,
    network: Option<&str>,
    now: Timestamp,
) -> Result<TokenPair> {
    let row = user::find_locked(tx, user).await?.ok_or(Error::InvalidCredentials)?;
    // The password may have changed since it was verified. That change ended all sessions, so none may start
    // now.
    if row.disabled_at.is_some() || (verified.is_some() && verified != row.password_hash.as_deref()) {
        return Err(Error::InvalidCredentials);
    }
    let session = session::insert(tx, user, user_agent, now).await?;
    let is_new = verified.is_some() && known_client::is_new(tx, user, user_agent, now).await?;
    if is_new {
        tell_of_sign_in(tx, &row, user_agent, network, now).await?;
    }
    let new_client = is_new.then(|| user_agent.unwrap_or("a client without a name").to_owned());
    tx.record(Change::SignedIn { user, session, new_client });
    let key = signing::current(tx, keys, now).await?;
    let expires_at = session::expiry(now, now);
    let refresh_token = refresh::insert_token(tx, session, expires_at).await?;
    Ok(TokenPair::new(key.sign(user, session, now)?, refresh_token, expires_at.since(now)))
}

/// Tells a user of a sign-in from a client that they have not used before.
async fn tell_of_sign_in(
    tx: &mut Tx,
    row: &UserRow,
    user_agent: Option<&str>,
    network: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let Some(address) = &row.email else { return Ok(()) };
    let (user_agent, network) = (user_agent.map(str::to_owned), network.map(str::to_owned));
    mails::queue(tx, row.id, address, &Mail::NewSignIn { at: now, user_agent, network }, now).await
}
