//! [`WebhookKind`].

use crate::db::text_enum;

text_enum! {
    /// A kind of change that webhooks are told of.
    pub enum WebhookKind {
        /// An event was created, as a draft or published.
        EventCreated = "event.created",
        /// An event was published.
        EventPublished = "event.published",
        /// A published event became a draft again.
        EventUnpublished = "event.unpublished",
        /// Fields, organizers or the schedule of an event changed.
        EventChanged = "event.changed",
        /// An event was cancelled.
        EventCancelled = "event.cancelled",
        /// An event was deleted. Nobody had registered.
        EventDeleted = "event.deleted",
        /// Times or fields of one occurrence changed.
        OccurrenceChanged = "occurrence.changed",
        /// One occurrence was cancelled.
        OccurrenceCancelled = "occurrence.cancelled",
        /// A cancelled occurrence takes place again.
        OccurrenceRestored = "occurrence.restored",
        /// One occurrence was deleted. Nobody had registered.
        OccurrenceDeleted = "occurrence.deleted",
        /// A registration has seats.
        RegistrationConfirmed = "registration.confirmed",
        /// A registration is on the waitlist.
        RegistrationWaitlisted = "registration.waitlisted",
        /// A registration moved from the waitlist to seats.
        RegistrationPromoted = "registration.promoted",
        /// The party size or the waitlist setting of a registration changed.
        RegistrationChanged = "registration.changed",
        /// A registration was cancelled, by whomever.
        RegistrationCancelled = "registration.cancelled",
        /// An attendee was checked in.
        RegistrationCheckedIn = "registration.checked_in",
        /// The check-in of an attendee was undone.
        RegistrationCheckInUndone = "registration.check_in_undone",
        /// A comment or a reply was posted.
        CommentPosted = "comment.posted",
        /// A comment was changed, hidden or shown again.
        CommentChanged = "comment.changed",
        /// A comment was deleted by its author.
        CommentDeleted = "comment.deleted",
        /// An attendee gave feedback.
        FeedbackGiven = "feedback.given",
        /// Feedback, or the answer to it, changed.
        FeedbackChanged = "feedback.changed",
        /// An attendee withdrew feedback.
        FeedbackWithdrawn = "feedback.withdrawn",
    }
}

/// The kind of a test that the owner asks for. It cannot be chosen, and is sent whatever is.
pub(super) const TEST: &str = "webhook.test";
