//! `/events/{id}/feedback`, `/occurrences/{id}/feedback` and `/feedback`.

use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::{Cursor, EventId, FeedbackId, OccurrenceId};
use serde_json::json;

use super::connection::Call;
use super::{Client, query};
use crate::api::{FeedbackApi, Result};

impl FeedbackApi for Client {
    async fn feedback(&self, event: EventId, cursor: Option<Cursor>) -> Result<FeedbackPage> {
        let query = query::page(&[], cursor.as_ref());
        Ok(self.http.get(&format!("/events/{event}/feedback{query}")).await?)
    }

    async fn my_feedback(&self, occurrence: OccurrenceId) -> Result<Option<Feedback>> {
        Ok(self.http.get_optional(&format!("/occurrences/{occurrence}/feedback")).await?)
    }

    async fn submit_feedback(&self, occurrence: OccurrenceId, rating: i64, body: String) -> Result<()> {
        let path = format!("/occurrences/{occurrence}/feedback");
        self.http.send(Call::put(&path).json(json!({"rating": rating, "body": body}))).await?;
        Ok(())
    }

    async fn answer_feedback(&self, feedback: FeedbackId, body: Option<String>) -> Result<()> {
        let path = format!("/feedback/{feedback}/answer");
        let call = match body {
            Some(body) => Call::put(&path).json(json!({"body": body})),
            None => Call::delete(&path),
        };
        self.http.send(call).await?;
        Ok(())
    }
}
