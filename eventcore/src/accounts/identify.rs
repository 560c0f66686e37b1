//! Finding out who calls: the session of an access token, or a personal access token.

use sqlx::FromRow;

use super::access_token;
use super::caller::{Caller, FoundSession, SessionClaim};
use super::token::{self, PERSONAL_PREFIX};
use crate::actor::{Actor, Role};
use crate::core::EventCore;
use crate::db::{Queries, Sql, SqlWriter};
use crate::error::Result;
use crate::time::Timestamp;

/// The SQL condition that session `s` of user `u` is valid. `now` and `key` are expressions for the time and
/// for [`SessionClaim::key`].
pub(crate) fn valid_session(now: &str, key: &str) -> String {
    format!(
        "s.expires_at > {now} AND u.deleted_at IS NULL AND u.disabled_at IS NULL
            AND (CAST({key} AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM signing_keys k
                WHERE k.id = {key} AND (k.retires_at IS NULL OR k.retires_at > {now})))"
    )
}

impl EventCore {
    /// The caller of a bearer token: an access token or a personal access token. A personal access token is
    /// looked up; of an access token only the signature and the time are checked.
    ///
    /// # Errors
    /// `token_expired` if the token has expired, `invalid_credentials` if it is not valid for another reason,
    /// `forbidden` for a personal access token of the scope `calendar`.
    pub async fn caller(&self, bearer: &str) -> Result<Caller> {
        let now = self.now();
        if bearer.starts_with(PERSONAL_PREFIX) {
            let actor = access_token::authenticate(self, bearer, now).await?;
            actor.may_use_api()?;
            return Ok(actor.into());
        }
        let key = self.signing_key(&token::key_id(bearer)?).await?;
        let (user, session, expires_at) = key.read(bearer, now)?;
        // A configured key is not stored.
        let key = self.signing_keys().configured().is_none().then(|| key.id().to_owned());
        Ok(Caller::of_session(SessionClaim { user, session, key, expires_at }))
    }

    /// The actor who calls: looks the session up, unless it is known.
    ///
    /// # Errors
    /// `invalid_credentials` if the session has ended, or the user was disabled or deleted.
    pub async fn identify(&self, caller: &Caller) -> Result<Actor> {
        if let Some(actor) = caller.known() {
            return Ok(actor);
        }
        identify(&mut self.db().read().await?, caller, self.now()).await
    }
}

/// The actor who calls, looked up in a transaction.
pub(crate) async fn identify(db: &mut impl Queries, caller: &Caller, now: Timestamp) -> Result<Actor> {
    let Some(SessionClaim { user, session, key, .. }) = caller.session() else { return caller.actor(None) };
    let found: Option<FoundSession> = db
        .query(Sql::dynamic(format!(
            "SELECT u.role, s.confirmed_at FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $1 AND u.id = $2 AND {}",
            valid_session("$3", "$4")
        )))
        .bind(*session)
        .bind(*user)
        .bind(now)
        .bind(key.clone())
        .optional()
        .await?;
    caller.actor(found)
}

/// What a statement finds of a caller's session, beside what it is for: see [`Caller`].
#[derive(Debug, Clone, FromRow)]
pub(crate) struct CallerRow {
    caller_role: Option<Role>,
    caller_confirmed_at: Option<Timestamp>,
}

impl CallerRow {
    /// The columns.
    pub(crate) const COLUMNS: &'static str =
        "caller.role AS caller_role, caller.confirmed_at AS caller_confirmed_at";

    /// Writes the join, to the end of FROM.
    pub(crate) fn push_join(sql: &mut SqlWriter, caller: &Caller, now: Timestamp) {
        let claim = caller.session();
        sql.push(
            " LEFT JOIN (SELECT u.role, s.confirmed_at FROM sessions s JOIN users u ON u.id = s.user_id ",
        );
        sql.push("CROSS JOIN (SELECT CAST(").value(now).push(" AS TIMESTAMPTZ) AS now, CAST(");
        sql.value(claim.and_then(|claim| claim.key.clone())).push(" AS TEXT) AS signing_key) c ");
        sql.push("WHERE s.id = ").value(claim.map(|claim| claim.session.as_uuid()));
        sql.push(" AND u.id = ").value(claim.map(|claim| claim.user.as_uuid())).push(" AND ");
        sql.push(&valid_session("c.now", "c.signing_key")).push(") caller ON TRUE");
    }

    /// The actor who calls.
    ///
    /// # Errors
    /// As [`EventCore::identify`].
    pub(crate) fn actor(&self, caller: &Caller) -> Result<Actor> {
        caller.actor(self.caller_role.map(|role| (role, self.caller_confirmed_at)))
    }
}
