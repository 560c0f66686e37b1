//! `/subscriptions`.

use eventcore::subscriptions::{CalendarSubscription, UnsubscribeChoice};
use eventcore::{Page, SubscriptionId};
use serde_json::Value;

use super::Client;
use super::connection::Call;
use crate::api::{Result, SubscriptionsApi};

impl SubscriptionsApi for Client {
    async fn subscriptions(&self) -> Result<Vec<CalendarSubscription>> {
        let page: Page<CalendarSubscription> = self.http.get("/subscriptions").await?;
        Ok(page.items)
    }

    async fn subscribe(&self, input: &Value) -> Result<()> {
        self.http.send(Call::post("/subscriptions").json(input.clone())).await?;
        Ok(())
    }

    async fn change_subscription(
        &self,
        subscription: SubscriptionId,
        version: i64,
        patch: &Value,
    ) -> Result<()> {
        let address = format!("/subscriptions/{subscription}");
        self.http.send(Call::patch(&address).json(patch.clone()).if_match(version)).await?;
        Ok(())
    }

    async fn refresh_subscription(&self, subscription: SubscriptionId) -> Result<()> {
        self.http.send(Call::post(&format!("/subscriptions/{subscription}/refresh"))).await?;
        Ok(())
    }

    async fn unsubscribe(
        &self,
        subscription: SubscriptionId,
        version: i64,
        events: UnsubscribeChoice,
    ) -> Result<()> {
        let address = format!("/subscriptions/{subscription}?events={}", events.as_str());
        self.http.send(Call::delete(&address).if_match(version)).await?;
        Ok(())
    }
}
