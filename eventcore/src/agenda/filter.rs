//! Filters of the agenda.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::error::Violations;
use crate::events::{EventStatus, OccurrenceStatus};
use crate::fold::fold;
use crate::id::{EventId, UserId};
use crate::page::Order;
use crate::time::Timestamp;
use crate::time::start_of_day;

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
/// How long a question may be, in characters.
const MAX_QUESTION: usize = 500;
/// How many categories or tags one filter names at most.
const MAX_LABELS: usize = 20;
/// How long each of these may be, in characters.
const MAX_LABEL: usize = 200;

impl AgendaFilter {
    /// Everything that is wrong with it by itself: what lists with it refuse. Frontends that have more to say of the same input add it to that.
    pub fn wrong(&self) -> Violations {
        let mut wrong = Violations::default();
        for (name, text) in [("title", &self.title), ("location", &self.location)] {
            check_word(&mut wrong, name, text.as_deref().unwrap_or_default(), MAX_NEEDLE);
        }
        match self.question() {
            // A question parts words at whatever is no letter, NUL included.
            Some(text) if text.chars().count() > MAX_QUESTION => {
                wrong.add("/q", "too_long", "must have at most 500 characters");
            }
            None if self.by_relevance => {
                wrong.add("/sort", "needs_q", "sorts by relevance only where q says to what");
            }
            _ => {}
        }
        for (name, labels) in [("category", &self.categories), ("tag", &self.tags)] {
            if labels.len() > MAX_LABELS {
                wrong.add(format!("/{name}"), "too_many", "must be given at most 20 times");
            }
            for label in labels {
                check_word(&mut wrong, name, label, MAX_LABEL);
            }
        }
        wrong
    }

    /// What someone asks for, if it is more than white space.
    pub(super) fn question(&self) -> Option<&str> {
        self.q.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// The folded words to look for and the columns to look in; white space alone looks for nothing.
    pub(super) fn needles(&self) -> Vec<(&'static str, String)> {
        let texts = [("title", &self.title), ("location", &self.location)];
        let folded = texts.map(|(column, text)| (column, fold(text.as_deref().unwrap_or_default())));
        folded.into_iter().filter(|(_, needle)| !needle.is_empty()).collect()
    }
}

fn check_word(wrong: &mut Violations, name: &str, text: &str, max: usize) {
    if text.chars().count() > max {
        wrong.add(format!("/{name}"), "too_long", format!("must have at most {max} characters"));
    } else if text.contains('\0') {
        wrong.add(format!("/{name}"), "control_character", "must not contain control characters");
    }
}
