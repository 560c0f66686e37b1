//! Requests that are grouped by their subject, each group run by a file of its name.

use eventcore::notifications::KindPreference;
use eventcore::subscriptions::UnsubscribeChoice;
use eventcore::{
    AccessTokenId, Cursor, EventId, NotificationId, OccurrenceId, Scope, SubscriptionId, Timestamp, UserId,
    WebhookDeliveryId, WebhookId,
};
use serde_json::Value;

/// A request about my personal access tokens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokensRequest {
    List,
    Create(TokenInput),
    Revoke(AccessTokenId),
}

/// The token to create.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenInput {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// `None`: never.
    pub(crate) expires_at: Option<Timestamp>,
}

/// A request about the co-organizers of an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CoOrganizersRequest {
    List,
    /// Adds the user with this username.
    Add(String),
    Remove(UserId),
}

/// A change of a category.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CategoryRequest {
    Create(Value),
    Change {
        slug: String,
        version: i64,
        patch: Value,
    },
    /// Deletes a category; its events move to another.
    Delete {
        slug: String,
        version: i64,
        /// `None` for a category without events.
        move_to: Option<String>,
    },
}

/// A request about my notifications.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NotificationsRequest {
    /// A page, newest first.
    List {
        unread: bool,
        cursor: Option<Cursor>,
    },
    /// The number of the unread ones, and the newest few of them.
    News,
    Read(NotificationId),
    /// Marks all up to `until` as read, or all.
    ReadAll {
        until: Option<NotificationId>,
    },
    /// Mutes an event, or unmutes it.
    ToggleMute(EventId),
    SetMuted(EventId, bool),
    /// What I want to be told, and my account.
    Preferences,
    /// Sets the channels of all kinds.
    SetKinds(Vec<KindPreference>),
    /// Sets the lead times of the reminders (ISO 8601 durations) of my registration for an occurrence, or of
    /// all others. Without them, those of my account apply, or the default.
    SetReminders {
        occurrence: Option<OccurrenceId>,
        reminders: Option<Vec<String>>,
    },
}

/// A request about my webhooks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WebhooksRequest {
    List,
    Create(Value),
    Change {
        webhook: WebhookId,
        version: i64,
        patch: Value,
    },
    Delete {
        webhook: WebhookId,
        version: i64,
    },
    /// Replaces the secret.
    RotateSecret {
        webhook: WebhookId,
        url: String,
    },
    /// Sends a test.
    Test(WebhookId),
    /// A page of what was delivered, newest first.
    Deliveries {
        webhook: WebhookId,
        cursor: Option<Cursor>,
    },
    /// Sends a delivery again.
    Redeliver {
        webhook: WebhookId,
        delivery: WebhookDeliveryId,
    },
}

/// A request about calendars that I follow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SubscriptionsRequest {
    List,
    Create(Value),
    Change {
        subscription: SubscriptionId,
        version: i64,
        patch: Value,
    },
    /// Has a calendar read as soon as possible.
    Refresh(SubscriptionId),
    /// Follows a calendar no longer.
    End {
        subscription: SubscriptionId,
        version: i64,
        /// What becomes of its events.
        events: UnsubscribeChoice,
    },
}

/// A table to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CsvRequest {
    /// All registrations for an occurrence.
    Attendees(OccurrenceId),
    /// The figures of each occurrence of an event.
    Occurrences(EventId),
    /// The registrations for an event by day.
    Days(EventId),
}
