//! What people say of an event that they create or change, and the rules that it must keep.

use chrono_tz::Tz;
use serde_json::Value;

use super::event::{EventStatus, Visibility};
use super::schedule::expansion::{self, Date, Horizon};
use crate::categories;
use crate::error::Violations;
use crate::input::{Fields, Lines, check_text};
use crate::recurrence::Recurrence;
use crate::time::IsoDuration;
use crate::time::TimeInput;
use crate::time::Timestamp;
use crate::time::{Span, Timing, window};

/// An event as someone wants it. [`Default`] leaves out all that may be left out.
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
    /// An http or https address.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub url: Option<String>,
    /// When it starts: with an offset, or local in `timezone`; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<TimeInput>,
    /// When it ends; the last day of an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub ends_at: Option<TimeInput>,
    /// Instead of `ends_at`: an ISO 8601 duration. One hour, or one day, when neither is given.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub duration: Option<IsoDuration>,
    /// IANA name; the organizer's own when `starts_at` has an offset and nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Days and no times.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub all_day: bool,
    /// Seats: 1–1,000,000.
    #[cfg_attr(feature = "openapi", schema(value_type = i64, required = true, minimum = 1, maximum = 1_000_000))]
    pub capacity: Option<i64>,
    /// Slug of a category.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub category: Option<String>,
    /// Free words, up to 10 of 50 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_items = 10))]
    pub tags: Vec<String>,
    /// Who may find it; everyone, when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub visibility: Option<Visibility>,
    /// `published` when nothing is said of a new event; a changed one stays what it is.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub status: Option<EventStatus>,
    /// Whether people may wait when it is full; yes, when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub waitlist_enabled: Option<bool>,
    /// No registration before.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_opens_at: Option<TimeInput>,
    /// No registration from here on.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub registration_closes_at: Option<TimeInput>,
    /// People that one registration may bring; 10 when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000_000))]
    pub max_party_size: Option<i64>,
    /// What repeats it; nothing for a single date.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub recurrence: Option<Recurrence>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl Default for EventInput {
    fn default() -> Self {
        Self::read(Fields::of(Value::Object(serde_json::Map::new())))
    }
}

impl<'de> serde::Deserialize<'de> for EventInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::read(Fields::of(value)))
    }
}

impl EventInput {
    fn read(mut fields: Fields) -> Self {
        let mut input = Self {
            title: fields.text("title").unwrap_or_default(),
            description: fields.text("description").unwrap_or_default(),
            location: fields.text("location").unwrap_or_default(),
            url: fields.text("url"),
            starts_at: fields.parsed("starts_at"),
            ends_at: fields.parsed("ends_at"),
            duration: fields.parsed("duration"),
            timezone: fields.text("timezone"),
            all_day: fields.truth("all_day").unwrap_or_default(),
            capacity: fields.number("capacity"),
            category: fields.text("category"),
            tags: fields.texts("tags").unwrap_or_default(),
            visibility: fields.parsed("visibility"),
            status: fields.parsed("status"),
            waitlist_enabled: fields.truth("waitlist_enabled"),
            registration_opens_at: fields.parsed("registration_opens_at"),
            registration_closes_at: fields.parsed("registration_closes_at"),
            max_party_size: fields.number("max_party_size"),
            recurrence: recurrence(&mut fields),
            misread: Violations::default(),
        };
        input.misread = fields.finish();
        input
    }

    /// Checks every rule and answers what is to be stored, or everything that is wrong.
    pub(crate) fn validate(&self, terms: &Terms) -> Result<ValidEvent, Violations> {
        let mut wrong = self.misread.clone();
        check_text(&mut wrong, "title", &self.title, 1, 200, Lines::One);
        check_text(&mut wrong, "description", &self.description, 0, 20_000, Lines::Many);
        check_text(&mut wrong, "location", &self.location, 1, 300, Lines::One);
        if let Some(url) = &self.url {
            check_url(&mut wrong, url);
        }
        match self.capacity {
            None => wrong.add("/capacity", "required", "says how many seats there are"),
            Some(seats) => check_capacity(&mut wrong, seats),
        }
        if self.max_party_size.is_some_and(|size| !(1..=1_000_000).contains(&size)) {
            wrong.add("/max_party_size", "out_of_range", "must be 1 to 1,000,000");
        }
        let tags = categories::normalise(&mut wrong, &self.tags);
        let (tz, span) = self.timing().read(&mut wrong, terms.home);
        if let (Some(tz), Some(span)) = (tz, &span) {
            terms.refuse_past(&mut wrong, span, tz, self.recurrence.is_some());
        }
        let dates = tz.zip(span).and_then(|(tz, span)| self.dates(&mut wrong, tz, &span, terms));
        let opens_at = window(&mut wrong, tz, "registration_opens_at", self.registration_opens_at);
        let closes_at = window(&mut wrong, tz, "registration_closes_at", self.registration_closes_at);
        if let (Some(opens), Some(closes)) = (opens_at, closes_at)
            && closes <= opens
        {
            wrong.add("/registration_closes_at", "ends_before_start", "must be after registration_opens_at");
        }
        match (wrong.is_empty(), tz, span, dates, self.capacity) {
            (true, Some(tz), Some(span), Some(dates), Some(capacity)) => Ok(ValidEvent {
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
                registration_opens_at: opens_at,
                registration_closes_at: closes_at,
                max_party_size: self.max_party_size.unwrap_or(10),
                expanded_until: self
                    .recurrence
                    .as_ref()
                    .filter(|r| !r.is_bounded())
                    .map(|_| terms.horizon.until),
                recurrence: self.recurrence.clone(),
                dates,
            }),
            _ => Err(wrong),
        }
    }

    fn dates(&self, wrong: &mut Violations, tz: Tz, span: &Span, terms: &Terms) -> Option<Vec<Date>> {
        let from = terms.stands.map_or(Timestamp::MIN, |stands| stands.from);
        expansion::dates(span, tz, self.recurrence.as_ref(), from, &terms.horizon)
            .map_err(|error| {
                wrong.add(format!("/recurrence{}", error.pointer()), error.code(), error.message())
            })
            .ok()
    }

    pub(crate) fn timing(&self) -> Timing<'_> {
        Timing {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            duration: self.duration,
            timezone: self.timezone.as_deref(),
            all_day: self.all_day,
        }
    }
}

/// A rule with the dates beside it; an empty one repeats nothing.
pub(crate) fn recurrence(fields: &mut Fields) -> Option<Recurrence> {
    let mut object = fields.object("recurrence")?;
    let rrule = object.text("rrule");
    let rdate = object.texts("rdate").unwrap_or_default();
    let exdate = object.texts("exdate").unwrap_or_default();
    let read = Recurrence::parse(rrule.as_deref(), &rdate, &exdate)
        .map_err(|errors| {
            for error in errors {
                object.wrong(error.pointer().trim_start_matches('/'), error.code(), error.message());
            }
        })
        .ok();
    fields.close("recurrence", object);
    read.filter(|recurrence| *recurrence != Recurrence::default())
}

/// What an input is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) now: Timestamp,
    /// The zone for a start with an offset and no zone.
    pub(crate) home: Tz,
    pub(crate) horizon: Horizon,
    /// The event as it is, where one is changed.
    pub(crate) stands: Option<Stands>,
}

/// How an event stands that is to be changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stands {
    pub(crate) starts_at: Timestamp,
    pub(crate) recurring: bool,
    /// The first of its dates that can still change.
    pub(crate) from: Timestamp,
}

impl Terms {
    /// Nobody creates an event that starts in the past, nor moves one there. A series that has begun may
    /// change, since its dates that are over do not.
    fn refuse_past(&self, wrong: &mut Violations, span: &Span, tz: Tz, recurring: bool) {
        let past = span.is_past(tz, self.now);
        let stays = self.stands.is_some_and(|stands| {
            stands.starts_at == span.starts_at
                || (stands.starts_at < self.now && stands.recurring && recurring)
        });
        if past && !stays {
            wrong.add("/starts_at", "in_the_past", "must not lie in the past");
        }
    }
}

pub(crate) fn check_capacity(wrong: &mut Violations, seats: i64) {
    if !(1..=1_000_000).contains(&seats) {
        wrong.add("/capacity", "out_of_range", "must be 1 to 1,000,000");
    }
}

pub(crate) fn check_url(wrong: &mut Violations, text: &str) {
    let web =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if text.len() > 2_000 || !web || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        wrong.add("/url", "invalid", "must be an http or https address of at most 2,000 characters");
    }
}
/// An event that keeps every rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValidEvent {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) location: String,
    pub(crate) url: Option<String>,
    pub(crate) tz: Tz,
    pub(crate) span: Span,
    pub(crate) capacity: i64,
    /// Slug of a category that exists.
    pub(crate) category: Option<String>,
    /// Folded, and as they are shown.
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) visibility: Visibility,
    /// What was asked for; nothing, if nothing was said.
    pub(crate) status: Option<EventStatus>,
    pub(crate) waitlist_enabled: bool,
    pub(crate) registration_opens_at: Option<Timestamp>,
    pub(crate) registration_closes_at: Option<Timestamp>,
    pub(crate) max_party_size: i64,
    pub(crate) recurrence: Option<Recurrence>,
    /// All dates, or those up to `expanded_until`.
    pub(crate) dates: Vec<Date>,
    /// How far; none where all dates have been made.
    pub(crate) expanded_until: Option<Timestamp>,
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
        let named = |wrong: Violations| {
            wrong.as_slice().iter().map(|v| (v.pointer.clone(), v.code.to_string())).collect()
        };
        let horizon = Horizon::ahead(now(), std::time::Duration::from_hours(730 * 24));
        input.validate(&Terms { now: now(), home: Tz::UTC, horizon, stands: None }).map_err(named)
    }

    fn evening() -> Value {
        json!({"title": "Rust evening", "location": "Hall 2", "starts_at": "2027-03-04T18:30:00", "timezone": "Europe/Berlin", "capacity": 40})
    }

    fn evening_with(name: &str, value: Value) -> Value {
        let mut event = evening();
        event[name] = value;
        event
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let event = valid(evening()).unwrap();
        assert_eq!(event.span.starts_at.to_string(), "2027-03-04T17:30:00Z");
        assert_eq!((event.span.seconds, event.max_party_size, event.waitlist_enabled), (3_600, 10, true));
        assert_eq!((event.visibility, event.status), (Visibility::Public, None));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = valid(json!({"title": "", "location": 7, "starts_at": "soon", "capacity": 0, "url": "javascript:alert(1)", "x": 1})).unwrap_err();
        let mut pointers: Vec<_> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/capacity", "/location", "/starts_at", "/title", "/url", "/x"]);
    }

    #[test]
    fn one_wrong_field_is_one_violation() {
        for (name, value, code) in [
            ("starts_at", json!("2026-11-23T10:59:59"), "in_the_past"),
            ("starts_at", json!("2027-03-28T02:30:00"), "local_time_gap"),
            ("starts_at", json!("2027-03-04T18:30:00.5+01:00"), "invalid"),
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
            let wrong = valid(evening_with(name, value.clone())).unwrap_err();
            assert_eq!(wrong, [(format!("/{name}"), code.to_owned())], "{name} {value}");
        }
    }

    #[test]
    fn an_offset_says_which_of_two_times() {
        let first = valid(evening_with("starts_at", json!("2027-10-31T02:30:00"))).unwrap().span;
        let second = valid(evening_with("starts_at", json!("2027-10-31T02:30:00+01:00"))).unwrap().span;
        assert_eq!(first.local, second.local);
        assert_eq!((first.offset, second.offset), (None, Some(3_600)));
        let stored = Span::stored(second.local, second.offset, second.seconds, false, Tz::Europe__Berlin);
        assert_eq!(stored, second);
    }

    #[test]
    fn all_day_events_have_inclusive_days() {
        let mut event = json!({"title": "Fair", "location": "Old town", "all_day": true, "starts_at": "2027-03-04", "ends_at": "2027-03-05",
            "timezone": "Europe/Berlin", "capacity": 900});
        let span = valid(event.clone()).unwrap().span;
        assert_eq!((span.seconds, span.ends_at.to_string().as_str()), (172_800, "2027-03-05T23:00:00Z"));
        event["starts_at"] = json!("2026-11-23");
        assert!(valid(event.clone()).is_ok(), "today has not passed yet");
        event["starts_at"] = json!("2026-11-22");
        assert_eq!(valid(event).unwrap_err(), [("/starts_at".to_owned(), "in_the_past".to_owned())]);
    }
}
