//! [`EventInput`], the request that creates or replaces an event, and its validation.

use chrono_tz::Tz;
use serde_json::Value;

use super::event::{EventStatus, Visibility};
use super::schedule::expansion::{self, Horizon, PlannedOccurrence};
use super::window::{RegistrationWindow, WindowInput, planned_starts};
use crate::categories;
use crate::error::Violations;
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};
use crate::recurrence::Recurrence;
use crate::time::{IsoDuration, LeadTime, Span, SpanInput, TimeInput, Timestamp};

/// An event to be created, or the new fields of an event to be replaced. `title`, `location`, `starts_at` and
/// `capacity` are required.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewEvent))]
pub struct EventInput {
    /// 1–200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub title: String,
    /// Markdown, up to 20,000 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 20_000))]
    pub description: String,
    /// 1–300 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 300))]
    pub location: String,
    /// Address of an online event: http or https.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub url: Option<String>,
    /// Start of the first occurrence: with an offset, or a local time in `timezone`; a date for an all-day
    /// event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<TimeInput>,
    /// End of the first occurrence; for an all-day event its last day, inclusive.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub ends_at: Option<TimeInput>,
    /// Instead of `ends_at`: an ISO 8601 duration. Default: one hour; one day for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub duration: Option<IsoDuration>,
    /// IANA time zone. Default: the organizer's, if `starts_at` has an offset.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Whether the event has dates and no times. Default: false.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub all_day: bool,
    /// Seats: 1–1,000,000.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = i64, required = true, minimum = 1, maximum = 1_000_000)
    )]
    pub capacity: Option<i64>,
    /// Slug of a category. Default: none.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub category: Option<String>,
    /// Up to 10 different tags of up to 50 characters.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub tags: Vec<String>,
    /// Who can see it. Default: `public`.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub visibility: Option<Visibility>,
    /// Status. Default: `published` for a new event; unchanged for an existing one.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub status: Option<EventStatus>,
    /// Whether registrations are waitlisted when an occurrence is full. Default: true.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub waitlist_enabled: Option<bool>,
    /// Start of registration, for all occurrences; a date means the beginning of that day. Default: no bound.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_opens_at: Option<TimeInput>,
    /// Instead of `registration_opens_at`: an ISO 8601 duration before the start of each occurrence. Its days
    /// are calendar days in `timezone`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_opens_before: Option<LeadTime>,
    /// End of registration, exclusive, for all occurrences; a date means the end of that day. Default: the
    /// start of each occurrence.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_closes_at: Option<TimeInput>,
    /// Instead of `registration_closes_at`: an ISO 8601 duration before the start of each occurrence. Its
    /// days are calendar days in `timezone`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_closes_before: Option<LeadTime>,
    /// Largest party of one registration: 1–1,000,000. Default: 10.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000_000))]
    pub max_party_size: Option<i64>,
    /// Recurrence rule. Default: a single occurrence.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub recurrence: Option<Recurrence>,
    /// Errors of parsing JSON, which validation reports; empty for values built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

impl Default for EventInput {
    /// An input without any field. The required fields must be set before it is valid.
    fn default() -> Self {
        Self::read(Value::Object(serde_json::Map::new()))
    }
}

deserialize_by_fields!(EventInput);

impl EventInput {
    /// An input without any field, and without an error about that.
    pub(super) fn default_fields() -> Self {
        Self { parse_errors: Violations::default(), ..Self::default() }
    }

    fn take(fields: &mut Fields) -> Self {
        Self {
            title: fields.string("title").unwrap_or_default(),
            description: fields.string("description").unwrap_or_default(),
            location: fields.string("location").unwrap_or_default(),
            url: fields.string("url"),
            starts_at: fields.parsed("starts_at"),
            ends_at: fields.parsed("ends_at"),
            duration: fields.parsed("duration"),
            timezone: fields.string("timezone"),
            all_day: fields.boolean("all_day").unwrap_or_default(),
            capacity: fields.integer("capacity"),
            category: fields.string("category"),
            tags: fields.strings("tags").unwrap_or_default(),
            visibility: fields.parsed("visibility"),
            status: fields.parsed("status"),
            waitlist_enabled: fields.boolean("waitlist_enabled"),
            registration_opens_at: fields.parsed("registration_opens_at"),
            registration_opens_before: fields.parsed("registration_opens_before"),
            registration_closes_at: fields.parsed("registration_closes_at"),
            registration_closes_before: fields.parsed("registration_closes_before"),
            max_party_size: fields.integer("max_party_size"),
            recurrence: recurrence(fields),
            parse_errors: Violations::default(),
        }
    }

    /// Checks all fields; returns the values to store, or every violation.
    pub(super) fn validate(&self, context: &ValidationContext) -> Result<ValidEvent, Violations> {
        let mut violations = self.parse_errors.clone();
        self.check_texts(&mut violations);
        match self.capacity {
            None => violations.add("/capacity", "required", "is required: the number of seats"),
            Some(seats) => check_capacity(&mut violations, seats),
        }
        if self.max_party_size.is_some_and(|size| !(1..=1_000_000).contains(&size)) {
            violations.add("/max_party_size", "out_of_range", "must be 1 to 1,000,000");
        }
        let tags = categories::normalise_tags(&mut violations, &self.tags);
        let (tz, span) = self.timing().read(&mut violations, context.default_zone);
        if let (Some(tz), Some(span)) = (tz, &span) {
            context.check_start(&mut violations, span, tz, self.recurrence.is_some());
        }
        let mut occurrences =
            tz.zip(span).and_then(|(tz, span)| self.expand(&mut violations, tz, &span, context));
        if let (Some(planned), Some(since)) = (&mut occurrences, context.imported_since) {
            planned.retain(|occurrence| occurrence.ends_at > since);
            if planned.is_empty() {
                violations.add("/starts_at", "in_the_past", "is over");
            }
        }
        let unbounded = self.recurrence.as_ref().is_some_and(|recurrence| !recurrence.is_bounded());
        let planned = occurrences.as_ref().map_or(0, Vec::len);
        let planned = if unbounded { context.horizon.at_most_per_event(planned) } else { planned };
        let expanded_until =
            occurrences.as_mut().filter(|_| unbounded).map(|planned| context.horizon.cut(planned));
        let window = self.window().read(&mut violations, tz);
        if let (Some(tz), Some(planned)) = (tz, &occurrences) {
            let starts = planned_starts(planned, self.all_day, tz);
            self.window().check(&mut violations, window, starts);
        }
        match (violations.is_empty(), tz, span, occurrences, self.capacity) {
            (true, Some(tz), Some(span), Some(occurrences), Some(capacity)) => Ok(ValidEvent {
                title: self.title.trim().to_owned(),
                description: self.description.clone(),
                location: self.location.trim().to_owned(),
                url: self.url.clone(),
                tz,
                span,
                capacity,
                category: self.category.clone(),
                tags,
                visibility: self.visibility.unwrap_or(Visibility::Public),
                status: self.status,
                waitlist_enabled: self.waitlist_enabled.unwrap_or(true),
                window,
                max_party_size: self.max_party_size.unwrap_or(10),
                expanded_until,
                recurrence: self.recurrence.clone(),
                occurrences,
                planned,
            }),
            _ => Err(violations),
        }
    }

    fn check_texts(&self, violations: &mut Violations) {
        check_text(violations, "title", &self.title, 1, 200, Lines::One);
        check_text(violations, "description", &self.description, 0, 20_000, Lines::Many);
        check_text(violations, "location", &self.location, 1, 300, Lines::One);
        if let Some(url) = &self.url {
            check_url(violations, url);
        }
    }

    fn expand(
        &self,
        violations: &mut Violations,
        tz: Tz,
        span: &Span,
        context: &ValidationContext,
    ) -> Option<Vec<PlannedOccurrence>> {
        let imported = context.imported_since.map(|since| since.minus(span.longest()));
        let current = context.current.map(|current| current.changeable_from);
        let from = current.or(imported).unwrap_or(Timestamp::MIN);
        expansion::expand(span, tz, self.recurrence.as_ref(), from, &context.horizon)
            .map_err(|error| {
                let pointer = format!("/recurrence{}", error.pointer());
                violations.add(pointer, error.code(), error.message());
            })
            .ok()
    }

    pub(super) fn timing(&self) -> SpanInput<'_> {
        SpanInput {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            duration: self.duration,
            timezone: self.timezone.as_deref(),
            all_day: self.all_day,
        }
    }

    const fn window(&self) -> WindowInput {
        WindowInput {
            opens_at: self.registration_opens_at,
            opens_before: self.registration_opens_before,
            closes_at: self.registration_closes_at,
            closes_before: self.registration_closes_before,
        }
    }
}

/// Reads the field `recurrence`, an object of `rrule`, `rdate` and `exdate`. An empty one is the same as
/// none.
pub(super) fn recurrence(fields: &mut Fields) -> Option<Recurrence> {
    let mut object = fields.object("recurrence")?;
    let rrule = object.string("rrule");
    let rdate = object.strings("rdate").unwrap_or_default();
    let exdate = object.strings("exdate").unwrap_or_default();
    let recurrence = Recurrence::parse(rrule.as_deref(), &rdate, &exdate)
        .map_err(|errors| {
            for error in errors {
                object.add_violation(error.pointer().trim_start_matches('/'), error.code(), error.message());
            }
        })
        .ok();
    fields.merge("recurrence", object);
    recurrence.filter(|recurrence| *recurrence != Recurrence::default())
}

/// What the validation of an [`EventInput`] depends on besides the input.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValidationContext {
    pub(super) now: Timestamp,
    /// The time zone if `starts_at` has an offset and `timezone` is absent.
    pub(super) default_zone: Tz,
    pub(super) horizon: Horizon,
    /// The stored event; `None` for a new one.
    pub(super) current: Option<CurrentEvent>,
    /// For a new event from a calendar file, which may have started: occurrences that are over by then are
    /// left out.
    pub(super) imported_since: Option<Timestamp>,
}

/// The facts about a stored event on which the validation of its change depends.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurrentEvent {
    pub(super) starts_at: Timestamp,
    pub(super) recurring: bool,
    /// Occurrences with an earlier original start can no longer change.
    pub(super) changeable_from: Timestamp,
}

impl ValidationContext {
    /// Adds a violation if the event would start in the past.
    ///
    /// An event that has started can keep its start. A series that has started can also get another past
    /// start, because that does not change its past occurrences.
    fn check_start(&self, violations: &mut Violations, span: &Span, tz: Tz, recurring: bool) {
        let has_begun = self.current.is_some_and(|current| {
            current.starts_at == span.starts_at
                || (current.starts_at < self.now && current.recurring && recurring)
        });
        let allowed = has_begun || self.imported_since.is_some();
        if span.is_past(tz, self.now) && !allowed {
            violations.add("/starts_at", "in_the_past", "must not be in the past");
        }
    }
}

pub(super) fn check_capacity(violations: &mut Violations, seats: i64) {
    if !(1..=1_000_000).contains(&seats) {
        violations.add("/capacity", "out_of_range", "must be 1 to 1,000,000");
    }
}

pub(crate) fn check_url(violations: &mut Violations, text: &str) {
    let web =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // The URL parser strips control characters and white space, but the text is stored as it is.
    if text.len() > 2_000 || !web || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        violations.add("/url", "invalid", "must be an http or https address of at most 2,000 characters");
    }
}

/// A validated event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValidEvent {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) location: String,
    pub(super) url: Option<String>,
    pub(super) tz: Tz,
    pub(super) span: Span,
    pub(super) capacity: i64,
    /// Slug of an existing category.
    pub(super) category: Option<String>,
    /// Pairs of the folded and the displayed name.
    pub(super) tags: Vec<(String, String)>,
    pub(super) visibility: Visibility,
    /// The requested status, if any.
    pub(super) status: Option<EventStatus>,
    pub(super) waitlist_enabled: bool,
    pub(super) window: RegistrationWindow,
    pub(super) max_party_size: i64,
    pub(super) recurrence: Option<Recurrence>,
    /// All occurrences, or those before `expanded_until`. For a change of an event, without those of an
    /// unbounded rule that can no longer change.
    pub(super) occurrences: Vec<PlannedOccurrence>,
    /// How many occurrences there are up to the horizon, those included that a later step creates.
    pub(super) planned: usize,
    /// The end of the expansion of an unbounded rule; `None` if the rule is bounded.
    pub(super) expanded_until: Option<Timestamp>,
}

impl ValidEvent {
    /// The displayed names of the tags.
    pub(super) fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|(_, name)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn valid(value: Value) -> Result<ValidEvent, Vec<(String, String)>> {
        let input: EventInput = serde_json::from_value(value).unwrap();
        let horizon = Horizon::after(now(), std::time::Duration::from_hours(730 * 24));
        let (default_zone, current, imported_since) = (Tz::UTC, None, None);
        let context = ValidationContext { now: now(), default_zone, horizon, current, imported_since };
        input.validate(&context).map_err(|violations| {
            violations.as_slice().iter().map(|v| (v.pointer.clone(), v.code.to_string())).collect()
        })
    }

    fn evening() -> Value {
        json!({
            "title": "Rust evening",
            "location": "Hall 2",
            "starts_at": "2027-03-04T18:30:00",
            "timezone": "Europe/Berlin",
            "capacity": 40,
        })
    }

    fn evening_with(name: &str, value: Value) -> Value {
        let mut event = evening();
        event[name] = value;
        event
    }

    #[test]
    fn omitted_fields_have_defaults() {
        let event = valid(evening()).unwrap();
        assert_eq!(event.span.starts_at.to_string(), "2027-03-04T17:30:00Z");
        assert_eq!((event.span.seconds, event.max_party_size, event.waitlist_enabled), (3_600, 10, true));
        assert_eq!((event.visibility, event.status), (Visibility::Public, None));
    }

    #[test]
    fn all_violations_are_reported_at_once() {
        let invalid = json!({
            "title": "",
            "location": 7,
            "starts_at": "soon",
            "capacity": 0,
            "url": "javascript:alert(1)",
            "x": 1,
        });
        let violations = valid(invalid).unwrap_err();
        let mut pointers: Vec<_> = violations.iter().map(|(pointer, _)| pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/capacity", "/location", "/starts_at", "/title", "/url", "/x"]);
    }

    #[test]
    fn one_invalid_field_is_one_violation() {
        for (name, value, code) in [
            ("starts_at", json!("2026-11-23T10:59:59"), "in_the_past"),
            ("starts_at", json!("2027-03-28T02:30:00"), "local_time_gap"),
            ("starts_at", json!("2027-03-04"), "invalid"),
            ("starts_at", json!("9999-12-31T23:00:00"), "out_of_range"),
            ("timezone", json!("Mars/Olympus"), "invalid"),
            ("timezone", json!(null), "required"),
            ("ends_at", json!("2027-03-04T18:30:00"), "ends_before_start"),
            ("duration", json!("PT0S"), "ends_before_start"),
            ("duration", json!("two hours"), "invalid"),
            ("capacity", json!(1_000_001), "out_of_range"),
            ("capacity", json!(1.5), "wrong_type"),
            ("max_party_size", json!(0), "out_of_range"),
            ("visibility", json!("secret"), "invalid"),
            ("title", json!("a\u{0}b"), "control_character"),
            ("location", json!("   "), "required"),
        ] {
            let violations = valid(evening_with(name, value.clone())).unwrap_err();
            assert_eq!(violations, [(format!("/{name}"), code.to_owned())], "{name} {value}");
        }
    }

    #[test]
    fn an_offset_selects_one_of_two_times() {
        let first = valid(evening_with("starts_at", json!("2027-10-31T02:30:00"))).unwrap().span;
        let second = valid(evening_with("starts_at", json!("2027-10-31T02:30:00+01:00"))).unwrap().span;
        assert_eq!(first.local, second.local);
        assert_eq!((first.offset, second.offset), (None, Some(3_600)));
        let stored = Span::stored(second.local, second.offset, second.seconds, false, Tz::Europe__Berlin);
        assert_eq!(stored, second);
    }

    #[test]
    fn the_last_day_of_an_all_day_event_is_inclusive() {
        let mut event = json!({
            "title": "Fair",
            "location": "Old town",
            "all_day": true,
            "starts_at": "2027-03-04",
            "ends_at": "2027-03-05",
            "timezone": "Europe/Berlin",
            "capacity": 900,
        });
        let span = valid(event.clone()).unwrap().span;
        assert_eq!((span.seconds, span.ends_at.to_string().as_str()), (172_800, "2027-03-05T23:00:00Z"));
        event["starts_at"] = json!("2026-11-23");
        assert!(valid(event.clone()).is_ok(), "an all-day event can start today");
        event["starts_at"] = json!("2026-11-22");
        assert_eq!(valid(event).unwrap_err(), [("/starts_at".to_owned(), "in_the_past".to_owned())]);
    }
}
