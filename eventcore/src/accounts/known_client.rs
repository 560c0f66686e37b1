//! The clients that a user signs in from.

use std::time::Duration;

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::UserId;
use crate::seal::digest;
use crate::time::Timestamp;

/// How long a client is known after its last sign-in.
const REMEMBERED: Duration = Duration::from_hours(24 * 365);

/// Notes that a user has signed in from a client. True if the user has signed in before, and never from this
/// client. The user must be locked.
pub(super) async fn is_new(
    tx: &mut Tx,
    user: UserId,
    user_agent: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let fingerprint = fingerprint(user_agent.unwrap_or_default());
    let seen = tx
        .query(sql!("UPDATE known_clients SET last_seen_at = $3 WHERE user_id = $1 AND fingerprint = $2"))
        .bind(user)
        .bind(fingerprint.clone())
        .bind(now)
        .execute()
        .await?;
    if seen > 0 {
        return Ok(false);
    }
    tx.query(sql!("DELETE FROM known_clients WHERE user_id = $1 AND last_seen_at <= $2"))
        .bind(user)
        .bind(now.minus(REMEMBERED))
        .execute()
        .await?;
    let has_others = sql!("SELECT EXISTS (SELECT 1 FROM known_clients WHERE user_id = $1)");
    let has_others: bool = tx.query(has_others).bind(user).scalar().await?;
    tx.query(sql!("INSERT INTO known_clients (user_id, fingerprint, last_seen_at) VALUES ($1, $2, $3)"))
        .bind(user)
        .bind(fingerprint)
        .bind(now)
        .execute()
        .await?;
    Ok(has_others)
}

/// Forgets the clients of a user.
pub(crate) async fn forget_clients(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM known_clients WHERE user_id = $1")).bind(user).execute().await?;
    Ok(())
}

/// A hash of the user agent without its version numbers: a program stays known when it is updated.
fn fingerprint(user_agent: &str) -> Vec<u8> {
    let name: String =
        user_agent.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '_')).collect();
    digest(&[name.as_bytes()])[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_of_a_client_is_the_same_client() {
        assert_eq!(fingerprint("eventtui/0.1.0"), fingerprint("eventtui/1.20"));
        assert_eq!(
            fingerprint("Mozilla/5.0 (X11; Linux x86_64) Firefox/142.0"),
            fingerprint("Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0.1")
        );
        assert_ne!(fingerprint("eventtui/0.1.0"), fingerprint("curl/8.1"));
        assert_ne!(fingerprint(""), fingerprint("curl/8.1"));
    }
}
