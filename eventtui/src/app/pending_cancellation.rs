//! A cancellation that can still be undone.

use eventcore::OccurrenceId;

/// A cancellation that is shown as done, but sent only when it can no longer be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingCancellation {
    pub(super) id: OccurrenceId,
    /// When it is sent, in milliseconds since the program began.
    pub(super) at: u64,
}
