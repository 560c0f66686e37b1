//! Filters of the agenda.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::event::{EventStatus, OccurrenceStatus};
use super::when::start_of_day;
use crate::clock::Timestamp;
use crate::error::{Result, Violations};
use crate::fold::fold;
use crate::id::{EventId, UserId};
use crate::page::Order;

/// Which dates a list shows. [`Default`] is what everyone may find from now on, soonest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgendaFilter {
    /// Words that stand in the title as they are, without case or accents.
    pub title: Option<String>,
    /// Words that stand in the location as they are, without case or accents.
    pub location: Option<String>,
    /// What someone asks for, as [`crate::search::Question`] reads it: up to 500 characters over title, tags, location and description.
    pub q: Option<String>,
    /// Of any of these categories, by their slugs.
    pub categories: Vec<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// Only dates that take place and have free seats.
    pub available: bool,
    /// Only dates at which this user, who must be the one that asks, has a place or waits for one.
    pub registered: Option<UserId>,
    /// What answers `q` best comes first: in the title before elsewhere, and soonest first among equals. It needs `q`, and leaves `order` aside.
    pub by_relevance: bool,
    /// Starts at or after this instant, or on or after this day; now, when nothing is said. In the past, it lists the past.
    pub from: Option<Bound>,
    /// Starts before this instant, or before this day.
    pub to: Option<Bound>,
    /// Published by this user. Who organizes sees drafts and hidden events here too.
    pub organizer: Option<UserId>,
    /// Dates of this event. Who may see the event sees them, listed or not.
    pub event: Option<EventId>,
    /// Dates that take place, or that were cancelled.
    pub status: Option<OccurrenceStatus>,
    /// Events that are drafts, published, or cancelled: for lists of events.
    pub event_status: Option<EventStatus>,
    /// By start: soonest first, or latest first.
    pub order: Order,
}

/// Where a list of dates begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// At an instant.
    At(Timestamp),
    /// At the beginning of a day by the clocks of a zone. All-day dates are on a day by those of their own, wherever one looks from.
    Day(NaiveDate, Tz),
}

impl Bound {
    /// The instant, for dates with times.
    pub fn instant(self) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Day(day, tz) => start_of_day(day, tz),
        }
    }
}

impl From<Timestamp> for Bound {
    fn from(instant: Timestamp) -> Self {
        Self::At(instant)
    }
}

/// How long a filter's words may be, in characters.
const MAX_NEEDLE: usize = 200;

impl AgendaFilter {
    /// The folded words to look for and the columns to look in; white space alone looks for nothing.
    pub(super) fn needles(&self) -> Result<Vec<(&'static str, String)>> {
        let mut wrong = Violations::default();
        let mut needles = Vec::new();
        for (column, text) in [("title", &self.title), ("location", &self.location)] {
            let Some(text) = text else { continue };
            if text.chars().count() > MAX_NEEDLE {
                wrong.add(format!("/{column}"), "too_long", "must have at most 200 characters");
            } else if text.contains('\0') {
                wrong.add(format!("/{column}"), "control_character", "must not contain control characters");
            }
            let needle = fold(text);
            if !needle.is_empty() {
                needles.push((column, needle));
            }
        }
        wrong.into_result()?;
        Ok(needles)
    }
}
