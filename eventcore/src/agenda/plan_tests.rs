//! Plans of agenda queries: which conditions a filter makes, and where the database begins to look.

use chrono::NaiveDate;
use chrono_tz::Tz;
use uuid::Uuid;

use super::*;
use crate::agenda::Bound;
use crate::agenda::since::MAX_DAY_SHIFT;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);
/// The first instant after now.
const LATER: Timestamp = Timestamp::from_micros(1_000_001);

/// The part of a plan with the latest starts.
fn later(plan: AgendaPlan) -> AgendaPlan {
    plan.parts().pop().unwrap()
}

fn plan_of(dialect: Dialect, filter: &AgendaFilter, extent: Extent) -> AgendaPlan {
    AgendaPlan::new(dialect, filter, VisibleScope::Listed, extent, NOW, Vec::new())
}

fn words(q: &str) -> AgendaFilter {
    AgendaFilter { q: Some(q.to_owned()), ..AgendaFilter::default() }
}

#[test]
fn the_plain_agenda_scans_public_occurrences_by_start() {
    let plan = plan_of(Dialect::Postgres, &AgendaFilter::default(), Extent::Page);
    let parts = plan.clone().parts();
    let [ongoing, later] = &parts[..] else { panic!("{parts:?}") };
    assert_eq!(later.conditions, [Condition::Listed, Condition::Start(Edge::From, LATER)]);
    assert_eq!((&later.driver, later.planning()), (&Driver::Occurrences, Planning::Cached));
    assert_eq!(later.probe(Comparison::Greater), None);
    assert_eq!(later.clone().take_lookups(Extent::Page), []);
    // All-day occurrences of today have begun, but are upcoming.
    assert_eq!(ongoing.conditions, [Condition::Listed]);
    assert_eq!(ongoing.driver, Driver::Ongoing(Ongoing::AllDay, NOW));

    // Pages that continue after now cannot have any of them; those before a position can.
    let at = |micros| Some(SortKey { number: micros, id: Uuid::nil() });
    assert_eq!(plan.clone().parts_beyond(at(1_000_001), Comparison::Greater).len(), 1);
    assert_eq!(plan.clone().parts_beyond(at(1_000_000), Comparison::Greater).len(), 2);
    assert_eq!(plan.parts_beyond(at(1_000_001), Comparison::Less).len(), 2);
}

#[test]
fn a_day_is_bounded_by_instant_for_the_index_and_by_day_exactly() {
    let day = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
    let bound = Bound::Day(day, Tz::Europe__Berlin);
    let filter = AgendaFilter { from: Some(bound), ..AgendaFilter::default() };
    let plan = later(plan_of(Dialect::Sqlite, &filter, Extent::Page));
    let at = bound.instant();
    let exact = Condition::StartDay(Edge::From, at, day);
    let start = Condition::Start(Edge::From, at.minus(MAX_DAY_SHIFT));
    assert_eq!(plan.conditions, [Condition::Listed, exact.clone(), start.clone()]);

    // A cursor beyond the bound of the index replaces it, and never the exact bound.
    let key = |at: Timestamp| Some(SortKey { number: at.as_micros(), id: Uuid::nil() });
    let beyond = plan.clone().beyond(key(at), Comparison::Greater).conditions;
    assert_eq!(beyond, [Condition::Listed, exact, Condition::Beyond(Comparison::Greater, at, Uuid::nil())]);
    let backward = plan.beyond(key(at), Comparison::Less).conditions;
    assert!(backward.contains(&start), "{backward:?}");
}

#[test]
fn words_are_tested_along_the_agenda_or_looked_up() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let plan = later(plan_of(dialect, &words("jazz -winter"), Extent::Page));
        let probe = plan.probe(Comparison::Greater).unwrap();
        assert_eq!(probe.inner.conditions, [Condition::Listed, Condition::Start(Edge::From, LATER)]);
        let (jazz, winter) = (" jazz ".to_owned(), " winter ".to_owned());
        assert_eq!(probe.outer, [Condition::Phrase(jazz.clone()), Condition::NoPhrase(winter.clone())]);

        let mut all = plan_of(dialect, &words("jazz -winter"), Extent::All);
        let [(lookup, Qualifies::Always)] = &all.take_lookups(Extent::All)[..] else { panic!("{all:?}") };
        all.driver = Driver::Lookup(lookup.clone());
        assert_eq!(all.probe(Comparison::Greater), None);
        // The index verified what is required, not what is excluded.
        let left = all.without_verified().conditions;
        assert!(!left.contains(&Condition::Phrase(jazz)), "{left:?}");
        assert!(left.contains(&Condition::NoPhrase(winter)), "{left:?}");
    }
}

#[test]
fn exclusions_alone_are_never_looked_up() {
    let mut plan = plan_of(Dialect::Sqlite, &words("-winter"), Extent::All);
    assert_eq!(plan.take_lookups(Extent::All), []);
    assert_eq!(plan_of(Dialect::Sqlite, &words("🎉"), Extent::All).conditions[0], Condition::Never);
}

#[test]
fn tags_are_tested_last_in_a_probe_on_postgresql_and_looked_up_on_sqlite() {
    let tags = ["d", "#c", "B", "a"].map(str::to_owned).to_vec();
    let filter = AgendaFilter { tags, ..words("jazz") };
    let separate = ["a", "b", "c"].map(|tag| Condition::Tag(tag.to_owned()));
    let rest = Condition::AllTags(vec!["d".to_owned()]);
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut plan = later(plan_of(dialect, &filter, Extent::Page));
        assert_eq!(plan.conditions[..3], separate);
        assert_eq!(plan.conditions[3], rest);
        let probe = plan.probe(Comparison::Greater).unwrap();
        let all = Condition::AllTags(["a", "b", "c", "d"].map(str::to_owned).to_vec());
        let lookups = plan.take_lookups(Extent::Page);
        let tagged = lookups.iter().filter(|(lookup, _)| matches!(lookup, IndexLookup::Tag(_))).count();
        match dialect {
            Dialect::Sqlite => {
                assert_eq!((probe.outer.len(), tagged), (1, 3));
                assert!(probe.inner.conditions.contains(&rest));
            }
            Dialect::Postgres => {
                assert_eq!((probe.outer.last(), tagged), (Some(&all), 0));
                assert!(!probe.inner.conditions.iter().any(Condition::is_tag));
            }
        }
    }
}

#[test]
fn a_tier_of_relevance_narrows_the_lookup() {
    let filter = AgendaFilter { by_relevance: true, ..words("jazz") };
    let plan = plan_of(Dialect::Sqlite, &filter, Extent::Page);
    assert_eq!(plan.tiers(None, Comparison::Greater).len(), 3);
    let mut title = plan.clone().within(RankTier::Title);
    let phrases = vec![" jazz".to_owned()];
    assert_eq!(title.conditions.last(), Some(&Condition::AllWithin(SearchScope::Title, phrases.clone())));
    let lookups = title.take_lookups(Extent::Page);
    assert!(
        matches!(&lookups[..], [(IndexLookup::Words(SearchScope::Title, _), Qualifies::IfFew)]),
        "{lookups:?}"
    );
    let rest = plan.within(RankTier::Rest);
    assert_eq!(rest.conditions.last(), Some(&Condition::NotAllWithin(SearchScope::Head, phrases)));
}

#[test]
fn the_first_occurrence_of_an_event_meets_all_conditions_of_the_filter() {
    let plan = plan_of(Dialect::Sqlite, &words("jazz"), Extent::Page).first_of_each_event();
    let (first, others) = plan.conditions.split_last().unwrap();
    let mut conditions = others.to_vec();
    conditions.push(Condition::Since(plan.since.unwrap()));
    assert_eq!(*first, Condition::FirstOfEvent(conditions));
    // Its own conditions on a document are not the query's.
    assert!(!first.reads_document());
}

#[test]
fn more_tags_than_an_event_can_have_match_nothing() {
    let tags = (0..=categories::MAX_TAGS).map(|n| format!("t{n}")).collect();
    let filter = AgendaFilter { tags, ..AgendaFilter::default() };
    assert_eq!(plan_of(Dialect::Postgres, &filter, Extent::Page).conditions[0], Condition::Never);
}
