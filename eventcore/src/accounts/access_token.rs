//! Personal access tokens: scoped, revocable credentials for scripts.

use std::time::Duration;

use super::token::{self, PERSONAL_PREFIX};
use super::{session, user};
use crate::actor::{Actor, Credential, Role, Scope, SignedIn};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::{AccessTokenId, UserId};
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};
use crate::quotas::Quotas;
use crate::time::Timestamp;

/// The maximum number of tokens of a user.
const MAX_TOKENS: i64 = 100;
/// The precision of `last_used_at`. Updating it at each use would require a write for every read.
const LAST_USE_PRECISION: Duration = Duration::from_mins(1);

/// A personal access token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// The id.
    pub id: AccessTokenId,
    /// The name that its owner chose.
    pub name: String,
    /// Its permissions.
    pub scope: Scope,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires; null if it never does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; null if it never was.
    pub last_used_at: Option<Timestamp>,
}

/// A new personal access token with its secret, which cannot be read again later.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSecret {
    /// The token.
    #[serde(flatten)]
    pub token: AccessToken,
    /// The secret. It starts with `evc_`.
    pub secret: String,
}

/// A personal access token to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAccessToken {
    /// 1–100 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// Its permissions. Default: `read`.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub scope: Option<Scope>,
    /// When it expires. Default: never.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub expires_at: Option<Timestamp>,
    /// The password of the user. Required if more than five minutes have passed since it was last given.
    #[cfg_attr(feature = "openapi", schema(required = false, format = Password))]
    pub current_password: Option<String>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(NewAccessToken);

impl NewAccessToken {
    fn take(fields: &mut Fields) -> Self {
        let name = fields.string("name").unwrap_or_default();
        let (scope, expires_at) = (fields.parsed("scope"), fields.parsed("expires_at"));
        let current_password = fields.string("current_password");
        Self { name, scope, expires_at, current_password, parse_errors: Violations::default() }
    }

    fn validate(&self, now: Timestamp) -> Result<()> {
        let mut violations = self.parse_errors.clone();
        check_text(&mut violations, "name", &self.name, 1, 100, Lines::One);
        if self.expires_at.is_some_and(|at| at <= now) {
            violations.add("/expires_at", "in_the_past", "must be in the future");
        }
        violations.into_result()
    }
}

/// A token that is valid, and its user.
#[derive(sqlx::FromRow)]
pub(super) struct BearerRow {
    id: AccessTokenId,
    pub(super) user_id: UserId,
    role: Role,
    scope: Scope,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) email_folded: Option<String>,
}

impl EventCore {
    /// Creates a personal access token of the actor. The result holds the secret, which cannot be read again.
    ///
    /// # Errors
    /// `invalid_input` if they have 100 tokens already, or if `current_password` is wrong. See also
    /// [`Actor::may_change_credentials`].
    pub async fn create_access_token(&self, actor: &Actor, input: &NewAccessToken) -> Result<NewSecret> {
        actor.may_manage_credentials()?;
        let owner = actor.signed_in()?.id;
        let actor = &self.confirmed_by(actor, input.current_password.as_deref()).await?;
        let now = self.now();
        actor.may_change_credentials(now)?;
        input.validate(now)?;
        let secret = format!("{PERSONAL_PREFIX}{}", token::random()?);
        let token = AccessToken {
            id: AccessTokenId::at(now),
            name: input.name.trim().to_owned(),
            scope: input.scope.unwrap_or(Scope::Read),
            created_at: now,
            expires_at: input.expires_at,
            last_used_at: None,
        };
        let quotas = self.quotas().of(actor);
        transaction!(self.db(), |tx| insert(tx, actor, owner, &token, &secret, quotas))?;
        Ok(NewSecret { token, secret })
    }

    /// The actor's own personal access tokens, oldest first.
    pub async fn access_tokens(&self, actor: &Actor) -> Result<Vec<AccessToken>> {
        self.access_tokens_of(actor.signed_in()?.id).await
    }

    /// The personal access tokens of a user. Makes no permission check.
    pub(crate) async fn access_tokens_of(&self, owner: UserId) -> Result<Vec<AccessToken>> {
        let mut db = self.db().read().await?;
        Ok(db
            .query(sql!(
                "SELECT id, name, scope, created_at, expires_at, last_used_at
                 FROM access_tokens WHERE user_id = $1 ORDER BY created_at, id"
            ))
            .bind(owner)
            .all()
            .await?)
    }

    /// Revokes one of the actor's own personal access tokens, with immediate effect.
    ///
    /// # Errors
    /// `not_found` if the actor has no such token; `forbidden` for personal access tokens.
    pub async fn delete_access_token(&self, actor: &Actor, id: AccessTokenId) -> Result<()> {
        actor.may_manage_credentials()?;
        let owner = actor.signed_in()?.id;
        transaction!(self.db(), |tx| delete(tx, owner, id))
    }
}

async fn insert(
    tx: &mut Tx,
    actor: &Actor,
    owner: UserId,
    token: &AccessToken,
    secret: &str,
    quotas: Quotas,
) -> Result<()> {
    // The lock serializes the count below, a change of password, and a deletion of the account.
    user::find_locked(tx, owner).await?.ok_or(Error::Unauthenticated)?;
    session::must_exist(tx, actor).await?;
    let count: i64 =
        tx.query(sql!("SELECT count(*) FROM access_tokens WHERE user_id = $1")).bind(owner).scalar().await?;
    quotas.check_tokens(count)?;
    if count >= MAX_TOKENS {
        return Err(Error::invalid("", "out_of_range", "you have 100 tokens, the maximum: delete one first"));
    }
    tx.query(sql!(
        "INSERT INTO access_tokens (id, user_id, name, hash, scope, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(token.id)
    .bind(owner)
    .bind(token.name.clone())
    .bind(token::hash(secret))
    .bind(token.scope)
    .bind(token.created_at)
    .bind(token.expires_at)
    .execute()
    .await?;
    tx.record(Change::AccessTokenCreated { user: owner, token: token.id });
    Ok(())
}

async fn delete(tx: &mut Tx, owner: UserId, id: AccessTokenId) -> Result<()> {
    let deleted = tx
        .query(sql!("DELETE FROM access_tokens WHERE id = $1 AND user_id = $2"))
        .bind(id)
        .bind(owner)
        .execute()
        .await?;
    if deleted == 0 {
        return Err(Error::NotFound("token"));
    }
    tx.record(Change::AccessTokenRevoked { user: owner, token: id });
    Ok(())
}

/// Revokes all tokens of a user.
pub(crate) async fn delete_all(tx: &mut Tx, owner: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM access_tokens WHERE user_id = $1")).bind(owner).execute().await?;
    Ok(())
}

/// Authenticates the secret of a personal access token and records its use.
pub(super) async fn authenticate(core: &EventCore, secret: &str, now: Timestamp) -> Result<Actor> {
    let row = bearer(core, secret, now).await?;
    Ok(Actor::User(SignedIn {
        id: row.user_id,
        role: row.role,
        credential: Credential::PersonalToken { id: row.id, scope: row.scope },
    }))
}

/// The valid token with a secret. Its use is recorded.
pub(super) async fn bearer(core: &EventCore, secret: &str, now: Timestamp) -> Result<BearerRow> {
    let found: Option<BearerRow> = core
        .db()
        .read()
        .await?
        .query(sql!(
            "SELECT t.id, t.user_id, u.role, t.scope, t.expires_at, t.last_used_at, u.username,
                u.display_name, u.email, u.email_folded
             FROM access_tokens t JOIN users u ON u.id = t.user_id
             WHERE t.hash = $1 AND u.deleted_at IS NULL AND u.disabled_at IS NULL"
        ))
        .bind(token::hash(secret))
        .optional()
        .await?;
    let row = found.ok_or(Error::InvalidToken)?;
    if row.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::TokenExpired);
    }
    if row.last_used_at.is_none_or(|at| now.since(at) >= LAST_USE_PRECISION)
        && let Err(error) = transaction!(core.db(), |tx| record_use(tx, row.id, now))
    {
        // Reads must work while the database is read-only.
        tracing::warn!(%error, "cannot record the use of a personal access token");
    }
    Ok(row)
}

async fn record_use(tx: &mut Tx, id: AccessTokenId, now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE access_tokens SET last_used_at = $2 WHERE id = $1"))
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}
