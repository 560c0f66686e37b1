//! Everything that is held about a person, for that person.

use crate::accounts::{AccessToken, Session, User};
use crate::actor::Actor;
use crate::agenda::AgendaFilter;
use crate::comments::Comment;
use crate::core::EventCore;
use crate::error::Result;
use crate::events::Event;
use crate::feedback::{Feedback, WithdrawnFeedback};
use crate::id::UserId;
use crate::page::PageRequest;
use crate::registrations::Registration;
use crate::time::Timestamp;

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
    /// Events of others that they help to organize.
    pub co_organized: Vec<Event>,
    /// Their registrations, given up ones included.
    pub registrations: Vec<Registration>,
    /// What they said on events.
    pub comments: Vec<Comment>,
    /// What they said of dates at which they held a place.
    pub feedback: Vec<Feedback>,
    /// What is left of what they said of dates and took back.
    pub feedback_taken_back: Vec<WithdrawnFeedback>,
}

impl EventCore {
    /// Everything that is held about a user, for themselves and for admins.
    pub async fn export_user(&self, actor: &Actor, id: UserId) -> Result<Export> {
        let user = self.user(actor, id).await?;
        let current = actor.signed_in().ok().and_then(|signed_in| signed_in.session);
        let filter = AgendaFilter {
            organizer: Some(id),
            from: Some(Timestamp::MIN.into()),
            ..AgendaFilter::default()
        };
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
            user,
            sessions: self.sessions_of(id, current).await?,
            access_tokens: self.access_tokens_of(id).await?,
            events,
            co_organized: self.co_organized_events(id).await?,
            registrations: self.registrations_of(id).await?,
            comments: self.comments_of(id).await?,
            feedback: self.feedback_of(id).await?,
            feedback_taken_back: self.feedback_taken_back_by(id).await?,
        })
    }
}
