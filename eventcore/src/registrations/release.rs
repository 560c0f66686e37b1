//! What becomes of places when their holder leaves.

use super::cancel::give_up;
use super::locked_occurrence::Hall;
use super::register::find_live;
use crate::actor::Actor;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{OccurrenceId, UserId};
use crate::time::Timestamp;

/// Cancels what a user still holds at dates that are not over; the seats go on to those who wait.
pub(crate) async fn release_user(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    let held: Vec<(OccurrenceId,)> = tx
        .query(sql!(
            "SELECT o.id FROM occurrences o
             WHERE o.ends_at > $2 AND o.id IN (SELECT occurrence_id FROM registrations WHERE user_id = $1 AND status <> 'cancelled')
             ORDER BY o.id",
            for update
        ))
        .bind(user)
        .bind(now)
        .all()
        .await?;
    for (occurrence,) in held {
        let hall = Hall::load(tx, &Actor::System, occurrence, Some(user)).await?;
        if let Some(row) = find_live(tx, occurrence, user).await? {
            give_up(tx, &hall, &row, now).await?;
        }
    }
    Ok(())
}
