//! My webhooks, and what was delivered to them.

use eventcore::webhooks::{DeliveryState, NewWebhook, SecretAnswer, Webhook, WebhookDelivery, WebhookInput};
use eventcore::{Page, WebhookDeliveryId, WebhookId};
use serde::Serialize;
use serde_json::Value;

use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::{IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let routes =
        routes![list, create, read, change, delete, rotate_secret, test, deliveries, delivery, redeliver];
    routes.into_iter().map(Route::small_body).collect()
}

/// Without `Last-Modified`: when something was last delivered changes by itself.
fn versioned<T: Serialize>(value: &T, version: i64) -> Versioned<&T> {
    Versioned { value, version, updated_at: None }
}

/// List my webhooks, oldest first
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All of them, without their secrets", body = Page<Webhook>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&Page::whole(call.core.webhooks(&call.actor().await?).await?))
}

/// Create a webhook
///
/// Its URL is told of changes of the chosen kinds in the events that I organize: as an admin I may choose
/// `all_events`. Each change is a POST by the scheme of Standard Webhooks, with the headers `webhook-id`,
/// `webhook-timestamp` and `webhook-signature`. Its body has the fields `type`, `timestamp` and `data`. In
/// `data` are the ids of what has changed and, as they are when the message is sent, the event, the
/// occurrence, the registration, the comment and the feedback that it is about.
///
/// Any status from 200 to 299 accepts a message. Otherwise it is sent again, with the same `webhook-id`, for
/// 24 hours. If nothing else was accepted meanwhile, the webhook is then disabled, and I am told. A status of
/// 410 disables it at once. Redirects are not followed.
///
/// The response is the only one that contains the secret of the signatures.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    security(("bearer" = [])),
    request_body = WebhookInput,
    responses(
        (status = 201, description = "The new webhook and its secret", body = NewWebhook),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let (actor, core) = (call.writer().await?, call.core.clone());
    let new = core.create_webhook(&actor, &call.json::<WebhookInput>()?).await?;
    versioned(&new, new.webhook.version).created(&format!("/api/v1/webhooks/{}", new.webhook.id))
}

/// Read a webhook of mine
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{webhook}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path)),
    responses(
        (status = 200, description = "The webhook, without its secret", body = Webhook),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    let webhook = call.core.webhook(&call.actor().await?, call.id("webhook")?).await?;
    versioned(&webhook, webhook.version).ok(&call)
}

/// Change a webhook of mine by a JSON merge patch
///
/// `enabled` enables it again after it was disabled.
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{webhook}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path), IfMatch),
    request_body(content(
        (WebhookInput = "application/merge-patch+json"),
        (WebhookInput = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed webhook", body = Webhook),
        ApiProblems, BodyProblems, NotFound, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let (actor, core) = (call.writer().await?, call.core.clone());
    let expected = etag::precondition(&call.headers)?;
    let id: WebhookId = call.id("webhook")?;
    let webhook = core.change_webhook(&actor, id, &call.json::<Value>()?, expected.as_ref()).await?;
    versioned(&webhook, webhook.version).changed()
}

/// Delete a webhook of mine, with its deliveries
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{webhook}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.delete_webhook(&actor, call.id("webhook")?, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Replace the secret of a webhook of mine
///
/// For 24 hours the former secret signs too, so that the receiver can be changed meanwhile. The response is
/// the only one that contains the new one.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{webhook}/rotate-secret",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path)),
    responses(
        (status = 200, description = "The new secret, and until when the former one signs too",
            body = SecretAnswer),
        ApiProblems, NotFound, Conflict,
    )
)]
async fn rotate_secret(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    reply::json(&call.core.rotate_webhook_secret(&actor, call.id("webhook")?).await?)
}

/// Send a test to a webhook of mine
///
/// Its type is `webhook.test`, and `data` has no ids. It is tried once, also if the webhook is disabled.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{webhook}/test",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path)),
    responses(
        (status = 201, description = "The delivery, which is sent as soon as possible",
            body = WebhookDelivery),
        ApiProblems, NotFound, Conflict,
    )
)]
async fn test(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let id: WebhookId = call.id("webhook")?;
    let delivery = call.core.test_webhook(&actor, id).await?;
    reply::created(&delivery, &format!("/api/v1/webhooks/{id}/deliveries/{}", delivery.id))
}

/// List the deliveries to a webhook of mine, newest first
///
/// They are kept for 30 days.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{webhook}/deliveries",
    tag = "webhooks",
    security(("bearer" = [])),
    params(
        ("webhook" = String, Path),
        ("state" = Option<DeliveryState>, Query, description = "Only those in this state"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of deliveries", body = Page<WebhookDelivery>),
        ApiProblems, NotFound,
    )
)]
async fn deliveries(call: Call) -> Answer {
    let actor = call.actor().await?;
    let id: WebhookId = call.id("webhook")?;
    let mut query = call.query();
    let page = query.page();
    let state = query.parsed("state", "must be waiting, delivered, failed or dropped");
    query.finish()?;
    reply::page(&call, &call.core.webhook_deliveries(&actor, id, state, &page).await?)
}

/// Read a delivery to a webhook of mine
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{webhook}/deliveries/{delivery}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path), ("delivery" = String, Path)),
    responses(
        (status = 200, description = "The delivery", body = WebhookDelivery),
        ApiProblems, NotFound,
    )
)]
async fn delivery(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let (webhook, id): (WebhookId, WebhookDeliveryId) = (call.id("webhook")?, call.id("delivery")?);
    reply::json(&call.core.webhook_delivery(&actor, webhook, id).await?)
}

/// Send a delivery again
///
/// It must have ended. It has the same `webhook-id`, and tells what is true now. It is tried once, also if
/// the webhook is disabled.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook" = String, Path), ("delivery" = String, Path)),
    responses(
        (status = 200, description = "The delivery, which is sent as soon as possible",
            body = WebhookDelivery),
        ApiProblems, NotFound, Conflict,
    )
)]
async fn redeliver(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (webhook, id): (WebhookId, WebhookDeliveryId) = (call.id("webhook")?, call.id("delivery")?);
    reply::json(&call.core.redeliver(&actor, webhook, id).await?)
}
