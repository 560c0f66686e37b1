//! One attempt to deliver.

use std::time::Duration;

use sqlx::FromRow;
use url::Url;

use super::kind::TEST;
use super::payload::body;
use super::secret::WebhookSecret;
use super::sender::{SendError, SignedMessage, WebhookAnswer};
use super::webhook::DisabledBecause;
use crate::actor::{Actor, Role};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Sql, Tx, sql};
use crate::error::{Cause, Error, Result};
use crate::events::co_organizes;
use crate::id::{EventId, UserId, WebhookDeliveryId, WebhookId};
use crate::jobs::{Job, JobKind, Next, WebhookSubject};
use crate::mails::{self, Mail};
use crate::time::Timestamp;

/// How long a delivery is tried.
const TRIED: Duration = Duration::from_hours(24);
/// The longest stored answer, in characters.
const MAX_ANSWER: usize = 2_000;
/// The precision of `last_success_at`.
const SUCCESS_PRECISION: Duration = Duration::from_mins(1);

#[derive(FromRow)]
struct SendRow {
    kind: String,
    subject: String,
    waits: bool,
    manual: bool,
    happened_at: Timestamp,
    url: String,
    secret: Vec<u8>,
    former_secret: Option<Vec<u8>>,
    former_secret_until: Option<Timestamp>,
    enabled: bool,
    account_enabled: bool,
    all_events: bool,
    user_id: UserId,
    role: Role,
}

/// The outcome of one attempt.
#[derive(Debug, Clone)]
pub(crate) enum WebhookOutcome {
    /// Nothing is to be done: it has ended before, or it is gone.
    Nothing,
    /// It is of no use any more.
    Dropped(&'static str),
    /// It was not tried: the receiver has too many at a time.
    Postponed,
    Answered(WebhookAnswer),
    Unanswered(String),
}

/// Tries to deliver, outside of any transaction.
///
/// # Errors
/// If what is to be sent cannot be read, or this process has no sender.
pub(crate) async fn begin(core: &EventCore, id: WebhookDeliveryId) -> Result<WebhookOutcome> {
    let Some(row) = find(core, id).await?.filter(|row| row.waits) else {
        return Ok(WebhookOutcome::Nothing);
    };
    if !row.account_enabled {
        return Ok(WebhookOutcome::Dropped("the account of the owner is disabled"));
    }
    if !row.enabled && !row.manual {
        return Ok(WebhookOutcome::Dropped("the webhook is disabled"));
    }
    let subject: WebhookSubject = serde_json::from_str(&row.subject).map_err(Error::internal)?;
    if row.kind != TEST && !is_told(core, &row, &subject).await? {
        return Ok(WebhookOutcome::Dropped("the owner of the webhook does not organize the event any more"));
    }
    let owner = Actor::user(row.user_id, row.role);
    let body = body(core, &owner, &row.kind, &subject, row.happened_at).await?;
    let message = sign(core, id, &row, body).await?;
    let Some(sender) = core.webhook_sender().get() else {
        return Err(Error::unavailable(Cause::NotOffered, "this process does not send to webhooks"));
    };
    Ok(match sender.send(&message).await {
        Ok(answer) => WebhookOutcome::Answered(answer),
        Err(SendError::Busy) => WebhookOutcome::Postponed,
        Err(SendError::Failed(reason)) => WebhookOutcome::Unanswered(reason),
    })
}

async fn find(core: &EventCore, id: WebhookDeliveryId) -> Result<Option<SendRow>> {
    let mut db = core.db().read().await?;
    Ok(db
        .query(sql!(
            "SELECT d.kind, d.subject, d.state = 'waiting' AS waits, d.manual, d.happened_at, w.url, w.secret,
                w.former_secret, w.former_secret_until, w.disabled_at IS NULL AS enabled,
                u.disabled_at IS NULL AS account_enabled, w.all_events, w.user_id, u.role
             FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN users u ON u.id = w.user_id
             WHERE d.id = $1 AND u.deleted_at IS NULL"
        ))
        .bind(id)
        .optional()
        .await?)
}

/// Whether the owner is still to be told: they organize the event, or did when it was deleted, or are an
/// admin who asks for all.
async fn is_told(core: &EventCore, row: &SendRow, subject: &WebhookSubject) -> Result<bool> {
    if row.all_events && row.role == Role::Admin {
        return Ok(true);
    }
    if !subject.organizers.is_empty() {
        return Ok(subject.organizers.contains(&row.user_id));
    }
    let organizes = Sql::dynamic(format!(
        "SELECT EXISTS (SELECT 1 FROM events e WHERE e.id = $1 AND (e.organizer_id = $2 OR {}))",
        co_organizes("e.id", "$2")
    ));
    let mut db = core.db().read().await?;
    Ok(db.query(organizes).bind(subject.event.map(EventId::as_uuid)).bind(row.user_id).scalar().await?)
}

/// Signs with the secret, and with the former one while that still signs.
async fn sign(core: &EventCore, id: WebhookDeliveryId, row: &SendRow, body: String) -> Result<SignedMessage> {
    let (key, now) = (core.link_key().await?, core.now());
    let former = row.former_secret.as_ref().filter(|_| row.former_secret_until.is_some_and(|at| at > now));
    let timestamp = now.as_micros() / 1_000_000;
    let mut signatures = Vec::with_capacity(2);
    for stored in std::iter::once(&row.secret).chain(former) {
        signatures.push(WebhookSecret::unseal(stored, &key)?.sign(id, timestamp, &body));
    }
    let policy = core.webhook_policy().clone();
    Ok(SignedMessage { url: row.url.clone(), id, timestamp, signature: signatures.join(" "), body, policy })
}

#[derive(FromRow)]
struct ConcludeRow {
    webhook_id: WebhookId,
    url: String,
    user_id: UserId,
    email: Option<String>,
    attempts: i64,
    manual: bool,
    created_at: Timestamp,
    last_success_at: Option<Timestamp>,
    enabled: bool,
}

/// What an attempt leads to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Delivered,
    Failed { disables: Option<DisabledBecause> },
    Again { at: Timestamp },
}

/// Records the outcome of an attempt. Returns what becomes of its job.
pub(crate) async fn conclude(
    tx: &mut Tx,
    id: WebhookDeliveryId,
    outcome: &WebhookOutcome,
    now: Timestamp,
) -> Result<Next> {
    let job = Job::SendWebhook { delivery: id };
    let (status, answer, error) = match outcome {
        WebhookOutcome::Nothing => return Ok(Next::Done),
        WebhookOutcome::Postponed => {
            let at = now.plus(JobKind::SendWebhook.retry_delay(1)?);
            return Ok(Next::Again { job, at });
        }
        WebhookOutcome::Dropped(reason) => {
            drop_waiting(tx, id, reason).await?;
            return Ok(Next::Done);
        }
        WebhookOutcome::Answered(answer) => (Some(answer.status), Some(stored_text(&answer.body)), None),
        WebhookOutcome::Unanswered(reason) => (None, None, Some(stored_text(reason))),
    };
    let Some(row) = lock(tx, id).await? else { return Ok(Next::Done) };
    let retry_at = now.plus(JobKind::SendWebhook.retry_delay(row.attempts + 1)?);
    let verdict = verdict(&row, status, retry_at, now);
    let (state, next) = match verdict {
        Verdict::Delivered => ("delivered", None),
        Verdict::Failed { .. } => ("failed", None),
        Verdict::Again { at } => ("waiting", Some(at)),
    };
    let error = error.or_else(|| match (verdict == Verdict::Delivered, status) {
        (false, Some(status @ 300..=399)) => Some(format!("status {status}: redirects are not followed")),
        (false, Some(status)) => Some(format!("status {status}")),
        _ => None,
    });
    tx.query(sql!(
        "UPDATE webhook_deliveries SET state = $2, attempts = attempts + 1, status = $3, answer = $4,
            error = $5, attempted_at = $6, next_attempt_at = $7
         WHERE id = $1"
    ))
    .bind(id)
    .bind(state)
    .bind(status.map(i64::from))
    .bind(answer)
    .bind(error)
    .bind(now)
    .bind(next)
    .execute()
    .await?;
    match verdict {
        Verdict::Delivered => record_success(tx, &row, now).await?,
        Verdict::Failed { disables: Some(because) } => disable(tx, &row, because, now).await?,
        Verdict::Failed { disables: None } | Verdict::Again { .. } => {}
    }
    Ok(next.map_or(Next::Done, |at| Next::Again { job, at }))
}

/// What an answer, or none, leads to: it is tried again for 24 hours. If nothing else was delivered
/// meanwhile, the webhook is then disabled.
fn verdict(row: &ConcludeRow, status: Option<u16>, retry_at: Timestamp, now: Timestamp) -> Verdict {
    let end = row.created_at.plus(TRIED);
    match status {
        Some(200..=299) => Verdict::Delivered,
        Some(410) => Verdict::Failed { disables: Some(DisabledBecause::Gone) },
        _ if row.manual => Verdict::Failed { disables: None },
        _ if now >= end => {
            let is_dead = row.last_success_at.is_none_or(|at| at < row.created_at);
            Verdict::Failed { disables: is_dead.then_some(DisabledBecause::Failing) }
        }
        _ => Verdict::Again { at: retry_at.min(end) },
    }
}

/// A text that both databases can store, up to its longest length.
fn stored_text(text: &str) -> String {
    text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c }).take(MAX_ANSWER).collect()
}

/// Locks the owner, the webhook and the delivery, in this order. `None` if one of them is gone, or the
/// delivery has ended.
async fn lock(tx: &mut Tx, id: WebhookDeliveryId) -> Result<Option<ConcludeRow>> {
    let owner: Option<(UserId,)> = tx
        .query(sql!(
            sqlite "SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND u.id = (
                SELECT w.user_id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
                WHERE d.id = $1)",
            postgres "SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND u.id = (
                SELECT w.user_id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
                WHERE d.id = $1) FOR KEY SHARE"
        ))
        .bind(id)
        .optional()
        .await?;
    let webhook: Option<(WebhookId,)> = tx
        .query(sql!(
            sqlite "SELECT webhook_id FROM webhook_deliveries WHERE id = $1",
            postgres "SELECT w.id FROM webhooks w WHERE w.id = (
                SELECT webhook_id FROM webhook_deliveries WHERE id = $1) FOR NO KEY UPDATE"
        ))
        .bind(id)
        .optional()
        .await?;
    if owner.is_none() || webhook.is_none() {
        return Ok(None);
    }
    Ok(tx
        .query(sql!(
            sqlite "SELECT w.id AS webhook_id, w.url, w.user_id, u.email, d.attempts, d.manual,
                d.created_at, w.last_success_at, w.disabled_at IS NULL AS enabled
             FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN users u ON u.id = w.user_id
             WHERE d.id = $1 AND d.state = 'waiting'",
            postgres "SELECT w.id AS webhook_id, w.url, w.user_id, u.email, d.attempts, d.manual,
                d.created_at, w.last_success_at, w.disabled_at IS NULL AS enabled
             FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN users u ON u.id = w.user_id
             WHERE d.id = $1 AND d.state = 'waiting' FOR UPDATE OF d"
        ))
        .bind(id)
        .optional()
        .await?)
}

async fn drop_waiting(tx: &mut Tx, id: WebhookDeliveryId, reason: &str) -> Result<()> {
    tx.query(sql!(
        "UPDATE webhook_deliveries SET state = 'dropped', error = $2, next_attempt_at = NULL
         WHERE id = $1 AND state = 'waiting'"
    ))
    .bind(id)
    .bind(reason.to_owned())
    .execute()
    .await?;
    Ok(())
}

async fn record_success(tx: &mut Tx, row: &ConcludeRow, now: Timestamp) -> Result<()> {
    if row.last_success_at.is_none_or(|at| now.since(at) >= SUCCESS_PRECISION) {
        tx.query(sql!("UPDATE webhooks SET last_success_at = $2 WHERE id = $1"))
            .bind(row.webhook_id)
            .bind(now)
            .execute()
            .await?;
    }
    Ok(())
}

/// Disables a webhook, and tells its owner, whose account is locked.
async fn disable(tx: &mut Tx, row: &ConcludeRow, because: DisabledBecause, now: Timestamp) -> Result<()> {
    if !row.enabled {
        return Ok(());
    }
    tx.query(sql!(
        "UPDATE webhooks SET disabled_at = $2, disabled_because = $3, version = version + 1 WHERE id = $1"
    ))
    .bind(row.webhook_id)
    .bind(now)
    .bind(because)
    .execute()
    .await?;
    let gone = because == DisabledBecause::Gone;
    let receiver = Url::parse(&row.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    // A stored URL has a host.
    let receiver = receiver.unwrap_or_default();
    if let Some(address) = &row.email {
        let mail = Mail::WebhookDisabled { at: now, receiver: receiver.clone(), gone };
        mails::queue(tx, row.user_id, address, &mail, now).await?;
    }
    tx.record(Change::WebhookDisabled { user: row.user_id, webhook: row.webhook_id, receiver, gone });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: u64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000).plus(Duration::from_hours(hours))
    }

    #[test]
    fn failures_are_repeated_for_a_day_and_disable_a_webhook_that_takes_nothing() {
        let row = |manual, last_success_at| ConcludeRow {
            webhook_id: WebhookId::at(hours(0)),
            url: "https://example.org/".to_owned(),
            user_id: UserId::at(hours(0)),
            email: None,
            attempts: 3,
            manual,
            created_at: hours(0),
            last_success_at,
            enabled: true,
        };
        let failed = |disables| Verdict::Failed { disables };
        for (now, success, status, expected) in [
            (1, None, Some(204), Verdict::Delivered),
            (30, None, Some(200), Verdict::Delivered),
            (1, None, Some(500), Verdict::Again { at: hours(2) }),
            (1, None, Some(302), Verdict::Again { at: hours(2) }),
            (1, None, None, Verdict::Again { at: hours(2) }),
            (23, None, None, Verdict::Again { at: hours(24) }),
            (24, None, None, failed(Some(DisabledBecause::Failing))),
            (24, Some(hours(1)), Some(503), failed(None)),
            (1, Some(hours(1)), Some(410), failed(Some(DisabledBecause::Gone))),
        ] {
            let verdict = verdict(&row(false, success), status, hours(now + 1), hours(now));
            assert_eq!(verdict, expected, "{now} {status:?}");
        }
        assert_eq!(verdict(&row(true, None), Some(500), hours(2), hours(1)), failed(None));
        assert_eq!(verdict(&row(true, None), None, hours(31), hours(30)), failed(None));
    }

    #[test]
    fn stored_texts_are_short_and_have_no_nul() {
        assert_eq!(stored_text("a\0b"), "a\u{fffd}b");
        assert_eq!(stored_text(&"ä".repeat(5_000)).chars().count(), MAX_ANSWER);
    }
}
