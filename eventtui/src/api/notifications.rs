//! The operations on notifications.

use eventcore::notifications::NotificationPage;
use eventcore::{Cursor, EventId, NotificationId};

use super::error::ApiError;

/// The number of notifications that come with a count of the unread ones.
pub(crate) const NEWS: u32 = 5;

/// My notifications, and the events that are muted.
pub(crate) trait NotificationsApi {
    /// Newest first, with the number of all that are unread.
    async fn notifications(&self, unread: bool, cursor: Option<Cursor>)
    -> Result<NotificationPage, ApiError>;
    /// The number of all that are unread, and the newest [`NEWS`] of them.
    async fn news(&self) -> Result<NotificationPage, ApiError>;
    async fn read_notification(&self, notification: NotificationId) -> Result<(), ApiError>;
    /// Marks all up to `until` as read, or all.
    async fn read_all_notifications(&self, until: Option<NotificationId>) -> Result<(), ApiError>;
    /// Whether I am told nothing of an event; `None` if I cannot see it.
    async fn is_muted(&self, event: EventId) -> Result<Option<bool>, ApiError>;
    async fn set_muted(&self, event: EventId, muted: bool) -> Result<(), ApiError>;
}
