//! Quotas of an account, whatever happens at the same time, and long series, which are created in steps
//! between which others write.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eventcore::comments::CommentInput;
use eventcore::events::DuplicateInput;
use eventcore::{EventCore, Quotas, Result};
use futures_util::future::{Either, select};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, new_event, refusal_code};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_write_while_a_long_series_is_created(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let creating = tokio::spawn({
        let core = db.core.clone();
        async move { core.create_event(&ada, &new_event().rule("FREQ=HOURLY").input()).await }
    });
    // Bob's event is stored before the series is complete.
    while db.number("SELECT count(*) FROM occurrences").await == 0 {
        tokio::task::yield_now().await;
    }
    db.core.create_event(&bob, &new_event().input()).await.unwrap();
    let meanwhile = db.number("SELECT count(*) FROM occurrences").await;
    let series = creating.await.unwrap().unwrap();
    assert!(meanwhile < series.occurrence_count, "{meanwhile} of {}", series.occurrence_count);
    // From 4 March 2027 to 22 November 2028, the horizon.
    assert_eq!(series.occurrence_count, 15_088);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nearer_horizon_moves_as_occurrences_pass(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada] = db.people(["ada"]).await;
    let core = with_quotas(&db, Quotas { occurrences_per_event: Some(30), ..Quotas::default() }).await;
    let start = core.now().plus(Duration::from_hours(1)).to_string();
    let event = core.create_event(&ada, &new_event().starts_at(start).rule("FREQ=HOURLY").input()).await;
    assert_eq!(event.unwrap().occurrence_count, 30);
    assert_eq!(core.extend_schedules().await.unwrap(), 0);
    db.clock.advance(Duration::from_hours(10));
    // Of those, one starts at this very moment.
    assert_eq!(core.extend_schedules().await.unwrap(), 10);
    assert_eq!(core.extend_schedules().await.unwrap(), 0);
    assert_eq!(db.number("SELECT count(*) FROM occurrences").await, 40);
    core.close().await;
}

pub(super) async fn with_quotas(db: &TestDb, quotas: Quotas) -> EventCore {
    EventCore::builder().url(&db.url).clock(db.clock.clone()).quotas(quotas).connect().await.unwrap()
}

/// Runs an operation twice, the second time while the first is done and not committed. Returns the outcome of
/// the second.
async fn beside_another<T>(
    db: &TestDb,
    core: &EventCore,
    operation: impl AsyncFn(&EventCore) -> Result<T>,
) -> Result<T> {
    let first = core.begin_transaction().await.unwrap();
    operation(first.core()).await.unwrap();
    let second = pin!(operation(core));
    let it_waits = async {
        // On SQLite it waits for the only writer.
        while db.kind == Kind::Postgres && waiting(db).await == 0 {
            tests::pause().await;
        }
    };
    match select(second, pin!(it_waits)).await {
        Either::Left((done, _)) => {
            first.commit().await.unwrap();
            done
        }
        Either::Right(((), second)) => {
            first.commit().await.unwrap();
            second.await
        }
    }
}

async fn waiting(db: &TestDb) -> i64 {
    db.number(
        "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_quota_is_exceeded_by_two_operations_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (series, mut starts) = (new_event().rule("FREQ=DAILY;COUNT=2"), Vec::new());
    let mut events = Vec::new();
    for _ in 0..2 {
        let event = db.core.create_event(&ada, &series.input()).await.unwrap().id;
        starts.push(db.occurrence_ids(event).await[1]);
        events.push(event);
    }
    let events_left = |left: u32| Quotas { events_per_day: Some(2 + left), ..Quotas::UNLIMITED };
    let occurrences_left =
        |left: u32| Quotas { occurrences_per_account: Some(4 + left), ..Quotas::UNLIMITED };
    let calls = AtomicUsize::new(0);
    let nth = || calls.fetch_add(1, Ordering::Relaxed) % 2;

    let core = with_quotas(&db, occurrences_left(1)).await;
    let grown = json!({"recurrence": {"rrule": "FREQ=DAILY;COUNT=3"}});
    let grow = async |core: &EventCore| core.change_event(&ada, events[nth()], &grown, None).await;
    assert_eq!(refusal_code(Box::pin(beside_another(&db, &core, grow)).await), "quota_exceeded");
    // Five of them now.
    let core = with_quotas(&db, occurrences_left(2)).await;
    let create = async |core: &EventCore| core.create_event(&ada, &new_event().input()).await;
    assert_eq!(refusal_code(Box::pin(beside_another(&db, &core, create)).await), "quota_exceeded");

    let core = with_quotas(&db, events_left(2)).await;
    assert_eq!(refusal_code(Box::pin(beside_another(&db, &core, create)).await), "quota_exceeded");
    let core = with_quotas(&db, events_left(3)).await;
    let copy = DuplicateInput { starts_at: "2027-06-01T10:00:00".parse().ok(), ..Default::default() };
    let duplicate = async |core: &EventCore| core.duplicate_event(&ada, events[0], &copy).await;
    assert_eq!(refusal_code(beside_another(&db, &core, duplicate).await), "quota_exceeded");
    let core = with_quotas(&db, events_left(4)).await;
    let split = async |core: &EventCore| core.split_event(&ada, starts[nth()], &json!({}), None).await;
    assert_eq!(refusal_code(beside_another(&db, &core, split).await), "quota_exceeded");

    for quotas in [
        Quotas { comments_per_minute: Some(1), ..Quotas::UNLIMITED },
        Quotas { comments_per_day: Some(2), ..Quotas::UNLIMITED },
    ] {
        let core = with_quotas(&db, quotas).await;
        let body = CommentInput { body: "Who plays?".to_owned(), ..Default::default() };
        let comment = async |core: &EventCore| core.add_comment(&bob, events[0], &body).await;
        assert_eq!(refusal_code(beside_another(&db, &core, comment).await), "quota_exceeded");
        db.clock.advance(Duration::from_mins(2));
    }
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_and_jobs_count_against_the_quota_of_the_organizer(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada] = db.people(["ada"]).await;
    let root = db.admin("root").await;
    // All steps count when the event is created.
    let quotas = Quotas { occurrences_per_account: Some(550), ..Quotas::UNLIMITED };
    let core = with_quotas(&db, quotas).await;
    let daily = new_event().rule("FREQ=DAILY").input();
    assert_eq!(refusal_code(core.create_event(&ada, &daily).await), "quota_exceeded");
    assert!(core.create_event(&root, &daily).await.unwrap().occurrence_count > 550);

    let quotas = Quotas { occurrences_per_event: Some(540), ..quotas };
    let core = with_quotas(&db, quotas).await;
    let start = core.now().plus(Duration::from_hours(1)).to_string();
    let hourly = new_event().starts_at(start).rule("FREQ=HOURLY").input();
    assert_eq!(core.create_event(&ada, &hourly).await.unwrap().occurrence_count, 540);
    core.create_event(&ada, &new_event().rule("FREQ=DAILY;COUNT=10").input()).await.unwrap();
    db.clock.advance(Duration::from_hours(10));
    core.create_event(&ada, &new_event().rule("FREQ=DAILY;COUNT=4").input()).await.unwrap();
    // Ten are over, and others took four of their places.
    let ada_ahead = "SELECT count(*) FROM occurrences o JOIN users u ON u.id = o.organizer_id
        WHERE u.username = 'ada'";
    let before = db.number(ada_ahead).await;
    core.extend_schedules().await.unwrap();
    assert_eq!(db.number(ada_ahead).await - before, 6);
    db.check().await;
}
