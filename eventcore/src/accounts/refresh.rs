//! Refreshing the tokens of a session, and signing out.

use std::time::Duration;

use super::input::RefreshToken;
use super::session;
use super::signing;
use super::signing_keys::SigningKeys;
use super::token::{self, ACCESS_TOKEN_SECONDS};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::seal::{seal, unseal};
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

impl TokenPair {
    pub(super) fn new(access_token: String, refresh_token: String, refresh_lifetime: Duration) -> Self {
        Self {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: ACCESS_TOKEN_SECONDS,
            refresh_token,
            refresh_expires_in: i64::try_from(refresh_lifetime.as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// The same tokens, `later` than the pair was made.
    fn after(self, later: Duration) -> Self {
        let seconds = i64::try_from(later.as_secs()).unwrap_or(i64::MAX);
        Self {
            expires_in: self.expires_in.saturating_sub(seconds).max(0),
            refresh_expires_in: self.refresh_expires_in.saturating_sub(seconds).max(0),
            ..self
        }
    }
}

/// How long a used refresh token gets the same pair again: for a client whose answer was lost, or that sent
/// two requests at once. Only who has the token can repeat it.
const REPEAT_WINDOW: Duration = Duration::from_secs(20);

#[derive(sqlx::FromRow)]
struct RefreshRow {
    session_id: SessionId,
    user_id: UserId,
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    successor: Option<Vec<u8>>,
    disabled_at: Option<Timestamp>,
}

/// What the use of a refresh token means.
#[derive(Debug, PartialEq, Eq)]
enum TokenUse {
    /// The first use: a new pair.
    First,
    /// A repeat that soon after the first use gets the same pair, which is this much older.
    Repeat(Duration),
    /// A later use: the token was stolen, and its session ends.
    Reuse,
    /// The token is no longer valid.
    Invalid,
}

/// Decides what the use of a token at `now` means.
fn token_use(used_at: Option<Timestamp>, expires_at: Timestamp, disabled: bool, now: Timestamp) -> TokenUse {
    match used_at.map(|used_at| now.since(used_at)) {
        Some(since) if since > REPEAT_WINDOW => TokenUse::Reuse,
        _ if disabled || expires_at <= now => TokenUse::Invalid,
        Some(since) => TokenUse::Repeat(since),
        None => TokenUse::First,
    }
}

impl EventCore {
    /// Exchanges a refresh token for a new pair.
    ///
    /// A refresh token can be used once. A repeat within 20 seconds gets the same pair. A later use ends the
    /// session.
    ///
    /// # Errors
    /// `invalid_credentials` if the token is unknown, used or expired, or its user is disabled or deleted.
    pub async fn refresh(&self, input: &RefreshToken) -> Result<TokenPair> {
        input.parse_errors.clone().into_result()?;
        let (now, keys) = (self.now(), self.signing_keys());
        let pair = transaction!(self.db(), |tx| exchange(tx, keys, &input.refresh_token, now))?;
        pair.ok_or(Error::InvalidToken)
    }

    /// Ends the session of a refresh token. An unknown token is no error.
    pub async fn sign_out(&self, input: &RefreshToken) -> Result<()> {
        input.parse_errors.clone().into_result()?;
        let hash = token::hash(&input.refresh_token);
        transaction!(self.db(), |tx| end_session_of(tx, &hash))
    }
}

/// Returns `None` for a token that is not valid. An error would roll back the end of the session after a
/// second use.
async fn exchange(
    tx: &mut Tx,
    keys: &SigningKeys,
    refresh_token: &str,
    now: Timestamp,
) -> Result<Option<TokenPair>> {
    let hash = token::hash(refresh_token);
    let Some(row) = find(tx, &hash).await? else { return Ok(None) };
    match (token_use(row.used_at, row.expires_at, row.disabled_at.is_some(), now), &row.successor) {
        (TokenUse::Invalid, _) => Ok(None),
        (TokenUse::First, _) => replace(tx, keys, refresh_token, &row, now).await.map(Some),
        (TokenUse::Repeat(since), Some(sealed)) => {
            let pair: TokenPair =
                serde_json::from_slice(&unseal(&secret(refresh_token), sealed)?).map_err(Error::internal)?;
            Ok(Some(pair.after(since)))
        }
        (TokenUse::Reuse | TokenUse::Repeat(_), _) => {
            session::end(tx, row.user_id, row.session_id).await?;
            Ok(None)
        }
    }
}

/// Replaces a token by a new one, and keeps the pair for repeats.
async fn replace(
    tx: &mut Tx,
    keys: &SigningKeys,
    refresh_token: &str,
    row: &RefreshRow,
    now: Timestamp,
) -> Result<TokenPair> {
    let expires_at = session::expiry(row.created_at, now);
    let key = signing::current(tx, keys, now).await?;
    // Expired tokens are of no use, and would accumulate.
    tx.query(sql!("DELETE FROM refresh_tokens WHERE session_id = $1 AND expires_at <= $2"))
        .bind(row.session_id)
        .bind(now)
        .execute()
        .await?;
    // Pairs that nobody can repeat any more are not kept.
    tx.query(sql!("UPDATE refresh_tokens SET successor = NULL WHERE session_id = $1 AND used_at < $2"))
        .bind(row.session_id)
        .bind(now.minus(REPEAT_WINDOW))
        .execute()
        .await?;
    let successor = insert_token(tx, row.session_id, expires_at).await?;
    let access_token = key.sign(row.user_id, row.session_id, now)?;
    let pair = TokenPair::new(access_token, successor, expires_at.since(now));
    let sealed = seal(&secret(refresh_token), &serde_json::to_vec(&pair).map_err(Error::internal)?)?;
    tx.query(sql!("UPDATE refresh_tokens SET used_at = $2, successor = $3 WHERE hash = $1"))
        .bind(token::hash(refresh_token))
        .bind(now)
        .bind(sealed)
        .execute()
        .await?;
    tx.query(sql!("UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1"))
        .bind(row.session_id)
        .bind(now)
        .bind(expires_at)
        .execute()
        .await?;
    Ok(pair)
}

/// What the pair that replaces a token is encrypted with. The token itself is not stored.
fn secret(refresh_token: &str) -> [&[u8]; 2] {
    [b"successor", refresh_token.as_bytes()]
}

async fn end_session_of(tx: &mut Tx, hash: &[u8]) -> Result<()> {
    if let Some(row) = find(tx, hash).await? {
        session::end(tx, row.user_id, row.session_id).await?;
    }
    Ok(())
}

/// Finds a refresh token and locks its session.
async fn find(tx: &mut Tx, hash: &[u8]) -> Result<Option<RefreshRow>> {
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
            "SELECT r.session_id, s.user_id, s.created_at, r.expires_at, r.used_at, r.successor, u.disabled_at
             FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id JOIN users u ON u.id = s.user_id
             WHERE r.hash = $1 AND u.deleted_at IS NULL"
        ))
        .bind(hash.to_vec())
        .optional()
        .await?)
}

/// Inserts a new refresh token of a session.
pub(super) async fn insert_token(tx: &mut Tx, session: SessionId, expires_at: Timestamp) -> Result<String> {
    let token = token::random()?;
    tx.query(sql!("INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($1, $2, $3)"))
        .bind(token::hash(&token))
        .bind(session)
        .bind(expires_at)
        .execute()
        .await?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_token_is_repeated_for_20_seconds_and_stolen_after_that() {
        let used: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let (later, never) = (|seconds| used.plus(Duration::from_secs(seconds)), Timestamp::MAX);
        assert_eq!(token_use(None, never, false, used), TokenUse::First);
        for (seconds, meaning) in [
            (0, TokenUse::Repeat(Duration::ZERO)),
            (20, TokenUse::Repeat(Duration::from_secs(20))),
            (21, TokenUse::Reuse),
        ] {
            assert_eq!(token_use(Some(used), never, false, later(seconds)), meaning);
        }
        assert_eq!(token_use(None, never, true, used), TokenUse::Invalid);
        assert_eq!(token_use(None, used, false, used), TokenUse::Invalid);
        assert_eq!(token_use(Some(used), later(5), false, later(5)), TokenUse::Invalid);
        assert_eq!(token_use(Some(used), later(5), true, later(30)), TokenUse::Reuse);
    }

    #[test]
    fn a_repeated_pair_says_how_long_its_tokens_still_live() {
        let pair = TokenPair::new("a".to_owned(), "r".to_owned(), Duration::from_secs(10));
        let again = pair.clone().after(Duration::from_secs(15));
        assert_eq!((again.expires_in, again.refresh_expires_in), (885, 0));
        assert_eq!((again.access_token, again.refresh_token), (pair.access_token, pair.refresh_token));
    }
}
