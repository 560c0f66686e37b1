//! `/events`.

use eventcore::accounts::PublicProfile;
use eventcore::events::Event;
use eventcore::insights::Insights;
use eventcore::{Cursor, EventId, Page, UserId};
use serde_json::Value;

use super::connection::Call;
use super::{Client, query};
use crate::api::{EventsApi, Result};

impl EventsApi for Client {
    async fn organized_events(&self, cursor: Option<Cursor>) -> Result<Page<Event>> {
        let query = query::page(&[("organizer", "me"), ("current", "true")], cursor.as_ref());
        Ok(self.http.get(&format!("/events{query}")).await?)
    }

    async fn event(&self, event: EventId) -> Result<Event> {
        Ok(self.http.get(&format!("/events/{event}")).await?)
    }

    async fn create_event(&self, input: Value) -> Result<Event> {
        Ok(self.http.call(Call::post("/events").json(input)).await?)
    }

    async fn change_event(&self, event: EventId, version: i64, changes: &Value) -> Result<Event> {
        let path = format!("/events/{event}");
        Ok(self.http.call(Call::patch(&path).json(changes.clone()).if_match(version)).await?)
    }

    async fn publish_event(&self, event: EventId) -> Result<Event> {
        Ok(self.http.call(Call::post(&format!("/events/{event}/publish"))).await?)
    }

    async fn cancel_event(&self, event: EventId) -> Result<Event> {
        Ok(self.http.call(Call::post(&format!("/events/{event}/cancel"))).await?)
    }

    async fn delete_event(&self, event: EventId, version: i64) -> Result<()> {
        self.http.send(Call::delete(&format!("/events/{event}")).if_match(version)).await?;
        Ok(())
    }

    async fn co_organizers(&self, event: EventId) -> Result<Vec<PublicProfile>> {
        let page: Page<PublicProfile> = self.http.get(&format!("/events/{event}/organizers")).await?;
        Ok(page.items)
    }

    async fn add_co_organizer(&self, event: EventId, username: &str) -> Result<()> {
        let path = format!("/events/{event}/organizers/{}", query::segment(username));
        self.http.send(Call::put(&path)).await?;
        Ok(())
    }

    async fn remove_co_organizer(&self, event: EventId, user: UserId) -> Result<()> {
        self.http.send(Call::delete(&format!("/events/{event}/organizers/{user}"))).await?;
        Ok(())
    }

    async fn insights(&self, event: EventId) -> Result<Insights> {
        Ok(self.http.get(&format!("/events/{event}/insights")).await?)
    }

    async fn event_calendar(&self, event: EventId) -> Result<String> {
        Ok(self.http.get_calendar(&format!("/events/{event}.ics")).await?)
    }
}
