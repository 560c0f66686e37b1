//! What an event and an occurrence are, as everyone sees them.

use chrono_tz::Tz;

use crate::accounts::PublicProfile;
use crate::db::text_enum;
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::Recurrence;
use crate::time::Moment;
use crate::time::Timestamp;

text_enum! {
    /// Who may find an event.
    pub enum Visibility {
        /// Everyone.
        Public = "public",
        /// Everyone who has the link.
        Unlisted = "unlisted",
        /// Organizers and people who are registered.
        Private = "private",
    }
}

text_enum! {
    /// How far an event has come.
    pub enum EventStatus {
        /// Only its organizers see it.
        Draft = "draft",
        /// It takes place.
        Published = "published",
        /// It was to take place.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Whether one date takes place.
    pub enum OccurrenceStatus {
        /// It does.
        Scheduled = "scheduled",
        /// It was to.
        Cancelled = "cancelled",
    }
}

/// What an organizer publishes: that which is common to all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Names it.
    pub id: EventId,
    /// 1 to 200 characters.
    pub title: String,
    /// Markdown, up to 20,000 characters.
    pub description: String,
    /// 1 to 300 characters.
    pub location: String,
    /// Where online events take place.
    pub url: Option<String>,
    /// When its first occurrence starts.
    pub starts_at: Moment,
    /// When its first occurrence ends; the last day of an all-day event.
    pub ends_at: Moment,
    /// IANA name of the zone whose clocks it keeps.
    pub timezone: String,
    /// It has days and no times.
    pub all_day: bool,
    /// Seats at each occurrence: 1 to 1,000,000.
    pub capacity: i64,
    /// Slug of its category.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub category: Option<String>,
    /// Free words, up to 10, by the alphabet.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub tags: Vec<String>,
    /// Who may find it.
    pub visibility: Visibility,
    /// How far it has come.
    pub status: EventStatus,
    /// Whether people may wait when it is full.
    pub waitlist_enabled: bool,
    /// No registration before.
    pub registration_opens_at: Option<Moment>,
    /// No registration from here on.
    pub registration_closes_at: Option<Moment>,
    /// People that one registration may bring, itself included.
    pub max_party_size: i64,
    /// What repeats it; null for a single date.
    pub recurrence: Option<Recurrence>,
    /// Who published it.
    pub organizer: PublicProfile,
    /// Who else may change it, in the order in which they were named.
    pub co_organizers: Vec<PublicProfile>,
    /// The next date that takes place; null when none is ahead.
    pub next_occurrence: Option<Occurrence>,
    /// How many dates there are, past and cancelled ones included.
    pub occurrence_count: i64,
    /// Ways into other calendars.
    pub links: Links,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

/// One concrete date of an event, the thing a person attends: the event's fields as they hold for this date.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Occurrence {
    /// Names it.
    pub id: OccurrenceId,
    /// The event that it is a date of.
    pub event_id: EventId,
    /// As it holds for this date.
    pub title: String,
    /// As it holds for this date.
    pub description: String,
    /// As it holds for this date.
    pub location: String,
    /// As it holds for this date.
    pub url: Option<String>,
    /// Where the rule places it (RFC 5545 RECURRENCE-ID); it stays when the date is moved.
    pub original_start: Moment,
    /// When it starts.
    pub starts_at: Moment,
    /// When it ends; the last day of an all-day event.
    pub ends_at: Moment,
    /// IANA name of the zone whose clocks it keeps.
    pub timezone: String,
    /// It has days and no times.
    pub all_day: bool,
    /// Whether it takes place.
    pub status: OccurrenceStatus,
    /// Names of the fields that differ from the event's.
    pub overridden: Vec<String>,
    /// Seats.
    pub capacity: i64,
    /// Seats that confirmed and attending parties hold.
    pub seats_taken: i64,
    /// Seats that are free; never negative.
    pub seats_left: i64,
    /// Registrations that wait.
    pub waitlist_length: i64,
    /// Whether people may wait when it is full.
    pub waitlist_enabled: bool,
    /// Whether people may register now: published, ahead, within the window, and not overbooked.
    pub registration_open: bool,
    /// Slug of the event's category.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub category: Option<String>,
    /// The event's free words.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub tags: Vec<String>,
    /// Who published it.
    pub organizer: PublicProfile,
    /// Whether the event has a rule.
    pub recurring: bool,
    /// Ways into other calendars.
    pub links: Links,
    /// Rises with every change of this date.
    pub version: i64,
}

/// Addresses that put a date into other calendars.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// "Add to Google Calendar".
    pub google: String,
    /// "Add to Outlook".
    pub outlook: String,
    /// The iCalendar file, as a path on this server.
    pub ics: String,
}

/// A time zone by its name as it is stored. Names that this program's tz database does not know are read as UTC, and logged.
pub(crate) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or_else(|_| {
        tracing::error!(
            timezone = name,
            "a stored time zone is unknown to this program; its times are shown in UTC"
        );
        Tz::UTC
    })
}

/// Whether everyone finds such an event in lists: what was cancelled stays, so that people see it.
pub(crate) fn listed(visibility: Visibility, status: EventStatus) -> bool {
    visibility == Visibility::Public && status != EventStatus::Draft
}

/// The status of a new date of such an event.
pub(crate) const fn dates_of(status: EventStatus) -> OccurrenceStatus {
    match status {
        EventStatus::Cancelled => OccurrenceStatus::Cancelled,
        EventStatus::Draft | EventStatus::Published => OccurrenceStatus::Scheduled,
    }
}
