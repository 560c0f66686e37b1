//! Answering feedback in public: for the event's organizers.

use super::feedback::{Answer, Feedback};
use super::read::find;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::events;
use crate::id::FeedbackId;

impl EventCore {
    /// Answers feedback, or takes the answer back. Only the event's organizers may. What stands already is no change.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn answer_feedback(
        &self,
        actor: &Actor,
        id: FeedbackId,
        answer: Option<&Answer>,
        expected: Option<i64>,
    ) -> Result<Feedback> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            lock(tx, id).await?;
            let row = find(tx, id).await?;
            let seen = events::find(tx, actor, row.event_id).await?.organized();
            seen.map_err(|error| error.of("feedback"))?;
            if let Some(answer) = answer {
                answer.wrong().into_result()?;
            }
            must_be_version(row.version, expected)?;
            let text = answer.map(|answer| answer.text.clone());
            if text == row.answer {
                return Ok(row.feedback());
            }
            tx.query(sql!(
                "UPDATE feedback SET answer = $2, answered_by = $3, answered_at = $4, updated_at = $5, version = version + 1 WHERE id = $1"
            ))
            .bind(id)
            .bind(text)
            .bind(actor.user_id().filter(|_| answer.is_some()))
            .bind(answer.map(|_| now))
            .bind(now)
            .execute()
            .await?;
            Ok(find(tx, id).await?.feedback())
        })
    }
}

/// Takes hold of feedback until the transaction ends.
async fn lock(tx: &mut Tx, id: FeedbackId) -> Result<()> {
    let locked: Option<(FeedbackId,)> =
        tx.query(sql!("SELECT id FROM feedback WHERE id = $1", for update)).bind(id).optional().await?;
    locked.map(|_| ()).ok_or(Error::NotFound("feedback"))
}
