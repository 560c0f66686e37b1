//! Calendars that I follow.

use super::boxed::Boxed;
use super::grouped::SubscriptionsRequest;
use super::request::Response;
use crate::api::{Api, Result};

pub(super) fn run(
    api: &impl Api,
    request: SubscriptionsRequest,
) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        match request {
            SubscriptionsRequest::List => return Ok(Response::Subscriptions(api.subscriptions().await?)),
            SubscriptionsRequest::Create(input) => api.subscribe(&input).await?,
            SubscriptionsRequest::Change { subscription, version, patch } => {
                api.change_subscription(subscription, version, &patch).await?;
            }
            SubscriptionsRequest::Refresh(subscription) => api.refresh_subscription(subscription).await?,
            SubscriptionsRequest::End { subscription, version, events } => {
                api.unsubscribe(subscription, version, events).await?;
            }
        }
        Ok(Response::Done)
    })
}
