//! The operations on calendars that I follow.

use eventcore::SubscriptionId;
use eventcore::subscriptions::{CalendarSubscription, UnsubscribeChoice};
use serde_json::Value;

use super::error::ApiError;

/// Calendars that I follow: what they have becomes events of mine.
pub(crate) trait SubscriptionsApi {
    /// Oldest first.
    async fn subscriptions(&self) -> Result<Vec<CalendarSubscription>, ApiError>;
    async fn subscribe(&self, input: &Value) -> Result<(), ApiError>;
    async fn change_subscription(
        &self,
        subscription: SubscriptionId,
        version: i64,
        patch: &Value,
    ) -> Result<(), ApiError>;
    /// Has the calendar read as soon as a worker can.
    async fn refresh_subscription(&self, subscription: SubscriptionId) -> Result<(), ApiError>;
    async fn unsubscribe(
        &self,
        subscription: SubscriptionId,
        version: i64,
        events: UnsubscribeChoice,
    ) -> Result<(), ApiError>;
}
