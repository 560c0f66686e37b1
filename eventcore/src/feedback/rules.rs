//! The rules for submitting and changing feedback. Pure functions.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::events::OccurrenceStatus;
use crate::time::Timestamp;

/// How long feedback can be changed after it was first submitted.
const CHANGEABLE: Duration = Duration::from_hours(30 * 24);

/// Requires an attendee, and an occurrence that is over and was not cancelled.
pub(super) fn must_have_attended(
    is_attendee: bool,
    status: OccurrenceStatus,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    if !is_attendee {
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

/// Requires that feedback was first submitted at most 30 days ago.
pub(super) fn must_be_changeable(first_submitted_at: Timestamp, now: Timestamp) -> Result<()> {
    if now.since(first_submitted_at) <= CHANGEABLE {
        Ok(())
    } else {
        Err(Error::Forbidden("feedback can only be changed within 30 days"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attendees_submit_after_the_end_and_change_for_30_days() {
        use OccurrenceStatus::{Cancelled, Scheduled};

        let (end, second) = (Timestamp::from_micros(1_800_000_000_000_000), 1_000_000);
        let at = |seconds: i64| Timestamp::from_micros(end.as_micros() + seconds * second);
        let code = |is_attendee, status, now| {
            must_have_attended(is_attendee, status, end, now).err().map(|error| error.code())
        };
        assert_eq!(code(true, Scheduled, at(0)), None);
        assert_eq!(code(true, Scheduled, at(-1)), Some("occurrence_not_over"));
        assert_eq!(code(false, Scheduled, at(-1)), Some("not_attended"));
        assert_eq!(code(true, Cancelled, at(1)), Some("occurrence_cancelled"));
        let days = 86_400;
        assert!(must_be_changeable(end, at(30 * days)).is_ok());
        assert_eq!(must_be_changeable(end, at(30 * days + 1)).unwrap_err().code(), "forbidden");
    }
}
