//! The operations on feedback, on a database.

use eventcore::feedback::{Answer, Feedback, FeedbackInput, FeedbackPage};
use eventcore::{Cursor, EventId, FeedbackId, OccurrenceId};

use super::{Library, found, page};
use crate::api::{FeedbackApi, Result};

impl FeedbackApi for Library {
    async fn feedback(&self, event: EventId, cursor: Option<Cursor>) -> Result<FeedbackPage> {
        Ok(self.core.feedback(&self.actor(), event, &page(cursor)).await?)
    }

    async fn my_feedback(&self, occurrence: OccurrenceId) -> Result<Option<Feedback>> {
        Ok(found(self.core.my_feedback(&self.actor(), occurrence).await)?)
    }

    async fn submit_feedback(&self, occurrence: OccurrenceId, rating: i64, body: String) -> Result<()> {
        let input = FeedbackInput { rating: Some(rating), body, ..FeedbackInput::default() };
        self.core.submit_feedback(&self.actor(), occurrence, &input, None).await?;
        Ok(())
    }

    async fn answer_feedback(&self, feedback: FeedbackId, body: Option<String>) -> Result<()> {
        let answer = body.map(|body| Answer { body, ..Answer::default() });
        self.core.answer_feedback(&self.actor(), feedback, answer.as_ref(), None).await?;
        Ok(())
    }
}
