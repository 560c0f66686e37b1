//! The fields of the form: their labels, their counterparts in the API, and their texts for an event.

use eventcore::events::Event;
use eventcore::time::Moment;

use crate::natural_dates;

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
}

impl FieldName {
    pub(super) const ALL: [Self; 16] = [
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
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::When => "When",
            Self::Length => "Length",
            Self::Repeats => "Repeats",
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
            Self::Zone => &["/timezone"],
            Self::Location => &["/location"],
            Self::Seats => &["/capacity"],
            Self::Party => &["/max_party_size"],
            Self::Waitlist => &["/waitlist_enabled"],
            Self::Opens => &["/registration_opens_at"],
            Self::Closes => &["/registration_closes_at"],
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
        FieldName::Zone => event.timezone.clone(),
        FieldName::Location => event.location.clone(),
        FieldName::Seats => event.capacity.to_string(),
        FieldName::Party => event.max_party_size.to_string(),
        FieldName::Waitlist => if event.waitlist_enabled { "yes" } else { "no" }.to_owned(),
        FieldName::Opens => event.registration_opens_at.as_ref().map(start_text).unwrap_or_default(),
        FieldName::Closes => event.registration_closes_at.as_ref().map(start_text).unwrap_or_default(),
        FieldName::Category => event.category.clone().unwrap_or_default(),
        FieldName::Tags => event.tags.join(", "),
        FieldName::Link => event.url.clone().unwrap_or_default(),
        FieldName::Visibility => event.visibility.to_string(),
        FieldName::Description => event.description.clone(),
    }
}

pub(super) fn start_text(start: &Moment) -> String {
    match start {
        Moment::Day(day) => day.to_string(),
        Moment::At(at) => at.format("%Y-%m-%d %H:%M").to_string(),
    }
}

pub(super) fn duration_text(start: &Moment, end: &Moment) -> String {
    natural_dates::write_duration(match (start, end) {
        (Moment::At(start), Moment::At(end)) => (*end - *start).num_seconds(),
        (Moment::Day(first), Moment::Day(last)) => ((*last - *first).num_days() + 1) * 86_400,
        _ => 3_600,
    })
}
