//! The filter of the agenda.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::text_column::TextColumn;
use crate::error::Violations;
use crate::events::{EventStatus, OccurrenceStatus};
use crate::fold::fold;
use crate::id::{EventId, UserId};
use crate::page::Order;
use crate::time::{Timestamp, start_of_day};

/// Selects and orders occurrences. The default is all public upcoming occurrences, soonest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgendaFilter {
    /// A substring of the title, ignoring case and accents; up to 200 characters.
    pub title: Option<String>,
    /// A substring of the location, ignoring case and accents; up to 200 characters.
    pub location: Option<String>,
    /// A full-text search in title, tags, location and description, parsed by [`crate::search::SearchQuery`];
    /// up to 500 characters.
    pub q: Option<String>,
    /// Slugs of categories; an occurrence has any of them. Up to 20.
    pub categories: Vec<String>,
    /// Tags; an occurrence has all of them. Up to 20.
    pub tags: Vec<String>,
    /// Only occurrences for which users can register now and get a seat: free seats, and registration is
    /// open.
    pub available: bool,
    /// Only occurrences for which this user, who must be the actor, has a live registration.
    pub registered: Option<UserId>,
    /// Sorts by relevance: matches of `q` in the title, then in tags and location, then the others; soonest
    /// first in each. Requires `q`, and overrides `order`.
    pub by_relevance: bool,
    /// Earliest start: an instant or a day. By default, all that is upcoming ([`Phase::Upcoming`]) is listed:
    /// what starts after now, and all-day occurrences whose last day is not over.
    ///
    /// [`Phase::Upcoming`]: crate::phase::Phase::Upcoming
    pub from: Option<Bound>,
    /// Selects what takes place at any time between `from` and `to`, rather than what starts between them.
    /// `from` is now by default. All-day occurrences cover the days of their own time zones, whatever the
    /// zone of a bound.
    pub overlaps: bool,
    /// Adds what takes place now, though it started before `from`. No effect with `available`, which requires
    /// that registration is open.
    pub current: bool,
    /// End of the range of starts, exclusive: an instant or a day.
    pub to: Option<Bound>,
    /// Only events of this organizer, who also sees drafts and events that are not public.
    pub organizer: Option<UserId>,
    /// Only occurrences of this event, public or not, if the actor may see it.
    pub event: Option<EventId>,
    /// Only scheduled or only cancelled occurrences.
    pub status: Option<OccurrenceStatus>,
    /// Only events of this status.
    pub event_status: Option<EventStatus>,
    /// Order by start.
    pub order: Order,
}

/// A bound of the range of starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// An instant.
    At(Timestamp),
    /// The start of a day in a time zone. All-day occurrences compare by their own calendar day, in any time
    /// zone.
    Day(NaiveDate, Tz),
}

impl Bound {
    /// The instant to which timed occurrences are compared.
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

/// Maximum number of characters of a substring filter.
const MAX_SUBSTRING: usize = 200;
/// Maximum number of characters of a full-text search.
const MAX_SEARCH: usize = 500;
/// Maximum number of categories or tags of a filter.
const MAX_LABELS: usize = 20;
/// Maximum number of characters of a category or tag.
const MAX_LABEL: usize = 200;

impl AgendaFilter {
    /// All violations of the filter's own rules. Lists refuse such a filter; frontends may report them
    /// together with violations of theirs.
    pub fn violations(&self) -> Violations {
        let mut violations = Violations::default();
        for (name, text) in [("title", &self.title), ("location", &self.location)] {
            check_word(&mut violations, name, text.as_deref().unwrap_or_default(), MAX_SUBSTRING);
        }
        match self.search_text() {
            // Control characters are allowed here: they only separate words.
            Some(text) if text.chars().count() > MAX_SEARCH => {
                violations.add("/q", "too_long", "must have at most 500 characters");
            }
            None if self.by_relevance => {
                violations.add("/sort", "needs_q", "needs q");
            }
            _ => {}
        }
        for (name, labels) in [("category", &self.categories), ("tag", &self.tags)] {
            if labels.len() > MAX_LABELS {
                violations.add(format!("/{name}"), "too_many", "must be given at most 20 times");
            }
            for label in labels {
                check_word(&mut violations, name, label, MAX_LABEL);
            }
        }
        violations
    }

    /// The full-text search, unless it is blank.
    pub(super) fn search_text(&self) -> Option<&str> {
        self.q.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// The folded substrings to find, with their columns, without blank ones.
    pub(super) fn substrings(&self) -> Vec<(TextColumn, String)> {
        let texts = [(TextColumn::Title, &self.title), (TextColumn::Location, &self.location)];
        let folded = texts.map(|(column, text)| (column, fold(text.as_deref().unwrap_or_default())));
        folded.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }
}

fn check_word(violations: &mut Violations, name: &str, text: &str, max: usize) {
    if text.chars().count() > max {
        violations.add(format!("/{name}"), "too_long", format!("must have at most {max} characters"));
    } else if text.contains('\0') {
        violations.add(format!("/{name}"), "control_character", "must not contain control characters");
    }
}
