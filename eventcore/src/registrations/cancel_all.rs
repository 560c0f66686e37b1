//! Cancelling all registrations of a user who deletes their account.

use super::cancel::cancel;
use super::locked_occurrence::LockedOccurrence;
use super::register::find_live;
use crate::actor::Actor;
use crate::changes::CancelledBy;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{OccurrenceId, UserId};
use crate::time::Timestamp;

/// Cancels a user's live registrations for occurrences that are not over. Freed seats go to the waitlists.
///
/// Locks those occurrences in id order; the caller has locked the user.
pub(crate) async fn cancel_registrations_of(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    let occurrences: Vec<(OccurrenceId,)> = tx
        .query(sql!(
            "SELECT o.id FROM occurrences o
             WHERE o.ends_at > $2 AND o.id IN (SELECT occurrence_id FROM registrations
                WHERE user_id = $1 AND status <> 'cancelled')
             ORDER BY o.id",
            for update
        ))
        .bind(user)
        .bind(now)
        .all()
        .await?;
    for (occurrence,) in occurrences {
        let locked = LockedOccurrence::load(tx, &Actor::System, occurrence, Some(user)).await?;
        if let Some(row) = find_live(tx, occurrence, user).await? {
            cancel(tx, &locked, &row, CancelledBy::AccountDeletion, now).await?;
        }
    }
    Ok(())
}
