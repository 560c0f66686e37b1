//! The plan of an agenda query: its conditions, and where the database begins to look. A plan is a value that
//! is made without the database. Only the counts of its [lookups](AgendaPlan::lookups_to_count) come from
//! there.

use std::collections::BTreeSet;

use super::condition::{Comparison, Condition, Edge, start_conditions};
use super::filter::AgendaFilter;
use super::index_lookup::{FEW_MATCHES, IndexLookup};
use super::parts::{self, Part};
use super::relevance::RankTier;
use super::since::Since;
use super::text_column::TextColumn;
use crate::categories;
use crate::db::Dialect;
use crate::events::EventStatus;
use crate::fold::fold;
use crate::page::SortKey;
use crate::phase::Ongoing;
use crate::search::{SearchQuery, SearchScope};
use crate::time::Timestamp;

/// How much of the result is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The first matches in order.
    Page,
    /// All matches, for counting.
    All,
    /// All matches within a short period, for counting by day.
    Period,
    /// All matches of the other conditions. `from` and `to` are ignored: the caller bounds the time.
    AnyTime,
}

/// Which occurrences the actor may see in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VisibleScope {
    /// Only public occurrences of published events.
    Listed,
    /// All matches: permission was checked by the filter's event, organizer or user.
    All,
}

/// Where the database begins to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Driver {
    /// `occurrences`, in order of start.
    Occurrences,
    /// What an index lookup finds.
    Lookup(IndexLookup),
    /// The public occurrences that last longer than any day and overlap a period.
    MultiDay(Timestamp, Timestamp),
    /// What has begun and is not over at an instant.
    Ongoing(Ongoing, Timestamp),
}

/// The plan of an agenda query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AgendaPlan {
    pub(super) dialect: Dialect,
    pub(super) driver: Driver,
    /// All of them are met.
    pub(super) conditions: Vec<Condition>,
    /// The beginning of the period, for which the [parts](AgendaPlan::parts) have conditions.
    since: Option<Since>,
    /// Index lookups that may become the driver.
    lookups: Vec<IndexLookup>,
    /// The search that ranks the result, if it is sorted by relevance.
    ranked_by: Option<SearchQuery>,
    /// The tier of the result that is read.
    tier: RankTier,
}

/// The parts of a plan. They have no occurrence in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlanParts {
    /// Those of what began before the period.
    pub(super) earlier: Vec<AgendaPlan>,
    /// The one with the latest starts.
    pub(super) later: AgendaPlan,
    /// Whether all of `earlier` starts before all of `later`.
    pub(super) is_ordered: bool,
}

impl PlanParts {
    /// The [probe](AgendaPlan::probe) of the last part, and the parts to read with it. `None` also if a page
    /// could have rows of the other parts behind those that it finds.
    pub(super) fn probe(&self, comparison: Comparison) -> Option<(&[AgendaPlan], Probe)> {
        if !self.earlier.is_empty() && !self.is_ordered {
            return None;
        }
        // In descending order, what has begun comes after all matches of the last part.
        let earlier = if comparison == Comparison::Greater { &*self.earlier } else { &[] };
        Some((earlier, self.later.probe(comparison)?))
    }

    /// All of them, by their starts.
    pub(super) fn all(self) -> Vec<AgendaPlan> {
        self.earlier.into_iter().chain(std::iter::once(self.later)).collect()
    }
}

impl AgendaPlan {
    /// Plans the query of a filter.
    pub(super) fn new(
        dialect: Dialect,
        filter: &AgendaFilter,
        visible: VisibleScope,
        extent: Extent,
        now: Timestamp,
    ) -> Self {
        let mut plan = Self {
            dialect,
            driver: Driver::Occurrences,
            conditions: Vec::new(),
            since: None,
            lookups: Vec::new(),
            ranked_by: None,
            tier: RankTier::Unranked,
        };
        plan.require_tags(&filter.tags);
        plan.require_substrings(filter.substrings());
        plan.require_words(filter);
        if filter.event.is_some() || filter.registered.is_some() {
            // An event has few occurrences, and a user few registrations.
            plan.lookups.clear();
        }
        if visible == VisibleScope::Listed {
            plan.require(Condition::Listed);
        }
        plan.conditions.extend(Condition::plain(filter));
        if extent != Extent::AnyTime {
            plan.since = Some(Since::new(filter, now));
            let to = filter.to.into_iter().flat_map(|to| start_conditions(Edge::To, to));
            to.for_each(|condition| plan.require(condition));
        }
        if filter.available {
            plan.require_available(visible, now);
        }
        plan
    }

    pub(super) fn require(&mut self, condition: Condition) {
        self.conditions.push(condition);
    }

    /// Requires free seats and open registration: the rule of the field `registration_open` as conditions.
    fn require_available(&mut self, visible: VisibleScope, now: Timestamp) {
        self.require(Condition::FreeSeats);
        if visible == VisibleScope::All {
            // Listed events are published, or cancelled with all their upcoming occurrences.
            self.require(Condition::EventStatus(EventStatus::Published));
        }
        self.require(Condition::RegistrationOpen(now));
        if !self.since.is_some_and(|since| since.is_upcoming()) {
            self.require(Condition::Upcoming(now));
        }
    }

    fn require_tags(&mut self, tags: &[String]) {
        let folded: BTreeSet<String> =
            tags.iter().map(|tag| fold(tag.trim().trim_start_matches('#'))).collect();
        if folded.len() > categories::MAX_TAGS {
            // No event has that many.
            return self.require(Condition::Never);
        }
        for tag in folded {
            self.lookups.push(IndexLookup::Tag(tag.clone()));
            self.require(Condition::Tag(tag));
        }
    }

    /// Requires substrings of title and location.
    fn require_substrings(&mut self, substrings: Vec<(TextColumn, String)>) {
        self.lookups.extend(IndexLookup::substrings(&substrings, self.dialect));
        for (column, text) in substrings {
            self.require(Condition::Contains(column, text));
        }
    }

    /// Requires and excludes the words of a search.
    fn require_words(&mut self, filter: &AgendaFilter) {
        let Some(text) = filter.search_text() else { return };
        let search = SearchQuery::parse(text);
        if search.is_empty() {
            // A search of signs only matches nothing.
            return self.require(Condition::Never);
        }
        self.lookups.extend(IndexLookup::words(&search, SearchScope::All, self.dialect));
        search.required_substrings().into_iter().for_each(|phrase| self.require(Condition::Phrase(phrase)));
        search.excluded_substrings().into_iter().for_each(|phrase| self.require(Condition::NoPhrase(phrase)));
        self.ranked_by = (filter.by_relevance && search.has_required()).then_some(search);
    }

    /// Selects only the first occurrence of each event, by start, among the matches so far.
    pub(super) fn first_of_each_event(mut self) -> Self {
        let mut conditions = self.conditions.clone();
        conditions.extend(self.since.map(Condition::Since));
        self.require(Condition::FirstOfEvent(conditions));
        self
    }

    pub(super) fn parts(mut self) -> PlanParts {
        let Some(since) = self.since.take() else {
            return PlanParts { earlier: Vec::new(), later: self, is_ordered: true };
        };
        let part = |part: Part| {
            let mut plan = Self { lookups: Vec::new(), ..self.clone() };
            let conditions = match part {
                Part::Ongoing(ongoing, at, conditions) => {
                    plan.driver = Driver::Ongoing(ongoing, at);
                    conditions
                }
                Part::Range(conditions) => {
                    plan.driver = Driver::Occurrences;
                    conditions
                }
            };
            plan.conditions.extend(conditions);
            plan
        };
        let earlier = parts::earlier(&since).into_iter().map(part).collect();
        self.conditions.extend(parts::later(&since));
        PlanParts { earlier, later: self, is_ordered: since.is_ordered() }
    }

    /// The parts that a page after a position may reach into, each with only the rows after it.
    pub(super) fn parts_beyond(self, position: Option<SortKey>, comparison: Comparison) -> PlanParts {
        let since = self.since;
        let has_passed = |position: SortKey| {
            let start = self.start_at(position);
            comparison == Comparison::Greater && since.is_some_and(|since| start > since.begun_by())
        };
        let only_later = position.is_some_and(has_passed);
        let PlanParts { earlier, later, is_ordered } = self.parts();
        let earlier = if only_later { Vec::new() } else { earlier };
        PlanParts {
            earlier: earlier.into_iter().map(|part| part.beyond(position, comparison)).collect(),
            later: later.beyond(position, comparison),
            is_ordered,
        }
    }

    /// The start at a position.
    const fn start_at(&self, position: SortKey) -> Timestamp {
        Timestamp::from_micros(position.number.saturating_sub(self.tier.offset()))
    }

    /// The tiers that a page after `position` may reach into.
    pub(super) fn tiers(&self, position: Option<SortKey>, comparison: Comparison) -> Vec<RankTier> {
        match self.ranked_by {
            Some(_) => RankTier::reached(position, comparison),
            None => vec![RankTier::Unranked],
        }
    }

    /// Restricts the query to one tier.
    pub(super) fn within(mut self, tier: RankTier) -> Self {
        self.tier = tier;
        if let Some(search) = &self.ranked_by {
            if let Some(scope) = tier.scope().filter(|_| !self.lookups.is_empty()) {
                // A lookup within the scope finds fewer rows than one in all texts.
                self.lookups.retain(|lookup| !matches!(lookup, IndexLookup::Words { .. }));
                self.lookups.extend(IndexLookup::words(search, scope, self.dialect));
            }
            self.conditions.extend(tier.conditions(search));
        }
        self
    }

    /// The sort key at which the tier begins.
    pub(super) const fn tier_offset(&self) -> i64 {
        self.tier.offset()
    }

    /// Selects only the rows after a position.
    ///
    /// Drops a bound that the position implies: SQLite would start the index scan at the bound and skip all
    /// earlier pages.
    fn beyond(mut self, position: Option<SortKey>, comparison: Comparison) -> Self {
        if let Some(key) = position {
            let position = self.start_at(key);
            self.conditions.retain(|condition| match (comparison, condition) {
                (Comparison::Greater, Condition::Start(Edge::From, at)) => position < *at,
                (Comparison::Less, Condition::Start(Edge::To, at)) => *at <= position,
                _ => true,
            });
            self.require(Condition::Beyond(comparison, position, key.id));
        }
        self
    }

    /// The lookups whose numbers of rows decide [where to begin](AgendaPlan::choose_driver). None if there is
    /// nothing to decide.
    pub(super) fn lookups_to_count(&self, extent: Extent) -> &[IndexLookup] {
        match (extent, self.lookups.as_slice()) {
            (Extent::All, [only]) if only.finds_documents() => &[],
            (_, lookups) => lookups,
        }
    }

    /// Begins at the lookup that finds the fewest rows, by the counts of
    /// [`lookups_to_count`](AgendaPlan::lookups_to_count) up to one above [`FEW_MATCHES`].
    ///
    /// If none finds few, a page is found in the order of the agenda. All matches are collected from the
    /// documents, if a lookup finds them.
    pub(super) fn choose_driver(&mut self, extent: Extent, counts: &[i64]) {
        let lookups = std::mem::take(&mut self.lookups);
        let few = lookups.iter().zip(counts).filter(|(_, count)| **count <= FEW_MATCHES);
        let fewest = few.min_by_key(|(_, count)| **count).map(|(lookup, _)| lookup);
        let documents = || lookups.iter().find(|lookup| extent == Extent::All && lookup.finds_documents());
        if let Some(lookup) = fewest.or_else(documents) {
            self.driver = Driver::Lookup(lookup.clone());
        }
    }

    /// Begins at the occurrences in order of start, without a lookup.
    pub(super) fn scan(&mut self) {
        self.lookups.clear();
    }

    /// All drivers that [`choose_driver`](AgendaPlan::choose_driver) may choose.
    pub(super) fn possible_drivers(&self) -> Vec<Driver> {
        let lookups = self.lookups.iter().cloned().map(Driver::Lookup);
        std::iter::once(Driver::Occurrences).chain(lookups).collect()
    }

    /// The conditions that are left to test. The lookup of the driver has verified others already.
    pub(super) fn untested(&self) -> Vec<Condition> {
        let verified = |condition: &&Condition| match &self.driver {
            Driver::Lookup(lookup) => lookup.verifies(condition),
            _ => false,
        };
        self.conditions.iter().filter(|condition| !verified(condition)).cloned().collect()
    }

    /// Whether its matches are counted only while they are few. Otherwise an index has all that is counted.
    pub(super) fn counts_few(&self) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition.reads_document() || *condition == Condition::FreeSeats)
    }

    /// Where the database begins to look: a lookup, or an index.
    pub(super) fn driver_name(&self) -> &'static str {
        match &self.driver {
            Driver::Occurrences => self.scanned_index().unwrap_or("occurrences"),
            Driver::Lookup(lookup) => lookup.name(),
            Driver::MultiDay(..) => "multi-day",
            Driver::Ongoing(..) => "ongoing",
        }
    }

    /// The index in which SQLite scans occurrences, so that its statistics cannot make it choose another one.
    /// `None` if the conditions name single occurrences.
    pub(super) fn scanned_index(&self) -> Option<&'static str> {
        let has = |wanted: fn(&Condition) -> bool| self.conditions.iter().any(wanted);
        if has(|condition| matches!(condition, Condition::Event(_))) {
            Some("occurrences_of_event")
        } else if has(|condition| matches!(condition, Condition::RegisteredBy(_))) {
            None
        } else if has(|condition| matches!(condition, Condition::Organizer(_))) {
            Some("occurrences_of_organizer")
        } else if !has(|condition| matches!(condition, Condition::Listed)) {
            None
        } else if has(|condition| matches!(condition, Condition::CategorySlug(_))) {
            Some("agenda_of_category")
        } else {
            Some("agenda")
        }
    }

    /// The probe of a page: the conditions on the document are applied to the first occurrences that meet all
    /// others. A full page found there is the answer.
    ///
    /// `None` if there is no condition on the document, or another driver is chosen already.
    pub(super) fn probe(&self, comparison: Comparison) -> Option<Probe> {
        if !self.conditions.iter().any(Condition::reads_document) || self.driver != Driver::Occurrences {
            return None;
        }
        // The far bound is tested outside: with both bounds PostgreSQL underestimates the range, and sorts it
        // instead of scanning the index until it has enough rows.
        let far = match comparison {
            Comparison::Greater => Edge::To,
            Comparison::Less => Edge::From,
        };
        let is_outer = |condition: &Condition| match condition {
            Condition::Start(edge, _) | Condition::StartDay(edge, ..) => *edge == far,
            condition => condition.reads_document(),
        };
        let (outer, inner): (Vec<_>, Vec<_>) = self.conditions.iter().cloned().partition(is_outer);
        Some(Probe { inner: Self { conditions: inner, ..self.clone() }, outer })
    }
}

/// The two parts of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    /// Selects the occurrences to look at.
    pub(super) inner: AgendaPlan,
    /// The conditions that these are tested for.
    pub(super) outer: Vec<Condition>,
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
