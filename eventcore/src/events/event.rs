//! [`Event`] and [`Occurrence`] as the API returns them, and the rules that follow from their status and
//! visibility.

use chrono_tz::Tz;

use crate::accounts::PublicProfile;
use crate::db::text_enum;
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{DateValue, Recurrence, Rule};
use crate::time::{LeadTime, Moment, Timestamp};

text_enum! {
    /// Who can see an event, apart from its organizers.
    pub enum Visibility {
        /// Everyone; the event is in public lists.
        Public = "public",
        /// Everyone who has the link; the event is in no public list.
        Unlisted = "unlisted",
        /// Only users who are registered.
        Private = "private",
    }
}

text_enum! {
    /// The status of an event.
    pub enum EventStatus {
        /// Visible to its organizers only.
        Draft = "draft",
        /// Takes place.
        Published = "published",
        /// Does not take place; still visible to those who could see it before.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// The status of an occurrence.
    pub enum OccurrenceStatus {
        /// Takes place, if its event is published.
        Scheduled = "scheduled",
        /// Does not take place; its registrations remain as records.
        Cancelled = "cancelled",
    }
}

/// An event: what all its occurrences have in common.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Id.
    pub id: EventId,
    /// 1 to 200 characters.
    pub title: String,
    /// Markdown, up to 20,000 characters.
    pub description: String,
    /// The description as sanitized HTML, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_html: Option<String>,
    /// 1 to 300 characters.
    pub location: String,
    /// Address of an online event: http or https.
    pub url: Option<String>,
    /// Start of the first occurrence.
    pub starts_at: Moment,
    /// End of the first occurrence; for an all-day event its last day, inclusive.
    pub ends_at: Moment,
    /// IANA time zone.
    pub timezone: String,
    /// Whether the event has dates and no times.
    pub all_day: bool,
    /// Seats of each occurrence: 1 to 1,000,000.
    pub capacity: i64,
    /// Slug of the category.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub category: Option<String>,
    /// Up to 10 tags, in alphabetical order.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub tags: Vec<String>,
    /// Who can see it, apart from its organizers.
    pub visibility: Visibility,
    /// Status.
    pub status: EventStatus,
    /// Whether registrations are waitlisted when an occurrence is full.
    pub waitlist_enabled: bool,
    /// Start of registration of all occurrences; null: see `registration_opens_before`.
    pub registration_opens_at: Option<Moment>,
    /// Start of registration as an ISO 8601 duration before the start of each occurrence; null, and
    /// `registration_opens_at` too: no bound. Its days are calendar days in `timezone`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = true))]
    pub registration_opens_before: Option<LeadTime>,
    /// End of registration of all occurrences, exclusive; null: see `registration_closes_before`.
    pub registration_closes_at: Option<Moment>,
    /// End of registration as an ISO 8601 duration before the start of each occurrence; null, and
    /// `registration_closes_at` too: until the occurrence starts. Its days are calendar days in `timezone`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = true))]
    pub registration_closes_before: Option<LeadTime>,
    /// Largest party of one registration, including the registered user.
    pub max_party_size: i64,
    /// Recurrence rule; null for a single occurrence.
    pub recurrence: Option<EventRecurrence>,
    /// The organizer.
    pub organizer: PublicProfile,
    /// Co-organizers, in the order in which they were added.
    pub co_organizers: Vec<PublicProfile>,
    /// The next scheduled occurrence: the first one that is upcoming, which may have begun if it is all-day.
    /// Null if there is none.
    pub next_occurrence: Option<Occurrence>,
    /// Number of occurrences, including past and cancelled ones.
    pub occurrence_count: i64,
    /// Links to its page and to other calendars.
    pub links: Links,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Incremented by every change; see `If-Match`.
    pub version: i64,
}

/// An occurrence: one instance of an event, which people attend. Its fields are those of the event, with its
/// overrides applied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Occurrence {
    /// Id.
    pub id: OccurrenceId,
    /// Id of the event.
    pub event_id: EventId,
    /// Title.
    pub title: String,
    /// Description in Markdown.
    pub description: String,
    /// The description as sanitized HTML, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_html: Option<String>,
    /// Location.
    pub location: String,
    /// Address of an online event.
    pub url: Option<String>,
    /// Start by the recurrence rule (RFC 5545 RECURRENCE-ID); unchanged when the occurrence is moved.
    pub original_start: Moment,
    /// Start.
    pub starts_at: Moment,
    /// End; for an all-day event its last day, inclusive.
    pub ends_at: Moment,
    /// IANA time zone.
    pub timezone: String,
    /// Whether it has dates and no times.
    pub all_day: bool,
    /// Who can see it, as the event says.
    #[serde(default = "public")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub visibility: Visibility,
    /// Status.
    pub status: OccurrenceStatus,
    /// Names of the fields that differ from the event's.
    pub overridden: Vec<String>,
    /// Number of seats.
    pub capacity: i64,
    /// Seats of confirmed and attended registrations.
    pub seats_taken: i64,
    /// Free seats; never negative.
    pub seats_left: i64,
    /// Number of waitlisted registrations.
    pub waitlist_length: i64,
    /// Whether registrations are waitlisted when it is full.
    pub waitlist_enabled: bool,
    /// Whether users can register now: published, not started (an all-day occurrence: its last day is not
    /// over), within the registration window, and not overbooked.
    pub registration_open: bool,
    /// Start of registration; null: no bound.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub registration_opens_at: Option<Moment>,
    /// End of registration, exclusive; null: until the occurrence starts.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub registration_closes_at: Option<Moment>,
    /// Slug of the event's category.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub category: Option<String>,
    /// The event's tags.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub tags: Vec<String>,
    /// The organizer.
    pub organizer: PublicProfile,
    /// Whether the event has a recurrence rule.
    pub recurring: bool,
    /// The recurrence of the event in words; null if it has no recurrence rule.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub recurrence: Option<RecurrenceInWords>,
    /// Links to its page and to other calendars.
    pub links: Links,
    /// Incremented by every change of the occurrence; see `If-Match`.
    pub version: i64,
}

/// Servers that do not tell the visibility list public occurrences.
const fn public() -> Visibility {
    Visibility::Public
}

/// The recurrence of an event.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventRecurrence {
    /// RRULE; null if only the start and the RDATEs recur.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub rrule: Option<Rule>,
    /// RDATE: starts in addition to those of the rule.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, required = true))]
    pub rdate: Vec<DateValue>,
    /// EXDATE: starts that are excluded.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, required = true))]
    pub exdate: Vec<DateValue>,
    /// The recurrence in English: `every Thursday, 10 times`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub text: String,
}

impl EventRecurrence {
    /// The recurrence as it is sent.
    pub fn rule(&self) -> Recurrence {
        Recurrence { rrule: self.rrule.clone(), rdate: self.rdate.clone(), exdate: self.exdate.clone() }
    }
}

/// The recurrence of an occurrence's event.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecurrenceInWords {
    /// The recurrence in English: `every Thursday, 10 times`.
    pub text: String,
}

/// Links to the page of an event or occurrence, and to calendars that add it.
///
/// That of Google Calendar takes the rule of a series. The forms of the others have no place for one, so that
/// they add its first occurrence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// Form of Google Calendar, filled in.
    pub google: String,
    /// Form of Outlook.com, filled in.
    pub outlook: String,
    /// Form of Outlook for Office 365, filled in.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub office365: String,
    /// Form of Yahoo Calendar, filled in.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub yahoo: String,
    /// The iCalendar file.
    pub ics: String,
    /// The iCalendar file as a `webcal:` address, for programs that subscribe to it, as Apple Calendar does,
    /// and show what changes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub webcal: String,
    /// The page, which shows what everyone may see. Drafts and private events have none: it is not found.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub page: String,
}

/// The time zone with a stored name; UTC, and an error in the log, if the compiled-in tz database does not
/// have it.
pub(crate) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or_else(|_| {
        tracing::error!(timezone = name, "unknown time zone in the database: UTC is used instead");
        Tz::UTC
    })
}

/// Whether an event is in public lists. Cancelled events are, so that people learn of the cancellation.
pub(crate) fn is_listed(visibility: Visibility, status: EventStatus) -> bool {
    visibility == Visibility::Public && status != EventStatus::Draft
}

/// The status of an occurrence that is added to an event with this status.
pub(crate) const fn new_occurrence_status(status: EventStatus) -> OccurrenceStatus {
    match status {
        EventStatus::Cancelled => OccurrenceStatus::Cancelled,
        EventStatus::Draft | EventStatus::Published => OccurrenceStatus::Scheduled,
    }
}
