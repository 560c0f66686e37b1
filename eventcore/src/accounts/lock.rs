//! Locking an account, so that it is not deleted while something is stored about it.

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::UserId;

/// Locks an account against its deletion until the transaction ends. False if it is deleted, or none.
pub(crate) async fn keep_account(tx: &mut Tx, id: UserId) -> Result<bool> {
    let found: Option<(UserId,)> = tx
        .query(sql!(
            sqlite "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL",
            postgres "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL FOR KEY SHARE"
        ))
        .bind(id)
        .optional()
        .await?;
    Ok(found.is_some())
}

/// As [`keep_account`], and against others that call this: to count what the account has against a quota,
/// or to replace several rows of it.
pub(crate) async fn lock_account(tx: &mut Tx, id: UserId) -> Result<bool> {
    let found: Option<(UserId,)> = tx
        .query(sql!(
            sqlite "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL",
            postgres "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
        ))
        .bind(id)
        .optional()
        .await?;
    Ok(found.is_some())
}
