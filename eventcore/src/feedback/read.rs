//! Reading feedback.

use super::types::{
    COLUMNS, Feedback, FeedbackPage, FeedbackRow, FeedbackSummary, TABLES, WithdrawnFeedback,
};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql, sql};
use crate::error::{Error, Result};
use crate::events;
use crate::id::{EventId, FeedbackId, OccurrenceId, UserId};
use crate::page::{Keyset, Order, PageRequest, SortKey};
use crate::time::Timestamp;

impl EventCore {
    /// A page of the feedback on an event, newest first, with a summary of all of it. Everyone who can see
    /// the event may read it.
    pub async fn feedback(&self, actor: &Actor, event: EventId, page: &PageRequest) -> Result<FeedbackPage> {
        let mut db = self.db().read().await?;
        events::find(&mut db, actor, event).await?.must_see()?;
        let keyset = Keyset::new(page, &format!("feedback on {event}"), Order::Descending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let rows: Vec<FeedbackRow> = db
            .query(Sql::dynamic(format!(
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
        let mut items = keyset
            .page(rows, |row| SortKey { number: row.created_at.as_micros(), id: row.id.as_uuid() })
            .map(FeedbackRow::feedback);
        items.total = page.count.then_some(summary.count);
        Ok(FeedbackPage { summary, page: items })
    }

    /// The actor's own feedback on an occurrence.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub async fn my_feedback(&self, actor: &Actor, occurrence: OccurrenceId) -> Result<Feedback> {
        let user = actor.signed_in()?.id;
        let mut db = self.db().read().await?;
        let row = find_by_user(&mut db, occurrence, user).await?;
        Ok(row.ok_or(Error::NotFound("feedback"))?.feedback())
    }

    /// Feedback on an event that the actor organizes.
    pub(crate) async fn feedback_for_organizer(&self, actor: &Actor, id: FeedbackId) -> Result<Feedback> {
        let mut db = self.db().read().await?;
        let row = load(&mut db, id).await?;
        let event = events::find(&mut db, actor, row.event_id).await?.must_organize();
        event.map_err(|error| error.rename_not_found("feedback"))?;
        Ok(row.feedback())
    }

    /// All feedback of a user, oldest first. Makes no permission check.
    pub(crate) async fn feedback_of(&self, user: UserId) -> Result<Vec<Feedback>> {
        let mut db = self.db().read().await?;
        let rows: Vec<FeedbackRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE f.user_id = $1 ORDER BY f.created_at, f.id"
            )))
            .bind(user)
            .all()
            .await?;
        Ok(rows.into_iter().map(FeedbackRow::feedback).collect())
    }

    /// The withdrawn feedback of a user, oldest first. Makes no permission check.
    pub(crate) async fn withdrawn_feedback_of(&self, user: UserId) -> Result<Vec<WithdrawnFeedback>> {
        let mut db = self.db().read().await?;
        Ok(db
            .query(sql!(
                "SELECT occurrence_id, first_submitted_at FROM withdrawn_feedback
                 WHERE user_id = $1 ORDER BY first_submitted_at, occurrence_id"
            ))
            .bind(user)
            .all()
            .await?)
    }
}

/// Finds the feedback of a user on an occurrence.
pub(super) async fn find_by_user(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    user: UserId,
) -> Result<Option<FeedbackRow>> {
    let text = format!("SELECT {COLUMNS} FROM {TABLES} WHERE f.occurrence_id = $1 AND f.user_id = $2");
    Ok(db.query(Sql::dynamic(text)).bind(occurrence).bind(user).optional().await?)
}

pub(super) async fn load(db: &mut impl Queries, id: FeedbackId) -> Result<FeedbackRow> {
    let text = format!("SELECT {COLUMNS} FROM {TABLES} WHERE f.id = $1");
    db.query(Sql::dynamic(text)).bind(id).optional().await?.ok_or(Error::NotFound("feedback"))
}
