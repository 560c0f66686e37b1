//! [`Mail`]: what a mail tells.

use serde::{Deserialize, Serialize};

use crate::db::text_enum;
use crate::id::{AccountLinkId, NotificationId};
use crate::signed_link::SignedPurpose;
use crate::time::Timestamp;

/// What a mail tells, in facts. Stored as JSON: change a variant so that stored ones can still be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mail {
    /// The link that verifies the address it is sent to.
    VerifyEmail {
        /// The link.
        link: AccountLinkId,
        /// When the link expires.
        expires_at: Timestamp,
    },
    /// The link that sets a new password.
    ResetPassword {
        /// The link.
        link: AccountLinkId,
        /// When the link expires.
        expires_at: Timestamp,
    },
    /// To the old address: another one was given.
    AddressChange {
        /// When.
        at: Timestamp,
        /// Whether the old address stays until the new one is verified.
        pending: bool,
    },
    /// The password was changed.
    PasswordChanged {
        /// When.
        at: Timestamp,
    },
    /// Someone signed in from a client that this user has not used before.
    NewSignIn {
        /// When.
        at: Timestamp,
        /// The user agent of the client.
        user_agent: Option<String>,
        /// The network address of the client.
        network: Option<String>,
    },
    /// A webhook was disabled.
    WebhookDisabled {
        /// When.
        at: Timestamp,
        /// The host of its URL.
        receiver: String,
        /// Whether the receiver has answered that it is gone. Otherwise it took nothing for 24 hours.
        gone: bool,
    },
    /// A calendar that the user follows is not read any more, or events have disappeared from it.
    CalendarSubscription {
        /// When.
        at: Timestamp,
        /// The host of its URL.
        host: String,
        /// Whether the server has answered that it is gone. Otherwise it could not be read for three days.
        gone: bool,
        /// How many events have disappeared. If 0, the calendar is not read any more.
        missing: i64,
    },
    /// Notifications of one kind, of one event. What it tells is found out when it is delivered.
    Notification {
        /// The kind of the mail.
        about: MailKind,
        /// The notifications: one, or several comments or ratings.
        notifications: Vec<NotificationId>,
    },
}

text_enum! {
    /// What a mail is about.
    pub enum MailKind {
        /// The link that verifies an address.
        VerifyEmail = "verify_email",
        /// The link that sets a new password.
        ResetPassword = "reset_password",
        /// Another address was given.
        AddressChange = "address_change",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// Someone signed in from another client.
        NewSignIn = "new_sign_in",
        /// A webhook was disabled.
        WebhookDisabled = "webhook_disabled",
        /// [`Mail::CalendarSubscription`].
        CalendarSubscription = "calendar_subscription",
        /// My registration has seats.
        RegistrationConfirmed = "registration_confirmed",
        /// My registration is on the waitlist.
        RegistrationWaitlisted = "registration_waitlisted",
        /// My registration has moved from the waitlist to seats.
        RegistrationPromoted = "registration_promoted",
        /// My registration was cancelled.
        RegistrationCancelled = "registration_cancelled",
        /// Time or place of what I am registered for has changed, or it takes place again.
        EventChanged = "event_changed",
        /// What I am registered for is cancelled.
        EventCancelled = "event_cancelled",
        /// What I am registered for begins soon.
        Reminder = "reminder",
        /// Comments on an event that I organize.
        NewComment = "new_comment",
        /// Replies to comments of mine.
        CommentReply = "comment_reply",
        /// Feedback on an event that I organize.
        FeedbackReceived = "feedback_received",
    }
}

impl MailKind {
    /// Whether it goes to all who are registered at once: other mails go first.
    pub(super) const fn is_bulk(self) -> bool {
        matches!(self, Self::EventChanged | Self::EventCancelled | Self::Reminder)
    }

    /// Whether it is about the account of the recipient, and cannot be turned off.
    pub const fn is_about_account(self) -> bool {
        matches!(
            self,
            Self::VerifyEmail
                | Self::ResetPassword
                | Self::AddressChange
                | Self::PasswordChanged
                | Self::NewSignIn
                | Self::WebhookDisabled
                | Self::CalendarSubscription
        )
    }
}

impl Mail {
    /// The kind.
    pub const fn kind(&self) -> MailKind {
        match self {
            Self::VerifyEmail { .. } => MailKind::VerifyEmail,
            Self::ResetPassword { .. } => MailKind::ResetPassword,
            Self::AddressChange { .. } => MailKind::AddressChange,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::NewSignIn { .. } => MailKind::NewSignIn,
            Self::WebhookDisabled { .. } => MailKind::WebhookDisabled,
            Self::CalendarSubscription { .. } => MailKind::CalendarSubscription,
            Self::Notification { about, .. } => *about,
        }
    }

    /// The link that the mail carries, and when that expires.
    pub(super) const fn link(&self) -> Option<(SignedPurpose, AccountLinkId, Timestamp)> {
        match *self {
            Self::VerifyEmail { link, expires_at } => Some((SignedPurpose::VerifyEmail, link, expires_at)),
            Self::ResetPassword { link, expires_at } => {
                Some((SignedPurpose::ResetPassword, link, expires_at))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_json_names_the_kind() {
        let (link, at) = (AccountLinkId::at(Timestamp::MAX), Timestamp::MAX);
        for mail in [
            Mail::VerifyEmail { link, expires_at: at },
            Mail::ResetPassword { link, expires_at: at },
            Mail::AddressChange { at, pending: true },
            Mail::PasswordChanged { at },
            Mail::NewSignIn { at, user_agent: None, network: None },
            Mail::WebhookDisabled { at, receiver: "example.org".to_owned(), gone: false },
            Mail::CalendarSubscription { at, host: "example.org".to_owned(), gone: false, missing: 2 },
        ] {
            let json = serde_json::to_value(&mail).unwrap();
            assert_eq!(json["kind"], mail.kind().as_str());
            assert_eq!(serde_json::from_value::<Mail>(json).unwrap(), mail);
        }
        let notifications = vec![NotificationId::at(at)];
        let mail = Mail::Notification { about: MailKind::Reminder, notifications };
        let json = serde_json::to_value(&mail).unwrap();
        assert_eq!((&json["kind"], &json["about"]), (&"notification".into(), &"reminder".into()));
        assert_eq!(serde_json::from_value::<Mail>(json).unwrap(), mail);
    }
}
