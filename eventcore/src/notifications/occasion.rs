//! The id of a notification, which names the person and the occasion.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kind::NotificationKind;
use crate::id::{NotificationId, UserId};
use crate::time::Timestamp;

/// What a notification is about: the same kind, subject and time are the same occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occasion {
    pub(super) kind: NotificationKind,
    pub(super) subject: Uuid,
    pub(super) at: Timestamp,
}

impl Occasion {
    /// A UUIDv7 with the time of the occasion, whose other bits are a hash of person and occasion. Whoever
    /// tells the same person of the same occasion again gets the same id.
    pub(super) fn notification_of(&self, user: UserId) -> NotificationId {
        let mut hash = Sha256::new();
        hash.update(user.as_uuid());
        hash.update(self.subject);
        hash.update(self.at.as_micros().to_be_bytes());
        hash.update(self.kind.as_str());
        let mut bits = [0; 10];
        bits.copy_from_slice(&hash.finalize()[..10]);
        let millis = self.at.as_micros().max(0).unsigned_abs() / 1_000;
        uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_person_and_occasion_and_sorts_by_time() {
        let at = Timestamp::from_micros(1_800_000_000_000_000);
        let occasion = Occasion { kind: NotificationKind::Reminder, subject: Uuid::from_u128(7), at };
        let user = UserId::from(Uuid::from_u128(1));
        let id = occasion.notification_of(user);
        assert_eq!(occasion.notification_of(user), id);
        assert_eq!(id.as_uuid().get_version_num(), 7);
        for other in [
            Occasion { kind: NotificationKind::NewComment, ..occasion },
            Occasion { subject: Uuid::from_u128(8), ..occasion },
            Occasion { at: at.plus(std::time::Duration::from_micros(1)), ..occasion },
        ] {
            assert_ne!(other.notification_of(user), id, "{other:?}");
        }
        assert_ne!(occasion.notification_of(UserId::from(Uuid::from_u128(2))), id);
        let later = Occasion { at: at.plus(std::time::Duration::from_millis(1)), ..occasion };
        assert!(later.notification_of(user) > id);
    }
}
