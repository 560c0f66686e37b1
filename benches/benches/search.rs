//! Search, facets and insights over 100,000 labelled occurrences: `cargo bench -p benches --bench search`.
//!
//! Runs on the database that `DATABASE_URL` names, by default a temporary SQLite file.

#![expect(clippy::unwrap_used, reason = "a benchmark cannot continue without its data")]

use std::time::{Duration, Instant};

use benches::Latencies;
use criterion::{Criterion, criterion_group, criterion_main};
use eventcore::agenda::{AgendaFilter, Bound};
use eventcore::db::{Dialect, Queries, Sql};
use eventcore::{Actor, EventCore, EventId, PageRequest};
use tokio::runtime::Runtime;

/// Loads the first page of 20 occurrences. Returns how many there are.
async fn load_page(core: &EventCore, filter: &AgendaFilter) -> usize {
    core.occurrences(&Actor::Anonymous, filter, &PageRequest::first(20)).await.unwrap().items.len()
}

fn query(q: &str) -> AgendaFilter {
    AgendaFilter { q: Some(q.to_owned()), ..AgendaFilter::default() }
}

/// Opens a database and fills it: labelled occurrences, and an event with 100,000 registrations. A database
/// that an earlier run has filled is used as it is.
async fn open_filled(url: &str) -> (EventCore, Actor, EventId) {
    let core = benches::open(url).await.unwrap();
    let filter = AgendaFilter { title: Some("Course".to_owned()), ..AgendaFilter::default() };
    let known = core.events(&Actor::Anonymous, &filter, &PageRequest::first(1)).await.unwrap();
    if let Some(course) = known.items.first() {
        let organizer = benches::organizer(&core).await.unwrap();
        return (core, organizer, course.id);
    }
    benches::seed_events(&core, benches::OCCURRENCES, benches::labelled_event).await.unwrap();
    let organizer = benches::organizer(&core).await.unwrap();
    let event = benches::seed_series_with_registrations(&core, 100, 1_000).await.unwrap();
    if core.db().dialect() == Dialect::Postgres {
        // Autovacuum would do this some time later.
        let mut db = core.db().read().await.unwrap();
        db.query(Sql::portable("VACUUM ANALYZE")).execute().await.unwrap();
    }
    (core, organizer, event)
}

fn search(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| format!("sqlite://{}/events.db", folder.path().display()));
    let (core, organizer, event) = runtime.block_on(open_filled(&url));
    let cases = [
        ("agenda, no filter", AgendaFilter::default()),
        ("three words, a few occurrences", query("pottery evening 4716")),
        ("three words, 22,500 occurrences", query("pottery evening pizza")),
        ("three words, by relevance", AgendaFilter { by_relevance: true, ..query("pottery evening pizza") }),
        ("a word of every occurrence, without another", query("evening -rust")),
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
        assert!(runtime.block_on(load_page(&core, filter)) > 0, "{name}");
        criterion.bench_function(name, |bench| bench.to_async(&runtime).iter(|| load_page(&core, filter)));
    }
    for (name, filter) in [
        ("facets of all occurrences", AgendaFilter::default()),
        ("facets of a search", query("pottery evening pizza")),
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
            assert_eq!(insights.occurrences.len(), 100);
        });
    });
    criterion.bench_function("insights of an organizer", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| async { core.organizer_insights(&organizer).await.unwrap().events.len() });
    });
    runtime.block_on(print_query_latencies(&core));
    runtime.block_on(core.close());
}

/// Prints the latencies of 2,000 different searches for three words, one after the other.
async fn print_query_latencies(core: &EventCore) {
    let mut latencies: Vec<Duration> = Vec::with_capacity(2_000);
    for number in 0..2_000 {
        let filter = query(&benches::three_word_query(number));
        let begun = Instant::now();
        load_page(core, &filter).await;
        latencies.push(begun.elapsed());
    }
    let latencies = Latencies::new(latencies);
    println!(
        "2,000 searches for three words: median {:?}, p99 {:?}, slowest {:?}",
        latencies.percentile(50),
        latencies.percentile(99),
        latencies.percentile(100)
    );
}

criterion_group!(all, search);
criterion_main!(all);
