//! Deliveries that the owner of a webhook asks for: tests, and repeats.

use std::time::Duration;

use super::delivery::{DeliveryState, WebhookDelivery, load};
use super::kind::TEST;
use super::write::{find_locked, may_have};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{WebhookDeliveryId, WebhookId};
use crate::jobs::{Job, WebhookSubject, enqueue};
use crate::time::Timestamp;

/// How many tests and repeats may wait at a time for one webhook.
const MAX_WAITING: i64 = 20;

impl EventCore {
    /// Sends a test to a webhook of the actor, also to a disabled one. It is tried once.
    ///
    /// # Errors
    /// `rate_limited` while 20 tests and repeats wait.
    pub async fn test_webhook(&self, actor: &Actor, id: WebhookId) -> Result<WebhookDelivery> {
        actor.writer()?;
        let now = self.now();
        transaction!(self.db(), |tx| test(tx, actor, id, now))
    }

    /// Sends a delivery again that has ended, with the same id and what is true now, also to a disabled
    /// webhook. It is tried once.
    ///
    /// # Errors
    /// `delivery_waiting` if it is still being tried; `rate_limited` while 20 tests and repeats wait.
    pub async fn redeliver(
        &self,
        actor: &Actor,
        webhook: WebhookId,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        actor.writer()?;
        let now = self.now();
        transaction!(self.db(), |tx| repeat(tx, actor, webhook, id, now))
    }
}

async fn test(tx: &mut Tx, actor: &Actor, webhook: WebhookId, now: Timestamp) -> Result<WebhookDelivery> {
    must_have_room(tx, actor, webhook).await?;
    let id = WebhookDeliveryId::at(now);
    let subject = serde_json::to_string(&WebhookSubject::default()).map_err(Error::internal)?;
    tx.query(sql!(
        "INSERT INTO webhook_deliveries (id, webhook_id, kind, subject, state, manual, happened_at,
            created_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, 'waiting', TRUE, $5, $5, $5)"
    ))
    .bind(id)
    .bind(webhook)
    .bind(TEST)
    .bind(subject)
    .bind(now)
    .execute()
    .await?;
    enqueue(tx, &[Job::SendWebhook { delivery: id }], now, now).await?;
    load(tx, webhook, id).await
}

async fn repeat(
    tx: &mut Tx,
    actor: &Actor,
    webhook: WebhookId,
    id: WebhookDeliveryId,
    now: Timestamp,
) -> Result<WebhookDelivery> {
    must_have_room(tx, actor, webhook).await?;
    // While it is being tried there is a job already: a second one could send it at the same time.
    if load(tx, webhook, id).await?.state == DeliveryState::Waiting {
        return Err(Error::DeliveryWaiting);
    }
    tx.query(sql!(
        "UPDATE webhook_deliveries SET state = 'waiting', manual = TRUE, next_attempt_at = $2 WHERE id = $1"
    ))
    .bind(id)
    .bind(now)
    .execute()
    .await?;
    enqueue(tx, &[Job::SendWebhook { delivery: id }], now, now).await?;
    load(tx, webhook, id).await
}

/// Locks a webhook of the actor, and refuses more after too many that wait.
async fn must_have_room(tx: &mut Tx, actor: &Actor, webhook: WebhookId) -> Result<()> {
    let row = find_locked(tx, actor.writer()?.id, webhook).await?;
    may_have(actor, row.all_events)?;
    let waiting: i64 = tx
        .query(sql!(
            "SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries
                WHERE webhook_id = $1 AND manual AND state = 'waiting' LIMIT 20) waiting"
        ))
        .bind(webhook)
        .scalar()
        .await?;
    if waiting >= MAX_WAITING {
        let reason = "too many tests and repeats wait for this webhook";
        return Err(Error::RateLimited { reason, wait: Duration::from_secs(30) });
    }
    Ok(())
}
