//! The dates of an event: what becomes of them when the event changes.

use super::event::EventStatus;
use super::input::ValidEvent;
use super::rows::{EventRow, listed};
use super::store::{self, Inherited};
use crate::clock::Timestamp;
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::id::OccurrenceId;

/// Gives the dates that are over words of their own where the event's are about to change: they never change.
pub(super) async fn keep_what_is_over(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    now: Timestamp,
) -> Result<()> {
    let same = (&old.title, &old.description, &old.location, &old.url)
        == (&new.title, &new.description, &new.location, &new.url);
    let over: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1 AND ends_at <= $2)"))
        .bind(old.id)
        .bind(now)
        .scalar()
        .await?;
    if same || !over {
        return Ok(());
    }
    let text = store::insert_words(tx, old.id, &old.title, &old.location).await?;
    tx.query(sql!(
        "UPDATE occurrences SET text_id = CASE WHEN title IS NULL AND location IS NULL THEN $3 ELSE text_id END,
            title = coalesce(title, $4), description = coalesce(description, $5), location = coalesce(location, $6), url = coalesce(url, $7)
         WHERE event_id = $1 AND ends_at <= $2"
    ))
    .bind(old.id)
    .bind(now)
    .bind(text)
    .bind((old.title != new.title).then(|| old.title.clone()))
    .bind((old.description != new.description).then(|| old.description.clone()))
    .bind((old.location != new.location).then(|| old.location.clone()))
    .bind(if old.url == new.url { None } else { old.url.clone() })
    .execute()
    .await?;
    Ok(())
}

/// Moves the date of an event to where the event now lies. A date that is over stays, and a new one is made.
pub(super) async fn follow(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<()> {
    let ahead: Vec<(OccurrenceId,)> = tx
        .query(
            sql!("SELECT id FROM occurrences WHERE event_id = $1 AND ends_at > $2 ORDER BY id", for update),
        )
        .bind(old.id)
        .bind(now)
        .all()
        .await?;
    if ahead.is_empty() {
        let (text,): (i64,) =
            tx.query(sql!("SELECT min(id) FROM texts WHERE event_id = $1")).bind(old.id).one().await?;
        let listed = listed(new.visibility, status);
        let inherited =
            Inherited { event: old.id, organizer: old.organizer_id, capacity: new.capacity, listed, text };
        store::insert_occurrence(tx, &inherited, &new.span, now).await?;
    }
    for (id,) in ahead {
        tx.query(sql!("UPDATE occurrences SET original_start = $2, starts_at = $2, ends_at = $3, moved = FALSE WHERE id = $1"))
            .bind(id)
            .bind(new.span.starts_at)
            .bind(new.span.ends_at)
            .execute()
            .await?;
    }
    Ok(())
}
