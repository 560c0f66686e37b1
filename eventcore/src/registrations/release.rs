//! What becomes of places when their holder leaves.

use super::pass_on::pass_on;
use crate::clock::Timestamp;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::{OccurrenceId, UserId};

/// Cancels what a user still holds at dates that are ahead; the seats go on to those who wait.
pub(crate) async fn release_user(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    let held: Vec<(OccurrenceId,)> = tx
        .query(sql!(
            "SELECT o.id FROM occurrences o
             WHERE o.ends_at > $2 AND o.id IN (SELECT occurrence_id FROM registrations WHERE user_id = $1 AND status IN ('confirmed', 'waitlisted'))
             ORDER BY o.id",
            for update
        ))
        .bind(user)
        .bind(now)
        .all()
        .await?;
    for (occurrence,) in held {
        tx.query(sql!(
            "UPDATE occurrences SET
                seats_taken = seats_taken - (SELECT coalesce(CAST(sum(party_size) AS BIGINT), 0) FROM registrations
                    WHERE occurrence_id = $1 AND user_id = $2 AND status = 'confirmed'),
                waitlist_length = waitlist_length - (SELECT count(*) FROM registrations
                    WHERE occurrence_id = $1 AND user_id = $2 AND status = 'waitlisted')
             WHERE id = $1"
        ))
        .bind(occurrence)
        .bind(user)
        .execute()
        .await?;
        tx.query(sql!(
            "UPDATE registrations SET status = 'cancelled', updated_at = $3
             WHERE occurrence_id = $1 AND user_id = $2 AND status IN ('confirmed', 'waitlisted')"
        ))
        .bind(occurrence)
        .bind(user)
        .bind(now)
        .execute()
        .await?;
        pass_on(tx, occurrence, now).await?;
    }
    Ok(())
}
