//! What followers are shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::events::{EventStatus, OccurrenceStatus, Visibility};
use crate::id::{EventId, OccurrenceId};
use crate::notifications::Notification;
use crate::time::Timestamp;

/// The seats of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsNow {
    /// The occurrence.
    pub occurrence_id: OccurrenceId,
    /// Its event.
    pub event_id: EventId,
    /// Whether it takes place.
    pub status: OccurrenceStatus,
    /// The number of seats.
    pub capacity: i64,
    /// The seats of confirmed registrations.
    pub seats_taken: i64,
    /// The free seats.
    pub seats_left: i64,
    /// The number of registrations on the waitlist.
    pub waitlist_length: i64,
    /// The version of the occurrence, which does not count seats.
    pub version: i64,
}

/// What tells whether a copy of an event is out of date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventNow {
    /// The event.
    pub event_id: EventId,
    /// Its status.
    pub status: EventStatus,
    /// Who can see it.
    pub visibility: Visibility,
    /// Its version.
    pub version: i64,
    /// When its fields last changed.
    pub updated_at: Timestamp,
}

/// An occurrence or an event that does not exist, or that the follower cannot see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneNow {
    /// The occurrence; null if it is an event.
    pub occurrence_id: Option<OccurrenceId>,
    /// The event; null if it is an occurrence.
    pub event_id: Option<EventId>,
}

/// The notifications of the follower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxNow {
    /// The number of unread notifications.
    pub unread_count: i64,
    /// A new notification; null if only the number has changed.
    pub notification: Option<Notification>,
}

/// What a message shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveEvent {
    /// The seats of an occurrence.
    Seats(SeatsNow),
    /// An event has changed, or which occurrences it has.
    Event(EventNow),
    /// An occurrence or event cannot be seen. No further message tells more of it until it can.
    Gone(GoneNow),
    /// A new notification, or another number of unread ones.
    Inbox(Box<InboxNow>),
    /// What happened since the given position is not known. The present state follows.
    Reset,
    /// All that is known was shown.
    Heartbeat,
}

/// A message to a follower.
#[derive(Debug, Clone)]
pub struct LiveMessage {
    /// Where to resume after this message; none while the first messages are incomplete.
    pub id: Option<Arc<str>>,
    /// What it shows.
    pub event: Arc<LiveEvent>,
}

impl LiveEvent {
    /// The name of the event; none for a heartbeat.
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Seats(_) => Some("seats"),
            Self::Event(_) => Some("event"),
            Self::Gone(_) => Some("gone"),
            Self::Inbox(_) => Some("notifications"),
            Self::Reset => Some("reset"),
            Self::Heartbeat => None,
        }
    }

    /// The data as JSON on one line.
    ///
    /// # Errors
    /// None in practice: every value has a JSON form.
    pub fn data(&self) -> Result<String> {
        match self {
            Self::Seats(seats) => serde_json::to_string(seats),
            Self::Event(event) => serde_json::to_string(event),
            Self::Gone(gone) => serde_json::to_string(gone),
            Self::Inbox(inbox) => serde_json::to_string(inbox),
            Self::Reset | Self::Heartbeat => Ok("{}".to_owned()),
        }
        .map_err(Error::internal)
    }
}
