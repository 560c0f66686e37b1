//! [`Job`]: what is to be done.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::payload::{Announcement, DueOccurrence, WebhookNews};
use super::retry::Retries;
use crate::db::{Dialect, text_enum};
use crate::error::{Error, Result};
use crate::id::{MailId, NotificationId, SubscriptionId, UserId, WebhookDeliveryId};
use crate::time::Timestamp;

/// What is to be done. Stored as JSON: change a variant so that stored ones can still be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Job {
    /// Daily: create the occurrences of unbounded rules up to the horizon.
    ExtendSchedules,
    /// After a start: recompute the times of future occurrences if the tz database has another edition.
    RecomputeTimes,
    /// Daily: delete jobs that finished long ago.
    PruneJobs,
    /// Tell those who are registered of a change.
    Announce(Announcement),
    /// Every ten seconds: find the occurrences of which reminders fell due.
    FindReminders {
        /// How far time has been looked at; `None` before the first time.
        looked_at_until: Option<Timestamp>,
    },
    /// Remind those who are registered for an occurrence.
    Remind(DueOccurrence),
    /// Every minute: delete what changed some minutes ago.
    PruneChanges,
    /// Daily: delete old notifications.
    PruneNotifications {
        /// Up to where the table has been looked at; `None` at its beginning.
        after: Option<(UserId, NotificationId)>,
    },
    /// Daily: delete mails that were sent long ago, and links that have expired.
    PruneMails,
    /// Deliver a mail.
    SendMail {
        /// The mail.
        mail: MailId,
    },
    /// Deliver a mail that goes to many people, after those that go to one.
    SendBulkMail {
        /// The mail.
        mail: MailId,
    },
    /// Every five seconds: write the mails of notifications that are due.
    QueueMails,
    /// Every five seconds: add what has changed in lists to the counters of the agenda.
    CountChanges,
    /// Every ten seconds: let the planner of PostgreSQL know of tables that have grown.
    AnalyzeTables,
    /// Send a link for a new password to the user with an address, if there is one.
    ForgottenPassword {
        /// The address, in the form for comparisons.
        email: String,
    },
    /// Write what webhooks are told of changes.
    SpreadWebhooks(WebhookNews),
    /// Deliver to a webhook.
    SendWebhook {
        /// The delivery.
        delivery: WebhookDeliveryId,
    },
    /// Hourly: delete old deliveries to webhooks.
    PruneWebhooks,
    /// Hourly, for each of them: read a calendar that an organizer follows.
    RefreshSubscription {
        /// The subscription.
        subscription: SubscriptionId,
    },
}

text_enum! {
    /// The kind of a [`Job`].
    pub enum JobKind {
        /// [`Job::ExtendSchedules`].
        ExtendSchedules = "extend_schedules",
        /// [`Job::RecomputeTimes`].
        RecomputeTimes = "recompute_times",
        /// [`Job::PruneJobs`].
        PruneJobs = "prune_jobs",
        /// [`Job::Announce`].
        Announce = "announce",
        /// [`Job::FindReminders`].
        FindReminders = "find_reminders",
        /// [`Job::Remind`].
        Remind = "remind",
        /// [`Job::PruneChanges`].
        PruneChanges = "prune_changes",
        /// [`Job::PruneNotifications`].
        PruneNotifications = "prune_notifications",
        /// [`Job::PruneMails`].
        PruneMails = "prune_mails",
        /// [`Job::SendMail`].
        SendMail = "send_mail",
        /// [`Job::SendBulkMail`].
        SendBulkMail = "send_bulk_mail",
        /// [`Job::QueueMails`].
        QueueMails = "queue_mails",
        /// [`Job::CountChanges`].
        CountChanges = "count_changes",
        /// [`Job::AnalyzeTables`].
        AnalyzeTables = "analyze_tables",
        /// [`Job::ForgottenPassword`].
        ForgottenPassword = "forgotten_password",
        /// [`Job::SpreadWebhooks`].
        SpreadWebhooks = "spread_webhooks",
        /// [`Job::SendWebhook`].
        SendWebhook = "send_webhook",
        /// [`Job::PruneWebhooks`].
        PruneWebhooks = "prune_webhooks",
        /// [`Job::RefreshSubscription`].
        RefreshSubscription = "refresh_subscription",
    }
}

impl Job {
    /// The kind.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::ExtendSchedules => JobKind::ExtendSchedules,
            Self::RecomputeTimes => JobKind::RecomputeTimes,
            Self::PruneJobs => JobKind::PruneJobs,
            Self::Announce(_) => JobKind::Announce,
            Self::FindReminders { .. } => JobKind::FindReminders,
            Self::Remind(_) => JobKind::Remind,
            Self::PruneChanges => JobKind::PruneChanges,
            Self::PruneNotifications { .. } => JobKind::PruneNotifications,
            Self::PruneMails => JobKind::PruneMails,
            Self::SendMail { .. } => JobKind::SendMail,
            Self::SendBulkMail { .. } => JobKind::SendBulkMail,
            Self::QueueMails => JobKind::QueueMails,
            Self::CountChanges => JobKind::CountChanges,
            Self::AnalyzeTables => JobKind::AnalyzeTables,
            Self::ForgottenPassword { .. } => JobKind::ForgottenPassword,
            Self::SpreadWebhooks(_) => JobKind::SpreadWebhooks,
            Self::SendWebhook { .. } => JobKind::SendWebhook,
            Self::PruneWebhooks => JobKind::PruneWebhooks,
            Self::RefreshSubscription { .. } => JobKind::RefreshSubscription,
        }
    }

    /// The jobs that a process with workers adds when it starts. On SQLite, plans do not depend on the sizes
    /// of tables.
    pub(crate) fn at_start(dialect: Dialect) -> Vec<Self> {
        let has_work = |job: &Self| dialect == Dialect::Postgres || *job != Self::AnalyzeTables;
        Self::AT_START.into_iter().filter(has_work).collect()
    }

    const AT_START: [Self; 11] = [
        Self::FindReminders { looked_at_until: None },
        Self::QueueMails,
        Self::CountChanges,
        Self::AnalyzeTables,
        Self::ExtendSchedules,
        Self::PruneJobs,
        Self::PruneMails,
        Self::PruneChanges,
        Self::PruneNotifications { after: None },
        Self::PruneWebhooks,
        Self::RecomputeTimes,
    ];

    /// What at most one unfinished job has: that of a kind that exists once, or of one subscription.
    pub(super) fn key(&self) -> Option<String> {
        match self {
            Self::RefreshSubscription { subscription } => Some(format!("{} {subscription}", self.kind())),
            _ => self.kind().is_single().then(|| self.kind().to_string()),
        }
    }

    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

impl JobKind {
    /// Smaller numbers go first: 0 for what people wait for and the times that this depends on, 1 for mails
    /// to many people, 2 for upkeep. What waits for the servers of others is in a [`Lane`](super::lane::Lane)
    /// of its own: 3.
    pub(crate) const fn priority(self) -> i64 {
        match self {
            Self::RecomputeTimes
            | Self::Announce
            | Self::FindReminders
            | Self::Remind
            | Self::SendMail
            | Self::QueueMails
            | Self::CountChanges
            | Self::AnalyzeTables
            | Self::ForgottenPassword
            | Self::SpreadWebhooks => 0,
            Self::SendBulkMail => 1,
            Self::ExtendSchedules
            | Self::PruneJobs
            | Self::PruneMails
            | Self::PruneChanges
            | Self::PruneNotifications
            | Self::PruneWebhooks => 2,
            Self::SendWebhook | Self::RefreshSubscription => 3,
        }
    }

    /// Whether there is at most one unfinished job of this kind.
    pub(super) const fn is_single(self) -> bool {
        match self {
            Self::FindReminders
            | Self::QueueMails
            | Self::CountChanges
            | Self::AnalyzeTables
            | Self::ExtendSchedules
            | Self::RecomputeTimes
            | Self::PruneJobs
            | Self::PruneMails
            | Self::PruneChanges
            | Self::PruneNotifications
            | Self::PruneWebhooks => true,
            Self::Announce
            | Self::Remind
            | Self::SendMail
            | Self::SendBulkMail
            | Self::ForgottenPassword
            | Self::SpreadWebhooks
            | Self::SendWebhook
            | Self::RefreshSubscription => false,
        }
    }

    /// How long after a success the job is due again; `None` for jobs that do not recur.
    pub(crate) const fn period(self) -> Option<Duration> {
        match self {
            // One index scan, and each event is extended once a day.
            Self::ExtendSchedules | Self::PruneJobs | Self::PruneMails | Self::PruneWebhooks => {
                Some(Duration::from_hours(1))
            }
            Self::PruneChanges => Some(Duration::from_mins(1)),
            Self::AnalyzeTables => Some(Duration::from_secs(10)),
            Self::PruneNotifications => Some(Duration::from_hours(24)),
            // It says itself when it goes on.
            Self::FindReminders
            | Self::RecomputeTimes
            | Self::Announce
            | Self::Remind
            | Self::SendMail
            | Self::SendBulkMail
            | Self::QueueMails
            | Self::CountChanges
            | Self::ForgottenPassword
            | Self::SpreadWebhooks
            | Self::SendWebhook
            | Self::RefreshSubscription => None,
        }
    }

    /// The delay after the failure number `failures`, which counts from 1, with jitter.
    pub(crate) fn retry_delay(self, failures: i64) -> Result<Duration> {
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
        Ok(self.retries().delay(failures, u32::from_ne_bytes(random)))
    }

    /// How failed attempts are repeated. Jobs that recur are never set aside.
    pub(super) const fn retries(self) -> Retries {
        match self {
            // Reminders and mails must be found again soon after the database was away.
            Self::FindReminders | Self::QueueMails | Self::CountChanges => Retries::PROMPT,
            Self::ExtendSchedules
            | Self::RecomputeTimes
            | Self::AnalyzeTables
            | Self::PruneJobs
            | Self::PruneMails
            | Self::PruneChanges
            | Self::PruneNotifications
            | Self::PruneWebhooks
            | Self::RefreshSubscription => Retries::UPKEEP,
            Self::Announce
            | Self::Remind
            | Self::SendMail
            | Self::SendBulkMail
            | Self::ForgottenPassword
            | Self::SpreadWebhooks => Retries::DEFAULT,
            Self::SendWebhook => Retries::OUTSIDE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_json_names_the_kind() {
        let at = Timestamp::from_micros(1_800_000_000_000_000);
        let id = crate::id::OccurrenceId::at(at);
        let remind = DueOccurrence { id, starts_at: at, from: at, until: at, after: None };
        let mail = MailId::at(at);
        let forgotten = Job::ForgottenPassword { email: "ada@example.org".to_owned() };
        let news = WebhookNews { change: "event.changed".to_owned(), at, subjects: Vec::new() };
        let delivery = WebhookDeliveryId::at(at);
        let others = [
            Job::Remind(remind),
            Job::SendMail { mail },
            Job::SendBulkMail { mail },
            forgotten,
            Job::SpreadWebhooks(news),
            Job::SendWebhook { delivery },
            Job::RefreshSubscription { subscription: SubscriptionId::at(at) },
        ];
        for job in Job::AT_START.into_iter().chain(others) {
            let json = job.to_json().unwrap();
            let stored: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(stored["kind"], job.kind().as_str());
            assert_eq!(serde_json::from_str::<Job>(&json).unwrap(), job);
        }
    }
}
