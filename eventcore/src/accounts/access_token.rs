//! Personal access tokens: scoped, revocable, for scripts.

use std::time::Duration;

use serde_json::Value;

use super::token::{self, PERSONAL};
use super::user;
use crate::actor::{Actor, Role, Scope, SignedIn};
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::{AccessTokenId, UserId};
use crate::input::{Fields, Lines, check_text};
use crate::time::Timestamp;

/// Tokens that one user has at most.
const MAX_TOKENS: i64 = 100;
/// How exactly the last use is kept: to write it at each would make every read a write.
const PRECISION: Duration = Duration::from_mins(1);

/// A personal access token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// Names it.
    pub id: AccessTokenId,
    /// What its owner calls it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it runs out; never, if null.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A personal access token with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSecret {
    /// What the list shows afterwards.
    #[serde(flatten)]
    pub token: AccessToken,
    /// The secret; it begins with `evc_`.
    pub secret: String,
}

/// A personal access token to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAccessToken {
    /// 1–100 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// What it allows; to read, when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub scope: Option<Scope>,
    /// When it runs out; never, when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub expires_at: Option<Timestamp>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

super::input::read_from_fields!(NewAccessToken);

impl NewAccessToken {
    fn read(mut fields: Fields) -> Self {
        let name = fields.text("name").unwrap_or_default();
        let (scope, expires_at) = (fields.parsed("scope"), fields.timestamp("expires_at"));
        Self { name, scope, expires_at, misread: fields.finish() }
    }
}

#[derive(sqlx::FromRow)]
struct BearerRow {
    id: AccessTokenId,
    user_id: UserId,
    role: Role,
    scope: Scope,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

impl EventCore {
    /// Makes a personal access token. Its secret is shown this once. A token makes none: it could outlive itself by its children.
    pub async fn create_access_token(&self, actor: &Actor, input: &NewAccessToken) -> Result<NewSecret> {
        let SignedIn { id: owner, token: parent, .. } = actor.writer()?;
        if parent.is_some() {
            return Err(Error::Forbidden("a personal access token makes no others: sign in for that"));
        }
        let now = self.now();
        let mut wrong = input.misread.clone();
        check_text(&mut wrong, "name", &input.name, 1, 100, Lines::One);
        if input.expires_at.is_some_and(|at| at <= now) {
            wrong.add("/expires_at", "in_the_past", "must lie ahead");
        }
        wrong.into_result()?;
        let secret = format!("{PERSONAL}{}", token::random()?);
        let token = AccessToken {
            id: AccessTokenId::at(now),
            name: input.name.trim().to_owned(),
            scope: input.scope.unwrap_or(Scope::Read),
            created_at: now,
            expires_at: input.expires_at,
            last_used_at: None,
        };
        transaction!(self.db(), tx => {
            // Keeps the owner from leaving, and from making others, meanwhile.
            user::find_locked(tx, owner).await?.ok_or(Error::Unauthenticated)?;
            let held: i64 = tx.query(sql!("SELECT count(*) FROM access_tokens WHERE user_id = $1")).bind(owner).scalar().await?;
            if held >= MAX_TOKENS {
                return Err(Error::invalid("", "out_of_range", "a user has at most 100 tokens: delete one first"));
            }
            tx.query(sql!("INSERT INTO access_tokens (id, user_id, name, hash, scope, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"))
                .bind(token.id)
                .bind(owner)
                .bind(token.name.clone())
                .bind(token::hash(&secret))
                .bind(token.scope)
                .bind(now)
                .bind(token.expires_at)
                .execute()
                .await?;
            Ok(())
        })?;
        Ok(NewSecret { token, secret })
    }

    /// The actor's own personal access tokens, oldest first.
    pub async fn access_tokens(&self, actor: &Actor) -> Result<Vec<AccessToken>> {
        self.access_tokens_of(actor.signed_in()?.id).await
    }

    pub(crate) async fn access_tokens_of(&self, owner: UserId) -> Result<Vec<AccessToken>> {
        let mut db = self.db().read().await?;
        Ok(db
            .query(sql!(
                "SELECT id, name, scope, created_at, expires_at, last_used_at FROM access_tokens WHERE user_id = $1 ORDER BY created_at, id"
            ))
            .bind(owner)
            .all()
            .await?)
    }

    /// Deletes one of the actor's own personal access tokens, which ends its use at once.
    pub async fn delete_access_token(&self, actor: &Actor, id: AccessTokenId) -> Result<()> {
        let owner = actor.writer()?.id;
        transaction!(self.db(), tx => {
            let deleted =
                tx.query(sql!("DELETE FROM access_tokens WHERE id = $1 AND user_id = $2")).bind(id).bind(owner).execute().await?;
            if deleted == 0 { Err(Error::NotFound("token")) } else { Ok(()) }
        })
    }
}

pub(crate) async fn authenticate(core: &EventCore, secret: &str, now: Timestamp) -> Result<Actor> {
    let found: Option<BearerRow> = core
        .db()
        .read()
        .await?
        .query(sql!(
            "SELECT t.id, t.user_id, u.role, t.scope, t.expires_at, t.last_used_at FROM access_tokens t JOIN users u ON u.id = t.user_id
             WHERE t.hash = $1 AND u.deleted_at IS NULL AND u.disabled_at IS NULL"
        ))
        .bind(token::hash(secret))
        .optional()
        .await?;
    let row = found.ok_or(Error::InvalidCredentials)?;
    if row.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::TokenExpired);
    }
    if row.last_used_at.is_none_or(|at| now.since(at) >= PRECISION)
        && let Err(error) = note_use(core, row.id, now).await
    {
        // Whoever only reads must not fail where nothing can be written.
        tracing::warn!(%error, "the use of a personal access token could not be noted");
    }
    Ok(Actor::User(SignedIn {
        id: row.user_id,
        role: row.role,
        session: None,
        token: Some(row.id),
        scope: row.scope,
    }))
}

async fn note_use(core: &EventCore, id: AccessTokenId, now: Timestamp) -> Result<()> {
    transaction!(core.db(), tx => {
        tx.query(sql!("UPDATE access_tokens SET last_used_at = $2 WHERE id = $1")).bind(id).bind(now).execute().await?;
        Ok(())
    })
}
