//! `/webhooks`.

use eventcore::webhooks::{NewWebhook, SecretAnswer, Webhook, WebhookDelivery};
use eventcore::{Cursor, Page, WebhookDeliveryId, WebhookId};
use serde_json::Value;

use super::connection::Call;
use super::{Client, query};
use crate::api::{Result, WebhooksApi};

impl WebhooksApi for Client {
    async fn webhooks(&self) -> Result<Vec<Webhook>> {
        let page: Page<Webhook> = self.http.get("/webhooks").await?;
        Ok(page.items)
    }

    async fn create_webhook(&self, input: &Value) -> Result<NewWebhook> {
        Ok(self.http.call(Call::post("/webhooks").json(input.clone())).await?)
    }

    async fn change_webhook(&self, webhook: WebhookId, version: i64, patch: &Value) -> Result<()> {
        let address = format!("/webhooks/{webhook}");
        self.http.send(Call::patch(&address).json(patch.clone()).if_match(version)).await?;
        Ok(())
    }

    async fn delete_webhook(&self, webhook: WebhookId, version: i64) -> Result<()> {
        self.http.send(Call::delete(&format!("/webhooks/{webhook}")).if_match(version)).await?;
        Ok(())
    }

    async fn rotate_webhook_secret(&self, webhook: WebhookId) -> Result<SecretAnswer> {
        Ok(self.http.call(Call::post(&format!("/webhooks/{webhook}/rotate-secret"))).await?)
    }

    async fn test_webhook(&self, webhook: WebhookId) -> Result<()> {
        self.http.send(Call::post(&format!("/webhooks/{webhook}/test"))).await?;
        Ok(())
    }

    async fn webhook_deliveries(
        &self,
        webhook: WebhookId,
        cursor: Option<Cursor>,
    ) -> Result<Page<WebhookDelivery>> {
        let query = query::page(&[], cursor.as_ref());
        Ok(self.http.get(&format!("/webhooks/{webhook}/deliveries{query}")).await?)
    }

    async fn redeliver(&self, webhook: WebhookId, delivery: WebhookDeliveryId) -> Result<()> {
        let path = format!("/webhooks/{webhook}/deliveries/{delivery}/redeliver");
        self.http.send(Call::post(&path)).await?;
        Ok(())
    }
}
