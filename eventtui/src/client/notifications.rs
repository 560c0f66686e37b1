//! `/notifications`, `/events/{id}/mute` and `/occurrences/{id}/registration/reminders`.

use eventcore::notifications::{NotificationPage, NotificationPreferences, RegistrationReminders};
use eventcore::{Cursor, EventId, NotificationId, OccurrenceId};
use serde::Deserialize;
use serde_json::Value;

use super::connection::Call;
use super::{Client, query};
use crate::api::{NEWS, NotificationsApi, Result};

/// Whether an event is muted.
#[derive(Deserialize)]
struct MuteState {
    muted: bool,
}

impl NotificationsApi for Client {
    async fn notifications(&self, unread: bool, cursor: Option<Cursor>) -> Result<NotificationPage> {
        let unread = if unread { "true" } else { "" };
        let query = query::page(&[("unread", unread)], cursor.as_ref());
        Ok(self.http.get(&format!("/notifications{query}")).await?)
    }

    async fn news(&self) -> Result<NotificationPage> {
        Ok(self.http.get(&format!("/notifications?unread=true&limit={NEWS}")).await?)
    }

    async fn read_notification(&self, notification: NotificationId) -> Result<()> {
        self.http.send(Call::post(&format!("/notifications/{notification}/read"))).await?;
        Ok(())
    }

    async fn read_all_notifications(&self, until: Option<NotificationId>) -> Result<()> {
        let until = until.map_or_else(String::new, |until| format!("?until={until}"));
        self.http.send(Call::post(&format!("/notifications/read-all{until}"))).await?;
        Ok(())
    }

    async fn is_muted(&self, event: EventId) -> Result<Option<bool>> {
        if !self.http.is_signed_in().await? {
            return Ok(None);
        }
        let state: Option<MuteState> = self.http.get_optional(&format!("/events/{event}/mute")).await?;
        Ok(state.map(|state| state.muted))
    }

    async fn set_muted(&self, event: EventId, muted: bool) -> Result<()> {
        let path = format!("/events/{event}/mute");
        self.http.send(if muted { Call::put(&path) } else { Call::delete(&path) }).await?;
        Ok(())
    }

    async fn notification_preferences(&self) -> Result<NotificationPreferences> {
        Ok(self.http.get("/notifications/preferences").await?)
    }

    async fn set_notification_preferences(&self, input: &Value) -> Result<NotificationPreferences> {
        Ok(self.http.call(Call::put("/notifications/preferences").json(input.clone())).await?)
    }

    async fn registration_reminders(&self, occurrence: OccurrenceId) -> Result<RegistrationReminders> {
        Ok(self.http.get(&format!("/occurrences/{occurrence}/registration/reminders")).await?)
    }

    async fn set_registration_reminders(
        &self,
        occurrence: OccurrenceId,
        input: &Value,
    ) -> Result<RegistrationReminders> {
        let path = format!("/occurrences/{occurrence}/registration/reminders");
        Ok(self.http.call(Call::put(&path).json(input.clone())).await?)
    }
}
