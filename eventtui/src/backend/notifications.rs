//! Notifications, and muted events.

use super::boxed::Boxed;
use super::grouped::NotificationsRequest;
use super::request::Response;
use crate::api::{Api, Result};

pub(super) fn run(
    api: &impl Api,
    request: NotificationsRequest,
) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        Ok(match request {
            NotificationsRequest::List { unread, cursor } => {
                Response::Notifications(Box::new(api.notifications(unread, cursor).await?))
            }
            NotificationsRequest::News => Response::Notifications(Box::new(api.news().await?)),
            NotificationsRequest::Read(notification) => {
                api.read_notification(notification).await?;
                Response::Done
            }
            NotificationsRequest::ReadAll { until } => {
                api.read_all_notifications(until).await?;
                Response::Done
            }
            NotificationsRequest::ToggleMute(event) => {
                // What I can no longer see can only be unmuted.
                let muted = !api.is_muted(event).await?.unwrap_or(true);
                api.set_muted(event, muted).await?;
                Response::Muted(muted)
            }
            NotificationsRequest::SetMuted(event, muted) => {
                api.set_muted(event, muted).await?;
                Response::Muted(muted)
            }
        })
    })
}
