//! Who is told of a change: the one place that decides it. A change without a decision does not compile.
//!
//! Nobody is told of what they did themselves, with two exceptions: who registers gets the outcome, as the
//! receipt that carries the ticket or the place on the waitlist; and notices about the account are told in
//! any case, since it may have been someone else.
//!
//! Who cancels their own registration is not told either, but their calendar is, if they were invited by
//! mail: it has an entry that only a mail takes out again (RFC 5546, 3.2.5). A calendar that has declined the
//! invitation itself knows it.

use uuid::Uuid;

use super::kind::NotificationKind;
use crate::changes::{CancelledBy, Change};
use crate::id::{
    CommentId, EventId, OccurrenceId, RegistrationId, SessionId, SubscriptionId, UserId, WebhookId,
};
use crate::time::Timestamp;

/// Who is told of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Telling {
    Nobody,
    /// The owner of a registration.
    Registrant {
        user: UserId,
        kind: NotificationKind,
        /// Whether only their calendar is told, by mail.
        own: bool,
        registration: RegistrationId,
        occurrence: OccurrenceId,
    },
    /// The other organizers of the event, and the author of the parent.
    Comment {
        event: EventId,
        comment: CommentId,
        author: UserId,
        parent: Option<CommentId>,
    },
    /// The organizers of the event of an occurrence, except `author`.
    Feedback {
        occurrence: OccurrenceId,
        feedback: Uuid,
        author: UserId,
    },
    /// The owner of an account.
    PasswordChanged {
        user: UserId,
    },
    /// The owner of an account, of a client that was not seen before.
    SignIn {
        user: UserId,
        session: SessionId,
        client: String,
    },
    /// The owner of a webhook.
    WebhookDisabled {
        user: UserId,
        webhook: WebhookId,
        receiver: String,
        gone: bool,
    },
    /// The owner of a subscription: it is disabled, or so many events have disappeared.
    CalendarSubscription {
        user: UserId,
        subscription: SubscriptionId,
        host: String,
        gone: bool,
        missing: i64,
    },
    /// All who are registered, except who did it.
    Attendees(News),
    /// Nobody, and all that the user was told is deleted.
    Forget {
        user: UserId,
    },
}

/// What those who are registered are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    Moved {
        event: EventId,
        occurrence: OccurrenceId,
        old_starts_at: Timestamp,
    },
    Relocated {
        event: EventId,
        occurrence: OccurrenceId,
        old_location: String,
    },
    /// All occurrences that do not override the place.
    EventRelocated {
        event: EventId,
        old_location: String,
    },
    Restored {
        event: EventId,
        occurrence: OccurrenceId,
    },
    Cancelled {
        event: EventId,
        occurrence: OccurrenceId,
    },
    /// All occurrences that were cancelled at `at`.
    EventCancelled {
        event: EventId,
        at: Timestamp,
    },
}

impl News {
    pub(super) const fn event(&self) -> EventId {
        match self {
            Self::Moved { event, .. }
            | Self::Relocated { event, .. }
            | Self::EventRelocated { event, .. }
            | Self::Restored { event, .. }
            | Self::Cancelled { event, .. }
            | Self::EventCancelled { event, .. } => *event,
        }
    }

    pub(super) const fn is_cancellation(&self) -> bool {
        matches!(self, Self::Cancelled { .. } | Self::EventCancelled { .. })
    }
}

/// Decides who is told of a change.
pub(super) fn decide(change: &Change) -> Telling {
    let registrant = |kind, occurrence: &OccurrenceId, registration: &RegistrationId, user: &UserId| {
        let (user, registration, occurrence) = (*user, *registration, *occurrence);
        Telling::Registrant { user, kind, own: false, registration, occurrence }
    };
    match change {
        Change::Registered { occurrence, registration, user } => {
            registrant(NotificationKind::RegistrationConfirmed, occurrence, registration, user)
        }
        Change::Waitlisted { occurrence, registration, user } => {
            registrant(NotificationKind::RegistrationWaitlisted, occurrence, registration, user)
        }
        Change::Promoted { occurrence, registration, user } => {
            registrant(NotificationKind::RegistrationPromoted, occurrence, registration, user)
        }
        Change::RegistrationCancelled { occurrence, registration, user, by: CancelledBy::Organizer } => {
            registrant(NotificationKind::RegistrationCancelled, occurrence, registration, user)
        }
        Change::RegistrationCancelled { occurrence, registration, user, by: CancelledBy::Attendee } => {
            let (user, registration, occurrence) = (*user, *registration, *occurrence);
            let kind = NotificationKind::RegistrationCancelled;
            Telling::Registrant { user, kind, own: true, registration, occurrence }
        }
        Change::CommentPosted { event, comment, author, parent } => {
            Telling::Comment { event: *event, comment: *comment, author: *author, parent: *parent }
        }
        Change::FeedbackGiven { occurrence, feedback, user } => {
            Telling::Feedback { occurrence: *occurrence, feedback: feedback.as_uuid(), author: *user }
        }
        Change::PasswordChanged { user } => Telling::PasswordChanged { user: *user },
        Change::SignedIn { user, session, new_client: Some(client) } => {
            Telling::SignIn { user: *user, session: *session, client: client.clone() }
        }
        Change::WebhookDisabled { user, webhook, receiver, gone } => Telling::WebhookDisabled {
            user: *user,
            webhook: *webhook,
            receiver: receiver.clone(),
            gone: *gone,
        },
        Change::SubscriptionDisabled { user, subscription, host, gone } => Telling::CalendarSubscription {
            user: *user,
            subscription: *subscription,
            host: host.clone(),
            gone: *gone,
            missing: 0,
        },
        Change::SubscribedEventsMissing { user, subscription, host, count } => {
            Telling::CalendarSubscription {
                user: *user,
                subscription: *subscription,
                host: host.clone(),
                gone: false,
                missing: *count,
            }
        }
        Change::AccountDeleted { user } => Telling::Forget { user: *user },
        Change::EventChanged { .. }
        | Change::EventCancelled { .. }
        | Change::OccurrenceMoved { .. }
        | Change::OccurrenceChanged { .. }
        | Change::OccurrenceCancelled { .. }
        | Change::OccurrenceRestored { .. } => news(change).map_or(Telling::Nobody, Telling::Attendees),
        // What one did oneself.
        Change::RegistrationChanged { .. }
        | Change::RegistrationCancelled { .. }
        | Change::CheckedIn { .. }
        | Change::CheckInUndone { .. }
        | Change::AccountCreated { .. }
        | Change::SignedIn { .. }
        | Change::AccountChanged { .. }
        | Change::SessionsEnded { .. }
        | Change::NotificationsRead { .. }
        | Change::RemindersChanged { .. }
        | Change::AccessTokenCreated { .. }
        | Change::AccessTokenRevoked { .. }
        | Change::CalendarAddressCreated { .. }
        | Change::CalendarAddressRevoked { .. }
        // Nobody is registered.
        | Change::EventCreated { .. }
        | Change::EventPublished { .. }
        | Change::EventUnpublished { .. }
        | Change::EventDeleted { .. }
        | Change::OccurrencesAdded { .. }
        | Change::OccurrenceDeleted { .. }
        // For those who are registered, nothing has changed.
        | Change::EventSplit { .. }
        | Change::OrganizerChanged { .. }
        | Change::CoOrganizerAdded { .. }
        | Change::CoOrganizerRemoved { .. }
        // They were told of the first version.
        | Change::CommentChanged { .. }
        | Change::CommentDeleted { .. }
        | Change::CommentHidden { .. }
        | Change::FeedbackChanged { .. }
        | Change::FeedbackWithdrawn { .. }
        | Change::FeedbackAnswered { .. }
        // Of the operator and the admins.
        | Change::CategoryCreated { .. }
        | Change::CategoryChanged { .. }
        | Change::CategoryDeleted { .. }
        | Change::AccountDisabled { .. }
        | Change::AccountEnabled { .. } => Telling::Nobody,
    }
}

/// What those who are registered are told of a change of their event; `None` for changes of neither time nor
/// place.
fn news(change: &Change) -> Option<News> {
    Some(match change {
        Change::OccurrenceMoved { event, occurrence, old_starts_at } => {
            News::Moved { event: *event, occurrence: *occurrence, old_starts_at: *old_starts_at }
        }
        Change::OccurrenceChanged { event, occurrence, old_location: Some(old) } => {
            News::Relocated { event: *event, occurrence: *occurrence, old_location: old.clone() }
        }
        Change::EventChanged { event, old_location: Some(old) } => {
            News::EventRelocated { event: *event, old_location: old.clone() }
        }
        Change::OccurrenceRestored { event, occurrence } => {
            News::Restored { event: *event, occurrence: *occurrence }
        }
        Change::OccurrenceCancelled { event, occurrence } => {
            News::Cancelled { event: *event, occurrence: *occurrence }
        }
        Change::EventCancelled { event, at } => News::EventCancelled { event: *event, at: *at },
        _ => return None,
    })
}
