//! Search, facets and insights among 100,000 labelled dates: `cargo bench -p benches --bench search`, on an SQLite file, or on the PostgreSQL database that
//! `DATABASE_URL` names.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has no figure")]

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use eventcore::agenda::{AgendaFilter, Bound};
use eventcore::db::{Dialect, Queries, Sql};
use eventcore::{Actor, EventCore, EventId, PageRequest};
use tokio::runtime::Runtime;

async fn page(core: &EventCore, filter: &AgendaFilter) -> usize {
    core.occurrences(&Actor::Anonymous, filter, &PageRequest::first(20)).await.unwrap().items.len()
}

fn asks(q: &str) -> AgendaFilter {
    AgendaFilter { q: Some(q.to_owned()), ..AgendaFilter::default() }
}

/// All dates, an event with 100,000 registrations for its dates, and what PostgreSQL's own jobs would soon know of them. A database that an earlier run has
/// filled is taken as it is.
async fn filled(url: &str) -> (EventCore, Actor, EventId) {
    let core = EventCore::open(url).await.unwrap();
    let filter = AgendaFilter { title: Some("Course".to_owned()), ..AgendaFilter::default() };
    let known = core.events(&Actor::Anonymous, &filter, &PageRequest::first(1)).await.unwrap();
    if let Some(course) = known.items.first() {
        let organizer = benches::organizer(&core).await.unwrap();
        return (core, organizer, course.id);
    }
    benches::fill_with(&core, benches::DATES, benches::labelled).await.unwrap();
    let organizer = benches::organizer(&core).await.unwrap();
    let event = benches::course(&core, 100, 1_000).await.unwrap();
    if core.db().dialect() == Dialect::Postgres {
        let mut db = core.db().read().await.unwrap();
        db.query(Sql::same("VACUUM ANALYZE")).execute().await.unwrap();
    }
    (core, organizer, event)
}

fn search(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| format!("sqlite://{}/events.db", folder.path().display()));
    let (core, organizer, event) = runtime.block_on(filled(&url));
    let cases = [
        ("agenda, no filter", AgendaFilter::default()),
        ("three words, a few dates", asks("pottery evening 4716")),
        ("three words, 12,500 dates", asks("pottery evening pizza")),
        ("three words, by relevance", AgendaFilter { by_relevance: true, ..asks("pottery evening pizza") }),
        ("a word of every date, without another", asks("evening -rust")),
        (
            "five filters",
            AgendaFilter {
                categories: vec!["concert".to_owned()],
                tags: vec!["jazz".to_owned()],
                available: true,
                to: Some(Bound::At("2039-01-01T00:00:00Z".parse().unwrap())),
                q: Some("evening".to_owned()),
                ..AgendaFilter::default()
            },
        ),
        ("a rare tag", AgendaFilter { tags: vec!["series 42".to_owned()], ..AgendaFilter::default() }),
    ];
    for (name, filter) in &cases {
        assert!(runtime.block_on(page(&core, filter)) > 0, "{name}");
        criterion.bench_function(name, |bench| bench.to_async(&runtime).iter(|| page(&core, filter)));
    }
    for (name, filter) in [
        ("facets of all dates", AgendaFilter::default()),
        ("facets of a search", asks("pottery evening pizza")),
    ] {
        criterion.bench_function(name, |bench| {
            bench.to_async(&runtime).iter(|| async {
                core.facets(&Actor::Anonymous, &filter, chrono_tz::Tz::UTC).await.unwrap().total
            });
        });
    }
    criterion.bench_function("insights of an event", |bench| {
        bench.to_async(&runtime).iter(|| async {
            let insights = core.insights(&organizer, event).await.unwrap();
            assert_eq!(insights.dates.len(), 100);
        });
    });
    criterion.bench_function("insights of an organizer", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| async { core.organizer_insights(&organizer).await.unwrap().events.len() });
    });
    runtime.block_on(slowest(&core));
    runtime.block_on(core.close());
}

/// Prints the median and the 99th of a hundred of 2,000 different questions of three words, one after the other.
async fn slowest(core: &EventCore) {
    let mut took: Vec<Duration> = Vec::with_capacity(2_000);
    for number in 0..2_000 {
        let filter = asks(&benches::question(number));
        let begun = Instant::now();
        page(core, &filter).await;
        took.push(begun.elapsed());
    }
    took.sort();
    println!(
        "2,000 questions of three words: median {:?}, p99 {:?}, worst {:?}",
        took[1_000], took[1_980], took[1_999]
    );
}

criterion_group!(all, search);
criterion_main!(all);
