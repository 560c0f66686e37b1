//! Registration windows over HTTP: instants, times before each start, and windows of single occurrences.

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, ids_of, new_event_in_2031};

/// A weekly series of three whose first occurrence starts in three days.
fn series_in_three_days() -> tests::EventBuilder {
    let start = Utc::now_by_the_system() + TimeDelta::days(3);
    new_event_in_2031()
        .starts_at(start.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .timezone("UTC")
        .rule("FREQ=WEEKLY;COUNT=3")
}

/// The clock of the machine, which is that of the daemon.
trait SystemTime {
    fn now_by_the_system() -> DateTime<Utc>;
}

impl SystemTime for Utc {
    fn now_by_the_system() -> DateTime<Utc> {
        eventcore::Clock::now(&eventcore::SystemClock).to_utc()
    }
}

/// What a guest gets for each occurrence, after asserting that field and filter say the same.
async fn answers(guest: &Client, event: &str) -> Vec<String> {
    let occurrences = guest.all(&format!("/events/{event}/occurrences")).await;
    let page = guest.get(&format!("/occurrences?event={event}&available=true")).await.expect(200).json();
    let available = ids_of(&page);
    let mut answers = Vec::new();
    for occurrence in occurrences {
        let id = occurrence["id"].as_str().expect("an id").to_owned();
        let answer = guest.register(&id, 1).await;
        let open = answer.status.is_success();
        assert_eq!(occurrence["registration_open"], open, "{occurrence}");
        assert_eq!(available.contains(&id), open, "{occurrence}");
        answers.push(if open {
            guest.delete(&format!("/occurrences/{id}/registration")).await.expect(204);
            "open".to_owned()
        } else {
            answer.json()["type"].as_str().expect("a type").trim_start_matches("/problems/").to_owned()
        });
    }
    answers
}

fn windows(occurrences: &[Value]) -> Vec<String> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or("-").to_owned();
    let window = |one: &Value| {
        format!("{} {}", text(one, "registration_opens_at"), text(one, "registration_closes_at"))
    };
    occurrences.iter().map(window).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_before_each_start_leaves_later_occurrences_open(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (event, first) =
        ada.create_event(series_in_three_days().set("registration_closes_before", "P4D")).await;
    assert_eq!(answers(&bob, &event).await, ["registration-closed", "open", "open"]);

    let path = format!("/events/{event}");
    ada.patch(&path, json!({"registration_opens_before": "P12D"})).await.expect(200);
    assert_eq!(answers(&bob, &event).await, ["registration-closed", "open", "registration-not-open"]);

    // An occurrence has a window of its own, until it is taken back.
    let occurrence = format!("/occurrences/{first}");
    let own = json!({"registration_closes_before": "PT2H"});
    let seen = ada.patch(&occurrence, own).await.expect(200).json();
    assert_eq!(seen["overridden"], json!(["registration_closes_before"]));
    assert_eq!(answers(&bob, &event).await, ["open", "open", "registration-not-open"]);
    // The other field of the same edge takes the place of the first.
    let seen = ada.patch(&occurrence, json!({"registration_closes_at": "2026-01-02T00:00:00Z"})).await;
    assert_eq!(seen.expect(400).wrong(), [("/registration_closes_at".into(), "ends_before_start".into())]);
    let own = json!({"registration_opens_at": "2025-01-01", "registration_closes_at": "2026-01-02"});
    let seen = ada.patch(&occurrence, own).await.expect(200).json();
    assert_eq!(seen["overridden"], json!(["registration_opens_at", "registration_closes_at"]));
    assert_eq!(windows(&[seen]), ["2025-01-01T00:00:00Z 2026-01-03T00:00:00Z"], "whole days");
    assert_eq!(answers(&bob, &event).await, ["registration-closed", "open", "registration-not-open"]);
    // A change of the event's window leaves that of the occurrence.
    ada.patch(&path, json!({"registration_opens_before": null, "registration_closes_before": "PT1H"}))
        .await
        .expect(200);
    assert_eq!(answers(&bob, &event).await, ["registration-closed", "open", "open"]);
    let none = json!({"registration_opens_at": null, "registration_closes_at": null});
    let seen = ada.patch(&occurrence, none).await.expect(200).json();
    assert_eq!(seen["overridden"], json!([]));
    assert_eq!(answers(&bob, &event).await, ["open", "open", "open"]);
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_edge_is_an_instant_or_a_time_before_the_start(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let event = || new_event_in_2031().timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=5");
    for (fields, pointer, code) in [
        (
            json!({"registration_opens_at": "2031-01-01", "registration_opens_before": "P14D"}),
            "/registration_opens_before",
            "conflict",
        ),
        (
            json!({"registration_closes_at": "2031-01-01T00:00:00Z", "registration_closes_before": "PT2H"}),
            "/registration_closes_before",
            "conflict",
        ),
        (json!({"registration_closes_before": "2 hours"}), "/registration_closes_before", "invalid"),
        (json!({"registration_opens_before": 14}), "/registration_opens_before", "wrong_type"),
        (json!({"registration_opens_before": "P3661D"}), "/registration_opens_before", "invalid"),
        (
            json!({"registration_opens_before": "PT2H", "registration_closes_before": "P1D"}),
            "/registration_closes_before",
            "ends_before_start",
        ),
        // Nobody could ever register: every occurrence closes before that.
        (
            json!({"registration_opens_at": "2031-12-01", "registration_closes_before": "P1D"}),
            "/registration_closes_before",
            "ends_before_start",
        ),
        (
            json!({"registration_opens_before": "P1D", "registration_closes_at": "2031-01-01"}),
            "/registration_closes_at",
            "ends_before_start",
        ),
    ] {
        let refused = ada.post("/events", event().with(&fields).json()).await;
        let wrong = refused.expect_problem(400, "invalid-input").wrong();
        assert_eq!(wrong, [(pointer.to_owned(), code.to_owned())], "{fields}");
    }
    // A date means the whole day in the event's zone.
    let days = json!({"registration_opens_at": "2031-01-01", "registration_closes_at": "2031-01-01"});
    let made = ada.post("/events", event().with(&days).json()).await.expect(201).json();
    let id = made["id"].as_str().expect("an id");
    let day = "2031-01-01T00:00:00+01:00 2031-01-02T00:00:00+01:00";
    assert_eq!(windows(std::slice::from_ref(&made)), [day]);
    assert_eq!(windows(&ada.all(&format!("/events/{id}/occurrences")).await), [day; 5]);

    // Replacing an instant by a time before the start, and back.
    let path = format!("/events/{id}");
    let change = json!({"registration_opens_before": "P2W", "registration_closes_before": "P1D"});
    let seen = ada.patch(&path, change).await.expect(200).json();
    assert_eq!(
        [&seen["registration_opens_at"], &seen["registration_opens_before"]],
        [&Value::Null, &json!("P14D")]
    );
    assert_eq!(
        [&seen["registration_closes_at"], &seen["registration_closes_before"]],
        [&Value::Null, &json!("P1D")]
    );
    // The clocks go forward on 30 March: the wall clock stays.
    let each = [
        "2031-02-18T18:30:00+01:00 2031-03-03T18:30:00+01:00",
        "2031-02-25T18:30:00+01:00 2031-03-10T18:30:00+01:00",
        "2031-03-04T18:30:00+01:00 2031-03-17T18:30:00+01:00",
        "2031-03-11T18:30:00+01:00 2031-03-24T18:30:00+01:00",
        "2031-03-18T18:30:00+01:00 2031-03-31T18:30:00+02:00",
    ];
    assert_eq!(windows(&ada.all(&format!("{path}/occurrences")).await), each);
    assert_eq!(windows(&[seen["next_occurrence"].clone()]), [each[0]]);
    let seen = ada.patch(&path, json!({"registration_opens_at": "2031-01-01"})).await.expect(200).json();
    assert_eq!(
        [&seen["registration_opens_at"], &seen["registration_opens_before"]],
        [&json!("2031-01-01T00:00:00+01:00"), &Value::Null]
    );

    // A copy keeps what is relative to its start.
    let copy = json!({"starts_at": "2032-03-04T18:30:00"});
    let copy = ada.post(&format!("{path}/duplicate"), copy).await.expect(201).json();
    assert_eq!(copy["registration_opens_at"], Value::Null);
    assert_eq!(copy["registration_closes_before"], "P1D");
    let id = copy["id"].as_str().expect("an id");
    let first = &windows(&ada.all(&format!("/events/{id}/occurrences")).await)[0];
    assert_eq!(first, "- 2032-03-03T18:30:00+01:00");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_day_events_count_from_midnight(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let fair = json!({"title": "Fair", "location": "Old town", "all_day": true, "capacity": 5,
        "starts_at": "2031-03-31", "timezone": "Europe/Berlin",
        "registration_opens_before": "P2D", "registration_closes_before": "PT6H"});
    let event = ada.post("/events", fair).await.expect(201).json();
    assert_eq!(
        windows(&[event["next_occurrence"].clone()]),
        ["2031-03-29T00:00:00+01:00 2031-03-30T18:00:00+02:00"]
    );
    daemon.check().await;
}
