//! A change that can still be undone.

use eventcore::{EventId, NotificationId, OccurrenceId};

/// The last change that can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingChange {
    pub(super) what: Undoable,
    /// When it can no longer be undone, in milliseconds since the program began.
    pub(super) at: u64,
}

/// A change, and how it is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undoable {
    /// The cancellation of my registration is shown as done, but sent only when it can no longer be undone.
    Cancellation(OccurrenceId),
    /// All notifications up to this one are shown as read. That is sent as late as a cancellation.
    ReadAll(NotificationId),
    /// The event was muted or unmuted. Undoing it sends the opposite.
    Mute { event: EventId, muted: bool },
}
