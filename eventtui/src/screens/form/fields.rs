//! The fields of the form: what they are called, what of the API they are, and what they hold of an event.

use eventcore::events::{Event, Moment};

use crate::natural_dates;

/// The fields, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
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

impl Name {
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

    /// What it is called in a draft: whatever people read, it stays the same.
    pub(super) fn key(self) -> &'static str {
        self.pointers().first().map_or("", |pointer| pointer.trim_start_matches('/'))
    }

    /// The fields of the API that this one speaks of.
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

/// What a field holds of an event.
pub(super) fn of_event(event: &Event, name: Name) -> String {
    match name {
        Name::Title => event.title.clone(),
        Name::When => say_start(&event.starts_at),
        Name::Length => lasts(&event.starts_at, &event.ends_at),
        Name::Repeats => {
            let rule = event.recurrence.as_ref().and_then(|recurrence| recurrence.rrule.as_ref());
            rule.map(ToString::to_string).unwrap_or_default()
        }
        Name::Zone => event.timezone.clone(),
        Name::Location => event.location.clone(),
        Name::Seats => event.capacity.to_string(),
        Name::Party => event.max_party_size.to_string(),
        Name::Waitlist => if event.waitlist_enabled { "yes" } else { "no" }.to_owned(),
        Name::Opens => event.registration_opens_at.as_ref().map(say_start).unwrap_or_default(),
        Name::Closes => event.registration_closes_at.as_ref().map(say_start).unwrap_or_default(),
        Name::Category => event.category.clone().unwrap_or_default(),
        Name::Tags => event.tags.join(", "),
        Name::Link => event.url.clone().unwrap_or_default(),
        Name::Visibility => event.visibility.to_string(),
        Name::Description => event.description.clone(),
    }
}

pub(super) fn say_start(start: &Moment) -> String {
    match start {
        Moment::Day(day) => day.to_string(),
        Moment::At(at) => at.format("%Y-%m-%d %H:%M").to_string(),
    }
}

pub(super) fn lasts(start: &Moment, end: &Moment) -> String {
    natural_dates::write_duration(match (start, end) {
        (Moment::At(start), Moment::At(end)) => (*end - *start).num_seconds(),
        (Moment::Day(first), Moment::Day(last)) => ((*last - *first).num_days() + 1) * 86_400,
        _ => 3_600,
    })
}
