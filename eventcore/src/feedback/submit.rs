//! Submitting, changing and withdrawing feedback.

use sqlx::FromRow;

use super::read::find_by_user;
use super::rules;
use super::types::{Feedback, FeedbackInput};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::{self, OccurrenceStatus};
use crate::id::{EventId, FeedbackId, OccurrenceId, UserId};
use crate::precondition::{Precondition, must_be_version, must_expect_none};
use crate::time::Timestamp;

/// A locked occurrence, from the view of a user.
#[derive(FromRow)]
struct RatedOccurrence {
    event_id: EventId,
    status: OccurrenceStatus,
    ends_at: Timestamp,
    /// Whether the user has a registration that is confirmed or attended.
    is_attendee: bool,
}

impl EventCore {
    /// Submits the actor's feedback on an occurrence, or changes it. Only attendees may, after the end of the
    /// occurrence.
    ///
    /// Returns the feedback, and whether there was none before.
    ///
    /// # Errors
    /// `not_attended`, `occurrence_not_over`, `occurrence_cancelled`; `forbidden` 30 days after it was first
    /// submitted, even if it was withdrawn since; `version_mismatch` if `expected` is not the stored version.
    pub async fn submit_feedback(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        input: &FeedbackInput,
        expected: Option<&Precondition>,
    ) -> Result<(Feedback, bool)> {
        let user = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), |tx| submit(tx, actor, user, occurrence, input, expected, now))
    }

    /// Withdraws the actor's feedback on an occurrence, at any time. Does nothing if there is none.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn withdraw_feedback(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        let user = actor.writer()?.id;
        transaction!(self.db(), |tx| withdraw(tx, actor, user, occurrence, expected))
    }
}

async fn submit(
    tx: &mut Tx,
    actor: &Actor,
    user: UserId,
    id: OccurrenceId,
    input: &FeedbackInput,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<(Feedback, bool)> {
    let occurrence = lock_occurrence(tx, id, user).await?;
    must_see(tx, actor, &occurrence).await?;
    rules::must_have_attended(occurrence.is_attendee, occurrence.status, occurrence.ends_at, now)?;
    let stored = find_by_user(tx, id, user).await?;
    let mut input = input.clone();
    if let Some(row) = &stored {
        input.parse_errors.settle_read_only(&row.clone().feedback())?;
    }
    let rating = input.validate().map_err(Error::Invalid)?;
    let first_submitted_at = match &stored {
        Some(row) => Some(row.created_at),
        None => find_withdrawn(tx, id, user).await?,
    };
    if let Some(first) = first_submitted_at {
        rules::must_be_changeable(first, now)?;
    }
    match &stored {
        Some(row) => must_be_version(row.version, expected)?,
        None => must_expect_none(expected)?,
    }
    tx.query(sql!(
        "INSERT INTO feedback (id, occurrence_id, event_id, user_id, rating, text, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (occurrence_id, user_id) DO UPDATE SET rating = excluded.rating, text = excluded.text,
            updated_at = excluded.updated_at, version = feedback.version + 1
            WHERE (feedback.rating, feedback.text) <> (excluded.rating, excluded.text)"
    ))
    .bind(FeedbackId::at(now))
    .bind(id)
    .bind(occurrence.event_id)
    .bind(user)
    .bind(rating)
    .bind(input.body.clone())
    .bind(first_submitted_at.unwrap_or(now))
    .bind(now)
    .execute()
    .await?;
    let row = find_by_user(tx, id, user).await?.ok_or(Error::Contended)?;
    match &stored {
        None => tx.record(Change::FeedbackGiven { occurrence: id, feedback: row.id, user }),
        Some(stored) if stored.version == row.version => {}
        Some(_) => tx.record(Change::FeedbackChanged { occurrence: id, feedback: row.id, user }),
    }
    Ok((row.feedback(), stored.is_none()))
}

async fn withdraw(
    tx: &mut Tx,
    actor: &Actor,
    user: UserId,
    id: OccurrenceId,
    expected: Option<&Precondition>,
) -> Result<()> {
    let occurrence = lock_occurrence(tx, id, user).await?;
    let Some(stored) = find_by_user(tx, id, user).await? else {
        // Withdrawing is idempotent, also for a user who can no longer see the event.
        if find_withdrawn(tx, id, user).await?.is_none() {
            must_see(tx, actor, &occurrence).await?;
        }
        return must_expect_none(expected);
    };
    must_be_version(stored.version, expected)?;
    // The time of the first submission remains, so that withdrawing does not restart the 30 days.
    tx.query(sql!(
        "INSERT INTO withdrawn_feedback (occurrence_id, user_id, first_submitted_at) VALUES ($1, $2, $3)
         ON CONFLICT (occurrence_id, user_id) DO NOTHING"
    ))
    .bind(id)
    .bind(user)
    .bind(stored.created_at)
    .execute()
    .await?;
    tx.query(sql!("DELETE FROM feedback WHERE id = $1")).bind(stored.id).execute().await?;
    tx.record(Change::FeedbackWithdrawn { occurrence: id, feedback: stored.id, user });
    Ok(())
}

/// Loads an occurrence and locks it until the transaction ends.
async fn lock_occurrence(tx: &mut Tx, id: OccurrenceId, user: UserId) -> Result<RatedOccurrence> {
    tx.query(sql!(
        "SELECT o.event_id, o.status, o.ends_at, EXISTS (SELECT 1 FROM registrations r
            WHERE r.occurrence_id = o.id AND r.user_id = $2 AND r.status IN ('confirmed', 'attended'))
            AS is_attendee
         FROM occurrences o WHERE o.id = $1",
        for update
    ))
    .bind(id)
    .bind(user)
    .optional()
    .await?
    .ok_or(Error::NotFound("occurrence"))
}

async fn must_see(tx: &mut Tx, actor: &Actor, occurrence: &RatedOccurrence) -> Result<()> {
    let event = events::find(tx, actor, occurrence.event_id).await?.must_see();
    event.map(drop).map_err(|error| error.rename_not_found("occurrence"))
}

/// When a user first submitted feedback that they have withdrawn since; `None` if they have withdrawn none.
async fn find_withdrawn(tx: &mut Tx, occurrence: OccurrenceId, user: UserId) -> Result<Option<Timestamp>> {
    let first: Option<(Timestamp,)> = tx
        .query(sql!(
            "SELECT first_submitted_at FROM withdrawn_feedback WHERE occurrence_id = $1 AND user_id = $2"
        ))
        .bind(occurrence)
        .bind(user)
        .optional()
        .await?;
    Ok(first.map(|(at,)| at))
}
