//! [`ImportOptions`]: what an import fills in.

use chrono_tz::Tz;

use crate::error::Violations;
use crate::events::{EventStatus, ImportDefaults, Visibility};
use crate::input::{Lines, check_text};
use crate::time::Timestamp;

/// The title of an event without SUMMARY.
const UNTITLED: &str = "Untitled event";

/// What an import fills in where a file says nothing, and what it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Store nothing: only report what an import would do.
    pub dry_run: bool,
    /// Also import what is over. Default: it is skipped.
    pub past: bool,
    /// The location of new events without one, 1 to 300 characters. Default: `To be announced`.
    pub location: Option<String>,
    /// The capacity of new events, 1 to 1,000,000. Default: 100.
    pub capacity: Option<i64>,
    /// The IANA time zone of times and dates without one. Default: that of the calendar (`X-WR-TIMEZONE`),
    /// else that of the user.
    pub timezone: Option<String>,
    /// Who can see new events. Default: nobody but registered users if CLASS is PRIVATE or CONFIDENTIAL,
    /// otherwise everyone.
    pub visibility: Option<Visibility>,
    /// Whether new events are drafts or published. Default: drafts if STATUS is TENTATIVE, otherwise
    /// published.
    pub status: Option<EventStatus>,
}

impl ImportOptions {
    /// The location that is filled in by default.
    pub const LOCATION: &str = "To be announced";
    /// The capacity of new events by default.
    pub const CAPACITY: i64 = 100;

    /// What is invalid.
    pub fn violations(&self) -> Violations {
        let mut violations = Violations::default();
        if let Some(location) = &self.location {
            check_text(&mut violations, "location", location, 1, 300, Lines::One);
        }
        if self.capacity.is_some_and(|seats| !(1..=1_000_000).contains(&seats)) {
            violations.add("/capacity", "out_of_range", "must be 1 to 1,000,000");
        }
        if self.status == Some(EventStatus::Cancelled) {
            violations.add("/status", "invalid", "must be draft or published for a new event");
        }
        if self.timezone.is_some() && self.zone().is_none() {
            violations.add("/timezone", "invalid", "must be an IANA time zone such as Europe/Berlin");
        }
        violations
    }

    /// Whether new events may be published.
    pub(super) fn may_publish(&self) -> bool {
        self.status != Some(EventStatus::Draft)
    }

    /// What new events get.
    pub(super) fn defaults(&self, now: Timestamp) -> ImportDefaults {
        ImportDefaults {
            title: UNTITLED,
            location: self.location.as_deref().map_or(Self::LOCATION, str::trim).to_owned(),
            capacity: self.capacity.unwrap_or(Self::CAPACITY),
            visibility: self.visibility,
            status: self.status,
            since: if self.past { Timestamp::MIN } else { now },
        }
    }

    /// The named time zone.
    pub(super) fn zone(&self) -> Option<Tz> {
        self.timezone.as_deref()?.parse().ok()
    }
}
