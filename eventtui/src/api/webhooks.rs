//! The operations on webhooks.

use eventcore::webhooks::{NewWebhook, SecretAnswer, Webhook, WebhookDelivery};
use eventcore::{Cursor, Page, WebhookDeliveryId, WebhookId};
use serde_json::Value;

use super::error::ApiError;

/// My webhooks, and what was delivered to them.
pub(crate) trait WebhooksApi {
    /// Oldest first, without their secrets.
    async fn webhooks(&self) -> Result<Vec<Webhook>, ApiError>;
    /// The result has the secret, which cannot be read again.
    async fn create_webhook(&self, input: &Value) -> Result<NewWebhook, ApiError>;
    async fn change_webhook(&self, webhook: WebhookId, version: i64, patch: &Value) -> Result<(), ApiError>;
    async fn delete_webhook(&self, webhook: WebhookId, version: i64) -> Result<(), ApiError>;
    /// The result has the new secret, which cannot be read again.
    async fn rotate_webhook_secret(&self, webhook: WebhookId) -> Result<SecretAnswer, ApiError>;
    async fn test_webhook(&self, webhook: WebhookId) -> Result<(), ApiError>;
    /// Newest first.
    async fn webhook_deliveries(
        &self,
        webhook: WebhookId,
        cursor: Option<Cursor>,
    ) -> Result<Page<WebhookDelivery>, ApiError>;
    /// Sends a delivery again that has ended.
    async fn redeliver(&self, webhook: WebhookId, delivery: WebhookDeliveryId) -> Result<(), ApiError>;
}
