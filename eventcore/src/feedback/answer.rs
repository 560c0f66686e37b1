//! Answering feedback in public: for the event's organizers.

use super::mark::{Answer, Feedback};
use super::read::find;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::Result;
use crate::events;
use crate::id::FeedbackId;

impl EventCore {
    /// Answers feedback, or takes the answer back. Only the event's organizers may.
    pub async fn answer_feedback(
        &self,
        actor: &Actor,
        id: FeedbackId,
        answer: Option<&Answer>,
    ) -> Result<Feedback> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let row = find(tx, id).await?;
            let seen = events::find(tx, actor, row.event_id).await?.organized();
            seen.map_err(|error| error.of("feedback"))?;
            if let Some(answer) = answer {
                answer.wrong().into_result()?;
            }
            tx.query(sql!("UPDATE feedback SET answer = $2, answered_by = $3, answered_at = $4, version = version + 1 WHERE id = $1"))
                .bind(id)
                .bind(answer.map(|answer| answer.text.clone()))
                .bind(actor.user_id().filter(|_| answer.is_some()))
                .bind(answer.map(|_| now))
                .execute()
                .await?;
            Ok(find(tx, id).await?.feedback())
        })
    }
}
