//! [`Change`]: what a transaction changed.

use serde::{Deserialize, Serialize};

use crate::id::{
    AccessTokenId, CategoryId, CommentId, EventId, FeedbackId, OccurrenceId, RegistrationId, SessionId,
    SubscriptionId, UserId, WebhookId,
};
use crate::time::Timestamp;

/// What a transaction changed. New kinds and fields may be added: match them with `..`.
///
/// Fields with ids are named for what they identify: `user` is the one whom the change concerns, or who made
/// it. Other fields are described at their kind.
#[expect(missing_docs, reason = "the names of fields and the texts of kinds say it once")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// A user has a seat at an occurrence.
    Registered { occurrence: OccurrenceId, registration: RegistrationId, user: UserId },
    /// A user is at the end of the waitlist of an occurrence.
    Waitlisted { occurrence: OccurrenceId, registration: RegistrationId, user: UserId },
    /// The party size or the waitlist setting of a registration has changed.
    RegistrationChanged { occurrence: OccurrenceId, registration: RegistrationId, user: UserId },
    /// A registration has moved from the waitlist to a seat.
    Promoted { occurrence: OccurrenceId, registration: RegistrationId, user: UserId },
    /// A registration is cancelled.
    RegistrationCancelled {
        occurrence: OccurrenceId,
        registration: RegistrationId,
        user: UserId,
        by: CancelledBy,
    },
    /// An attendee is checked in.
    CheckedIn { occurrence: OccurrenceId, registration: RegistrationId, user: UserId },
    /// The check-in of an attendee is undone.
    CheckInUndone { occurrence: OccurrenceId, registration: RegistrationId, user: UserId },

    /// An event is created, as a draft or published.
    EventCreated { event: EventId, organizer: UserId },
    /// An event is published. A new event that is not a draft is created and published.
    EventPublished { event: EventId },
    /// A published event has become a draft again.
    EventUnpublished { event: EventId },
    /// Fields of an event have changed. `old_location` is the former location, if the location or the address
    /// has changed.
    EventChanged { event: EventId, old_location: Option<String> },
    /// An event is cancelled, with all its occurrences that are not over, whose last update is `at`.
    EventCancelled { event: EventId, at: Timestamp },
    /// An event is deleted, with its occurrences. Nobody had registered. `organizers` are those that it had,
    /// the organizer first.
    EventDeleted { event: EventId, organizers: Vec<UserId> },
    /// Occurrences, with their registrations, have moved to a new event. What else becomes of that event
    /// follows.
    EventSplit { event: EventId, new_event: EventId },
    /// Another user has become the organizer of an event.
    OrganizerChanged { event: EventId, organizer: UserId },
    /// A user has become a co-organizer.
    CoOrganizerAdded { event: EventId, user: UserId },
    /// A user is no longer a co-organizer.
    CoOrganizerRemoved { event: EventId, user: UserId },

    /// An event has this many more occurrences than it was created with.
    OccurrencesAdded { event: EventId, count: u64 },
    /// The times of an occurrence have changed: its end, or its start too, which was `old_starts_at`.
    OccurrenceMoved { event: EventId, occurrence: OccurrenceId, old_starts_at: Timestamp },
    /// Fields of an occurrence other than its times have changed. `old_location` is the former location, if
    /// the location or the address has changed.
    OccurrenceChanged { event: EventId, occurrence: OccurrenceId, old_location: Option<String> },
    /// One occurrence is cancelled. Its registrations remain.
    OccurrenceCancelled { event: EventId, occurrence: OccurrenceId },
    /// A cancelled occurrence takes place again.
    OccurrenceRestored { event: EventId, occurrence: OccurrenceId },
    /// An occurrence is deleted. Nobody had registered.
    OccurrenceDeleted { event: EventId, occurrence: OccurrenceId },

    /// A comment, or a reply to the comment `parent`.
    CommentPosted { event: EventId, comment: CommentId, author: UserId, parent: Option<CommentId> },
    /// The author has changed a comment.
    CommentChanged { event: EventId, comment: CommentId },
    /// The author has deleted a comment.
    CommentDeleted { event: EventId, comment: CommentId },
    /// An organizer has hidden a comment, or shows it again.
    CommentHidden { event: EventId, comment: CommentId, hidden: bool },

    /// An attendee has given feedback.
    FeedbackGiven { occurrence: OccurrenceId, feedback: FeedbackId, user: UserId },
    /// An attendee has changed their feedback.
    FeedbackChanged { occurrence: OccurrenceId, feedback: FeedbackId, user: UserId },
    /// An attendee has withdrawn their feedback.
    FeedbackWithdrawn { occurrence: OccurrenceId, feedback: FeedbackId, user: UserId },
    /// An organizer has answered feedback, or has changed or removed the answer.
    FeedbackAnswered { occurrence: OccurrenceId, feedback: FeedbackId },

    /// A category is created.
    CategoryCreated { category: CategoryId },
    /// Fields of a category have changed.
    CategoryChanged { category: CategoryId },
    /// A category is deleted. Its events have another one, or none.
    CategoryDeleted { category: CategoryId },

    /// An account is created.
    AccountCreated { user: UserId },
    /// Profile, e-mail address or role of an account have changed.
    AccountChanged { user: UserId },
    /// The password of an account has changed.
    PasswordChanged { user: UserId },
    /// An account can no longer sign in.
    AccountDisabled { user: UserId },
    /// An account can sign in again.
    AccountEnabled { user: UserId },
    /// An account is deleted, and its data are anonymised.
    AccountDeleted { user: UserId },
    /// A user has signed in. `new_client` is the name of the client if the user has signed in before, and
    /// never with this one.
    SignedIn { user: UserId, session: SessionId, new_client: Option<String> },
    /// Sessions of a user have ended, by themselves or because a refresh token was used twice.
    SessionsEnded { user: UserId },
    /// A user has a new personal access token.
    AccessTokenCreated { user: UserId, token: AccessTokenId },
    /// A user has revoked a personal access token.
    AccessTokenRevoked { user: UserId, token: AccessTokenId },
    /// The calendar of a user has a new secret address. The former one has ended.
    CalendarAddressCreated { user: UserId },
    /// The calendar of a user has no secret address any more.
    CalendarAddressRevoked { user: UserId },
    /// A user is reminded at other times, of all that they attend or of one occurrence.
    RemindersChanged { user: UserId },
    /// A user has read notifications.
    NotificationsRead { user: UserId },

    /// A webhook is disabled, since the host `receiver` took nothing for 24 hours, or has answered that it is
    /// gone.
    WebhookDisabled { user: UserId, webhook: WebhookId, receiver: String, gone: bool },

    /// A calendar at `host` is not followed any more, since it could not be read for three days, or its
    /// server has answered that it is gone.
    SubscriptionDisabled { user: UserId, subscription: SubscriptionId, host: String, gone: bool },
    /// A calendar at `host` has lost so many events that lay ahead: they are deleted or cancelled.
    SubscribedEventsMissing { user: UserId, subscription: SubscriptionId, host: String, count: i64 },
}

/// Who cancelled a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelledBy {
    /// The attendee.
    Attendee,
    /// The attendee, by declining the invitation in their calendar.
    Answer,
    /// An organizer or an admin.
    Organizer,
    /// The deletion of the attendee's account.
    AccountDeletion,
}
