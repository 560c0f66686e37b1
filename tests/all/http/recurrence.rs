//! Recurring events over HTTP: a series from its preview to its split.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind};

const JSON: (&str, &str) = ("content-type", "application/json");

fn series() -> Value {
    json!({"title": "Rust evening", "location": "Hall 2, Berlin", "starts_at": "2031-03-06T18:30:00",
        "timezone": "Europe/Berlin", "duration": "PT2H",
        "capacity": 40,
        "recurrence": {
            "rrule": "FREQ=WEEKLY;BYDAY=TH;COUNT=10", "rdate": [], "exdate": ["2031-04-03T18:30:00"]}})
}

async fn preview(client: &Client) {
    let mut asked = series();
    for field in ["title", "location", "capacity"] {
        asked.as_object_mut().expect("an object").remove(field);
    }
    let seen = client.post("/recurrence/preview", asked.clone()).await.expect(200).json();
    assert_eq!(seen["text"], "every Thursday, 10 times, except on 3 April 2031");
    assert_eq!((seen["complete"].clone(), seen["items"].as_array().map(Vec::len)), (json!(true), Some(9)));
    let third = json!({
        "original_start": "2031-03-20T18:30:00+01:00",
        "starts_at": "2031-03-20T18:30:00+01:00",
        "ends_at": "2031-03-20T20:30:00+01:00",
    });
    assert_eq!(seen["items"][2], third);

    // A start long ago, an unbounded rule, and all-day occurrences.
    let endless = json!({"starts_at": "1990-01-31", "all_day": true, "timezone": "Asia/Tokyo",
        "duration": "P2D", "from": "2031-01-01", "limit": 2,
        "recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=-1"}});
    let seen = client.post("/recurrence/preview", endless).await.expect(200).json();
    assert_eq!(
        seen["items"][1],
        json!({"original_start": "2031-02-28", "starts_at": "2031-02-28", "ends_at": "2031-03-01"})
    );
    assert_eq!(seen["complete"], false);

    for (change, pointer, code) in [
        (json!({"recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=32"}}), "/recurrence/rrule", "invalid_rule"),
        (json!({"recurrence": {"rrule": "FREQ=MINUTELY"}}), "/recurrence/rrule", "unsupported"),
        (json!({"limit": 1_001}), "/limit", "out_of_range"),
        (json!({"timezone": "Mars/Olympus"}), "/timezone", "invalid"),
        (json!({"starts_at": null}), "/starts_at", "required"),
        (json!({"colour": "red"}), "/colour", "unknown_field"),
    ] {
        let wrong = EventBuilder::of(&asked).with(&change).json();
        let answer = client.post("/recurrence/preview", wrong).await.expect(400);
        assert_eq!(answer.wrong(), [(pointer.to_owned(), code.to_owned())]);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_from_its_preview_to_its_split(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    preview(&anyone).await;

    let event = ada.post("/events", series()).await.expect(201).json();
    assert_eq!(event["occurrence_count"], 9);
    assert_eq!(event["next_occurrence"]["starts_at"], "2031-03-06T18:30:00+01:00");
    let mut rule = event["recurrence"].clone();
    let text = rule.as_object_mut().and_then(|rule| rule.remove("text")).expect("words");
    assert!(text.as_str().is_some_and(|text| text.contains("Thursday")), "{text}");
    assert_eq!(rule, series()["recurrence"]);
    let path = format!("/events/{}", event["id"].as_str().expect("an id"));
    let occurrences = anyone.all(&format!("{path}/occurrences")).await;
    assert_eq!(occurrences.len(), 9);
    let at = |place: usize| format!("/occurrences/{}", occurrences[place]["id"].as_str().expect("an id"));
    assert!(
        occurrences
            .iter()
            .all(|occurrence| occurrence["recurring"] == true && occurrence["overridden"] == json!([]))
    );

    // The agenda lists occurrences; the list of events has each event once.
    assert_eq!(anyone.get("/occurrences?limit=5").await.json()["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(anyone.all("/events").await.len(), 1);

    // One occurrence: moved by one editor while another has it open.
    let read = anyone.get(&at(2)).await.expect(200);
    let tag = read.header("etag").to_owned();
    let moved = ada
        .call(
            Method::PATCH,
            &at(2),
            Some(json!({"starts_at": "2031-03-21T19:00:00", "location": "Hall 3"})),
            &[("if-match", &tag)],
        )
        .await
        .expect(200);
    assert_ne!(moved.header("etag"), tag);
    let occurrence = moved.json();
    assert_eq!(
        (&occurrence["starts_at"], &occurrence["ends_at"]),
        (&json!("2031-03-21T19:00:00+01:00"), &json!("2031-03-21T21:00:00+01:00"))
    );
    assert_eq!(
        (&occurrence["original_start"], &occurrence["overridden"]),
        (&json!("2031-03-20T18:30:00+01:00"), &json!(["location", "starts_at"]))
    );
    ada.call(Method::PATCH, &at(2), Some(json!({"title": "Mine"})), &[("if-match", &tag)])
        .await
        .expect_problem(412, "version-mismatch");

    // Cancelled and restored; deleted.
    assert_eq!(ada.poke(&format!("{}/cancel", at(3))).await.expect(200).json()["status"], "cancelled");
    assert_eq!(
        anyone.get("/occurrences?status=cancelled").await.json()["items"][0]["id"],
        occurrences[3]["id"]
    );
    assert_eq!(ada.poke(&format!("{}/restore", at(3))).await.expect(200).json()["status"], "scheduled");
    ada.delete(&at(1)).await.expect(204);
    anyone.get(&at(1)).await.expect_problem(404, "not-found");
    let event = anyone.get(&path).await.json();
    assert_eq!(event["recurrence"]["exdate"], json!(["2031-04-03T18:30:00", "2031-03-13T18:30:00"]));

    // This and following: an hour later and in another room.
    let later = json!({"starts_at": "2031-04-17T19:30:00", "location": "Hall 9"});
    let split = ada.post(&format!("{}/split", at(5)), later).await.expect(201);
    assert!(split.header("location").ends_with(&split.id()));
    let tail = anyone.all(&format!("/events/{}/occurrences", split.id())).await;
    assert_eq!(
        tail.iter().map(|occurrence| &occurrence["id"]).collect::<Vec<_>>(),
        occurrences[5..].iter().map(|occurrence| &occurrence["id"]).collect::<Vec<_>>()
    );
    assert_eq!(tail[0]["starts_at"], "2031-04-17T19:30:00+02:00");
    assert_eq!(anyone.all(&format!("{path}/occurrences")).await.len(), 4);
    for body in [&b"[]"[..], b"{\"capacity\": 0}", b"{\"colour\": 1}"] {
        let answer = ada.raw(Method::POST, &format!("/api/v1{}/split", at(7)), body.to_vec(), &[JSON]).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(body));
    }
    ada.poke(&format!("{}/split", at(5))).await.expect_problem(400, "invalid-input");

    // All: the rule becomes fortnightly, then is removed.
    let event = ada
        .patch(&path, json!({"recurrence": {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=3"}}))
        .await
        .expect(200)
        .json();
    assert_eq!(event["occurrence_count"], 2, "the third is in exdate");
    let single = ada.patch(&path, json!({"recurrence": null})).await.expect(200).json();
    assert_eq!((&single["occurrence_count"], &single["recurrence"]), (&json!(1), &Value::Null));
}
