//! Long series are created in steps, between which others write.

use std::time::Duration;

use eventcore::{Options, Quotas};
use rstest::rstest;
use tests::{Kind, TestDb, new_event};

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
    let quotas = Quotas { occurrences_per_event: Some(30), ..Quotas::default() };
    let options = Options { clock: Box::new(db.clock.clone()), quotas, ..Options::default() };
    let core = eventcore::EventCore::connect(&db.url, options).await.unwrap();
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
