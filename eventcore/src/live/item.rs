//! [`Item`]: something that a follower is shown.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::id::{EventId, NotificationId, OccurrenceId};

/// Something that a follower is shown, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Item {
    Event(EventId),
    Seats(OccurrenceId),
    /// A notification of the follower, with the number of unread ones.
    Notification(NotificationId),
    /// The number of the follower's unread notifications.
    Unread,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => write!(f, "e{}", id.as_uuid().simple()),
            Self::Seats(id) => write!(f, "s{}", id.as_uuid().simple()),
            Self::Notification(id) => write!(f, "n{}", id.as_uuid().simple()),
            Self::Unread => f.write_str("u"),
        }
    }
}

impl FromStr for Item {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "u" {
            return Ok(Self::Unread);
        }
        let (letter, digits) = text.split_at_checked(1).filter(|(_, digits)| digits.len() == 32).ok_or(())?;
        let id = Uuid::try_parse(digits).map_err(drop)?;
        match letter {
            "e" => Ok(Self::Event(id.into())),
            "s" => Ok(Self::Seats(id.into())),
            "n" => Ok(Self::Notification(id.into())),
            _ => Err(()),
        }
    }
}
