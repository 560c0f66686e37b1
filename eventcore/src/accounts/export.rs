//! Everything that is held about a person, for that person.

use super::access_token::AccessToken;
use super::session::Session;
use super::user::User;
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::error::Result;
use crate::events::{AgendaFilter, Event};
use crate::page::PageRequest;

/// Everything that is held about a person.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// When it was put together.
    pub exported_at: Timestamp,
    /// The account.
    pub user: User,
    /// Sign-ins that hold.
    pub sessions: Vec<Session>,
    /// Personal access tokens, without their secrets.
    pub access_tokens: Vec<AccessToken>,
    /// Events that they organize.
    pub events: Vec<Event>,
}

impl EventCore {
    /// Everything that is held about the actor.
    pub async fn export(&self, actor: &Actor) -> Result<Export> {
        let id = actor.signed_in()?.id;
        let filter =
            AgendaFilter { organizer: Some(id), from: Some(Timestamp::MIN), ..AgendaFilter::default() };
        let mut events = Vec::new();
        let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
        loop {
            let page = self.events(actor, &filter, &request).await?;
            events.extend(page.items);
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => break,
            }
        }
        Ok(Export {
            exported_at: self.now(),
            user: self.user(actor, id).await?,
            sessions: self.sessions(actor).await?,
            access_tokens: self.access_tokens(actor).await?,
            events,
        })
    }
}
