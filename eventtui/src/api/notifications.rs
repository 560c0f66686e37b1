//! The operations on notifications.

use eventcore::notifications::{NotificationPage, NotificationPreferences, RegistrationReminders};
use eventcore::{Cursor, EventId, NotificationId, OccurrenceId};
use serde_json::Value;

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
    async fn notification_preferences(&self) -> Result<NotificationPreferences, ApiError>;
    /// Replaces the preferences. What is left out gets its default.
    async fn set_notification_preferences(&self, input: &Value) -> Result<NotificationPreferences, ApiError>;
    /// When I am reminded of my registration. Fails without one.
    async fn registration_reminders(
        &self,
        occurrence: OccurrenceId,
    ) -> Result<RegistrationReminders, ApiError>;
    async fn set_registration_reminders(
        &self,
        occurrence: OccurrenceId,
        input: &Value,
    ) -> Result<RegistrationReminders, ApiError>;
}
