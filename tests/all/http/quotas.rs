//! Quotas of an account.

use std::time::Duration;

use eventcore::{Clock, SystemClock};
use rstest::rstest;
use serde_json::json;
use tests::{Client, Daemon, EventBuilder, Kind, TestDb, new_event_in_2031};

async fn limited(kind: Kind, arguments: &[&str]) -> Daemon {
    let db = TestDb::in_real_time(kind).await;
    Daemon::on(db, &[&["--limits", "on", "--workers", "0"], arguments].concat()).await
}

fn series(rule: &str) -> EventBuilder {
    new_event_in_2031().rule(rule)
}

async fn create(client: &Client, event: EventBuilder) -> String {
    client.post("/events", event.json()).await.expect(201).id()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_creates_few_events_a_day(#[case] kind: Kind) {
    let daemon = limited(kind, &["--events-per-day", "3"]).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let first = create(&ada, new_event_in_2031()).await;
    create(&ada, new_event_in_2031()).await;
    let copy = json!({"starts_at": "2031-05-01T10:00:00"});
    ada.post(&format!("/events/{first}/duplicate"), copy.clone()).await.expect(201);
    let refused = ada.post("/events", new_event_in_2031().json()).await.expect_problem(403, "quota-exceeded");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail, "too many events within 24 hours: at most 3 are allowed");
    let path = format!("/events/{first}/duplicate");
    ada.post(&path, copy).await.expect_problem(403, "quota-exceeded");
    // Others and admins are not concerned.
    create(&bob, new_event_in_2031()).await;
    let root = daemon.admin("root").await;
    for _ in 0..4 {
        create(&root, new_event_in_2031()).await;
    }
    // Splitting a series makes another event.
    let rule = series("FREQ=DAILY;COUNT=4");
    let series = create(&bob, rule).await;
    let occurrences = bob.occurrences(&series).await;
    bob.post(&format!("/occurrences/{}/split", occurrences[2]), json!({})).await.expect(201);
    let path = format!("/occurrences/{}/split", occurrences[1]);
    bob.post(&path, json!({})).await.expect_problem(403, "quota-exceeded");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_a_limited_number_of_future_occurrences(#[case] kind: Kind) {
    let arguments = ["--occurrences-per-account", "20", "--occurrences-per-event", "12"];
    let daemon = limited(kind, &arguments).await;
    let ada = daemon.user("ada").await;
    let too_large = ada.post("/events", series("FREQ=DAILY;COUNT=13").json()).await;
    let detail = too_large.expect_problem(403, "quota-exceeded").json()["detail"].clone();
    assert_eq!(detail, "too many occurrences of an event: at most 12 are allowed");
    create(&ada, series("FREQ=DAILY;COUNT=12")).await;
    let small = create(&ada, series("FREQ=DAILY;COUNT=8")).await;
    ada.post("/events", new_event_in_2031().json()).await.expect_problem(403, "quota-exceeded");
    // A change may not grow beyond the quota either, and one that shrinks is always allowed.
    let grown = json!({"recurrence": {"rrule": "FREQ=DAILY;COUNT=9"}});
    let path = format!("/events/{small}");
    ada.patch(&path, grown).await.expect_problem(403, "quota-exceeded");
    ada.patch(&path, json!({"recurrence": {"rrule": "FREQ=DAILY;COUNT=7"}})).await.expect(200);
    create(&ada, new_event_in_2031()).await;
    ada.patch(&path, json!({"title": "Other evening"})).await.expect(200);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_without_an_end_has_a_nearer_horizon(#[case] kind: Kind) {
    let daemon = limited(kind, &["--occurrences-per-event", "600"]).await;
    let ada = daemon.user("ada").await;
    let start = SystemClock.now().plus(Duration::from_hours(24));
    let event = new_event_in_2031().starts_at(start.to_string()).rule("FREQ=HOURLY");
    let event = ada.post("/events", event.json()).await.expect(201).json();
    assert_eq!(event["occurrence_count"], 600);
    let daily = new_event_in_2031().starts_at(start.to_string()).rule("FREQ=DAILY;INTERVAL=4");
    let daily = ada.post("/events", daily.json()).await.expect(201).json();
    assert!((180..=183).contains(&daily["occurrence_count"].as_i64().unwrap()), "{daily}");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_writes_few_comments_and_tokens(#[case] kind: Kind) {
    let daemon = limited(kind, &["--comments-per-minute", "3", "--tokens-per-account", "2"]).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let path = format!("/events/{}/comments", create(&ada, new_event_in_2031()).await);
    for _ in 0..3 {
        bob.post(&path, json!({"body": "Again!"})).await.expect(201);
    }
    bob.post(&path, json!({"body": "Again!"})).await.expect_problem(403, "quota-exceeded");
    ada.post(&path, json!({"body": "Enough."})).await.expect(201);
    for name in ["one", "two"] {
        bob.post("/tokens", json!({"name": name, "scope": "read"})).await.expect(201);
    }
    let third = json!({"name": "three", "scope": "read"});
    bob.post("/tokens", third).await.expect_problem(403, "quota-exceeded");
}
