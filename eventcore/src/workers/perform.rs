//! What each kind of job does.

use std::time::Duration;

use crate::accounts;
use crate::change_log;
use crate::core::EventCore;
use crate::counters;
use crate::db::{Tx, transaction};
use crate::error::{Cause, Error, Result};
use crate::id::{MailId, SubscriptionId, WebhookDeliveryId};
use crate::jobs::{self, Job, Lease, Next, lease};
use crate::mails::{self, DeliveryOutcome};
use crate::notifications;
use crate::subscriptions::{self, Refreshed};
use crate::time::Timestamp;
use crate::webhooks::{self, WebhookOutcome};

/// Does a job and records its success.
pub(super) async fn perform(core: &EventCore, lease: &Lease) -> Result<()> {
    let job = lease.job()?;
    match &job {
        Job::ExtendSchedules => {
            match core.extend_schedules().await? {
                0 => {}
                made => tracing::info!(made, "occurrences were created up to the horizon"),
            }
            succeed(core, lease, &recurring(job, core.now())).await
        }
        Job::RecomputeTimes => {
            let recomputed = core.recompute_times().await?;
            if recomputed.moved > 0 {
                tracing::info!(moved = recomputed.moved, "occurrences were moved to the new tz database");
            }
            let next = recomputed.again_at.map_or(Next::Done, |at| Next::Again { job, at });
            succeed(core, lease, &next).await
        }
        Job::AnalyzeTables => {
            core.db().analyze_grown_tables().await?;
            succeed(core, lease, &recurring(job, core.now())).await
        }
        Job::SendMail { mail } | Job::SendBulkMail { mail } => deliver(core, lease, *mail).await,
        Job::SendWebhook { delivery } => send(core, lease, *delivery).await,
        Job::RefreshSubscription { subscription } => refresh(core, lease, *subscription).await,
        Job::PruneJobs
        | Job::SpreadWebhooks(_)
        | Job::PruneWebhooks
        | Job::PruneMails
        | Job::PruneChanges
        | Job::ForgottenPassword { .. }
        | Job::Announce(_)
        | Job::FindReminders { .. }
        | Job::Remind(_)
        | Job::QueueMails
        | Job::CountChanges
        | Job::PruneNotifications { .. } => {
            let now = core.now();
            let kept = core.keeps_changes();
            transaction!(core.db(), |tx| step(tx, lease, &job, kept, now))
        }
    }
}

/// Delivers a mail. It is gone when that is recorded, so it may be delivered twice, and is named alike.
async fn deliver(core: &EventCore, lease: &Lease, mail: MailId) -> Result<()> {
    let outcome = attempt(core, mail).await?;
    let now = core.now();
    match transaction!(core.db(), |tx| record_delivery(tx, lease, mail, &outcome, now))? {
        None => Ok(()),
        Some(reason) => Err(Error::unavailable(Cause::NotDelivered, reason)),
    }
}

/// Tries to deliver a mail, unless what it tells is not true any more.
async fn attempt(core: &EventCore, id: MailId) -> Result<DeliveryOutcome> {
    let Some(waiting) = mails::find_waiting(core, id).await? else { return Ok(DeliveryOutcome::Nothing) };
    let Some((user, told)) = waiting.notifications() else {
        return mails::deliver(core, waiting, None).await;
    };
    let facts = notifications::mail_facts(core, user, told).await?;
    match (facts, waiting.readdressed()) {
        (Some(facts), Some(mail)) => mails::deliver(core, mail, Some(facts)).await,
        _ => Ok(DeliveryOutcome::Dropped),
    }
}

/// Delivers to a webhook. As with a mail it may be sent twice, and is named alike.
async fn send(core: &EventCore, lease: &Lease, delivery: WebhookDeliveryId) -> Result<()> {
    let outcome = webhooks::begin(core, delivery).await?;
    let now = core.now();
    transaction!(core.db(), |tx| record_sending(tx, lease, delivery, &outcome, now))
}

/// Records the outcome of a delivery to a webhook. It says itself when it is tried again.
async fn record_sending(
    tx: &mut Tx,
    lease: &Lease,
    delivery: WebhookDeliveryId,
    outcome: &WebhookOutcome,
    now: Timestamp,
) -> Result<()> {
    if lease::hold(tx, lease, now).await? {
        let next = webhooks::conclude(tx, delivery, outcome, now).await?;
        lease::succeed(tx, lease, &next, now).await?;
    }
    Ok(())
}

/// Reads a calendar that is followed. Its events are changed in transactions of their own: doing that again
/// changes nothing.
async fn refresh(core: &EventCore, lease: &Lease, id: SubscriptionId) -> Result<()> {
    let refreshed = subscriptions::refresh(core, id).await?;
    let now = core.now();
    transaction!(core.db(), |tx| record_refresh(tx, lease, id, &refreshed, now))
}

/// Records what became of a calendar that was read. It says itself when it is read again.
async fn record_refresh(
    tx: &mut Tx,
    lease: &Lease,
    id: SubscriptionId,
    refreshed: &Refreshed,
    now: Timestamp,
) -> Result<()> {
    if lease::hold(tx, lease, now).await? {
        let next = subscriptions::settle(tx, id, refreshed, now).await?;
        lease::succeed(tx, lease, &next, now).await?;
    }
    Ok(())
}

/// Records the outcome of a delivery; returns why the mail is to be tried again, if so.
async fn record_delivery(
    tx: &mut Tx,
    lease: &Lease,
    mail: MailId,
    outcome: &DeliveryOutcome,
    now: Timestamp,
) -> Result<Option<String>> {
    if !lease::hold(tx, lease, now).await? {
        return Ok(None);
    }
    let again = mails::conclude(tx, mail, outcome, lease.is_last_attempt(), now).await?;
    if again.is_none() {
        lease::succeed(tx, lease, &Next::Done, now).await?;
    }
    Ok(again)
}

/// Records the success of a job that has its own transactions.
async fn succeed(core: &EventCore, lease: &Lease, next: &Next) -> Result<()> {
    let now = core.now();
    transaction!(core.db(), |tx| conclude(tx, lease, next, now))
}

async fn conclude(tx: &mut Tx, lease: &Lease, next: &Next, now: Timestamp) -> Result<()> {
    if lease::hold(tx, lease, now).await? {
        lease::succeed(tx, lease, next, now).await?;
    }
    Ok(())
}

/// Deletes a batch of old changes. True if there may be more.
async fn prune_changes(tx: &mut Tx, kept: Option<Duration>, now: Timestamp) -> Result<bool> {
    let of_log = change_log::prune(tx, now).await?;
    let of_kept = match kept {
        Some(kept) => change_log::prune_kept(tx, kept, now).await?,
        None => false,
    };
    Ok(of_log || of_kept)
}

/// Does a job, or a bounded part of it, in the transaction that also records it: exactly once.
///
/// `kept` is how long changes are kept, if they are.
async fn step(tx: &mut Tx, lease: &Lease, job: &Job, kept: Option<Duration>, now: Timestamp) -> Result<()> {
    if !lease::hold(tx, lease, now).await? {
        return Ok(());
    }
    let next = match job {
        // These have transactions of their own.
        Job::ExtendSchedules
        | Job::RecomputeTimes
        | Job::AnalyzeTables
        | Job::SendMail { .. }
        | Job::SendBulkMail { .. }
        | Job::SendWebhook { .. }
        | Job::RefreshSubscription { .. } => Next::Done,
        Job::PruneJobs if jobs::prune(tx, now).await? => Next::Again { job: job.clone(), at: now },
        Job::PruneChanges if prune_changes(tx, kept, now).await? => Next::Again { job: job.clone(), at: now },
        Job::PruneMails if mails::prune(tx, now).await? => Next::Again { job: job.clone(), at: now },
        Job::PruneWebhooks if webhooks::prune(tx, now).await? => Next::Again { job: job.clone(), at: now },
        Job::SpreadWebhooks(news) => match webhooks::spread(tx, news, now).await? {
            Some(rest) => Next::Again { job: Job::SpreadWebhooks(rest), at: now },
            None => Next::Done,
        },
        Job::PruneMails => {
            accounts::prune_links(tx, now).await?;
            recurring(job.clone(), now)
        }
        Job::ForgottenPassword { email } => {
            accounts::send_reset_link(tx, email, now).await?;
            Next::Done
        }
        Job::PruneJobs | Job::PruneChanges | Job::PruneWebhooks => recurring(job.clone(), now),
        Job::Announce(announcement) => match notifications::spread(tx, announcement, now).await? {
            Some(rest) => Next::Again { job: Job::Announce(rest), at: now },
            None => Next::Done,
        },
        Job::FindReminders { looked_at_until } => notifications::find_due(tx, *looked_at_until, now).await?,
        Job::Remind(due) => notifications::remind(tx, due, now).await?,
        Job::QueueMails => notifications::queue_mails(tx, now).await?,
        Job::CountChanges => counters::count_changes(tx, now).await?,
        Job::PruneNotifications { after } => match notifications::prune(tx, *after, now).await? {
            Some(after) => Next::Again { job: Job::PruneNotifications { after: Some(after) }, at: now },
            None => recurring(Job::PruneNotifications { after: None }, now),
        },
    };
    lease::succeed(tx, lease, &next, now).await
}

/// A job that recurs is due again after its period.
fn recurring(job: Job, now: Timestamp) -> Next {
    match job.kind().period() {
        Some(period) => Next::Again { job, at: now.plus(period) },
        None => Next::Done,
    }
}
