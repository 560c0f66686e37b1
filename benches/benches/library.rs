//! The library on an SQLite file with 100,000 occurrences: `cargo bench -p benches --bench library`.

#![expect(clippy::unwrap_used, reason = "a benchmark cannot continue without its data")]

use std::sync::atomic::{AtomicUsize, Ordering};

use criterion::{Criterion, criterion_group, criterion_main};
use eventcore::accounts::{Credentials, NewUser};
use eventcore::agenda::AgendaFilter;
use eventcore::recurrence::Recurrence;
use eventcore::time::TimeInput;
use eventcore::{Actor, Cursor, EventCore, PageRequest};
use tokio::runtime::Runtime;

/// Loads a page of 20 occurrences. Returns the cursor of the next one.
async fn load_page(core: &EventCore, cursor: Option<Cursor>) -> Option<Cursor> {
    let request = PageRequest::first(20).at(cursor);
    core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &request).await.unwrap().next
}

fn library(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (core, cursor_of_page_1000, organizer) = runtime.block_on(async {
        let core = benches::open(&format!("sqlite://{}/events.db", folder.path().display())).await.unwrap();
        benches::seed_events(&core, benches::OCCURRENCES, benches::event).await.unwrap();
        let mut cursor = None;
        for _ in 1..1_000 {
            cursor = load_page(&core, cursor).await;
        }
        let ada = NewUser {
            username: "ada".to_owned(),
            email: "ada@example.org".to_owned(),
            password: Some("correct horse 7".to_owned()),
            ..NewUser::default()
        };
        core.create_user(&Actor::System, &ada).await.unwrap();
        let organizer = benches::organizer(&core).await.unwrap();
        (core, cursor, organizer)
    });
    criterion
        .bench_function("agenda page 1", |bench| bench.to_async(&runtime).iter(|| load_page(&core, None)));
    criterion.bench_function("agenda page 1000", |bench| {
        bench.to_async(&runtime).iter(|| load_page(&core, cursor_of_page_1000.clone()))
    });
    let next = AtomicUsize::new(benches::OCCURRENCES);
    criterion.bench_function("create event", |bench| {
        bench.to_async(&runtime).iter(|| {
            let event = benches::event(next.fetch_add(1, Ordering::Relaxed));
            let core = &core;
            async move { core.create_event(&organizer, &event).await.unwrap().id }
        });
    });
    let tomorrow = core.now().to_utc().date_naive().succ_opt().unwrap();
    criterion.bench_function("create weekly event, two years ahead", |bench| {
        bench.to_async(&runtime).iter(|| {
            let mut event = benches::event(next.fetch_add(1, Ordering::Relaxed));
            event.starts_at = Some(TimeInput::Local(tomorrow.and_hms_opt(18, 30, 0).unwrap()));
            event.recurrence = Some(Recurrence::of("FREQ=WEEKLY".parse().unwrap()));
            let core = &core;
            async move {
                let event = core.create_event(&organizer, &event).await.unwrap();
                assert!(event.occurrence_count >= 104);
            }
        });
    });
    let credentials = Credentials {
        login: "ada".to_owned(),
        password: "correct horse 7".to_owned(),
        ..Credentials::default()
    };
    criterion.bench_function("sign in (argon2id)", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| async { core.sign_in(&credentials, None).await.unwrap().expires_in });
    });
    runtime.block_on(core.close());
}

criterion_group!(all, library);
criterion_main!(all);
