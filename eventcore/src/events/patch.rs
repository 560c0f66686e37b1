//! [`EventPatch`] and [`OccurrencePatch`]: changes of some fields, as programs write them.

use serde_json::{Map, Value, json};

use super::event::{EventStatus, Visibility};
use crate::recurrence::Recurrence;
use crate::time::{IsoDuration, LeadTime, TimeInput};

/// A change of some fields of an event, for
/// [`EventCore::change_event`](crate::EventCore::change_event): a JSON merge patch (RFC 7396) to its
/// [`EventInput`](super::EventInput). Fields that are not set stay as they are.
///
/// ```
/// use eventcore::events::EventPatch;
///
/// let start = "2037-03-04T19:00:00".parse()?;
/// let patch = EventPatch::new().title("Rust evening").starts_at(start).category(None);
/// # Ok::<_, &'static str>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "nothing is changed before the patch is used"]
pub struct EventPatch(Value);

/// A change of some fields of an occurrence, for
/// [`EventCore::change_occurrence`](crate::EventCore::change_occurrence): a JSON merge patch (RFC 7396) to
/// its [`Overrides`](super::Overrides). Fields that are not set stay as they are, and `None` is the value of
/// the event.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "nothing is changed before the patch is used"]
pub struct OccurrencePatch(Value);

/// The parts that patches have in common: their construction, and one setter for each field.
macro_rules! patch {
    ($patch:ident { $($(#[doc = $doc:literal])+ $field:ident: $type:ty => $json:expr;)+ }) => {
        impl $patch {
            /// A patch that changes nothing.
            pub fn new() -> Self {
                Self(Value::Object(Map::new()))
            }

            $(
                $(#[doc = $doc])+
                pub fn $field(mut self, $field: $type) -> Self {
                    // JSON that is no object is refused when the patch is used.
                    if let Value::Object(fields) = &mut self.0 {
                        fields.insert(stringify!($field).to_owned(), $json);
                    }
                    self
                }
            )+

            pub(in crate::events) fn into_json(self) -> Value {
                self.0
            }
        }

        impl Default for $patch {
            fn default() -> Self {
                Self::new()
            }
        }

        /// The merge patch as JSON, whose fields are checked when it is used.
        impl From<Value> for $patch {
            fn from(patch: Value) -> Self {
                Self(patch)
            }
        }

        impl From<&Value> for $patch {
            fn from(patch: &Value) -> Self {
                Self(patch.clone())
            }
        }

        impl From<&$patch> for $patch {
            fn from(patch: &$patch) -> Self {
                patch.clone()
            }
        }
    };
}

fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| value.to_string().into())
}

patch!(EventPatch {
    /// The title: 1–200 characters.
    title: impl Into<String> => title.into().into();
    /// The description: Markdown, up to 20,000 characters.
    description: impl Into<String> => description.into().into();
    /// The location: 1–300 characters.
    location: impl Into<String> => location.into().into();
    /// The address of an online event: http or https.
    url: Option<&str> => text(url);
    /// The start of the first occurrence. Another start moves the whole series.
    starts_at: TimeInput => text(Some(starts_at));
    /// The end of the first occurrence; for an all-day event its last day, inclusive.
    ends_at: TimeInput => text(Some(ends_at));
    /// How long it lasts, instead of `ends_at`.
    duration: IsoDuration => text(Some(duration));
    /// The IANA time zone.
    timezone: impl Into<String> => timezone.into().into();
    /// Whether the event has dates and no times.
    all_day: bool => all_day.into();
    /// Seats: 1–1,000,000.
    capacity: i64 => capacity.into();
    /// The slug of the category.
    category: Option<&str> => text(category);
    /// Up to 10 different tags of up to 50 characters, in place of all others.
    tags: &[&str] => json!(tags);
    /// Who can see it.
    visibility: Visibility => visibility.as_str().into();
    /// Whether it is published: see [`EventCore::publish_event`](crate::EventCore::publish_event).
    status: EventStatus => status.as_str().into();
    /// Whether registrations are waitlisted when an occurrence is full.
    waitlist_enabled: bool => waitlist_enabled.into();
    /// The start of registration, for all occurrences.
    registration_opens_at: Option<TimeInput> => text(registration_opens_at);
    /// How long before the start of each occurrence registration opens.
    registration_opens_before: Option<LeadTime> => text(registration_opens_before);
    /// The end of registration, exclusive, for all occurrences.
    registration_closes_at: Option<TimeInput> => text(registration_closes_at);
    /// How long before the start of each occurrence registration closes.
    registration_closes_before: Option<LeadTime> => text(registration_closes_before);
    /// The largest party of one registration: 1–1,000,000.
    max_party_size: i64 => max_party_size.into();
    /// The recurrence; `None` for a single occurrence.
    recurrence: Option<&Recurrence> => json!(recurrence);
});

patch!(OccurrencePatch {
    /// The title: 1–200 characters.
    title: Option<&str> => text(title);
    /// The description: Markdown, up to 20,000 characters.
    description: Option<&str> => text(description);
    /// The location: 1–300 characters.
    location: Option<&str> => text(location);
    /// The address of an online event: http or https.
    url: Option<&str> => text(url);
    /// The start.
    starts_at: Option<TimeInput> => text(starts_at);
    /// The end; for an all-day event its last day, inclusive.
    ends_at: Option<TimeInput> => text(ends_at);
    /// How long it lasts, instead of `ends_at`.
    duration: Option<IsoDuration> => text(duration);
    /// Seats: 1–1,000,000.
    capacity: Option<i64> => capacity.map_or(Value::Null, Into::into);
    /// The start of registration.
    registration_opens_at: Option<TimeInput> => text(registration_opens_at);
    /// How long before the start registration opens.
    registration_opens_before: Option<LeadTime> => text(registration_opens_before);
    /// The end of registration, exclusive.
    registration_closes_at: Option<TimeInput> => text(registration_closes_at);
    /// How long before the start registration closes.
    registration_closes_before: Option<LeadTime> => text(registration_closes_before);
});
