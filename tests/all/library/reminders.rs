//! Reminders: at the right instants, once, and never for what has changed.

use std::time::Duration;

use eventcore::notifications::{NotificationKind, PreferencesInput};
use eventcore::{Actor, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, at, new_event};

use super::changes::input;

/// The reminders of a user, oldest first: `PT1H of 2027-03-04T18:30:00Z`.
async fn reminders(db: &TestDb, who: &Actor) -> Vec<String> {
    let page = db.core.notifications(who, false, &PageRequest::first(100)).await.unwrap().page;
    let only = page.items.into_iter().filter(|told| told.kind == NotificationKind::Reminder);
    let mut reminders: Vec<String> =
        only.map(|told| format!("{} of {}", told.reminder.unwrap(), told.starts_at.unwrap())).collect();
    reminders.reverse();
    reminders
}

/// Sets the clock and lets a worker do what is due, twice.
async fn work_at(db: &TestDb, time: &str) {
    db.clock.set(at(time));
    for _ in 0..2 {
        db.core.run_due_jobs().await.unwrap();
    }
}

async fn start(kind: Kind) -> TestDb {
    let db = TestDb::new(kind).await;
    db.core.ensure_jobs().await.unwrap();
    db.core.run_due_jobs().await.unwrap();
    db
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_before_is_the_same_time_of_day_over_a_clock_change(#[case] kind: Kind) {
    let db = start(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    // The clocks go forward in the night before.
    let event = new_event().starts_at("2027-03-28T18:30:00").timezone("Europe/Berlin");
    let (_, occurrence) = db.create_event(&ada, event).await;
    db.register(&bob, occurrence, 1).await;
    let (day, hour) = ("P1D of 2027-03-28T18:30:00+02:00", "PT1H of 2027-03-28T18:30:00+02:00");
    for (time, expected) in [
        ("2027-03-27T18:29:50+01:00", &[][..]),
        ("2027-03-27T18:30:00+01:00", &[day]),
        ("2027-03-28T17:29:59+02:00", &[day]),
        ("2027-03-28T17:30:10+02:00", &[day, hour]),
        ("2027-03-28T19:00:00+02:00", &[day, hour]),
    ] {
        work_at(&db, time).await;
        assert_eq!(reminders(&db, &bob).await, expected, "{time}");
    }
    assert_eq!(reminders(&db, &ada).await, [] as [&str; 0]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_all_day_event_begins_with_its_first_day_in_its_zone(#[case] kind: Kind) {
    let db = start(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let event = json!({
        "title": "Fair", "location": "Park", "capacity": 4, "all_day": true,
        "starts_at": "2027-03-04", "timezone": "Pacific/Auckland",
    });
    let event = db.core.create_event(&ada, &input(event)).await.unwrap().id;
    db.register(&bob, db.occurrence_ids(event).await[0], 1).await;
    work_at(&db, "2027-03-02T23:59:50+13:00").await;
    assert_eq!(reminders(&db, &bob).await, [] as [&str; 0]);
    work_at(&db, "2027-03-03T00:00:00+13:00").await;
    work_at(&db, "2027-03-03T23:00:00+13:00").await;
    assert_eq!(reminders(&db, &bob).await, ["P1D of 2027-03-04", "PT1H of 2027-03-04"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_still_takes_place_is_reminded_of_at_its_time(#[case] kind: Kind) {
    let db = start(kind).await;
    let [ada, bob, cid, dan] = db.people(["ada", "bob", "cid", "dan"]).await;
    let (_, moved) = db.create_event(&ada, new_event()).await;
    let (_, cancelled) = db.create_event(&ada, new_event()).await;
    let (_, left) = db.create_event(&ada, new_event()).await;
    let (_, full) = db.create_event(&ada, new_event().capacity(1)).await;
    for occurrence in [moved, cancelled, left] {
        db.register(&bob, occurrence, 1).await;
    }
    db.register(&dan, full, 1).await;
    db.register(&cid, full, 1).await;
    let later = json!({"starts_at": "2027-03-06T18:30:00Z"});
    db.core.change_occurrence(&ada, moved, &later, None).await.unwrap();
    db.core.cancel_occurrence(&ada, cancelled, None).await.unwrap();
    db.core.cancel_registration(&bob, left, None).await.unwrap();
    work_at(&db, "2027-03-03T18:30:05Z").await;
    assert_eq!(reminders(&db, &bob).await, [] as [&str; 0]);
    assert_eq!(reminders(&db, &cid).await, [] as [&str; 0], "on the waitlist");
    // Promoted after the first reminder was due.
    db.core.cancel_registration(&dan, full, None).await.unwrap();
    work_at(&db, "2027-03-03T18:31:00Z").await;
    assert_eq!(reminders(&db, &cid).await, [] as [&str; 0]);
    work_at(&db, "2027-03-04T17:30:05Z").await;
    assert_eq!(reminders(&db, &cid).await, ["PT1H of 2027-03-04T18:30:00Z"]);
    // Who registers half an hour before the start is not reminded.
    db.clock.set(at("2027-03-04T18:00:00Z"));
    let (_, soon) = db.create_event(&ada, new_event()).await;
    db.register(&dan, soon, 1).await;
    work_at(&db, "2027-03-04T18:29:00Z").await;
    assert_eq!(reminders(&db, &dan).await, ["P1D of 2027-03-04T18:30:00Z"], "before he left");
    work_at(&db, "2027-03-05T18:30:05Z").await;
    work_at(&db, "2027-03-06T17:30:05Z").await;
    let both = ["P1D of 2027-03-06T18:30:00Z", "PT1H of 2027-03-06T18:30:00Z"];
    assert_eq!(reminders(&db, &bob).await, both);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_week_without_workers_only_the_latest_reminder_of_what_is_ahead_is_sent(#[case] kind: Kind) {
    let db = start(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let wanted: PreferencesInput = input(json!({"reminders": ["P7D", "P2D", "P1D", "PT2H", "PT1H"]}));
    db.core.set_notification_preferences(&bob, &wanted).await.unwrap();
    for start in ["2027-03-02T12:00:00", "2027-03-07T13:30:00", "2027-03-08T18:30:00", "2027-03-20T12:00:00"]
    {
        let (_, occurrence) = db.create_event(&ada, new_event().starts_at(start)).await;
        db.register(&bob, occurrence, 1).await;
    }
    work_at(&db, "2027-02-28T12:00:00Z").await;
    let before = ["P2D of 2027-03-02T12:00:00Z", "P7D of 2027-03-07T13:30:00Z"];
    assert_eq!(reminders(&db, &bob).await, before[..1]);
    work_at(&db, "2027-03-07T12:00:00Z").await;
    let mut after = reminders(&db, &bob).await;
    after.sort();
    assert_eq!(
        after,
        ["P2D of 2027-03-02T12:00:00Z", "P2D of 2027-03-08T18:30:00Z", "PT2H of 2027-03-07T13:30:00Z"]
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_occurrence_of_a_year_of_weeks_is_reminded_of_twice(#[case] kind: Kind) {
    let db = start(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let series = new_event().timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=52");
    let (event, _) = db.create_event(&ada, series).await;
    let occurrences = db.occurrences(event).await;
    for occurrence in &occurrences {
        db.register(&bob, occurrence.id, 1).await;
    }
    for occurrence in &occurrences {
        let start = at(&occurrence.starts_at.to_string());
        for before in [25 * 60 + 30, 23 * 60 - 1, 61, 59, 1] {
            db.clock.set(start.minus(Duration::from_mins(before)));
            db.core.run_due_jobs().await.unwrap();
        }
        let of_this = format!(" of {}", occurrence.starts_at);
        let told = reminders(&db, &bob).await.into_iter().filter(|told| told.ends_with(&of_this));
        assert_eq!(told.collect::<Vec<_>>(), [format!("P1D{of_this}"), format!("PT1H{of_this}")]);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_a_registration_takes_the_place_of_the_own_list(#[case] kind: Kind) {
    let db = start(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    let own: PreferencesInput = input(json!({"reminders": ["PT3H"]}));
    db.core.set_notification_preferences(&bob, &own).await.unwrap();
    db.core.set_notification_preferences(&cid, &own).await.unwrap();
    db.register(&bob, occurrence, 1).await;
    db.register(&cid, occurrence, 1).await;
    let list = input(json!({"reminders": ["PT1H"]}));
    db.core.set_registration_reminders(&bob, occurrence, &list).await.unwrap();
    work_at(&db, "2027-03-04T15:30:05Z").await;
    work_at(&db, "2027-03-04T17:30:05Z").await;
    assert_eq!(reminders(&db, &bob).await, ["PT1H of 2027-03-04T18:30:00Z"]);
    assert_eq!(reminders(&db, &cid).await, ["PT3H of 2027-03-04T18:30:00Z"]);
}
