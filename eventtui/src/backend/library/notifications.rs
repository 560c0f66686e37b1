//! The operations on notifications, on a database.

use eventcore::notifications::{
    NotificationPage, NotificationPreferences, PreferencesInput, RegistrationReminders,
};
use eventcore::{Cursor, Error, EventId, NotificationId, OccurrenceId, PageRequest};
use serde::Deserialize;
use serde_json::Value;

use super::{Library, found, page};
use crate::api::{ApiError, NEWS, NotificationsApi, Result};

impl NotificationsApi for Library {
    async fn notifications(&self, unread: bool, cursor: Option<Cursor>) -> Result<NotificationPage> {
        Ok(self.core.notifications(&self.actor(), unread, &page(cursor)).await?)
    }

    async fn news(&self) -> Result<NotificationPage> {
        Ok(self.core.notifications(&self.actor(), true, &PageRequest::first(NEWS)).await?)
    }

    async fn read_notification(&self, notification: NotificationId) -> Result<()> {
        self.core.read_notification(&self.actor(), notification).await?;
        Ok(())
    }

    async fn read_all_notifications(&self, until: Option<NotificationId>) -> Result<()> {
        Ok(self.core.read_all_notifications(&self.actor(), until).await?)
    }

    async fn is_muted(&self, event: EventId) -> Result<Option<bool>> {
        match found(self.core.is_muted(&self.actor(), event).await) {
            Err(Error::Unauthenticated) => Ok(None),
            outcome => Ok(outcome?),
        }
    }

    async fn set_muted(&self, event: EventId, muted: bool) -> Result<()> {
        let actor = self.actor();
        if muted {
            self.core.mute_event(&actor, event).await?;
        } else {
            self.core.unmute_event(&actor, event).await?;
        }
        Ok(())
    }

    async fn notification_preferences(&self) -> Result<NotificationPreferences> {
        Ok(self.core.notification_preferences(&self.actor()).await?)
    }

    async fn set_notification_preferences(&self, input: &Value) -> Result<NotificationPreferences> {
        let input: PreferencesInput = read(input)?;
        Ok(self.core.set_notification_preferences(&self.actor(), &input).await?)
    }

    async fn registration_reminders(&self, occurrence: OccurrenceId) -> Result<RegistrationReminders> {
        Ok(self.core.registration_reminders(&self.actor(), occurrence).await?)
    }

    async fn set_registration_reminders(
        &self,
        occurrence: OccurrenceId,
        input: &Value,
    ) -> Result<RegistrationReminders> {
        let input: RegistrationReminders = read(input)?;
        Ok(self.core.set_registration_reminders(&self.actor(), occurrence, &input).await?)
    }
}

/// An input from JSON, as the server reads it.
fn read<'a, T: Deserialize<'a>>(input: &'a Value) -> Result<T> {
    T::deserialize(input).map_err(|error| ApiError::other(error.to_string()))
}
