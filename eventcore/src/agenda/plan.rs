//! The plan of an agenda query: its conditions, and where the database begins to look. A plan is a value: it
//! is made without the database, except for what is passed in.

use std::collections::BTreeSet;

use super::condition::{Comparison, Condition, Edge, start_conditions};
use super::filter::AgendaFilter;
use super::index_lookup::IndexLookup;
use super::parts::{self, Part};
use super::relevance::RankTier;
use super::since::Since;
use super::text_column::TextColumn;
use crate::categories;
use crate::db::{Dialect, Planning};
use crate::events::EventStatus;
use crate::fold::fold;
use crate::id::CategoryId;
use crate::page::SortKey;
use crate::phase::Ongoing;
use crate::search::{SearchQuery, SearchScope};
use crate::time::Timestamp;

/// Minimum number of characters for a lookup in a trigram index.
const TRIGRAM_LENGTH: usize = 3;

/// How many tags are conditions of their own, so that PostgreSQL can start with the rarest. With twenty it
/// would spend seconds planning the order of the lookups.
const SEPARATE_TAGS: usize = 3;

/// How much of the result is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The first matches in order.
    Page,
    /// All matches, for counting.
    All,
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
    /// The public occurrences that meet a condition.
    Listed(Condition),
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
    /// Whether the selected columns, or a condition, are the event's.
    pub(super) reads_event: bool,
    /// Index lookups that may become the driver.
    lookups: Vec<IndexLookup>,
    /// The search that ranks the result, if it is sorted by relevance.
    ranked_by: Option<SearchQuery>,
    /// The tier of the result that is read.
    tier: RankTier,
}

impl AgendaPlan {
    /// Plans the query of a filter.
    ///
    /// `categories` are the ids of the filter's categories, if it has several.
    pub(super) fn new(
        dialect: Dialect,
        filter: &AgendaFilter,
        visible: VisibleScope,
        extent: Extent,
        now: Timestamp,
        categories: Vec<CategoryId>,
    ) -> Self {
        let mut plan = Self {
            dialect,
            driver: Driver::Occurrences,
            conditions: Vec::new(),
            since: None,
            reads_event: false,
            lookups: Vec::new(),
            ranked_by: None,
            tier: RankTier::Unranked,
        };
        match filter.categories.as_slice() {
            [] => {}
            [slug] => plan.require(Condition::CategorySlug(slug.clone())),
            _ => plan.require(Condition::AnyCategory(categories)),
        }
        plan.require_tags(&filter.tags);
        if let Some(user) = filter.registered {
            plan.require(Condition::RegisteredBy(user));
            plan.require(Condition::NotDraft);
        }
        plan.require_substrings(filter.substrings());
        plan.require_words(filter);
        if visible == VisibleScope::Listed {
            plan.require(Condition::Listed);
        }
        let named = [filter.organizer.map(Condition::Organizer), filter.event.map(Condition::Event)];
        named.into_iter().flatten().for_each(|condition| plan.require(condition));
        if extent != Extent::AnyTime {
            plan.since = Some(Since::new(filter, now));
            let to = filter.to.into_iter().flat_map(|to| start_conditions(Edge::To, to));
            to.for_each(|condition| plan.require(condition));
        }
        if filter.available {
            plan.require_available(visible, now);
        }
        let status = [filter.status.map(Condition::Status), filter.event_status.map(Condition::EventStatus)];
        status.into_iter().flatten().for_each(|condition| plan.require(condition));
        plan
    }

    pub(super) fn require(&mut self, condition: Condition) {
        self.reads_event |= condition.reads_event();
        self.conditions.push(condition);
    }

    /// Whether a condition reads the row of `search_documents`.
    pub(super) fn reads_document(&self) -> bool {
        self.conditions.iter().any(Condition::reads_document)
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
        let mut tags: Vec<String> = folded.into_iter().collect();
        let rest = tags.split_off(tags.len().min(SEPARATE_TAGS));
        for tag in tags {
            if self.dialect == Dialect::Sqlite {
                self.lookups.push(IndexLookup::Tag(tag.clone()));
            }
            self.require(Condition::Tag(tag));
        }
        if !rest.is_empty() {
            self.require(Condition::AllTags(rest));
        }
    }

    /// Requires substrings of title and location. SQLite may look them up in a trigram index; PostgreSQL
    /// plans `LIKE` with its own.
    fn require_substrings(&mut self, substrings: Vec<(TextColumn, String)>) {
        if self.dialect == Dialect::Sqlite {
            self.lookups.extend(IndexLookup::trigrams(
                substrings.iter().filter(|(_, text)| text.chars().count() >= TRIGRAM_LENGTH),
            ));
        }
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

    /// The parts of the plan, of which the last one has the latest starts. They have no occurrence in common.
    pub(super) fn parts(mut self) -> Vec<Self> {
        let Some(since) = self.since.take() else { return vec![self] };
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
        let mut parts: Vec<Self> = parts::earlier(&since).into_iter().map(part).collect();
        self.conditions.extend(parts::later(&since));
        parts.push(self);
        parts
    }

    /// The parts that a page after a position may reach into, each with only the rows after it.
    pub(super) fn parts_beyond(self, position: Option<SortKey>, comparison: Comparison) -> Vec<Self> {
        let since = self.since;
        let has_passed = |position: SortKey| {
            let start = self.start_at(position);
            comparison == Comparison::Greater && since.is_some_and(|since| start > since.begun_by())
        };
        let only_later = position.is_some_and(has_passed);
        let mut parts = self.parts();
        if only_later {
            parts.drain(..parts.len() - 1);
        }
        parts.into_iter().map(|part| part.beyond(position, comparison)).collect()
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
            if let Some(scope) = tier.scope() {
                // A lookup within the scope finds fewer rows than one in all texts.
                self.lookups.retain(|lookup| !matches!(lookup, IndexLookup::Words(..)));
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

    /// The lookups that may drive the query, in order of preference: the first one that qualifies is taken.
    ///
    /// Those that find texts qualify always if all matches are needed; otherwise, and those that find tags,
    /// if they find few rows.
    pub(super) fn take_lookups(&mut self, extent: Extent) -> Vec<(IndexLookup, Qualifies)> {
        let qualifies = |lookup: &IndexLookup| match (extent, lookup) {
            (Extent::All, IndexLookup::Trigrams(_) | IndexLookup::Words(..)) => Qualifies::Always,
            _ => Qualifies::IfFew,
        };
        let lookups = std::mem::take(&mut self.lookups).into_iter();
        lookups.map(|lookup| (qualifies(&lookup), lookup)).map(|(when, lookup)| (lookup, when)).collect()
    }

    /// Drops conditions that the lookup of the driver has verified already.
    pub(super) fn without_verified(mut self) -> Self {
        if matches!(self.driver, Driver::Lookup(IndexLookup::Words(..))) {
            self.conditions.retain(|condition| !matches!(condition, Condition::Phrase(_)));
        }
        self
    }

    /// The probe of a page: the conditions on the document are applied to the first occurrences that meet all
    /// others. A full page found there is the answer.
    ///
    /// `None` if there is no condition on the document, or another driver is chosen already.
    pub(super) fn probe(&self, comparison: Comparison) -> Option<Probe> {
        if !self.reads_document() || self.driver != Driver::Occurrences {
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
            // PostgreSQL would start at all events with a tag.
            condition if condition.is_tag() => self.dialect == Dialect::Postgres,
            condition => condition.reads_document(),
        };
        let (mut outer, inner): (Vec<_>, Vec<_>) = self.conditions.iter().cloned().partition(is_outer);
        if self.dialect == Dialect::Postgres {
            // All tags in one condition, which is cheap to test for a single occurrence.
            let tags: Vec<String> = outer.iter().filter_map(tags).flatten().cloned().collect();
            outer.retain(|condition| !condition.is_tag());
            if !tags.is_empty() {
                outer.push(Condition::AllTags(tags));
            }
        }
        Some(Probe { inner: Self { conditions: inner, ..self.clone() }, outer })
    }

    /// How PostgreSQL plans the statement. The plain agenda has one good plan, whatever the values.
    pub(super) const fn planning(&self) -> Planning {
        if self.conditions.len() <= 2 { Planning::Cached } else { Planning::ByValue }
    }
}

/// When a lookup becomes the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Qualifies {
    Always,
    /// If it finds few rows, which only the database knows.
    IfFew,
}

/// The two parts of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    /// Selects the occurrences to look at.
    pub(super) inner: AgendaPlan,
    /// The conditions that these are tested for.
    pub(super) outer: Vec<Condition>,
}

fn tags(condition: &Condition) -> Option<&[String]> {
    match condition {
        Condition::Tag(tag) => Some(std::slice::from_ref(tag)),
        Condition::AllTags(tags) => Some(tags),
        _ => None,
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
