//! Cancelling all registrations of a user who deletes their account.

use super::admission::{Act, AdmissionRequest, admit_in};
use crate::actor::Actor;
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
        let act = Act::Cancel { expected: None, is_answer: false };
        let request =
            AdmissionRequest { caller: Actor::System.into(), occurrence, attendee: Some(user), act };
        admit_in(tx, &request, now).await?;
    }
    Ok(())
}
