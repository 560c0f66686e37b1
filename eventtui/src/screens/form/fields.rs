//! The fields of the form: their labels, their counterparts in the API, and their texts for an event.

use chrono_tz::Tz;
use eventcore::events::{Event, EventRecurrence};
use eventcore::recurrence::DateValue;
use eventcore::time::Moment;

use super::lead_time;
use crate::natural_dates::{self, When};

/// The fields in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldName {
    Title,
    When,
    Length,
    Repeats,
    Zone,
    Location,
    Seats,
    Party,
    Waitlist,
    Opens,
    Closes,
    Category,
    Tags,
    Link,
    Visibility,
    Description,
    /// Dates that are added to the rule.
    Also,
    /// Dates that are excluded from the rule.
    Except,
}

impl FieldName {
    pub(super) const ALL: [Self; 18] = [
        Self::Title,
        Self::When,
        Self::Length,
        Self::Repeats,
        Self::Zone,
        Self::Location,
        Self::Seats,
        Self::Party,
        Self::Waitlist,
        Self::Opens,
        Self::Closes,
        Self::Category,
        Self::Tags,
        Self::Link,
        Self::Visibility,
        Self::Description,
        Self::Also,
        Self::Except,
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::When => "When",
            Self::Length => "Length",
            Self::Repeats => "Repeats",
            Self::Also => "Also on",
            Self::Except => "Except",
            Self::Zone => "Time zone",
            Self::Location => "Where",
            Self::Seats => "Seats",
            Self::Party => "Party",
            Self::Waitlist => "Waitlist",
            Self::Opens => "Opens",
            Self::Closes => "Closes",
            Self::Category => "Category",
            Self::Tags => "Tags",
            Self::Link => "Link",
            Self::Visibility => "Who sees it",
            Self::Description => "Description",
        }
    }

    /// The name in a stored draft. It must not change with the label.
    pub(super) fn key(self) -> &'static str {
        self.pointers().first().map_or("", |pointer| pointer.trim_start_matches('/'))
    }

    /// The fields of the API that this field sets, as JSON pointers.
    pub(super) const fn pointers(self) -> &'static [&'static str] {
        match self {
            Self::Title => &["/title"],
            Self::When => &["/starts_at"],
            Self::Length => &["/duration", "/ends_at"],
            Self::Repeats => &["/recurrence"],
            Self::Also => &["/recurrence/rdate"],
            Self::Except => &["/recurrence/exdate"],
            Self::Zone => &["/timezone"],
            Self::Location => &["/location"],
            Self::Seats => &["/capacity"],
            Self::Party => &["/max_party_size"],
            Self::Waitlist => &["/waitlist_enabled"],
            Self::Opens => &["/registration_opens_at", "/registration_opens_before"],
            Self::Closes => &["/registration_closes_at", "/registration_closes_before"],
            Self::Category => &["/category"],
            Self::Tags => &["/tags"],
            Self::Link => &["/url"],
            Self::Visibility => &["/visibility"],
            Self::Description => &["/description"],
        }
    }
}

/// The text of a field for an event.
pub(super) fn event_text(event: &Event, name: FieldName) -> String {
    match name {
        FieldName::Title => event.title.clone(),
        FieldName::When => start_text(&event.starts_at),
        FieldName::Length => duration_text(&event.starts_at, &event.ends_at),
        FieldName::Repeats => {
            let rule = event.recurrence.as_ref().and_then(|recurrence| recurrence.rrule.as_ref());
            rule.map(ToString::to_string).unwrap_or_default()
        }
        FieldName::Also | FieldName::Except => {
            let Some(recurrence) = event.recurrence.as_ref().map(EventRecurrence::rule) else {
                return String::new();
            };
            let dates = if name == FieldName::Also { &recurrence.rdate } else { &recurrence.exdate };
            write_dates(dates, event.timezone.parse().unwrap_or_default())
        }
        FieldName::Zone => event.timezone.clone(),
        FieldName::Location => event.location.clone(),
        FieldName::Seats => event.capacity.to_string(),
        FieldName::Party => event.max_party_size.to_string(),
        FieldName::Waitlist => if event.waitlist_enabled { "yes" } else { "no" }.to_owned(),
        FieldName::Opens => {
            let at = event.registration_opens_at.as_ref().map(start_text);
            lead_time::window_text(at, event.registration_opens_before)
        }
        FieldName::Closes => {
            let at = event.registration_closes_at.as_ref().map(start_text);
            lead_time::window_text(at, event.registration_closes_before)
        }
        FieldName::Category => event.category.clone().unwrap_or_default(),
        FieldName::Tags => event.tags.join(", "),
        FieldName::Link => event.url.clone().unwrap_or_default(),
        FieldName::Visibility => event.visibility.to_string(),
        FieldName::Description => event.description.clone(),
    }
}

pub(super) fn start_text(start: &Moment) -> String {
    match start {
        Moment::Day(day) => When::AllDay(*day).write(),
        Moment::At(at) => When::At(at.naive_local()).write(),
    }
}

pub(super) fn duration_text(start: &Moment, end: &Moment) -> String {
    natural_dates::write_duration(match (start, end) {
        (Moment::At(start), Moment::At(end)) => (*end - *start).num_seconds(),
        (Moment::Day(first), Moment::Day(last)) => ((*last - *first).num_days() + 1) * 86_400,
        _ => 3_600,
    })
}

/// The text of a field of dates, which the form reads back.
fn write_dates(dates: &[DateValue], zone: Tz) -> String {
    let written = dates.iter().map(|date| match date {
        DateValue::Date(day) => When::AllDay(*day).write(),
        DateValue::Local(at) => When::At(*at).write(),
        DateValue::Utc(instant) => When::At(instant.in_zone(zone).naive_local()).write(),
    });
    written.collect::<Vec<_>>().join(", ")
}
