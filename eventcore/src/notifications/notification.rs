//! [`Notification`].

use super::kind::NotificationKind;
use crate::accounts::PublicProfile;
use crate::id::{CommentId, EventId, FeedbackId, NotificationId, OccurrenceId, RegistrationId, WebhookId};
use crate::page::Page;
use crate::time::{LeadTime, Moment, Timestamp};

/// Something that a user should know.
///
/// It tells what happened as it was then: `title`, `starts_at` and `timezone` are those of that time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    /// The id. Ids sort by the times of what happened.
    pub id: NotificationId,
    /// The kind.
    pub kind: NotificationKind,
    /// What happened, in a sentence or two.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When the user read it; null if they have not.
    pub read_at: Option<Timestamp>,
    /// The event that it is about, if any.
    pub event_id: Option<EventId>,
    /// The occurrence that it is about, if any.
    pub occurrence_id: Option<OccurrenceId>,
    /// The registration that it is about, if any.
    pub registration_id: Option<RegistrationId>,
    /// The comment that it is about, if any.
    pub comment_id: Option<CommentId>,
    /// The feedback that it is about, if any.
    pub feedback_id: Option<FeedbackId>,
    /// The webhook that it is about, if any.
    #[serde(default)]
    pub webhook_id: Option<WebhookId>,
    /// The title of the event or the occurrence.
    pub title: Option<String>,
    /// The start of the occurrence; a date if it lasts all day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub starts_at: Option<Moment>,
    /// The time zone of the event.
    pub timezone: Option<String>,
    /// The former start, if the times have changed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub old_starts_at: Option<Moment>,
    /// The former location, if the place has changed.
    pub old_location: Option<String>,
    /// How long before the start a reminder was due.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub reminder: Option<LeadTime>,
    /// Who commented, replied or gave feedback.
    pub actor: Option<PublicProfile>,
}

/// A page of notifications, with the number of all that are unread.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationPage {
    /// The page.
    #[serde(flatten)]
    pub page: Page<Notification>,
    /// The number of unread notifications of the user, on all pages.
    pub unread_count: i64,
}
