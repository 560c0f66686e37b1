//! The conditions of a filter on words, categories, tags, free seats and registrations, and the tiers of
//! relevance.

use std::collections::BTreeSet;

use super::filter::AgendaFilter;
use super::index_lookup::IndexLookup;
use super::query::{AgendaQuery, SqlValue, VisibleScope};
use crate::categories;
use crate::db::{Dialect, Queries};
use crate::error::Result;
use crate::events::{EventStatus, OccurrenceStatus};
use crate::fold::fold;
use crate::page::Keyset;
use crate::search::{SearchQuery, SearchScope};
use crate::time::Timestamp;

/// The distance between the sort keys of two tiers: larger than any start in microseconds.
const TIER_WIDTH: i64 = 1_000_000_000_000_000_000;

/// The tiers of a list: one, or three if it is sorted by relevance, by where the required words occur.
///
/// Within a tier occurrences are sorted by start, so that a page reads no more rows than it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RankTier {
    /// The whole list, sorted by start.
    Unranked,
    /// All words occur in the title.
    Title,
    /// All words occur in title, tags and location, but not all in the title.
    Head,
    /// The other matches.
    Rest,
}

impl RankTier {
    /// The sort key at which the tier begins.
    const fn offset(self) -> i64 {
        match self {
            Self::Unranked | Self::Title => 0,
            Self::Head => TIER_WIDTH,
            Self::Rest => 2 * TIER_WIDTH,
        }
    }
}

impl AgendaQuery {
    /// Requires and excludes the words of a search.
    pub(super) fn filter_words(&mut self, filter: &AgendaFilter) {
        let Some(text) = filter.search_text() else { return };
        let search = SearchQuery::parse(text);
        if search.is_empty() {
            // A search of signs only matches nothing.
            self.conditions.push("1 = 0".to_owned());
            return;
        }
        self.joins_documents = true;
        self.lookups.extend(IndexLookup::words(&search, SearchScope::All, self.dialect));
        for substring in search.required_substrings() {
            let condition = format!("{} > 0", self.token_position(substring));
            self.word_conditions.push(condition.clone());
            self.conditions.push(condition);
        }
        for substring in search.excluded_substrings() {
            let condition = format!("{} = 0", self.token_position(substring));
            self.conditions.push(condition);
        }
        self.ranked_by = (filter.by_relevance && search.has_required()).then_some(search);
    }

    /// SQL for the first position of a substring in the tokens, from 1; 0 if it does not occur.
    fn token_position(&mut self, substring: String) -> String {
        let placeholder = self.bind_value(SqlValue::Text(substring));
        match self.dialect {
            Dialect::Sqlite => format!("instr({{d}}.tokens, {placeholder})"),
            Dialect::Postgres => format!("strpos({{d}}.tokens, {placeholder})"),
        }
    }

    /// The tiers that a page may reach into, in the direction of reading.
    pub(super) fn rank_tiers(&self, keyset: &Keyset) -> Vec<RankTier> {
        if self.ranked_by.is_none() {
            return vec![RankTier::Unranked];
        }
        let reached = |tier: &RankTier| {
            keyset.position.is_none_or(|key| {
                if keyset.comparison() == ">" {
                    key.number < tier.offset() + TIER_WIDTH
                } else {
                    key.number >= tier.offset()
                }
            })
        };
        let mut tiers: Vec<_> =
            [RankTier::Title, RankTier::Head, RankTier::Rest].into_iter().filter(reached).collect();
        if keyset.comparison() == "<" {
            tiers.reverse();
        }
        tiers
    }

    /// Restricts the query to one tier.
    pub(super) fn select_tier(&mut self, tier: RankTier) {
        self.tier_offset = tier.offset();
        let Some(search) = self.ranked_by.clone() else { return };
        let (inside, outside) = match tier {
            RankTier::Unranked => (None, None),
            RankTier::Title => (Some(SearchScope::Title), None),
            RankTier::Head => (Some(SearchScope::Head), Some(SearchScope::Title)),
            RankTier::Rest => (None, Some(SearchScope::Head)),
        };
        if let Some(scope) = inside {
            // A lookup within the scope finds fewer rows than one in all texts.
            self.lookups.retain(|lookup| !matches!(lookup, IndexLookup::Words(..)));
            self.lookups.extend(IndexLookup::words(&search, scope, self.dialect));
            let condition = self.all_required_in(&search, scope);
            self.conditions.push(condition);
        }
        if let Some(scope) = outside {
            let condition = self.all_required_in(&search, scope);
            self.conditions.push(format!("NOT ({condition})"));
        }
    }

    /// The condition that all required words occur within a scope.
    fn all_required_in(&mut self, search: &SearchQuery, scope: SearchScope) -> String {
        let end = if scope == SearchScope::Title { "title_end" } else { "head_end" };
        let mut each = Vec::new();
        for substring in search.required_substrings() {
            let at = self.token_position(substring);
            each.push(format!("{at} BETWEEN 1 AND {{d}}.{end}"));
        }
        each.join(" AND ")
    }

    /// Filters by category, tags and the actor's own registrations.
    pub(super) async fn filter_labels(&mut self, db: &mut impl Queries, filter: &AgendaFilter) -> Result<()> {
        match filter.categories.as_slice() {
            [] => {}
            [slug] => {
                let placeholder = self.bind_value(SqlValue::Text(categories::without_nul(slug)));
                let category = format!("{} = {placeholder}", categories::ID_BY_SLUG);
                self.conditions.push(format!("{{o}}.category_id = ({category})"));
            }
            slugs => {
                let known = categories::find_by_slugs(db, slugs).await?;
                let placeholders: Vec<String> =
                    known.iter().map(|id| self.bind_value(SqlValue::Id(id.as_uuid()))).collect();
                // Unknown slugs match nothing.
                let any = if placeholders.is_empty() { "NULL".to_owned() } else { placeholders.join(", ") };
                self.conditions.push(format!("{{o}}.category_id IN ({any})"));
            }
        }
        self.filter_tags(&filter.tags);
        if let Some(user) = filter.registered {
            let placeholder = self.bind_value(SqlValue::Id(user.as_uuid()));
            self.conditions.push(format!(
                "{{o}}.id IN (SELECT r.occurrence_id FROM registrations r
                    WHERE r.user_id = {placeholder} AND r.status <> 'cancelled')"
            ));
            self.joins_events = true;
            self.compare("e.status <>", SqlValue::Text(EventStatus::Draft.as_str().to_owned()));
        }
        Ok(())
    }

    /// Requires free seats and open registration: the field `registration_open` of occurrences, in SQL.
    ///
    /// `starts_after_now` says that other conditions already exclude occurrences that have started.
    pub(super) fn filter_available(&mut self, visible: VisibleScope, starts_after_now: bool, now: Timestamp) {
        self.conditions.push("{o}.seats_taken < {o}.capacity".to_owned());
        self.compare("{o}.status =", SqlValue::Text(OccurrenceStatus::Scheduled.as_str().to_owned()));
        if visible == VisibleScope::All {
            // Listed events are published, or cancelled with all their occurrences that have not started.
            self.joins_events = true;
            self.compare("e.status =", SqlValue::Text(EventStatus::Published.as_str().to_owned()));
        }
        let at = self.bind_value(SqlValue::At(now));
        self.conditions
            .push(format!("({{o}}.registration_opens_at IS NULL OR {{o}}.registration_opens_at <= {at})"));
        self.conditions
            .push(format!("({{o}}.registration_closes_at IS NULL OR {{o}}.registration_closes_at > {at})"));
        if !starts_after_now {
            // The unary plus prevents SQLite from scanning the index on `starts_at` from there.
            let starts_at = match self.dialect {
                Dialect::Sqlite => "+{o}.starts_at",
                Dialect::Postgres => "{o}.starts_at",
            };
            self.conditions.push(format!("{starts_at} > {at}"));
        }
    }

    /// Requires all tags.
    ///
    /// The first three are conditions of their own, so that PostgreSQL can start with the rarest. With twenty
    /// it would spend seconds planning the order of the lookups.
    fn filter_tags(&mut self, tags: &[String]) {
        const SEPARATE: usize = 3;
        let folded: BTreeSet<String> =
            tags.iter().map(|tag| fold(tag.trim().trim_start_matches('#'))).collect();
        if folded.len() > categories::MAX_TAGS {
            // No event has that many.
            self.conditions.push("1 = 0".to_owned());
            return;
        }
        let mut placeholders = Vec::new();
        for (n, tag) in folded.into_iter().enumerate() {
            if n < SEPARATE && self.dialect == Dialect::Sqlite {
                self.lookups.push(IndexLookup::Tag(tag.clone()));
            }
            placeholders.push(self.bind_value(SqlValue::Text(tag)));
        }
        let all_of = |tags: &[String]| {
            let (count, tags) = (tags.len(), tags.join(", "));
            format!(
                "(SELECT count(*) FROM event_tags g
                    WHERE g.event_id = {{o}}.event_id AND g.folded IN ({tags})) = {count}"
            )
        };
        let (first, rest) = placeholders.split_at(placeholders.len().min(SEPARATE));
        let one = |tag: &String| {
            format!(
                "EXISTS (SELECT 1 FROM event_tags g WHERE g.event_id = {{o}}.event_id AND g.folded = {tag})"
            )
        };
        self.tag_conditions = first.iter().map(one).collect();
        if !rest.is_empty() {
            self.tag_conditions.push(all_of(rest));
        }
        self.conditions.extend(self.tag_conditions.clone());
        self.all_tags_condition = (!placeholders.is_empty()).then(|| all_of(&placeholders));
    }
}
