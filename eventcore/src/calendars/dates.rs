//! When feeds have changed (`Last-Modified`, RFC 9110 8.8.2).
//!
//! The dates of the entries do not tell: those of an event that is over, or hidden, leave with it, and the
//! latest of the rest is earlier. So each feed is remembered with a fingerprint of its content and the time
//! at which that was found first.

use super::feed_version::FeedState;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::time::Timestamp;

/// The most feeds that are remembered: anyone can think of filters.
const MAX_FEEDS: i64 = 50_000;
/// How many are forgotten when there are more: those that have not changed for longest. Their date is then
/// that of the next request, which is not earlier.
const FORGOTTEN: i64 = 5_000;

impl EventCore {
    /// When the feed got this content. Never earlier than it was said before.
    pub(super) async fn feed_changed_at(&self, state: &FeedState) -> Result<Timestamp> {
        let known: Option<(Vec<u8>, Timestamp)> = self
            .db()
            .read()
            .await?
            .query(sql!("SELECT fingerprint, changed_at FROM feed_dates WHERE feed = $1"))
            .bind(state.feed.to_vec())
            .optional()
            .await?;
        match known {
            Some((fingerprint, changed_at)) if fingerprint == state.fingerprint => Ok(changed_at),
            known => {
                let (state, now, is_new) = (state.clone(), self.now(), known.is_none());
                transaction!(self.db(), |tx| store(tx, &state, now, is_new))
            }
        }
    }
}

async fn store(tx: &mut Tx, state: &FeedState, now: Timestamp, is_new: bool) -> Result<Timestamp> {
    let changed_at = tx
        .query(sql!(
            "INSERT INTO feed_dates (feed, fingerprint, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (feed) DO UPDATE SET
                changed_at = CASE WHEN feed_dates.fingerprint = excluded.fingerprint
                    OR feed_dates.changed_at > excluded.changed_at
                    THEN feed_dates.changed_at ELSE excluded.changed_at END,
                fingerprint = excluded.fingerprint
             RETURNING changed_at"
        ))
        .bind(state.feed.to_vec())
        .bind(state.fingerprint.to_vec())
        .bind(now)
        .scalar()
        .await?;
    if is_new {
        tx.query(sql!(
            "DELETE FROM feed_dates WHERE (SELECT count(*) FROM feed_dates) > $1 AND feed IN (
                SELECT f.feed FROM feed_dates f WHERE f.feed <> $2 ORDER BY f.changed_at, f.feed LIMIT $3)"
        ))
        .bind(MAX_FEEDS)
        .bind(state.feed.to_vec())
        .bind(FORGOTTEN)
        .execute()
        .await?;
    }
    Ok(changed_at)
}
