//! Calendars that I follow, on a database.

use eventcore::subscriptions::{CalendarSubscription, CalendarSubscriptionInput, UnsubscribeChoice};
use eventcore::{Precondition, SubscriptionId};
use serde::Deserialize;
use serde_json::Value;

use super::Library;
use crate::api::{ApiError, Result, SubscriptionsApi};

impl SubscriptionsApi for Library {
    async fn subscriptions(&self) -> Result<Vec<CalendarSubscription>> {
        Ok(self.core.calendar_subscriptions(&self.actor()).await?)
    }

    async fn subscribe(&self, input: &Value) -> Result<()> {
        let input = CalendarSubscriptionInput::deserialize(input)
            .map_err(|error| ApiError::other(error.to_string()))?;
        self.core.subscribe_to_calendar(&self.actor(), &input).await?;
        Ok(())
    }

    async fn change_subscription(
        &self,
        subscription: SubscriptionId,
        version: i64,
        patch: &Value,
    ) -> Result<()> {
        let expected = Precondition::version(version);
        self.core.change_calendar_subscription(&self.actor(), subscription, patch, Some(&expected)).await?;
        Ok(())
    }

    async fn refresh_subscription(&self, subscription: SubscriptionId) -> Result<()> {
        self.core.refresh_calendar_subscription(&self.actor(), subscription).await?;
        Ok(())
    }

    async fn unsubscribe(
        &self,
        subscription: SubscriptionId,
        version: i64,
        events: UnsubscribeChoice,
    ) -> Result<()> {
        let expected = Precondition::version(version);
        self.core.unsubscribe_from_calendar(&self.actor(), subscription, events, Some(&expected)).await?;
        Ok(())
    }
}
