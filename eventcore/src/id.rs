//! Ids: a newtype over a UUIDv7 for each kind of record.
//!
//! The types keep the ids of different records apart, and ids sort by the time at which they were created.

use uuid::{NoContext, Uuid};

use crate::time::Timestamp;

/// A new UUIDv7 with the time `now` (RFC 9562, 5.7).
///
/// The time is that of the library's clock, so ids created under a test clock sort by that clock.
pub(crate) fn uuid_at(now: Timestamp) -> Uuid {
    let micros = now.as_micros().max(0).unsigned_abs();
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
}

/// The text is not a UUID in the hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID such as 0193d0f6-7e5a-7b3c-8f21-5d8c9f0a1b2c")]
pub struct ParseIdError;

/// Defines the id types.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new, random id with the time `now`.
            pub fn at(now: $crate::time::Timestamp) -> Self {
                Self($crate::id::uuid_at(now))
            }

            /// The UUID of the id.
            pub const fn as_uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::ParseIdError;

            /// Accepts only the hyphenated form of 36 characters, so that a record has a single URL.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if text.len() != 36 {
                    return Err($crate::id::ParseIdError);
                }
                text.parse().map(Self).map_err(|_| $crate::id::ParseIdError)
            }
        }
    )+};
}

ids! {
    /// The id of a user.
    UserId;
    /// The id of a session: a sign-in and all tokens that were issued for it.
    SessionId;
    /// The id of a personal access token.
    AccessTokenId;
    /// The id of a link in a mail that verifies an address or sets a new password.
    AccountLinkId;
    /// The id of a mail.
    MailId;
    /// The id of an event.
    EventId;
    /// The id of an occurrence: a concrete instance of an event.
    OccurrenceId;
    /// The id of a registration of a user for an occurrence.
    RegistrationId;
    /// The id of a category.
    CategoryId;
    /// The id of a comment.
    CommentId;
    /// The id of feedback on an occurrence.
    FeedbackId;
    /// The id of a job.
    JobId;
    /// The id of a notification.
    NotificationId;
    /// The id of a webhook.
    WebhookId;
    /// The id of a delivery to a webhook.
    WebhookDeliveryId;
    /// The id of a subscription: a calendar that an organizer follows.
    SubscriptionId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let (early, late) =
            (Timestamp::from_micros(1_800_000_000_000_000), Timestamp::from_micros(1_800_000_000_001_000));
        assert!(EventId::at(early) < EventId::at(late));
        assert_ne!(EventId::at(early), EventId::at(early));
    }

    #[test]
    fn only_the_hyphenated_form_is_accepted() {
        let id = UserId::at(Timestamp::from_micros(1));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.as_uuid().simple().to_string().parse::<UserId>(), Err(ParseIdError));
        assert_eq!("me".parse::<UserId>(), Err(ParseIdError));
    }
}
