//! Recording what became of an attempt to read a calendar, and telling its owner.

use std::time::Duration;

use sqlx::FromRow;
use url::Url;

use super::refresh::{ReadOutcome, Refreshed};
use super::subscription::SubscriptionEnd;
use crate::changes::Change;
use crate::db::{Queries, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{SubscriptionId, UserId};
use crate::jobs::{Job, Next};
use crate::mails::{self, Mail};
use crate::time::Timestamp;

/// How often a calendar is read.
const PERIOD: Duration = Duration::from_hours(1);
/// By how much more at most, so that calendars that were read together are not read together again.
const SPREAD: Duration = Duration::from_mins(5);
/// After what time a server is asked again that too many calendars are being fetched from.
const BUSY: Duration = Duration::from_secs(10);
/// How long a calendar may fail before it is not read any more.
const PATIENCE: Duration = Duration::from_hours(72);
/// The longest stored reason, in characters.
const MAX_FAILURE: usize = 500;

#[derive(FromRow)]
struct SettleRow {
    user_id: UserId,
    email: Option<String>,
    url: String,
    failing_since: Option<Timestamp>,
    untold_missing: i64,
    disabled_because: Option<SubscriptionEnd>,
    version: i64,
}

/// Records what became of an attempt. Returns what becomes of its job.
pub(crate) async fn settle(
    tx: &mut Tx,
    id: SubscriptionId,
    refreshed: &Refreshed,
    now: Timestamp,
) -> Result<Next> {
    let again = |at| Next::Again { job: Job::RefreshSubscription { subscription: id }, at };
    let Some(row) = lock(tx, id).await? else { return Ok(Next::Done) };
    let (version, outcome) = match (refreshed, row.disabled_because) {
        (Refreshed::Ended, Some(SubscriptionEnd::Ending)) => {
            tx.query(sql!("DELETE FROM calendar_subscriptions WHERE id = $1")).bind(id).execute().await?;
            return Ok(Next::Done);
        }
        (_, Some(SubscriptionEnd::Ending)) | (Refreshed::Nothing, None) => return Ok(again(now)),
        (Refreshed::Nothing, Some(_)) => return Ok(Next::Done),
        (Refreshed::Busy, _) => return Ok(again(now.plus(BUSY))),
        (Refreshed::Postponed | Refreshed::Ended, _) => return Ok(again(next_time(now)?)),
        (Refreshed::Tried { version, outcome }, _) => (*version, outcome),
    };
    let is_same = version == row.version;
    if is_same {
        record(tx, id, outcome, now).await?;
    }
    tell_missing(tx, id, &row, now).await?;
    if row.disabled_because.is_some() {
        return Ok(Next::Done);
    }
    // It has another URL now, or other options.
    if !is_same {
        return Ok(again(now));
    }
    match end_of(outcome, row.failing_since, now) {
        None => Ok(again(next_time(now)?)),
        Some(because) => {
            disable(tx, id, &row, because, now).await?;
            Ok(Next::Done)
        }
    }
}

/// When a calendar is read again.
fn next_time(now: Timestamp) -> Result<Timestamp> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
    let part = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    Ok(now.plus(PERIOD + SPREAD.mul_f64(part)))
}

/// Why a calendar is not read any more after an outcome, if so.
fn end_of(
    outcome: &ReadOutcome,
    failing_since: Option<Timestamp>,
    now: Timestamp,
) -> Option<SubscriptionEnd> {
    match outcome {
        ReadOutcome::Unchanged | ReadOutcome::Read { .. } => None,
        ReadOutcome::Gone => Some(SubscriptionEnd::Gone),
        ReadOutcome::Failed(_) => {
            failing_since.filter(|since| now.since(*since) >= PATIENCE).map(|_| SubscriptionEnd::Failing)
        }
    }
}

/// Locks the owner and the subscription, in this order. `None` if one of them is gone.
async fn lock(tx: &mut Tx, id: SubscriptionId) -> Result<Option<SettleRow>> {
    let owner: Option<(UserId,)> = tx
        .query(sql!(
            sqlite "SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND u.id = (
                SELECT s.user_id FROM calendar_subscriptions s WHERE s.id = $1)",
            postgres "SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND u.id = (
                SELECT s.user_id FROM calendar_subscriptions s WHERE s.id = $1) FOR KEY SHARE"
        ))
        .bind(id)
        .optional()
        .await?;
    if owner.is_none() {
        return Ok(None);
    }
    let locked: Option<(SubscriptionId,)> = tx
        .query(sql!("SELECT id FROM calendar_subscriptions WHERE id = $1", for update))
        .bind(id)
        .optional()
        .await?;
    if locked.is_none() {
        return Ok(None);
    }
    Ok(tx
        .query(sql!(
            "SELECT s.user_id, u.email, s.url, s.failing_since, s.untold_missing,
                s.disabled_because, s.version
             FROM calendar_subscriptions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
        ))
        .bind(id)
        .optional()
        .await?)
}

async fn record(tx: &mut Tx, id: SubscriptionId, outcome: &ReadOutcome, now: Timestamp) -> Result<()> {
    match outcome {
        ReadOutcome::Unchanged => {
            tx.query(sql!(
                "UPDATE calendar_subscriptions SET checked_at = $2, succeeded_at = $2, failing_since = NULL,
                    failure = NULL
                 WHERE id = $1"
            ))
            .bind(id)
            .bind(now)
            .execute()
            .await?;
        }
        ReadOutcome::Read { validators, fingerprint, report } => {
            tx.query(sql!(
                "UPDATE calendar_subscriptions SET checked_at = $2, succeeded_at = $2, failing_since = NULL,
                    failure = NULL, read_at = $2, etag = $3, last_modified = $4, fingerprint = $5, report = $6
                 WHERE id = $1"
            ))
            .bind(id)
            .bind(now)
            .bind(validators.etag.clone())
            .bind(validators.last_modified.clone())
            .bind(fingerprint.to_vec())
            .bind(serde_json::to_string(report).map_err(Error::internal)?)
            .execute()
            .await?;
        }
        ReadOutcome::Gone => fail(tx, id, "the server answers that it is gone (status 410)", now).await?,
        ReadOutcome::Failed(reason) => fail(tx, id, reason, now).await?,
    }
    Ok(())
}

async fn fail(tx: &mut Tx, id: SubscriptionId, reason: &str, now: Timestamp) -> Result<()> {
    let reason: String =
        reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_FAILURE).collect();
    tx.query(sql!(
        "UPDATE calendar_subscriptions SET checked_at = $2, failing_since = coalesce(failing_since, $2),
            failure = $3
         WHERE id = $1"
    ))
    .bind(id)
    .bind(now)
    .bind(reason)
    .execute()
    .await?;
    Ok(())
}

/// The host of a stored URL.
fn host(row: &SettleRow) -> String {
    Url::parse(&row.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Tells the owner, whose account is locked, of events that have disappeared.
async fn tell_missing(tx: &mut Tx, id: SubscriptionId, row: &SettleRow, now: Timestamp) -> Result<()> {
    if row.untold_missing == 0 {
        return Ok(());
    }
    tx.query(sql!("UPDATE calendar_subscriptions SET untold_missing = 0 WHERE id = $1"))
        .bind(id)
        .execute()
        .await?;
    let (user, host, count) = (row.user_id, host(row), row.untold_missing);
    if let Some(address) = &row.email {
        let mail = Mail::CalendarSubscription { at: now, host: host.clone(), gone: false, missing: count };
        mails::queue(tx, user, address, &mail, now).await?;
    }
    tx.record(Change::SubscribedEventsMissing { user, subscription: id, host, count });
    Ok(())
}

/// Disables a subscription, and tells its owner, whose account is locked.
async fn disable(
    tx: &mut Tx,
    id: SubscriptionId,
    row: &SettleRow,
    because: SubscriptionEnd,
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!(
        "UPDATE calendar_subscriptions SET disabled_at = $2, disabled_because = $3, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(now)
    .bind(because)
    .execute()
    .await?;
    let (user, host, gone) = (row.user_id, host(row), because == SubscriptionEnd::Gone);
    if let Some(address) = &row.email {
        let mail = Mail::CalendarSubscription { at: now, host: host.clone(), gone, missing: 0 };
        mails::queue(tx, user, address, &mail, now).await?;
    }
    tx.record(Change::SubscriptionDisabled { user, subscription: id, host, gone });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_ends_when_it_is_gone_or_has_failed_for_three_days() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let ago = |hours| Some(now.minus(Duration::from_hours(hours)));
        let failed = ReadOutcome::Failed("status 500".to_owned());
        for (outcome, since, end) in [
            (&ReadOutcome::Gone, None, Some(SubscriptionEnd::Gone)),
            (&failed, None, None),
            (&failed, ago(71), None),
            (&failed, ago(72), Some(SubscriptionEnd::Failing)),
            (&ReadOutcome::Unchanged, ago(100), None),
        ] {
            assert_eq!(end_of(outcome, since, now), end, "{outcome:?} {since:?}");
        }
    }
}
