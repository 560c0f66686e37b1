//! Creating, changing and deleting webhooks, and rotating their secrets.

use std::time::Duration;

use serde_json::{Value, json};

use super::kind::WebhookKind;
use super::policy::WebhookPolicy;
use super::read::find;
use super::secret::{SecretAnswer, WebhookSecret};
use super::webhook::{DisabledBecause, NewWebhook, Webhook, WebhookInput, WebhookRow};
use crate::accounts::lock_account;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, RowList, SqlWriter, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{UserId, WebhookId};
use crate::input::{merge_patch, must_be_object};
use crate::precondition::{Precondition, must_be_version};
use crate::quotas::Quotas;
use crate::time::Timestamp;

/// How long the former secret signs too after a rotation.
const OVERLAP: Duration = Duration::from_hours(24);

impl EventCore {
    /// Creates a webhook of the actor. The result holds the secret, which cannot be read again.
    ///
    /// # Errors
    /// `invalid_input` for a URL that can never be reached; `forbidden` if anyone but an admin asks for all
    /// events; `quota_exceeded`.
    pub async fn create_webhook(&self, actor: &Actor, input: &WebhookInput) -> Result<NewWebhook> {
        let owner = actor.writer()?.id;
        let (input, violations) = input.clone().check(self.webhook_policy());
        violations.into_result()?;
        may_have(actor, input.all_events)?;
        let secret = WebhookSecret::generate()?;
        let sealed = secret.seal(&self.link_key().await?)?;
        let (id, now, quotas) = (WebhookId::at(self.now()), self.now(), self.quotas().of(actor));
        let row = transaction!(self.db(), |tx| insert(tx, owner, id, &input, &*sealed, quotas, now))?;
        Ok(NewWebhook { webhook: row.webhook(now), secret: secret.text() })
    }

    /// Changes a webhook of the actor by a JSON merge patch. `enabled` enables it again after failures.
    ///
    /// # Errors
    /// As [`EventCore::create_webhook`]; `version_mismatch` if `expected` is not the stored version.
    pub async fn change_webhook(
        &self,
        actor: &Actor,
        id: WebhookId,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<Webhook> {
        actor.writer()?;
        must_be_object(patch)?;
        let (now, policy) = (self.now(), self.webhook_policy().clone());
        let row = transaction!(self.db(), |tx| change(tx, actor, id, patch, expected, &policy, now))?;
        Ok(row.webhook(now))
    }

    /// Deletes a webhook of the actor, and what was delivered to it.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn delete_webhook(
        &self,
        actor: &Actor,
        id: WebhookId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        let owner = actor.writer()?.id;
        transaction!(self.db(), |tx| delete(tx, owner, id, expected))
    }

    /// Replaces the secret of a webhook of the actor. For 24 hours both sign.
    pub async fn rotate_webhook_secret(&self, actor: &Actor, id: WebhookId) -> Result<SecretAnswer> {
        actor.writer()?;
        let secret = WebhookSecret::generate()?;
        let sealed = secret.seal(&self.link_key().await?)?;
        let now = self.now();
        let until = transaction!(self.db(), |tx| rotate(tx, actor, id, &*sealed, now))?;
        Ok(SecretAnswer { secret: secret.text(), former_secret_expires_at: Some(until) })
    }
}

/// Only admins have webhooks of all events.
pub(super) fn may_have(actor: &Actor, all_events: bool) -> Result<()> {
    if all_events { actor.must_be_admin() } else { Ok(()) }
}

async fn insert(
    tx: &mut Tx,
    owner: UserId,
    id: WebhookId,
    input: &WebhookInput,
    sealed: &[u8],
    quotas: Quotas,
    now: Timestamp,
) -> Result<WebhookRow> {
    // The lock serializes the count below, and a deletion of the account.
    lock_owner(tx, owner).await?;
    let count: i64 =
        tx.query(sql!("SELECT count(*) FROM webhooks WHERE user_id = $1")).bind(owner).scalar().await?;
    quotas.check_webhooks(count)?;
    let is_enabled = input.enabled.unwrap_or(true);
    tx.query(sql!(
        "INSERT INTO webhooks (id, user_id, url, description, all_events, secret, disabled_at,
            disabled_because, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)"
    ))
    .bind(id)
    .bind(owner)
    .bind(input.url.clone())
    .bind(input.description.clone())
    .bind(input.all_events)
    .bind(sealed.to_vec())
    .bind((!is_enabled).then_some(now))
    .bind((!is_enabled).then_some(DisabledBecause::Owner))
    .bind(now)
    .execute()
    .await?;
    insert_kinds(tx, id, &input.kinds).await?;
    find(tx, owner, id).await
}

async fn insert_kinds(tx: &mut Tx, id: WebhookId, kinds: &[WebhookKind]) -> Result<()> {
    let rows = RowList::default().texts("kind", kinds.iter().map(ToString::to_string));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("INSERT INTO webhook_kinds (webhook_id, kind) SELECT ").value(id.as_uuid());
    sql.push(", v.kind FROM ").rows("v", rows);
    sql.query(tx).execute().await?;
    Ok(())
}

/// Locks the account until the transaction ends, before its webhooks.
async fn lock_owner(tx: &mut Tx, owner: UserId) -> Result<()> {
    if lock_account(tx, owner).await? { Ok(()) } else { Err(Error::Unauthenticated) }
}

/// Finds a webhook of a user and locks it until the transaction ends.
pub(super) async fn find_locked(tx: &mut Tx, owner: UserId, id: WebhookId) -> Result<WebhookRow> {
    let locked: Option<(WebhookId,)> =
        tx.query(sql!("SELECT id FROM webhooks WHERE id = $1", for update)).bind(id).optional().await?;
    locked.ok_or(Error::NotFound("webhook"))?;
    find(tx, owner, id).await
}

async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: WebhookId,
    patch: &Value,
    expected: Option<&Precondition>,
    policy: &WebhookPolicy,
    now: Timestamp,
) -> Result<WebhookRow> {
    let owner = actor.writer()?.id;
    let row = find_locked(tx, owner, id).await?;
    must_be_version(row.version, expected)?;
    let is_enabled = row.disabled_at.is_none();
    let mut value = json!({
        "url": row.url, "description": row.description, "kinds": row.kinds(),
        "all_events": row.all_events, "enabled": is_enabled,
    });
    merge_patch(&mut value, patch.clone());
    let mut input = WebhookInput::read(value);
    input.parse_errors.settle_read_only(&row.clone().webhook(now))?;
    let (input, violations) = input.check(policy);
    violations.into_result()?;
    may_have(actor, row.all_events || input.all_events)?;
    let enable = input.enabled.unwrap_or(true);
    let same = input.url == row.url
        && input.description == row.description
        && input.kinds == row.kinds()
        && input.all_events == row.all_events
        && enable == is_enabled;
    if same {
        return Ok(row);
    }
    let (disabled_at, because) = match (is_enabled, enable) {
        (_, true) => (None, None),
        (true, false) => (Some(now), Some(DisabledBecause::Owner)),
        (false, false) => (row.disabled_at, row.disabled_because),
    };
    tx.query(sql!(
        "UPDATE webhooks SET url = $2, description = $3, all_events = $4, disabled_at = $5,
            disabled_because = $6, updated_at = $7, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(input.url)
    .bind(input.description)
    .bind(input.all_events)
    .bind(disabled_at)
    .bind(because)
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!("DELETE FROM webhook_kinds WHERE webhook_id = $1")).bind(id).execute().await?;
    insert_kinds(tx, id, &input.kinds).await?;
    find(tx, owner, id).await
}

async fn delete(tx: &mut Tx, owner: UserId, id: WebhookId, expected: Option<&Precondition>) -> Result<()> {
    let row = find_locked(tx, owner, id).await?;
    must_be_version(row.version, expected)?;
    tx.query(sql!("DELETE FROM webhooks WHERE id = $1")).bind(id).execute().await?;
    Ok(())
}

/// Replaces the secret; returns until when the former one signs too.
async fn rotate(
    tx: &mut Tx,
    actor: &Actor,
    id: WebhookId,
    sealed: &[u8],
    now: Timestamp,
) -> Result<Timestamp> {
    let row = find_locked(tx, actor.writer()?.id, id).await?;
    may_have(actor, row.all_events)?;
    let until = now.plus(OVERLAP);
    tx.query(sql!(
        "UPDATE webhooks SET former_secret = secret, former_secret_until = $2, secret = $3, updated_at = $4,
            version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(until)
    .bind(sealed.to_vec())
    .bind(now)
    .execute()
    .await?;
    Ok(until)
}

/// Deletes all webhooks of a user, with what was delivered to them.
pub(crate) async fn forget(tx: &mut Tx, owner: UserId) -> Result<()> {
    let ordered = sql!("SELECT id FROM webhooks WHERE user_id = $1 ORDER BY id", for update);
    let _locked: Vec<(WebhookId,)> = tx.query(ordered).bind(owner).all().await?;
    tx.query(sql!("DELETE FROM webhooks WHERE user_id = $1")).bind(owner).execute().await?;
    Ok(())
}
