//! What jobs of notifications carry.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{EventId, OccurrenceId, RegistrationId, UserId};
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
