//! Who may give feedback, and until when it can be changed: pure rules.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::events::OccurrenceStatus;
use crate::time::Timestamp;

/// How long feedback can be changed after it was given.
const CHANGEABLE: Duration = Duration::from_hours(30 * 24);

/// Passes who held a place at a date that took place and is over.
pub(super) fn must_have_been_there(
    held: bool,
    status: OccurrenceStatus,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    if !held {
        return Err(Error::NotAttended);
    }
    if status == OccurrenceStatus::Cancelled {
        return Err(Error::OccurrenceCancelled);
    }
    if now < ends_at {
        return Err(Error::OccurrenceNotOver);
    }
    Ok(())
}

/// Passes within thirty days of the first word.
pub(super) fn must_be_changeable(given_at: Timestamp, now: Timestamp) -> Result<()> {
    if now.since(given_at) <= CHANGEABLE {
        Ok(())
    } else {
        Err(Error::Forbidden("feedback can be changed for 30 days"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_and_when() {
        use OccurrenceStatus::{Cancelled, Scheduled};

        let (end, second) = (Timestamp::from_micros(1_800_000_000_000_000), 1_000_000);
        let at = |seconds: i64| Timestamp::from_micros(end.as_micros() + seconds * second);
        let code =
            |held, status, now| must_have_been_there(held, status, end, now).err().map(|error| error.code());
        assert_eq!(code(true, Scheduled, at(0)), None);
        assert_eq!(code(true, Scheduled, at(-1)), Some("occurrence_not_over"));
        assert_eq!(code(false, Scheduled, at(-1)), Some("not_attended"));
        assert_eq!(code(true, Cancelled, at(1)), Some("occurrence_cancelled"));
        let days = 86_400;
        assert!(must_be_changeable(end, at(30 * days)).is_ok());
        assert_eq!(must_be_changeable(end, at(30 * days + 1)).unwrap_err().code(), "forbidden");
    }
}
