//! Sign-ins from clients that were not seen before.

use sha2::{Digest, Sha256};

use super::kind::NotificationKind;
use super::notify::{Draft, ToldDetails};
use super::occasion::Occasion;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// The notification of a sign-in, if its client is unknown. The first client of an account is not told.
///
/// Remembers the client.
pub(super) async fn from_new_client(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<Draft>> {
    let found: Option<(Option<String>, bool)> = tx
        .query(sql!(
            "SELECT s.user_agent, EXISTS (SELECT 1 FROM known_clients k WHERE k.user_id = s.user_id)
             FROM sessions s WHERE s.id = $1"
        ))
        .bind(session)
        .optional()
        .await?;
    // The system opens sessions without a client.
    let Some((Some(client), knows_others)) = found else { return Ok(None) };
    let is_new = remember(tx, user, &client, now).await?;
    if !is_new || !knows_others {
        return Ok(None);
    }
    let kind = NotificationKind::NewSignIn;
    let draft = Draft::of_account(user, Occasion { kind, subject: session.as_uuid(), at: now });
    Ok(Some(Draft { details: ToldDetails { client: Some(client), ..ToldDetails::default() }, ..draft }))
}

/// Remembers a client. True if it was unknown.
async fn remember(tx: &mut Tx, user: UserId, client: &str, now: Timestamp) -> Result<bool> {
    let hash = Sha256::digest(client.as_bytes()).to_vec();
    let updated = tx
        .query(sql!("UPDATE known_clients SET last_seen_at = $3 WHERE user_id = $1 AND client = $2"))
        .bind(user)
        .bind(hash.clone())
        .bind(now)
        .execute()
        .await?;
    if updated > 0 {
        return Ok(false);
    }
    tx.query(sql!(
        "INSERT INTO known_clients (user_id, client, last_seen_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, client) DO NOTHING"
    ))
    .bind(user)
    .bind(hash)
    .bind(now)
    .execute()
    .await?;
    Ok(true)
}
