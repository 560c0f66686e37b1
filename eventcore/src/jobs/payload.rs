//! What jobs of notifications and webhooks carry.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{CommentId, EventId, FeedbackId, OccurrenceId, RegistrationId, UserId};
use crate::time::Timestamp;

/// News of an event for all who are registered for some of its occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Names the occasion: a person is told of it once.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// The event.
    pub event: EventId,
    /// Who did it, and is not told.
    pub by: Option<UserId>,
    /// Whether the occurrences are cancelled; otherwise they have changed.
    pub cancelled: bool,
    /// The former location, if that has changed.
    pub old_location: Option<String>,
    /// The occurrences, by their starts. Who is registered for several is told of one.
    pub occurrences: Vec<AffectedOccurrence>,
    /// Who was told last: people are told in the order of their ids.
    pub after: Option<(UserId, RegistrationId)>,
}

/// An occurrence of an [`Announcement`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedOccurrence {
    /// The occurrence.
    pub id: OccurrenceId,
    /// The former start, if its times have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_starts_at: Option<Timestamp>,
    /// Whether its place has changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relocated: bool,
    /// Whether it takes place again after a cancellation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
}

/// An occurrence of which some reminders fell due in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueOccurrence {
    /// The occurrence.
    pub id: OccurrenceId,
    /// The start by which they are due. If it has moved since, other reminders are.
    pub starts_at: Timestamp,
    /// The span: after `from`, up to `until`.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// Who was reminded last: people are reminded in the order of their ids.
    pub after: Option<UserId>,
}

/// Changes of one kind that webhooks are told of. All are of one event, or of one occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookNews {
    /// The kind: a word of `WebhookKind`.
    pub change: String,
    /// When it happened.
    pub at: Timestamp,
    /// What has changed.
    pub subjects: Vec<WebhookSubject>,
}

/// What has changed, by its ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSubject {
    /// The event, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The occurrence, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<OccurrenceId>,
    /// The registration, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationId>,
    /// The comment, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<CommentId>,
    /// The feedback, if it is about any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackId>,
    /// Of a deleted event: the organizers that it had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizers: Vec<UserId>,
}

impl WebhookSubject {
    /// About an event.
    pub(crate) fn of_event(event: EventId) -> Self {
        Self { event: Some(event), ..Self::default() }
    }

    /// About an occurrence.
    pub(crate) fn of_occurrence(event: Option<EventId>, occurrence: OccurrenceId) -> Self {
        Self { event, occurrence: Some(occurrence), ..Self::default() }
    }

    /// The event, or the occurrence if the event is not known.
    pub(crate) fn scope(&self) -> Option<Uuid> {
        self.event.map(EventId::as_uuid).or(self.occurrence.map(OccurrenceId::as_uuid))
    }
}
