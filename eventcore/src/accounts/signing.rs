//! The keys that sign access tokens, and their rotation.
//!
//! The database holds one current key and those that were current before. Every process signs with the
//! current one. A token is accepted while its key is there and not retired, which [`EventCore::authenticate`]
//! checks in the statement that reads the session, so that the removal of a key takes effect at once
//! everywhere.

use std::sync::Arc;
use std::time::Duration;

use super::signing_keys::SigningKeys;
use super::token::{ACCESS_TOKEN_SECONDS, Signer, random};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Cause, Error, Result};
use crate::time::Timestamp;

/// How long a key is accepted after another one replaced it: the lifetime of an access token, and a minute
/// for clocks that differ.
const RETIREMENT: Duration = Duration::from_secs(ACCESS_TOKEN_SECONDS.unsigned_abs() + 60);

impl EventCore {
    /// Replaces the key that signs access tokens. Only the system may.
    ///
    /// Tokens that are signed with an earlier key stay valid until they expire, unless `at_once` is set.
    /// Sessions continue in either case: a refresh token gives a new access token.
    ///
    /// # Errors
    /// `unavailable` if the secret is configured ([`Builder::jwt_secret`](crate::Builder::jwt_secret)).
    pub async fn rotate_signing_key(&self, actor: &Actor, at_once: bool) -> Result<()> {
        actor.must_be_system()?;
        if self.signing_keys().configured().is_some() {
            return Err(Error::unavailable(
                Cause::WrongSetting,
                "the secret that signs access tokens is configured: change JWT_SECRET (--jwt-secret) \
                 everywhere, then restart",
            ));
        }
        let now = self.now();
        let secret = random()?;
        transaction!(self.db(), |tx| rotate(tx, &secret, at_once, now))
    }

    /// The key with the id that a token names.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if there is no such key.
    pub(super) async fn signing_key(&self, id: &str) -> Result<Arc<Signer>> {
        let keys = self.signing_keys();
        if let Some(key) = keys.known(id) {
            return Ok(key);
        }
        // PostgreSQL refuses texts with NUL.
        if keys.configured().is_some() || id.contains('\0') {
            return Err(Error::InvalidToken);
        }
        let mut db = self.db().read().await?;
        let secret: Option<(String,)> = db
            .query(sql!("SELECT secret FROM signing_keys WHERE id = $1"))
            .bind(id.to_owned())
            .optional()
            .await?;
        let (secret,) = secret.ok_or(Error::InvalidToken)?;
        let key = Arc::new(Signer::new(id.to_owned(), secret.as_bytes()));
        keys.learn(&key);
        Ok(key)
    }
}

/// The key to sign with: the configured one, or the current one of the database, which is created if there is
/// none yet.
pub(super) async fn current(tx: &mut Tx, keys: &SigningKeys, now: Timestamp) -> Result<Arc<Signer>> {
    if let Some(key) = keys.shared_configured() {
        return Ok(key);
    }
    let stored = match find_current(tx).await? {
        Some(stored) => stored,
        None => {
            insert(tx, &random()?, now).await?;
            find_current(tx).await?.ok_or_else(|| Error::internal("no current signing key"))?
        }
    };
    Ok(Arc::new(Signer::new(stored.0, stored.1.as_bytes())))
}

async fn find_current(tx: &mut Tx) -> Result<Option<(String, String)>> {
    Ok(tx.query(sql!("SELECT id, secret FROM signing_keys WHERE retires_at IS NULL")).optional().await?)
}

/// Inserts a current key. Does nothing if another process has inserted one.
async fn insert(tx: &mut Tx, secret: &str, now: Timestamp) -> Result<()> {
    let id: String = random()?.chars().take(11).collect();
    tx.query(sql!(
        "INSERT INTO signing_keys (id, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    ))
    .bind(id)
    .bind(secret.to_owned())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

async fn rotate(tx: &mut Tx, secret: &str, at_once: bool, now: Timestamp) -> Result<()> {
    // A key that retired before signs no token that is still valid.
    tx.query(sql!("DELETE FROM signing_keys WHERE $1 OR retires_at <= $2"))
        .bind(at_once)
        .bind(now)
        .execute()
        .await?;
    tx.query(sql!("UPDATE signing_keys SET retires_at = $1 WHERE retires_at IS NULL"))
        .bind(now.plus(RETIREMENT))
        .execute()
        .await?;
    insert(tx, secret, now).await
}
