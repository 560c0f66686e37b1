//! Whether a follower may still do what they could.

use crate::accounts::{Caller, identify};
use crate::actor::{Actor, Credential, Role, SignedIn};
use crate::db::{Db, Queries, sql};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// A caller whose credential is valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked {
    pub(super) actor: Actor,
    /// When the credential expires by itself.
    pub(super) ends_at: Option<Timestamp>,
}

/// Looks the session or the personal access token of a caller up.
///
/// # Errors
/// `invalid_credentials` if it has ended, or the user was disabled or deleted.
pub(super) async fn check(db: &Db, caller: &Caller, now: Timestamp) -> Result<Checked> {
    let mut reader = db.read().await?;
    let actor = identify(&mut reader, caller, now).await?;
    let Actor::User(signed_in) = actor else { return Ok(Checked { actor, ends_at: None }) };
    match signed_in.credential {
        Credential::Session { .. } => {
            Ok(Checked { actor, ends_at: caller.session().map(|claim| claim.expires_at) })
        }
        Credential::Embedded | Credential::Subscription => Ok(Checked { actor, ends_at: None }),
        Credential::PersonalToken { id, .. } => {
            let found: Option<(Role, Option<Timestamp>)> = reader
                .query(sql!(
                    "SELECT u.role, t.expires_at FROM access_tokens t JOIN users u ON u.id = t.user_id
                     WHERE t.id = $1 AND u.deleted_at IS NULL AND u.disabled_at IS NULL
                        AND (t.expires_at IS NULL OR t.expires_at > $2)"
                ))
                .bind(id)
                .bind(now)
                .optional()
                .await?;
            let (role, ends_at) = found.ok_or(Error::InvalidToken)?;
            Ok(Checked { actor: Actor::User(SignedIn { role, ..signed_in }), ends_at })
        }
    }
}
