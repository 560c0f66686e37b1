//! A builder of events, for the library and for the API.

use eventcore::events::EventInput;
use serde_json::{Map, Value, json};

/// An event that somebody is about to create. Each method sets the field of its name.
#[derive(Debug, Clone)]
pub struct EventBuilder(Map<String, Value>);

/// A single evening with four seats, three months after [`START`](crate::START).
pub fn new_event() -> EventBuilder {
    EventBuilder(Map::new())
        .title("Evening")
        .location("Room 2")
        .starts_at("2027-03-04T18:30:00")
        .timezone("UTC")
        .capacity(4)
}

/// A single evening with four seats, years from now: for servers, which have the clock of the machine.
pub fn new_event_in_2031() -> EventBuilder {
    new_event().starts_at("2031-03-04T18:30:00")
}

impl EventBuilder {
    /// Exactly these fields: for requests with few or with invalid fields.
    pub fn of(fields: &Value) -> Self {
        Self(Map::new()).with(fields)
    }

    /// Sets a field that has no method of its own.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    /// Sets all fields of a JSON object, and leaves out those that are null in it.
    #[must_use]
    pub fn with(mut self, fields: &Value) -> Self {
        for (field, value) in fields.as_object().expect("an object") {
            self = if value.is_null() { self.without(field) } else { self.set(field, value.clone()) };
        }
        self
    }

    /// Leaves a field out.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.0.remove(field);
        self
    }

    /// Its title.
    #[must_use]
    pub fn title(self, title: impl Into<Value>) -> Self {
        self.set("title", title)
    }

    /// Its description, in Markdown.
    #[must_use]
    pub fn description(self, description: impl Into<Value>) -> Self {
        self.set("description", description)
    }

    /// Where it takes place.
    #[must_use]
    pub fn location(self, location: impl Into<Value>) -> Self {
        self.set("location", location)
    }

    /// Its start: local time in its time zone, or with an offset.
    #[must_use]
    pub fn starts_at(self, start: impl Into<Value>) -> Self {
        self.set("starts_at", start)
    }

    /// Its end.
    #[must_use]
    pub fn ends_at(self, end: impl Into<Value>) -> Self {
        self.set("ends_at", end)
    }

    /// Its duration, in ISO 8601.
    #[must_use]
    pub fn duration(self, duration: impl Into<Value>) -> Self {
        self.set("duration", duration)
    }

    /// Its IANA time zone.
    #[must_use]
    pub fn timezone(self, timezone: impl Into<Value>) -> Self {
        self.set("timezone", timezone)
    }

    /// The seats of each occurrence.
    #[must_use]
    pub fn capacity(self, seats: impl Into<Value>) -> Self {
        self.set("capacity", seats)
    }

    /// The slug of its category.
    #[must_use]
    pub fn category(self, slug: impl Into<Value>) -> Self {
        self.set("category", slug)
    }

    /// Its tags.
    #[must_use]
    pub fn tags<const N: usize>(self, tags: [&str; N]) -> Self {
        self.set("tags", tags.to_vec())
    }

    /// `public`, `unlisted` or `private`.
    #[must_use]
    pub fn visibility(self, visibility: impl Into<Value>) -> Self {
        self.set("visibility", visibility)
    }

    /// Visible to its organizers and to those who are registered.
    #[must_use]
    pub fn private(self) -> Self {
        self.visibility("private")
    }

    /// `draft` or `published`.
    #[must_use]
    pub fn status(self, status: impl Into<Value>) -> Self {
        self.set("status", status)
    }

    /// Not yet published.
    #[must_use]
    pub fn draft(self) -> Self {
        self.status("draft")
    }

    /// Whether people may wait for seats.
    #[must_use]
    pub fn waitlist_enabled(self, enabled: bool) -> Self {
        self.set("waitlist_enabled", enabled)
    }

    /// The largest party that may register.
    #[must_use]
    pub fn max_party_size(self, people: impl Into<Value>) -> Self {
        self.set("max_party_size", people)
    }

    /// When registration opens.
    #[must_use]
    pub fn registration_opens_at(self, at: impl Into<Value>) -> Self {
        self.set("registration_opens_at", at)
    }

    /// When registration closes.
    #[must_use]
    pub fn registration_closes_at(self, at: impl Into<Value>) -> Self {
        self.set("registration_closes_at", at)
    }

    /// Its recurrence rule, an RFC 5545 `RRULE`.
    #[must_use]
    pub fn rule(self, rrule: impl Into<Value>) -> Self {
        self.recurrence(json!({"rrule": rrule.into()}))
    }

    /// Its recurrence: `rrule`, `rdate`, `exdate`.
    #[must_use]
    pub fn recurrence(self, recurrence: impl Into<Value>) -> Self {
        self.set("recurrence", recurrence)
    }

    /// The body of a request.
    pub fn json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The input of the library.
    pub fn input(&self) -> EventInput {
        serde_json::from_value(self.json()).expect("an event")
    }
}
