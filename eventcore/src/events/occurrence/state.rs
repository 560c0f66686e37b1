//! [`OccurrenceState`]: an occurrence as it is stored, before and after a change of its event.

use sqlx::FromRow;

use crate::error::Result;
use crate::events::event::OccurrenceStatus;
use crate::events::rows::EventRow;
use crate::events::window::{OpenPeriod, RegistrationWindow, WindowEdge};
use crate::id::{CategoryId, OccurrenceId, UserId};
use crate::phase::Phase;
use crate::search::DocumentTexts;
use crate::time::Timestamp;

/// The columns of [`OccurrenceState`], from `occurrences`.
pub(crate) const OCCURRENCE_STATE_COLUMNS: &str = "id, original_start, original_local, starts_at, \
     ends_at, starts_local, moved, status, cancelled_by_rule, title, description, location, url, \
     capacity_override, \
     registration_opens, registration_closes, capacity, seats_taken, waitlist_length, registered, \
     organizer_id, category_id, tags, listed, all_day, registration_opens_at, registration_closes_at, \
     document_id, version";

/// A row of `occurrences`.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct OccurrenceState {
    pub(crate) id: OccurrenceId,
    pub(crate) original_start: Timestamp,
    /// The nominal local start by the rule.
    pub(crate) original_local: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// The local start of an occurrence whose start or end is overridden.
    pub(crate) starts_local: Option<String>,
    /// Whether its start or end is overridden.
    pub(crate) moved: bool,
    pub(crate) status: OccurrenceStatus,
    /// Whether a change of the rule cancelled it, not an organizer.
    pub(crate) cancelled_by_rule: bool,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) capacity_override: Option<i64>,
    pub(crate) registration_opens: Option<WindowEdge>,
    pub(crate) registration_closes: Option<WindowEdge>,
    pub(crate) capacity: i64,
    pub(crate) seats_taken: i64,
    pub(crate) waitlist_length: i64,
    /// Whether there is any registration for it, including cancelled ones.
    pub(crate) registered: bool,
    pub(crate) organizer_id: UserId,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) tags: String,
    pub(crate) listed: bool,
    pub(crate) all_day: bool,
    #[sqlx(flatten)]
    pub(crate) open_period: OpenPeriod,
    pub(crate) document_id: i64,
    pub(crate) version: i64,
}

impl OccurrenceState {
    /// The phase of the occurrence.
    pub(crate) fn phase(&self, now: Timestamp) -> Phase {
        Phase::of(self.starts_at, self.ends_at, self.all_day, now)
    }

    /// Whether it is over at `now`: then it no longer changes.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.phase(now) == Phase::Past
    }

    /// Whether it can no longer move. An all-day occurrence can until its last day is over.
    pub(crate) fn has_begun(&self, now: Timestamp) -> bool {
        self.phase(now) != Phase::Upcoming
    }

    /// The edges of its registration window that differ from the event's.
    pub(crate) const fn own_window(&self) -> RegistrationWindow {
        RegistrationWindow { opens: self.registration_opens, closes: self.registration_closes }
    }

    /// Whether it inherits all texts by which it is searched, and so shares the event's own search document.
    pub(crate) const fn inherits_texts(&self) -> bool {
        self.title.is_none() && self.description.is_none() && self.location.is_none()
    }

    /// The texts by which it is searched, as an occurrence of `event`.
    pub(crate) fn texts(&self, event: &EventRow) -> Result<DocumentTexts> {
        let own = |own: &Option<String>, inherited: &String| own.as_ref().unwrap_or(inherited).clone();
        Ok(DocumentTexts {
            title: own(&self.title, &event.title),
            location: own(&self.location, &event.location),
            description: own(&self.description, &event.description),
            tags: event.tags()?,
        })
    }
}
