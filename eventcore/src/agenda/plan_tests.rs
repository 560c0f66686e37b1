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
    plan.parts().later
}

fn plan_of(dialect: Dialect, filter: &AgendaFilter, extent: Extent) -> AgendaPlan {
    AgendaPlan::new(dialect, filter, VisibleScope::Listed, extent, NOW)
}

fn words(q: &str) -> AgendaFilter {
    AgendaFilter { q: Some(q.to_owned()), ..AgendaFilter::default() }
}

#[test]
fn the_plain_agenda_scans_public_occurrences_by_start() {
    let plan = plan_of(Dialect::Postgres, &AgendaFilter::default(), Extent::Page);
    let PlanParts { earlier, later, .. } = plan.clone().parts();
    let [ongoing] = &earlier[..] else { panic!("{earlier:?}") };
    assert_eq!(later.conditions, [Condition::Listed, Condition::Start(Edge::From, LATER)]);
    assert_eq!((&later.driver, later.scanned_index()), (&Driver::Occurrences, Some("agenda")));
    assert_eq!(later.probe(Comparison::Greater), None);
    assert_eq!(later.lookups_to_count(Extent::Page), []);
    // All-day occurrences of today have begun, but are upcoming.
    assert_eq!(ongoing.conditions, [Condition::Listed]);
    assert_eq!(ongoing.driver, Driver::Ongoing(Ongoing::AllDay, NOW));

    // Pages that continue after now cannot have any of them; those before a position can.
    let at = |micros| Some(SortKey { number: micros, id: Uuid::nil() });
    let earlier = |at, comparison| plan.clone().parts_beyond(at, comparison).earlier.len();
    assert_eq!(earlier(at(1_000_001), Comparison::Greater), 0);
    assert_eq!(earlier(at(1_000_000), Comparison::Greater), 1);
    assert_eq!(earlier(at(1_000_001), Comparison::Less), 1);
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

        // All matches are collected from the documents, without a count.
        let mut all = plan_of(dialect, &words("jazz -winter"), Extent::All);
        assert_eq!(all.lookups_to_count(Extent::All), []);
        all.choose_driver(Extent::All, &[]);
        assert_eq!((all.driver_name(), all.probe(Comparison::Greater)), ("words", None));
        // The index verified what is required, not what is excluded.
        let left = all.untested();
        assert!(!left.contains(&Condition::Phrase(jazz)), "{left:?}");
        assert!(left.contains(&Condition::NoPhrase(winter)), "{left:?}");
    }
}

#[test]
fn exclusions_alone_are_never_looked_up() {
    let plan = plan_of(Dialect::Sqlite, &words("-winter"), Extent::All);
    assert_eq!(plan.lookups_to_count(Extent::All), []);
    assert_eq!(plan.possible_drivers(), [Driver::Occurrences]);
    assert_eq!(plan_of(Dialect::Sqlite, &words("🎉"), Extent::All).conditions[0], Condition::Never);
}

/// Where a query begins: by filter, database, extent and the counts of its lookups.
#[test]
fn the_lookup_with_the_fewest_rows_drives_if_these_are_few() {
    let tagged = AgendaFilter { tags: vec!["#B".to_owned(), "a".to_owned()], ..words("jazz") };
    let title = |text: &str| AgendaFilter { title: Some(text.to_owned()), ..AgendaFilter::default() };
    let category = AgendaFilter { categories: vec!["concert".to_owned()], ..words("jazz") };
    let (lite, pg) = (Dialect::Sqlite, Dialect::Postgres);
    let (few, many) = (FEW_MATCHES, FEW_MATCHES + 1);
    for (dialect, filter, extent, counts, driver) in [
        // The lookups are the tags a and b, then the words.
        (lite, &tagged, Extent::Page, &[many, 7, few][..], "tag"),
        (pg, &tagged, Extent::Page, &[many, 7, few], "tag"),
        (pg, &tagged, Extent::Page, &[many, many, few], "words"),
        (pg, &tagged, Extent::Page, &[many, many, many], "agenda"),
        (lite, &tagged, Extent::All, &[many, many, many], "words"),
        (lite, &tagged, Extent::All, &[many, 0, 0], "tag"),
        (pg, &words("jazz"), Extent::Page, &[many], "agenda"),
        (pg, &category, Extent::Page, &[many], "agenda_of_category"),
        (pg, &category, Extent::Page, &[few], "words"),
        // Two characters are too few for a trigram: all documents are read.
        (lite, &title("ba"), Extent::Page, &[few], "substrings"),
        (lite, &title("bar"), Extent::Page, &[few], "trigrams"),
        (pg, &title("bar"), Extent::Page, &[few], "substrings"),
        (pg, &title("ba"), Extent::All, &[], "substrings"),
        (pg, &AgendaFilter::default(), Extent::All, &[], "agenda"),
    ] {
        let mut plan = later(plan_of(dialect, filter, extent));
        assert_eq!(plan.lookups_to_count(extent).len(), counts.len(), "{filter:?}");
        plan.choose_driver(extent, counts);
        assert_eq!(plan.driver_name(), driver, "{dialect:?} {filter:?} {extent:?} {counts:?}");
    }
}

#[test]
fn a_scan_takes_the_index_with_the_fewest_occurrences() {
    let id = Uuid::nil();
    let concert = AgendaFilter { categories: vec!["concert".to_owned()], ..AgendaFilter::default() };
    let of_organizer = AgendaFilter { organizer: Some(id.into()), ..concert.clone() };
    let of_event = AgendaFilter { event: Some(id.into()), ..of_organizer.clone() };
    let of_attendee = AgendaFilter { registered: Some(id.into()), ..of_organizer.clone() };
    let categories = ["concert", "fair"].map(str::to_owned).to_vec();
    let several = AgendaFilter { categories, ..AgendaFilter::default() };
    for (filter, visible, index) in [
        (&AgendaFilter::default(), VisibleScope::Listed, Some("agenda")),
        (&concert, VisibleScope::Listed, Some("agenda_of_category")),
        (&several, VisibleScope::Listed, Some("agenda")),
        (&of_organizer, VisibleScope::Listed, Some("occurrences_of_organizer")),
        (&of_organizer, VisibleScope::All, Some("occurrences_of_organizer")),
        (&of_event, VisibleScope::All, Some("occurrences_of_event")),
        (&of_attendee, VisibleScope::All, None),
    ] {
        let plan = AgendaPlan::new(Dialect::Sqlite, filter, visible, Extent::Page, NOW);
        assert_eq!(plan.scanned_index(), index, "{filter:?}");
    }
}

#[test]
fn a_tier_of_relevance_narrows_the_lookup() {
    let filter = AgendaFilter { by_relevance: true, ..words("jazz") };
    let plan = plan_of(Dialect::Sqlite, &filter, Extent::Page);
    assert_eq!(plan.tiers(None, Comparison::Greater).len(), 3);
    let title = plan.clone().within(RankTier::Title);
    let phrases = vec![" jazz".to_owned()];
    assert_eq!(title.conditions.last(), Some(&Condition::AllWithin(SearchScope::Title, phrases.clone())));
    let lookups = title.lookups_to_count(Extent::Page);
    assert!(matches!(lookups, [IndexLookup::Words { scope: SearchScope::Title, .. }]), "{lookups:?}");
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
