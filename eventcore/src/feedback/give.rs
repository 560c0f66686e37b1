//! Giving feedback, changing it, and taking it back.

use sqlx::FromRow;

use super::mark::{Feedback, FeedbackInput};
use super::read::of_user;
use super::rules;
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::{Error, Result};
use crate::events::{self, OccurrenceStatus};
use crate::id::{EventId, FeedbackId, OccurrenceId};

#[derive(FromRow)]
struct Attended {
    event_id: EventId,
    status: OccurrenceStatus,
    ends_at: Timestamp,
    held: bool,
}

impl EventCore {
    /// Says how a date was, or says it anew; answers whether it was said for the first time. Only people who held a place may, once it is over.
    ///
    /// # Errors
    /// `not_attended`, `occurrence_not_over`, `occurrence_cancelled`; `forbidden` 30 days after it was first said.
    pub async fn give_feedback(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        input: &FeedbackInput,
    ) -> Result<(Feedback, bool)> {
        let user = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), tx => {
            let date: Option<Attended> = tx
                .query(sql!(
                    "SELECT o.event_id, o.status, o.ends_at, EXISTS (SELECT 1 FROM registrations r
                        WHERE r.occurrence_id = o.id AND r.user_id = $2 AND r.status IN ('confirmed', 'attended')) AS held
                     FROM occurrences o WHERE o.id = $1", for update
                ))
                .bind(occurrence)
                .bind(user)
                .optional()
                .await?;
            let date = date.ok_or(Error::NotFound("occurrence"))?;
            let seen = events::find(tx, actor, date.event_id).await?.visible();
            seen.map_err(|error| error.of("occurrence"))?;
            rules::must_have_been_there(date.held, date.status, date.ends_at, now)?;
            let rating = input.valid().map_err(Error::Invalid)?;
            let before = of_user(tx, occurrence, user).await?;
            if let Some(before) = &before {
                rules::must_be_changeable(before.created_at, now)?;
            }
            tx.query(sql!(
                "INSERT INTO feedback (id, occurrence_id, user_id, rating, text, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
                 ON CONFLICT (occurrence_id, user_id) DO UPDATE SET rating = excluded.rating, text = excluded.text, updated_at = excluded.updated_at,
                    version = feedback.version + 1 WHERE (feedback.rating, feedback.text) <> (excluded.rating, excluded.text)"
            ))
            .bind(FeedbackId::at(now))
            .bind(occurrence)
            .bind(user)
            .bind(rating)
            .bind(input.text.clone())
            .bind(now)
            .execute()
            .await?;
            let row = of_user(tx, occurrence, user).await?.ok_or(Error::Contended)?;
            Ok((row.feedback(), before.is_none()))
        })
    }

    /// Takes back what the actor said of a date; nothing happens where they said nothing.
    pub async fn withdraw_feedback(&self, actor: &Actor, occurrence: OccurrenceId) -> Result<()> {
        let user = actor.writer()?.id;
        transaction!(self.db(), tx => {
            tx.query(sql!("DELETE FROM feedback WHERE occurrence_id = $1 AND user_id = $2"))
                .bind(occurrence)
                .bind(user)
                .execute()
                .await?;
            Ok(())
        })
    }
}
