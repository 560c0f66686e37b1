//! A series that moves to another start over HTTP.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind};

/// The starts of the occurrences, without seconds and offset.
fn starts(occurrences: &[Value]) -> Vec<&str> {
    occurrences.iter().map(|occurrence| &occurrence["starts_at"].as_str().expect("a start")[..16]).collect()
}

/// The recurrence of an event without its words.
fn rule_of(event: &Value) -> Value {
    let mut rule = event["recurrence"].clone();
    rule.as_object_mut().expect("a recurrence").remove("text");
    rule
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exceptions_move_with_the_start_of_a_series(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let rule = json!({"rrule": "FREQ=WEEKLY;COUNT=5", "rdate": ["2031-03-22T10:00:00"],
        "exdate": ["2031-03-20T18:30:00"]});
    let event = json!({"title": "Rust evening", "location": "Room 2", "capacity": 40,
        "starts_at": "2031-03-06T18:30:00", "timezone": "Europe/Berlin", "recurrence": rule});
    let event = ada.post("/events", event).await.expect(201).json();
    let path = format!("/events/{}", event["id"].as_str().expect("an id"));
    let before = ada.all(&format!("{path}/occurrences")).await;

    let moved = ada.patch(&path, json!({"starts_at": "2031-03-07T19:00:00"})).await.expect(200).json();
    let expected = json!({"rrule": "FREQ=WEEKLY;COUNT=5", "rdate": ["2031-03-23T10:30:00"],
        "exdate": ["2031-03-21T19:00:00"]});
    assert_eq!((rule_of(&moved), &moved["occurrence_count"]), (expected, &json!(5)));
    let after = ada.all(&format!("{path}/occurrences")).await;
    let days = ["03-07T19:00", "03-14T19:00", "03-23T10:30", "03-28T19:00", "04-04T19:00"];
    assert_eq!(starts(&after), days.map(|day| format!("2031-{day}")));
    let id = |occurrence: &Value| occurrence["id"].clone();
    assert!(after.iter().map(id).eq(before.iter().map(id)));

    let copy = json!({"starts_at": "2031-05-01T18:30:00"});
    let copy = ada.post(&format!("{path}/duplicate"), copy).await.expect(201).json();
    let expected = json!({"rrule": "FREQ=WEEKLY;COUNT=5", "rdate": ["2031-05-17T10:00:00"],
        "exdate": ["2031-05-15T18:30:00"]});
    assert_eq!(rule_of(&copy), expected);

    let undone = ada.patch(&path, json!({"starts_at": "2031-03-06T18:30:00"})).await.expect(200).json();
    assert_eq!(undone["recurrence"], event["recurrence"]);
    assert_eq!(starts(&ada.all(&format!("{path}/occurrences")).await), starts(&before));
}
