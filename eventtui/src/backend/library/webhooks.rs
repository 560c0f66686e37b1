//! Webhooks, on a database.

use eventcore::webhooks::{NewWebhook, SecretAnswer, Webhook, WebhookDelivery, WebhookInput};
use eventcore::{Cursor, Page, Precondition, WebhookDeliveryId, WebhookId};
use serde::Deserialize;
use serde_json::Value;

use super::{Library, page};
use crate::api::{ApiError, Result, WebhooksApi};

impl WebhooksApi for Library {
    async fn webhooks(&self) -> Result<Vec<Webhook>> {
        Ok(self.core.webhooks(&self.actor()).await?)
    }

    async fn create_webhook(&self, input: &Value) -> Result<NewWebhook> {
        let input = WebhookInput::deserialize(input).map_err(|error| ApiError::other(error.to_string()))?;
        Ok(self.core.create_webhook(&self.actor(), &input).await?)
    }

    async fn change_webhook(&self, webhook: WebhookId, version: i64, patch: &Value) -> Result<()> {
        let expected = Precondition::version(version);
        self.core.change_webhook(&self.actor(), webhook, patch, Some(&expected)).await?;
        Ok(())
    }

    async fn delete_webhook(&self, webhook: WebhookId, version: i64) -> Result<()> {
        let expected = Precondition::version(version);
        Ok(self.core.delete_webhook(&self.actor(), webhook, Some(&expected)).await?)
    }

    async fn rotate_webhook_secret(&self, webhook: WebhookId) -> Result<SecretAnswer> {
        Ok(self.core.rotate_webhook_secret(&self.actor(), webhook).await?)
    }

    async fn test_webhook(&self, webhook: WebhookId) -> Result<()> {
        self.core.test_webhook(&self.actor(), webhook).await?;
        Ok(())
    }

    async fn webhook_deliveries(
        &self,
        webhook: WebhookId,
        cursor: Option<Cursor>,
    ) -> Result<Page<WebhookDelivery>> {
        Ok(self.core.webhook_deliveries(&self.actor(), webhook, None, &page(cursor)).await?)
    }

    async fn redeliver(&self, webhook: WebhookId, delivery: WebhookDeliveryId) -> Result<()> {
        self.core.redeliver(&self.actor(), webhook, delivery).await?;
        Ok(())
    }
}
