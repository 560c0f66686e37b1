//! The operations on events, on a database.

use eventcore::accounts::PublicProfile;
use eventcore::agenda::AgendaFilter;
use eventcore::events::{Event, EventInput};
use eventcore::insights::Insights;
use eventcore::{Cursor, Error, EventId, Page, Precondition, UserId};
use serde_json::Value;

use super::{Library, page};
use crate::api::{EventsApi, Result};

impl EventsApi for Library {
    async fn organized_events(&self, cursor: Option<Cursor>) -> Result<Page<Event>> {
        let actor = self.actor();
        let organizer = Some(actor.signed_in()?.id);
        let filter = AgendaFilter { organizer, current: true, ..AgendaFilter::default() };
        Ok(self.core.events(&actor, &filter, &page(cursor)).await?)
    }

    async fn event(&self, event: EventId) -> Result<Event> {
        Ok(self.core.event(&self.actor(), event).await?)
    }

    async fn create_event(&self, input: Value) -> Result<Event> {
        let input: EventInput = serde_json::from_value(input).map_err(Error::internal)?;
        Ok(self.core.create_event(&self.actor(), &input).await?)
    }

    async fn change_event(&self, event: EventId, version: i64, patch: &Value) -> Result<Event> {
        Ok(self.core.change_event(&self.actor(), event, patch, Some(&Precondition::version(version))).await?)
    }

    async fn publish_event(&self, event: EventId) -> Result<Event> {
        Ok(self.core.publish_event(&self.actor(), event, None).await?)
    }

    async fn cancel_event(&self, event: EventId) -> Result<Event> {
        Ok(self.core.cancel_event(&self.actor(), event, None).await?)
    }

    async fn delete_event(&self, event: EventId, version: i64) -> Result<()> {
        Ok(self.core.delete_event(&self.actor(), event, Some(&Precondition::version(version))).await?)
    }

    async fn co_organizers(&self, event: EventId) -> Result<Vec<PublicProfile>> {
        Ok(self.core.co_organizers(&self.actor(), event).await?)
    }

    async fn add_co_organizer(&self, event: EventId, username: &str) -> Result<()> {
        let user = self.core.profile_by_username(username).await?;
        self.core.add_co_organizer(&self.actor(), event, user.id).await?;
        Ok(())
    }

    async fn remove_co_organizer(&self, event: EventId, user: UserId) -> Result<()> {
        Ok(self.core.remove_co_organizer(&self.actor(), event, user).await?)
    }

    async fn insights(&self, event: EventId) -> Result<Insights> {
        Ok(self.core.insights(&self.actor(), event).await?)
    }

    async fn event_calendar(&self, event: EventId) -> Result<String> {
        Ok(self.core.event_calendar(&self.actor(), event).await?.text)
    }
}
