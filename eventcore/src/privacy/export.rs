//! Exporting all data about a person.

use crate::accounts::{AccessToken, KnownClient, MailedLink, Session, User};
use crate::actor::Actor;
use crate::agenda::AgendaFilter;
use crate::calendars::ImportedUid;
use crate::comments::Comment;
use crate::core::EventCore;
use crate::error::Result;
use crate::events::Event;
use crate::feedback::{Feedback, WithdrawnFeedback};
use crate::id::{EventId, UserId};
use crate::mails::KeptMail;
use crate::notifications::{Notification, NotificationPreferences, OwnReminders};
use crate::page::PageRequest;
use crate::registrations::Registration;
use crate::subscriptions::CalendarSubscription;
use crate::time::Timestamp;
use crate::webhooks::Webhook;

/// All data about a person.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// When the export was made.
    pub exported_at: Timestamp,
    /// The account.
    pub user: User,
    /// The id by which an embedding program knows them; null if there is none.
    pub external_id: Option<String>,
    /// The active sessions.
    pub sessions: Vec<Session>,
    /// The personal access tokens, without their secrets.
    pub access_tokens: Vec<AccessToken>,
    /// The clients that they have signed in from.
    pub known_clients: Vec<KnownClient>,
    /// The links that were mailed to them, until they expire.
    pub mailed_links: Vec<MailedLink>,
    /// When the secret address of their calendar was made; null if there is none.
    pub calendar_address_created_at: Option<Timestamp>,
    /// The UIDs of the calendar files that they have imported.
    pub imported_events: Vec<ImportedUid>,
    /// The events that they organize.
    pub events: Vec<Event>,
    /// The events of others that they co-organize.
    pub co_organized: Vec<Event>,
    /// Their registrations, cancelled ones included.
    pub registrations: Vec<Registration>,
    /// Their comments.
    pub comments: Vec<Comment>,
    /// Their feedback.
    pub feedback: Vec<Feedback>,
    /// What they were told in the last 90 days.
    pub notifications: Vec<Notification>,
    /// The mails to them of the last 30 days.
    pub mails: Vec<KeptMail>,
    /// What they want to be told.
    pub notification_preferences: NotificationPreferences,
    /// The registrations that have reminders of their own.
    pub own_reminders: Vec<OwnReminders>,
    /// The events that they have muted.
    pub muted_events: Vec<EventId>,
    /// Their webhooks, without the secrets.
    pub webhooks: Vec<Webhook>,
    /// The calendars that they follow.
    pub calendar_subscriptions: Vec<CalendarSubscription>,
    /// What remains of their withdrawn feedback.
    pub withdrawn_feedback: Vec<WithdrawnFeedback>,
}

impl EventCore {
    /// Exports all data about a user. Only the user and admins may.
    pub async fn export_user(&self, actor: &Actor, id: UserId) -> Result<Export> {
        let user = self.user(actor, id).await?;
        let current = actor.signed_in().ok().and_then(|signed_in| signed_in.session());
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
            external_id: self.external_id_of(id).await?,
            sessions: self.sessions_of(id, current).await?,
            access_tokens: self.access_tokens_of(id).await?,
            known_clients: self.known_clients_of(id).await?,
            mailed_links: self.mailed_links_of(id).await?,
            calendar_address_created_at: self.personal_calendar_created_at(id).await?,
            imported_events: self.imports_of(id).await?,
            events,
            co_organized: self.co_organized_events(id).await?,
            registrations: self.registrations_of(id).await?,
            comments: self.comments_of(id).await?,
            feedback: self.feedback_of(id).await?,
            notifications: self.notifications_of(id).await?,
            mails: self.mails_of(id).await?,
            notification_preferences: self.preferences_of(id).await?,
            own_reminders: self.own_reminders_of(id).await?,
            muted_events: self.muted_events_of(id).await?,
            webhooks: self.webhooks_of(id).await?,
            calendar_subscriptions: self.calendar_subscriptions_of(id).await?,
            withdrawn_feedback: self.withdrawn_feedback_of(id).await?,
        })
    }
}
