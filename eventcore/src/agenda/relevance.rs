//! The tiers of a list that is sorted by relevance.

use super::condition::{Comparison, Condition};
use crate::page::SortKey;
use crate::search::{SearchQuery, SearchScope};

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
    pub(super) const fn offset(self) -> i64 {
        match self {
            Self::Unranked | Self::Title => 0,
            Self::Head => TIER_WIDTH,
            Self::Rest => 2 * TIER_WIDTH,
        }
    }

    /// The tiers of a ranked list that a page may reach into, in the direction of reading.
    pub(super) fn reached(position: Option<SortKey>, comparison: Comparison) -> Vec<Self> {
        let reached = |tier: &Self| {
            position.is_none_or(|key| match comparison {
                Comparison::Greater => key.number < tier.offset() + TIER_WIDTH,
                Comparison::Less => key.number >= tier.offset(),
            })
        };
        let mut tiers: Vec<_> = [Self::Title, Self::Head, Self::Rest].into_iter().filter(reached).collect();
        if comparison == Comparison::Less {
            tiers.reverse();
        }
        tiers
    }

    /// The part of the document in which all words occur, if the tier requires one.
    pub(super) const fn scope(self) -> Option<SearchScope> {
        match self {
            Self::Title => Some(SearchScope::Title),
            Self::Head => Some(SearchScope::Head),
            Self::Unranked | Self::Rest => None,
        }
    }

    /// The conditions of the tier.
    pub(super) fn conditions(self, search: &SearchQuery) -> Vec<Condition> {
        let phrases = search.required_substrings();
        let outside = match self {
            Self::Unranked | Self::Title => None,
            Self::Head => Some(SearchScope::Title),
            Self::Rest => Some(SearchScope::Head),
        };
        let inside = self.scope().map(|scope| Condition::AllWithin(scope, phrases.clone()));
        let outside = outside.map(|scope| Condition::NotAllWithin(scope, phrases));
        inside.into_iter().chain(outside).collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_page_reaches_into_the_tiers_from_its_position_on() {
        let reached =
            |number, comparison| RankTier::reached(Some(SortKey { number, id: Uuid::nil() }), comparison);
        let (title, head, rest) = (RankTier::Title, RankTier::Head, RankTier::Rest);
        assert_eq!(RankTier::reached(None, Comparison::Greater), [title, head, rest]);
        assert_eq!(reached(5, Comparison::Greater), [title, head, rest]);
        assert_eq!(reached(TIER_WIDTH + 5, Comparison::Greater), [head, rest]);
        assert_eq!(reached(2 * TIER_WIDTH + 5, Comparison::Greater), [rest]);
        assert_eq!(reached(2 * TIER_WIDTH + 5, Comparison::Less), [rest, head, title]);
        assert_eq!(reached(5, Comparison::Less), [title]);
    }
}
