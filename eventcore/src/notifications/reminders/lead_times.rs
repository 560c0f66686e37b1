//! Which reminder of a registration fell due: the pure rule.

use chrono_tz::Tz;

use crate::reminder_list::ReminderList;
use crate::time::{LeadTime, Timestamp};

/// A span of time that is looked at: after `from`, up to `until`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Window {
    /// When a reminder is due, if that is within the span.
    pub(super) fn due(self, lead: LeadTime, starts_at: Timestamp, tz: Tz) -> Option<Timestamp> {
        let due = lead.before(starts_at, tz);
        (self.from < due && due <= self.until).then_some(due)
    }
}

/// The reminder that is due to a person who registered at `registered_at`, and since when: the latest that
/// fell due within the span.
pub(super) fn latest_due(
    list: &ReminderList,
    window: Window,
    starts_at: Timestamp,
    tz: Tz,
    registered_at: Timestamp,
) -> Option<(LeadTime, Timestamp)> {
    let due = |lead: &LeadTime| window.due(*lead, starts_at, tz).map(|due| (*lead, due));
    let latest = list.as_slice().iter().filter_map(due).max_by_key(|(_, due)| *due)?;
    // It had passed when the person registered.
    (registered_at < latest.1).then_some(latest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Violations;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn list(texts: &[&str]) -> ReminderList {
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        ReminderList::parse(&texts, "", &mut Violations::default())
    }

    fn due(leads: &[&str], from: &str, until: &str, start: &str, registered: &str) -> Option<String> {
        let window = Window { from: at(from), until: at(until) };
        let tz = chrono_tz::Europe::Berlin;
        latest_due(&list(leads), window, at(start), tz, at(registered)).map(|(lead, _)| lead.to_string())
    }

    #[test]
    fn days_are_calendar_days_and_hours_are_exact_over_a_clock_change() {
        // The clocks go forward on 28 March 2027.
        let start = at("2027-03-28T18:30:00+02:00");
        for (lead, expected) in [("P1D", "2027-03-27T18:30:00+01:00"), ("PT24H", "2027-03-27T17:30:00+01:00")]
        {
            let expected = at(expected);
            let window = |from: Timestamp| Window { from, until: from.plus(HOUR) };
            let due = |from| window(from).due(lead.parse().unwrap(), start, chrono_tz::Europe::Berlin);
            assert_eq!(due(expected.minus(HOUR)), Some(expected), "{lead}: the end belongs to the span");
            assert_eq!(due(expected), None, "{lead}: the beginning does not");
        }
    }

    #[test]
    fn only_the_latest_of_several_is_sent() {
        let (from, start) = ("2027-03-01T00:00:00Z", "2027-03-08T12:00:00Z");
        let registered = "2027-01-01T00:00:00Z";
        let leads = ["P7D", "P1D", "PT1H"];
        assert_eq!(due(&leads, from, "2027-03-08T11:30:00Z", start, registered).as_deref(), Some("PT1H"));
        assert_eq!(due(&leads, from, "2027-03-08T10:30:00Z", start, registered).as_deref(), Some("P1D"));
        assert_eq!(due(&leads, from, "2027-03-01T11:00:00Z", start, registered), None);
        assert_eq!(due(&[], from, "2027-03-08T11:30:00Z", start, registered), None);
    }

    #[test]
    fn what_had_passed_at_the_registration_is_skipped() {
        let (from, until) = ("2027-03-07T11:59:50Z", "2027-03-07T12:00:00Z");
        let start = "2027-03-08T12:00:00Z";
        assert!(due(&["P1D"], from, until, start, "2027-03-07T11:59:59Z").is_some());
        assert_eq!(due(&["P1D"], from, until, start, "2027-03-07T12:00:00Z"), None);
    }
}
