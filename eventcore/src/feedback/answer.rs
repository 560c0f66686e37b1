//! Public answers of organizers to feedback.

use super::read::load;
use super::types::{Answer, Feedback};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events;
use crate::id::FeedbackId;
use crate::precondition::{Precondition, must_be_version};
use crate::time::Timestamp;

impl EventCore {
    /// Sets the answer to feedback, or removes it if `input` is `None`. Only the event's organizers may.
    ///
    /// Setting the stored answer again is no change: the version remains.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn answer_feedback(
        &self,
        actor: &Actor,
        id: FeedbackId,
        input: Option<&Answer>,
        expected: Option<&Precondition>,
    ) -> Result<Feedback> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| answer(tx, actor, id, input, expected, now))
    }
}

async fn answer(
    tx: &mut Tx,
    actor: &Actor,
    id: FeedbackId,
    input: Option<&Answer>,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Feedback> {
    lock(tx, id).await?;
    let row = load(tx, id).await?;
    let event = events::find(tx, actor, row.event_id).await?.must_organize();
    event.map_err(|error| error.rename_not_found("feedback"))?;
    if let Some(answer) = input {
        answer.violations().into_result()?;
    }
    must_be_version(row.version, expected)?;
    let text = input.map(|answer| answer.body.clone());
    if text == row.answer {
        return Ok(row.feedback());
    }
    tx.query(sql!(
        "UPDATE feedback SET answer = $2, answered_by = $3, answered_at = $4, updated_at = $5,
            version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(text)
    .bind(actor.user_id().filter(|_| input.is_some()))
    .bind(input.map(|_| now))
    .bind(now)
    .execute()
    .await?;
    tx.record(Change::FeedbackAnswered { occurrence: row.occurrence_id, feedback: id });
    Ok(load(tx, id).await?.feedback())
}

/// Locks feedback until the transaction ends.
async fn lock(tx: &mut Tx, id: FeedbackId) -> Result<()> {
    let locked: Option<(FeedbackId,)> =
        tx.query(sql!("SELECT id FROM feedback WHERE id = $1", for update)).bind(id).optional().await?;
    locked.map(|_| ()).ok_or(Error::NotFound("feedback"))
}
