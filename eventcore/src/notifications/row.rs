//! [`NotificationRow`]: a stored notification, and what is told of it.

use sqlx::FromRow;
use uuid::Uuid;

use super::kind::NotificationKind;
use super::notification::Notification;
use super::notify::ToldDetails;
use super::text;
use crate::accounts::PublicProfile;
use crate::error::{Error, Result};
use crate::events::zone;
use crate::id::{EventId, NotificationId, OccurrenceId, UserId};
use crate::time::{Moment, Timestamp};

/// A row of `notifications` with the names of its actor.
#[derive(Debug, Clone, FromRow)]
pub(super) struct NotificationRow {
    pub(super) id: NotificationId,
    kind: NotificationKind,
    event_id: Option<EventId>,
    occurrence_id: Option<OccurrenceId>,
    subject_id: Option<Uuid>,
    actor_id: Option<UserId>,
    username: Option<String>,
    display_name: Option<String>,
    title: Option<String>,
    starts_at: Option<Timestamp>,
    timezone: Option<String>,
    all_day: bool,
    details: Option<String>,
    created_at: Timestamp,
    read_at: Option<Timestamp>,
}

/// The columns of a [`NotificationRow`], from [`TABLES`].
pub(super) const COLUMNS: &str = "n.id, n.kind, n.event_id, n.occurrence_id, n.subject_id, n.actor_id, \
     u.username, u.display_name, n.title, n.starts_at, n.timezone, n.all_day, n.details, n.created_at, \
     n.read_at";
pub(super) const TABLES: &str = "notifications n LEFT JOIN users u ON u.id = n.actor_id";

impl NotificationRow {
    /// The public form.
    pub(super) fn notification(self) -> Result<Notification> {
        let details: ToldDetails = match &self.details {
            Some(json) => serde_json::from_str(json).map_err(Error::internal)?,
            None => ToldDetails::default(),
        };
        let tz = zone(self.timezone.as_deref().unwrap_or("UTC"));
        let moment = |at| if self.all_day { Moment::day(at, tz) } else { Moment::at(at, tz) };
        let actor = match (self.actor_id, self.username, self.display_name) {
            (Some(id), Some(username), Some(display_name)) => {
                Some(PublicProfile { id, username, display_name })
            }
            _ => None,
        };
        let mut notification = Notification {
            id: self.id,
            kind: self.kind,
            text: String::new(),
            created_at: self.created_at,
            read_at: self.read_at,
            event_id: self.event_id,
            occurrence_id: self.occurrence_id,
            registration_id: None,
            comment_id: None,
            feedback_id: None,
            webhook_id: None,
            title: self.title,
            starts_at: self.starts_at.map(moment),
            timezone: self.timezone,
            old_starts_at: details.old_starts_at.map(moment),
            old_location: details.old_location.clone(),
            reminder: details.lead,
            actor,
        };
        if let Some(subject) = self.subject_id {
            match self.kind {
                NotificationKind::RegistrationConfirmed
                | NotificationKind::RegistrationWaitlisted
                | NotificationKind::RegistrationPromoted
                | NotificationKind::RegistrationCancelled
                | NotificationKind::Reminder => notification.registration_id = Some(subject.into()),
                NotificationKind::NewComment | NotificationKind::CommentReply => {
                    notification.comment_id = Some(subject.into());
                }
                NotificationKind::FeedbackReceived => notification.feedback_id = Some(subject.into()),
                NotificationKind::WebhookDisabled => notification.webhook_id = Some(subject.into()),
                NotificationKind::EventChanged
                | NotificationKind::EventCancelled
                | NotificationKind::PasswordChanged
                | NotificationKind::NewSignIn
                | NotificationKind::CalendarSubscription => {}
            }
        }
        notification.text = text::of(&notification, &details);
        Ok(notification)
    }
}
