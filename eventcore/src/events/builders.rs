//! Inputs of events as programs write them: a constructor, a setter for each optional field, and the input
//! that leaves a stored event as it is.

use super::event::{Event, EventRecurrence, EventStatus, Visibility};
use super::input::EventInput;
use crate::recurrence::Recurrence;
use crate::time::{IsoDuration, LeadTime, Moment, TimeInput};

/// One setter for each optional field.
macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty => $value:expr;)+) => {
        $(
            $(#[doc = $doc])+
            #[must_use]
            pub fn $field(mut self, $field: $type) -> Self {
                self.$field = $value;
                self
            }
        )+
    };
}

impl EventInput {
    /// An event with a title (1–200 characters), a location (1–300 characters), the start of its first
    /// occurrence, and 1–1,000,000 seats. It lasts an hour, or a day if the start is a date, unless an
    /// [end](Self::ends_at) or a [duration](Self::duration) is set. A start without an offset needs a
    /// [time zone](Self::timezone).
    ///
    /// ```
    /// use eventcore::events::EventInput;
    ///
    /// let talk = EventInput::new("Talk", "Lecture hall", "2037-03-04T18:30:00".parse()?, 30)
    ///     .timezone("Europe/London")
    ///     .duration("PT2H".parse()?)
    ///     .tags(["rust", "history"]);
    /// # assert_eq!(talk.capacity, Some(30));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        title: impl Into<String>,
        location: impl Into<String>,
        starts_at: TimeInput,
        capacity: i64,
    ) -> Self {
        Self {
            title: title.into(),
            location: location.into(),
            starts_at: Some(starts_at),
            capacity: Some(capacity),
            all_day: matches!(starts_at, TimeInput::Day(_)),
            ..Self::default_fields()
        }
    }

    setters! {
        /// The description: Markdown, up to 20,000 characters.
        description: impl Into<String> => description.into();
        /// The address of an online event: http or https.
        url: impl Into<String> => Some(url.into());
        /// The end of the first occurrence; for an all-day event its last day, inclusive.
        ends_at: TimeInput => Some(ends_at);
        /// How long it lasts, instead of `ends_at`.
        duration: IsoDuration => Some(duration);
        /// The IANA time zone.
        timezone: impl Into<String> => Some(timezone.into());
        /// The slug of a category.
        category: impl Into<String> => Some(category.into());
        /// Up to 10 different tags of up to 50 characters.
        tags: impl IntoIterator<Item = impl Into<String>> => tags.into_iter().map(Into::into).collect();
        /// Who can see it. Default: everyone.
        visibility: Visibility => Some(visibility);
        /// Whether it is a draft or published. Default: published.
        status: EventStatus => Some(status);
        /// Whether registrations are waitlisted when an occurrence is full. Default: true.
        waitlist_enabled: bool => Some(waitlist_enabled);
        /// The start of registration, for all occurrences.
        registration_opens_at: TimeInput => Some(registration_opens_at);
        /// How long before the start of each occurrence registration opens.
        registration_opens_before: LeadTime => Some(registration_opens_before);
        /// The end of registration, exclusive, for all occurrences.
        registration_closes_at: TimeInput => Some(registration_closes_at);
        /// How long before the start of each occurrence registration closes.
        registration_closes_before: LeadTime => Some(registration_closes_before);
        /// The largest party of one registration: 1–1,000,000. Default: 10.
        max_party_size: i64 => Some(max_party_size);
        /// The recurrence. Default: a single occurrence.
        recurrence: Recurrence => Some(recurrence);
    }
}

/// The input that leaves the event as it is.
impl From<&Event> for EventInput {
    fn from(event: &Event) -> Self {
        let recurrence = event.recurrence.as_ref().map(|recurrence| {
            let EventRecurrence { rrule, rdate, exdate, .. } = recurrence.clone();
            Recurrence { rrule, rdate, exdate }
        });
        Self {
            title: event.title.clone(),
            description: event.description.clone(),
            location: event.location.clone(),
            url: event.url.clone(),
            starts_at: Some(event.starts_at.into()),
            ends_at: Some(event.ends_at.into()),
            duration: None,
            timezone: Some(event.timezone.clone()),
            all_day: event.all_day,
            capacity: Some(event.capacity),
            category: event.category.clone(),
            tags: event.tags.clone(),
            visibility: Some(event.visibility),
            status: Some(event.status),
            waitlist_enabled: Some(event.waitlist_enabled),
            registration_opens_at: event.registration_opens_at.map(Into::into),
            registration_opens_before: event.registration_opens_before,
            registration_closes_at: event.registration_closes_at.map(Into::into),
            registration_closes_before: event.registration_closes_before,
            max_party_size: Some(event.max_party_size),
            recurrence,
            ..Self::default_fields()
        }
    }
}

impl From<Moment> for TimeInput {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::At(instant) => Self::Instant(instant),
            Moment::Day(day) => Self::Day(day),
        }
    }
}
