//! Ids: one newtype a thing, UUIDv7 inside, so that one can't be passed for another and that new ones sort last.

use uuid::{NoContext, Uuid};

use crate::time::Timestamp;

/// A UUIDv7 whose time is `now` (RFC 9562 5.7), so that ids made under a turned clock sort by that clock.
pub(crate) fn uuid_at(now: Timestamp) -> Uuid {
    let micros = now.as_micros().max(0).unsigned_abs();
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
}

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct ParseIdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new id that carries the time `now`.
            pub fn at(now: $crate::time::Timestamp) -> Self {
                Self($crate::id::uuid_at(now))
            }

            /// The bare UUID.
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

            /// Reads the hyphenated form only: one id has one address.
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
    /// Names a user.
    UserId;
    /// Names a sign-in and all the tokens that came of it.
    SessionId;
    /// Names a personal access token.
    AccessTokenId;
    /// Names an event.
    EventId;
    /// Names one date of an event.
    OccurrenceId;
    /// Names one user's place at one occurrence.
    RegistrationId;
    /// Names a category.
    CategoryId;
    /// Names a comment.
    CommentId;
    /// Names what someone says of an occurrence.
    FeedbackId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_carry() {
        let (early, late) =
            (Timestamp::from_micros(1_800_000_000_000_000), Timestamp::from_micros(1_800_000_000_001_000));
        assert!(EventId::at(early) < EventId::at(late));
        assert_ne!(EventId::at(early), EventId::at(early));
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = UserId::at(Timestamp::from_micros(1));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.as_uuid().simple().to_string().parse::<UserId>(), Err(ParseIdError));
        assert_eq!("me".parse::<UserId>(), Err(ParseIdError));
    }
}
