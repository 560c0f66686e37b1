//! Notifications, and muted events.

use eventcore::OccurrenceId;
use eventcore::accounts::User;
use eventcore::notifications::NotificationPreferences;
use serde_json::json;

use super::boxed::Boxed;
use super::grouped::NotificationsRequest;
use super::request::{ReminderTimes, Response};
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
            NotificationsRequest::Preferences => {
                let (preferences, user) = tokio::try_join!(api.notification_preferences(), api.me())?;
                preferred(preferences, user)
            }
            NotificationsRequest::SetKinds(kinds) => {
                // They are replaced as a whole.
                let reminders = api.notification_preferences().await?.reminders;
                let input = json!({"kinds": kinds, "reminders": reminders});
                preferred(api.set_notification_preferences(&input).await?, None)
            }
            NotificationsRequest::SetReminders { occurrence: None, reminders } => {
                let kinds = api.notification_preferences().await?.kinds;
                let input = match reminders {
                    Some(reminders) => json!({"kinds": kinds, "reminders": reminders}),
                    None => json!({"kinds": kinds}),
                };
                preferred(api.set_notification_preferences(&input).await?, None)
            }
            NotificationsRequest::SetReminders { occurrence: Some(occurrence), reminders } => {
                api.set_registration_reminders(occurrence, &json!({"reminders": reminders})).await?;
                Response::Done
            }
        })
    })
}

fn preferred(preferences: NotificationPreferences, user: Option<User>) -> Response {
    Response::NotificationPreferences { preferences: Box::new(preferences), user: user.map(Box::new) }
}

/// When I am reminded of my registration for an occurrence.
pub(super) fn reminders(
    api: &impl Api,
    occurrence: OccurrenceId,
) -> Boxed<impl Future<Output = Result<ReminderTimes>>> {
    Box::pin(async move {
        let (own, usual) =
            tokio::try_join!(api.registration_reminders(occurrence), api.notification_preferences())?;
        let own = own.reminders.map(|list| list.as_slice().to_vec());
        Ok(ReminderTimes { own, usual: usual.reminders.as_slice().to_vec() })
    })
}
