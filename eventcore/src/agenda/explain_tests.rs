//! What SQLite does for pages of the agenda.

use super::{PageStatement, position};
use crate::agenda::condition::Comparison;
use crate::agenda::plan::{AgendaPlan, Extent, VisibleScope};
use crate::agenda::{AgendaFilter, Bound};
use crate::core::EventCore;
use crate::db::Dialect;
use crate::page::{Keyset, Order, PageRequest};

/// The steps for the first page of a filter.
async fn steps(core: &EventCore, filter: &AgendaFilter) -> Vec<String> {
    let keyset = Keyset::new(&PageRequest::first(20), "test", Order::Ascending).unwrap();
    let now = core.now();
    let plan = AgendaPlan::new(Dialect::Sqlite, filter, VisibleScope::Listed, Extent::Page, now, Vec::new());
    let before = format!("EXPLAIN QUERY PLAN SELECT o.id, {} FROM (", position(&plan));
    let page = PageStatement { keyset: &keyset, limit: 21, before, after: ") AS o" };
    let parts = plan.parts_beyond(None, Comparison::Greater);
    let mut db = core.db().read().await.unwrap();
    let rows: Vec<(i64, i64, i64, String)> = page.write(&parts).query(&mut db).all().await.unwrap();
    rows.into_iter().map(|(.., step)| step).collect()
}

#[tokio::test]
async fn each_part_of_the_agenda_is_a_range_of_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let core = EventCore::open(&format!("sqlite://{}/events.db", folder.path().display())).await.unwrap();
    let now = Bound::At(core.now());
    for filter in [
        AgendaFilter::default(),
        AgendaFilter { current: true, ..AgendaFilter::default() },
        AgendaFilter { from: Some(now), ..AgendaFilter::default() },
    ] {
        let steps = steps(&core, &filter).await;
        let count = |text: &str| steps.iter().filter(|step| step.contains(text)).count();
        let agenda = 1 + usize::from(filter.current);
        assert_eq!(
            count("USING COVERING INDEX agenda (starts_at>") + count("USING INDEX agenda (starts_at>"),
            agenda,
            "{steps:#?}"
        );
        let ongoing = usize::from(filter.from.is_none());
        let by_length = "INDEX occurrences_by_length (length_class=? AND ends_at>? AND ends_at<?)";
        assert_eq!(count(by_length), ongoing, "{steps:#?}");
        assert_eq!(count("SCAN occurrences") + count("SCAN o "), 0, "{steps:#?}");
    }
    core.close().await;
}
