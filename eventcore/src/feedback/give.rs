//! Giving feedback, changing it, and taking it back.

use sqlx::FromRow;

use super::feedback::{Feedback, FeedbackInput};
use super::read::of_user;
use super::rules;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::events::{self, OccurrenceStatus};
use crate::id::{EventId, FeedbackId, OccurrenceId, UserId};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Attended {
    event_id: EventId,
    status: OccurrenceStatus,
    ends_at: Timestamp,
    held: bool,
}

impl EventCore {
    /// Says how a date was, or says it anew; answers whether nothing was said of it. Only people who held a place may, once it is over.
    ///
    /// # Errors
    /// `not_attended`, `occurrence_not_over`, `occurrence_cancelled`; `forbidden` 30 days after it was first said, though it was taken back since;
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn give_feedback(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        input: &FeedbackInput,
        expected: Option<i64>,
    ) -> Result<(Feedback, bool)> {
        let user = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), tx => {
            let date = hold(tx, occurrence, user).await?;
            must_see(tx, actor, &date).await?;
            rules::must_have_been_there(date.held, date.status, date.ends_at, now)?;
            let rating = input.valid().map_err(Error::Invalid)?;
            let before = of_user(tx, occurrence, user).await?;
            let first_said_at = match &before {
                Some(before) => Some(before.created_at),
                None => taken_back(tx, occurrence, user).await?,
            };
            if let Some(first) = first_said_at {
                rules::must_be_changeable(first, now)?;
            }
            must_be_version(before.as_ref().map_or(NONE, |before| before.version), expected)?;
            tx.query(sql!(
                "INSERT INTO feedback (id, occurrence_id, event_id, user_id, rating, text, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (occurrence_id, user_id) DO UPDATE SET rating = excluded.rating, text = excluded.text, updated_at = excluded.updated_at,
                    version = feedback.version + 1 WHERE (feedback.rating, feedback.text) <> (excluded.rating, excluded.text)"
            ))
            .bind(FeedbackId::at(now))
            .bind(occurrence)
            .bind(date.event_id)
            .bind(user)
            .bind(rating)
            .bind(input.text.clone())
            .bind(first_said_at.unwrap_or(now))
            .bind(now)
            .execute()
            .await?;
            let row = of_user(tx, occurrence, user).await?.ok_or(Error::Contended)?;
            Ok((row.feedback(), before.is_none()))
        })
    }

    /// Takes back what the actor said of a date, whenever that was; nothing happens where they said nothing.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn withdraw_feedback(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        expected: Option<i64>,
    ) -> Result<()> {
        let user = actor.writer()?.id;
        transaction!(self.db(), tx => {
            let date = hold(tx, occurrence, user).await?;
            let Some(before) = of_user(tx, occurrence, user).await? else {
                // Whoever took it back once may say so twice, also where they see no longer what it was about.
                if taken_back(tx, occurrence, user).await?.is_none() {
                    must_see(tx, actor, &date).await?;
                }
                return must_be_version(NONE, expected);
            };
            must_be_version(before.version, expected)?;
            tx.query(sql!(
                "INSERT INTO feedback_taken_back (occurrence_id, user_id, first_said_at) VALUES ($1, $2, $3) ON CONFLICT (occurrence_id, user_id) DO NOTHING"
            ))
            .bind(occurrence)
            .bind(user)
            .bind(before.created_at)
            .execute()
            .await?;
            tx.query(sql!("DELETE FROM feedback WHERE id = $1")).bind(before.id).execute().await?;
            Ok(())
        })
    }
}

/// The version of what is not there: none that anyone can name.
const NONE: i64 = 0;

/// A date, until the transaction ends, and whether a user held a place there.
async fn hold(tx: &mut Tx, occurrence: OccurrenceId, user: UserId) -> Result<Attended> {
    tx.query(sql!(
        "SELECT o.event_id, o.status, o.ends_at, EXISTS (SELECT 1 FROM registrations r
            WHERE r.occurrence_id = o.id AND r.user_id = $2 AND r.status IN ('confirmed', 'attended')) AS held
         FROM occurrences o WHERE o.id = $1", for update
    ))
    .bind(occurrence)
    .bind(user)
    .optional()
    .await?
    .ok_or(Error::NotFound("occurrence"))
}

async fn must_see(tx: &mut Tx, actor: &Actor, date: &Attended) -> Result<()> {
    let seen = events::find(tx, actor, date.event_id).await?.visible();
    seen.map(drop).map_err(|error| error.of("occurrence"))
}

/// When something that a user took back since was first said of a date.
async fn taken_back(tx: &mut Tx, occurrence: OccurrenceId, user: UserId) -> Result<Option<Timestamp>> {
    let first: Option<(Timestamp,)> = tx
        .query(sql!(
            "SELECT first_said_at FROM feedback_taken_back WHERE occurrence_id = $1 AND user_id = $2"
        ))
        .bind(occurrence)
        .bind(user)
        .optional()
        .await?;
    Ok(first.map(|(at,)| at))
}
