//! [`NotificationKind`].

use crate::db::text_enum;
use crate::mails::MailKind;

text_enum! {
    /// The kind of a notification.
    pub enum NotificationKind {
        /// My registration has seats: the receipt of what I did, or an organizer registered me.
        RegistrationConfirmed = "registration_confirmed",
        /// My registration is on the waitlist.
        RegistrationWaitlisted = "registration_waitlisted",
        /// My registration has moved from the waitlist to seats.
        RegistrationPromoted = "registration_promoted",
        /// An organizer has cancelled my registration. If I have, only my calendar is told, by mail.
        RegistrationCancelled = "registration_cancelled",
        /// Time or place of what I am registered for has changed, or it takes place again.
        EventChanged = "event_changed",
        /// What I am registered for is cancelled.
        EventCancelled = "event_cancelled",
        /// What I am registered for begins soon.
        Reminder = "reminder",
        /// A comment on an event that I organize.
        NewComment = "new_comment",
        /// A reply to a comment of mine.
        CommentReply = "comment_reply",
        /// Feedback on an event that I organize.
        FeedbackReceived = "feedback_received",
        /// The password of my account has changed.
        PasswordChanged = "password_changed",
        /// A sign-in to my account from a client that was not seen before.
        NewSignIn = "new_sign_in",
        /// A webhook of mine was disabled, since its receiver fails or is gone.
        WebhookDisabled = "webhook_disabled",
        /// A calendar that I follow cannot be read any more, or events have disappeared from it.
        CalendarSubscription = "calendar_subscription",
    }
}

impl NotificationKind {
    /// Whether it is a notice about the account of the reader: of its security, or of what belongs to it.
    /// Nobody can turn it off.
    pub const fn is_about_account(self) -> bool {
        matches!(
            self,
            Self::PasswordChanged | Self::NewSignIn | Self::WebhookDisabled | Self::CalendarSubscription
        )
    }

    /// The kind of its mails. `None` for notices about the account, which are mailed with what causes them.
    pub(super) const fn mail(self) -> Option<MailKind> {
        Some(match self {
            Self::RegistrationConfirmed => MailKind::RegistrationConfirmed,
            Self::RegistrationWaitlisted => MailKind::RegistrationWaitlisted,
            Self::RegistrationPromoted => MailKind::RegistrationPromoted,
            Self::RegistrationCancelled => MailKind::RegistrationCancelled,
            Self::EventChanged => MailKind::EventChanged,
            Self::EventCancelled => MailKind::EventCancelled,
            Self::Reminder => MailKind::Reminder,
            Self::NewComment => MailKind::NewComment,
            Self::CommentReply => MailKind::CommentReply,
            Self::FeedbackReceived => MailKind::FeedbackReceived,
            Self::PasswordChanged | Self::NewSignIn | Self::WebhookDisabled | Self::CalendarSubscription => {
                return None;
            }
        })
    }

    /// Whether replies to its mails are for the organizer: it tells an attendee of their registration or of
    /// the occurrence. What others have written is answered where they wrote it.
    pub(super) const fn is_for_attendees(self) -> bool {
        matches!(
            self,
            Self::RegistrationConfirmed
                | Self::RegistrationWaitlisted
                | Self::RegistrationPromoted
                | Self::RegistrationCancelled
                | Self::EventChanged
                | Self::EventCancelled
                | Self::Reminder
        )
    }

    /// Whether several of an event become one mail: what others write.
    pub(super) const fn is_digested(self) -> bool {
        matches!(self, Self::NewComment | Self::CommentReply | Self::FeedbackReceived)
    }
}
