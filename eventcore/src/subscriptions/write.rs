//! Creating, changing and deleting subscriptions.

use serde_json::{Value, json};

use super::read::find;
use super::subscription::{
    CalendarSubscription, CalendarSubscriptionInput, SubscriptionEnd, SubscriptionRow, UnsubscribeChoice,
};
use crate::accounts::lock_account;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, SubscriptionId, UserId};
use crate::input::{merge_patch, must_be_object};
use crate::jobs::{Job, enqueue, hasten};
use crate::precondition::{Precondition, must_be_version};
use crate::quotas::Quotas;
use crate::time::Timestamp;
use crate::webhooks::WebhookPolicy;

impl EventCore {
    /// Lets the actor follow a calendar: what it has becomes events of the actor. It is read as soon as a
    /// worker can.
    ///
    /// # Errors
    /// `invalid_input` for a URL that can never be reached, or that the actor follows already;
    /// `quota_exceeded`; `email_not_verified` unless new events are drafts, see
    /// [`Builder::require_verified_email`](crate::Builder::require_verified_email).
    pub async fn subscribe_to_calendar(
        &self,
        actor: &Actor,
        input: &CalendarSubscriptionInput,
    ) -> Result<CalendarSubscription> {
        let owner = actor.writer()?.id;
        let (input, violations) = input.clone().check(self.webhook_policy());
        violations.into_result()?;
        if !input.drafts {
            self.must_be_verified(actor).await?;
        }
        let (now, quotas) = (self.now(), self.quotas().of(actor));
        let id = SubscriptionId::at(now);
        transaction!(self.db(), |tx| insert(tx, owner, id, &input, quotas, now))?.subscription()
    }

    /// Changes a subscription of the actor by a JSON merge patch. `enabled` enables it again after failures.
    /// Another URL is read as the same calendar: what it lacks disappears.
    ///
    /// # Errors
    /// As [`EventCore::subscribe_to_calendar`]; `version_mismatch` if `expected` is not the stored version.
    pub async fn change_calendar_subscription(
        &self,
        actor: &Actor,
        id: SubscriptionId,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<CalendarSubscription> {
        actor.writer()?;
        must_be_object(patch)?;
        if patch.get("drafts") == Some(&Value::Bool(false)) {
            self.must_be_verified(actor).await?;
        }
        let (now, policy) = (self.now(), self.webhook_policy().clone());
        transaction!(self.db(), |tx| change(tx, actor, id, patch, expected, &policy, now))?.subscription()
    }

    /// Lets a calendar be read as soon as a worker can, unless it is being read.
    ///
    /// # Errors
    /// `subscription_disabled` if it is not followed at the moment.
    pub async fn refresh_calendar_subscription(
        &self,
        actor: &Actor,
        id: SubscriptionId,
    ) -> Result<CalendarSubscription> {
        let owner = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), |tx| refresh_soon(tx, owner, id, now))?.subscription()
    }

    /// Ends a subscription of the actor. Its events stay, as ordinary events of the actor, or those that lie
    /// ahead are cancelled by a worker: then the subscription is there until they are.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn unsubscribe_from_calendar(
        &self,
        actor: &Actor,
        id: SubscriptionId,
        choice: UnsubscribeChoice,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        let owner = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), |tx| end(tx, owner, id, choice, expected, now))
    }
}

async fn insert(
    tx: &mut Tx,
    owner: UserId,
    id: SubscriptionId,
    input: &CalendarSubscriptionInput,
    quotas: Quotas,
    now: Timestamp,
) -> Result<SubscriptionRow> {
    // The lock serializes the count below, and a deletion of the account.
    lock_owner(tx, owner).await?;
    let count: i64 = tx
        .query(sql!("SELECT count(*) FROM calendar_subscriptions WHERE user_id = $1"))
        .bind(owner)
        .scalar()
        .await?;
    quotas.check_subscriptions(count)?;
    must_be_new(tx, owner, id, &input.url).await?;
    let is_enabled = input.enabled.unwrap_or(true);
    tx.query(sql!(
        "INSERT INTO calendar_subscriptions (id, user_id, url, location, capacity, timezone, visibility,
            drafts, disabled_at, disabled_because, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)"
    ))
    .bind(id)
    .bind(owner)
    .bind(input.url.clone())
    .bind(input.location.clone())
    .bind(input.capacity)
    .bind(input.timezone.clone())
    .bind(input.visibility)
    .bind(input.drafts)
    .bind((!is_enabled).then_some(now))
    .bind((!is_enabled).then_some(SubscriptionEnd::Owner))
    .bind(now)
    .execute()
    .await?;
    if is_enabled {
        enqueue(tx, &[Job::RefreshSubscription { subscription: id }], now, now).await?;
    }
    find(tx, owner, id).await
}

/// Refuses a URL that another subscription of the user has: each event would be there twice.
async fn must_be_new(tx: &mut Tx, owner: UserId, id: SubscriptionId, url: &str) -> Result<()> {
    let exists: bool = tx
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM calendar_subscriptions
                WHERE user_id = $1 AND url = $2 AND id <> $3)"
        ))
        .bind(owner)
        .bind(url.to_owned())
        .bind(id)
        .scalar()
        .await?;
    if exists { Err(Error::invalid("/url", "duplicate", "is followed already")) } else { Ok(()) }
}

/// Locks the account until the transaction ends, before its subscriptions.
async fn lock_owner(tx: &mut Tx, owner: UserId) -> Result<()> {
    if lock_account(tx, owner).await? { Ok(()) } else { Err(Error::Unauthenticated) }
}

/// Finds a subscription of a user and locks it until the transaction ends.
async fn find_locked(tx: &mut Tx, owner: UserId, id: SubscriptionId) -> Result<SubscriptionRow> {
    let locked: Option<(SubscriptionId,)> = tx
        .query(sql!("SELECT id FROM calendar_subscriptions WHERE id = $1", for update))
        .bind(id)
        .optional()
        .await?;
    locked.ok_or(Error::NotFound("subscription"))?;
    find(tx, owner, id).await
}

async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: SubscriptionId,
    patch: &Value,
    expected: Option<&Precondition>,
    policy: &WebhookPolicy,
    now: Timestamp,
) -> Result<SubscriptionRow> {
    let owner = actor.writer()?.id;
    lock_owner(tx, owner).await?;
    let row = find_locked(tx, owner, id).await?;
    must_be_version(row.version, expected)?;
    if row.disabled_because == Some(SubscriptionEnd::Ending) {
        return Err(Error::NotFound("subscription"));
    }
    let is_enabled = row.disabled_at.is_none();
    let stored = json!({
        "url": row.url, "location": row.location, "capacity": row.capacity, "timezone": row.timezone,
        "visibility": row.visibility, "drafts": row.drafts, "enabled": is_enabled,
    });
    let mut value = stored.clone();
    merge_patch(&mut value, patch.clone());
    let mut input = CalendarSubscriptionInput::read(value);
    input.parse_errors.settle_read_only(&row.clone().subscription()?)?;
    let (input, violations) = input.check(policy);
    violations.into_result()?;
    let enable = input.enabled.unwrap_or(true);
    let same = (&input.url, &input.location, &input.timezone) == (&row.url, &row.location, &row.timezone)
        && (input.capacity, input.visibility, input.drafts) == (row.capacity, row.visibility, row.drafts)
        && enable == is_enabled;
    if same {
        return Ok(row);
    }
    must_be_new(tx, owner, id, &input.url).await?;
    let (disabled_at, because) = match (is_enabled, enable) {
        (_, true) => (None, None),
        (true, false) => (Some(now), Some(SubscriptionEnd::Owner)),
        (false, false) => (row.disabled_at, row.disabled_because),
    };
    // The file is read whole next time: it may be another one, or what new events get is other.
    tx.query(sql!(
        "UPDATE calendar_subscriptions SET url = $2, location = $3, capacity = $4, timezone = $5,
            visibility = $6, drafts = $7, disabled_at = $8, disabled_because = $9, updated_at = $10,
            version = version + 1, etag = NULL, last_modified = NULL, fingerprint = NULL,
            failing_since = CASE WHEN $11 THEN NULL ELSE failing_since END,
            failure = CASE WHEN $11 THEN NULL ELSE failure END
         WHERE id = $1"
    ))
    .bind(id)
    .bind(input.url.clone())
    .bind(input.location)
    .bind(input.capacity)
    .bind(input.timezone)
    .bind(input.visibility)
    .bind(input.drafts)
    .bind(disabled_at)
    .bind(because)
    .bind(now)
    .bind(input.url != row.url || (enable && !is_enabled))
    .execute()
    .await?;
    if enable {
        read_soon(tx, id, now).await?;
    }
    find(tx, owner, id).await
}

/// Makes the job due that reads a calendar.
async fn read_soon(tx: &mut Tx, id: SubscriptionId, now: Timestamp) -> Result<()> {
    let job = Job::RefreshSubscription { subscription: id };
    hasten(tx, &job, now).await?;
    enqueue(tx, &[job], now, now).await
}

async fn refresh_soon(
    tx: &mut Tx,
    owner: UserId,
    id: SubscriptionId,
    now: Timestamp,
) -> Result<SubscriptionRow> {
    let row = find_locked(tx, owner, id).await?;
    if row.disabled_at.is_some() {
        return Err(Error::SubscriptionDisabled);
    }
    read_soon(tx, id, now).await?;
    Ok(row)
}

async fn end(
    tx: &mut Tx,
    owner: UserId,
    id: SubscriptionId,
    choice: UnsubscribeChoice,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<()> {
    if choice == UnsubscribeChoice::Keep {
        // Events precede the subscription in the lock order: deleting it changes them.
        let events = sql!(
            sqlite "SELECT id FROM events WHERE subscription_id = $1 ORDER BY id",
            postgres "SELECT id FROM events WHERE subscription_id = $1 ORDER BY id FOR NO KEY UPDATE"
        );
        let _locked: Vec<(EventId,)> = tx.query(events).bind(id).all().await?;
    }
    let row = find_locked(tx, owner, id).await?;
    must_be_version(row.version, expected)?;
    if choice == UnsubscribeChoice::Keep {
        tx.query(sql!("DELETE FROM calendar_subscriptions WHERE id = $1")).bind(id).execute().await?;
        return Ok(());
    }
    if row.disabled_because == Some(SubscriptionEnd::Ending) {
        return Ok(());
    }
    tx.query(sql!(
        "UPDATE calendar_subscriptions SET disabled_at = $2, disabled_because = $3, updated_at = $2,
            version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(now)
    .bind(SubscriptionEnd::Ending)
    .execute()
    .await?;
    read_soon(tx, id, now).await
}

/// Ends all subscriptions of a user. Their events stay.
pub(crate) async fn forget(tx: &mut Tx, owner: UserId) -> Result<()> {
    let ordered = sql!("SELECT id FROM calendar_subscriptions WHERE user_id = $1 ORDER BY id", for update);
    let _locked: Vec<(SubscriptionId,)> = tx.query(ordered).bind(owner).all().await?;
    tx.query(sql!("DELETE FROM calendar_subscriptions WHERE user_id = $1")).bind(owner).execute().await?;
    Ok(())
}
