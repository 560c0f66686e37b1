//! The row that a validated input makes of a new or of a stored event.

use super::event::EventStatus;
use super::input::ValidEvent;
use super::rows::EventRow;
use super::store::recurrence_columns;
use crate::categories::CategoryName;
use crate::error::{Error, Result};
use crate::id::{EventId, UserId};
use crate::time::{Timestamp, format_local};

impl EventRow {
    /// The row of a new event.
    pub(super) fn new(
        organizer: UserId,
        event: &ValidEvent,
        category: Option<&CategoryName>,
        status: EventStatus,
        now: Timestamp,
    ) -> Result<Self> {
        let (rrule, rdate, exdate) = recurrence_columns(event.recurrence.as_ref())?;
        let tags: Vec<&str> = event.tag_names().collect();
        Ok(Self {
            id: EventId::at(now),
            organizer_id: organizer,
            title: event.title.clone(),
            description: event.description.clone(),
            location: event.location.clone(),
            url: event.url.clone(),
            starts_local: format_local(event.span.local),
            timezone: event.tz.name().to_owned(),
            starts_offset_seconds: event.span.offset,
            duration_seconds: event.span.seconds,
            all_day: event.span.all_day,
            capacity: event.capacity,
            visibility: event.visibility,
            status,
            waitlist_enabled: event.waitlist_enabled,
            registration_opens: event.window.opens,
            registration_closes: event.window.closes,
            max_party_size: event.max_party_size,
            category_id: category.map(|category| category.id),
            category: category.map(|category| category.slug.clone()),
            tags: serde_json::to_string(&tags).map_err(Error::internal)?,
            rrule,
            rdate,
            exdate,
            expanded_until: event.expanded_until,
            subscription_id: None,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// This row with the fields of `event`, and its next version.
    pub(super) fn revised(
        &self,
        event: &ValidEvent,
        category: Option<&CategoryName>,
        status: EventStatus,
        now: Timestamp,
    ) -> Result<Self> {
        let revised = Self::new(self.organizer_id, event, category, status, now)?;
        Ok(Self {
            id: self.id,
            subscription_id: self.subscription_id,
            created_at: self.created_at,
            version: self.version + 1,
            ..revised
        })
    }

    /// Whether this revision of `stored` changes nothing. The schedules must be known to be the same: their
    /// texts may differ.
    pub(super) fn has_fields_of(&self, stored: &Self) -> bool {
        let of_stored = Self {
            rrule: stored.rrule.clone(),
            rdate: stored.rdate.clone(),
            exdate: stored.exdate.clone(),
            updated_at: stored.updated_at,
            version: stored.version,
            ..self.clone()
        };
        of_stored == *stored
    }
}
