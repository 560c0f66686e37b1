//! Reading feedback: that on an event, with a summary, and one's own.

use super::feedback::{
    COLUMNS, Feedback, FeedbackPage, FeedbackRow, FeedbackSummary, TABLES, WithdrawnFeedback,
};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql, sql};
use crate::error::{Error, Result};
use crate::events;
use crate::id::{EventId, FeedbackId, OccurrenceId, UserId};
use crate::page::{Key, Keyset, Order, PageRequest};
use crate::time::Timestamp;

impl EventCore {
    /// A page of the feedback on an event, newest first, and all of it in short. Whoever may see the event may.
    pub async fn feedback(&self, actor: &Actor, event: EventId, page: &PageRequest) -> Result<FeedbackPage> {
        let mut db = self.db().read().await?;
        events::find(&mut db, actor, event).await?.visible()?;
        let keyset = Keyset::new(page, &format!("feedback on {event}"), Order::Descending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let rows: Vec<FeedbackRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE f.event_id = $1 AND {}",
                keyset.beyond("f.created_at", "f.id", 2)
            )))
            .bind(event)
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .all()
            .await?;
        let counts: Vec<(i64, i64)> = db
            .query(sql!("SELECT rating, count(*) FROM feedback WHERE event_id = $1 GROUP BY rating"))
            .bind(event)
            .all()
            .await?;
        let summary = FeedbackSummary::of(&counts);
        let mut shown = keyset
            .page(rows, |row| Key { number: row.created_at.as_micros(), id: row.id.as_uuid() })
            .map(FeedbackRow::feedback);
        shown.total = page.count.then_some(summary.count);
        Ok(FeedbackPage { summary, page: shown })
    }

    /// What the actor said of a date.
    ///
    /// # Errors
    /// `not_found` where they said nothing.
    pub async fn my_feedback(&self, actor: &Actor, occurrence: OccurrenceId) -> Result<Feedback> {
        let user = actor.signed_in()?.id;
        let mut db = self.db().read().await?;
        let row = of_user(&mut db, occurrence, user).await?;
        Ok(row.ok_or(Error::NotFound("feedback"))?.feedback())
    }

    /// All feedback that a user gave, oldest first: for rooms that have checked who asks.
    pub(crate) async fn feedback_of(&self, user: UserId) -> Result<Vec<Feedback>> {
        let mut db = self.db().read().await?;
        let rows: Vec<FeedbackRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE f.user_id = $1 ORDER BY f.created_at, f.id"
            )))
            .bind(user)
            .all()
            .await?;
        Ok(rows.into_iter().map(FeedbackRow::feedback).collect())
    }

    /// What is left of feedback that a user took back, oldest first: for rooms that have checked who asks.
    pub(crate) async fn feedback_taken_back_by(&self, user: UserId) -> Result<Vec<WithdrawnFeedback>> {
        let mut db = self.db().read().await?;
        Ok(db
            .query(sql!(
                "SELECT occurrence_id, first_said_at FROM feedback_taken_back WHERE user_id = $1 ORDER BY first_said_at, occurrence_id"
            ))
            .bind(user)
            .all()
            .await?)
    }
}

/// What a user said of a date.
pub(super) async fn of_user(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    user: UserId,
) -> Result<Option<FeedbackRow>> {
    let text = format!("SELECT {COLUMNS} FROM {TABLES} WHERE f.occurrence_id = $1 AND f.user_id = $2");
    Ok(db.query(Sql::built(text)).bind(occurrence).bind(user).optional().await?)
}

pub(super) async fn find(db: &mut impl Queries, id: FeedbackId) -> Result<FeedbackRow> {
    let text = format!("SELECT {COLUMNS} FROM {TABLES} WHERE f.id = $1");
    db.query(Sql::built(text)).bind(id).optional().await?.ok_or(Error::NotFound("feedback"))
}
