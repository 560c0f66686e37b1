//! The operations on notifications, on a database.

use eventcore::notifications::NotificationPage;
use eventcore::{Cursor, EventId, NotificationId, PageRequest};

use super::{Library, found, page};
use crate::api::{NEWS, NotificationsApi, Result};

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
        Ok(found(self.core.is_muted(&self.actor(), event).await)?)
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
}
