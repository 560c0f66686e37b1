//! My webhooks.

use super::boxed::Boxed;
use super::grouped::WebhooksRequest;
use super::request::{Response, WebhookSecret};
use crate::api::{Api, Result};

pub(super) fn run(api: &impl Api, request: WebhooksRequest) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        match request {
            WebhooksRequest::List => return Ok(Response::Webhooks(api.webhooks().await?)),
            WebhooksRequest::Create(input) => {
                let new = api.create_webhook(&input).await?;
                let (url, secret) = (new.webhook.url, new.secret);
                return Ok(Response::WebhookSecret(WebhookSecret { url, secret, former_until: None }));
            }
            WebhooksRequest::RotateSecret { webhook, url } => {
                let new = api.rotate_webhook_secret(webhook).await?;
                let (secret, former_until) = (new.secret, new.former_secret_expires_at);
                return Ok(Response::WebhookSecret(WebhookSecret { url, secret, former_until }));
            }
            WebhooksRequest::Deliveries { webhook, cursor } => {
                return Ok(Response::Deliveries(api.webhook_deliveries(webhook, cursor).await?));
            }
            WebhooksRequest::Change { webhook, version, patch } => {
                api.change_webhook(webhook, version, &patch).await?;
            }
            WebhooksRequest::Delete { webhook, version } => api.delete_webhook(webhook, version).await?,
            WebhooksRequest::Test(webhook) => api.test_webhook(webhook).await?,
            WebhooksRequest::Redeliver { webhook, delivery } => api.redeliver(webhook, delivery).await?,
        }
        Ok(Response::Done)
    })
}
