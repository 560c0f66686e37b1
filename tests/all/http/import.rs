//! Importing calendar files over HTTP.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, Kind, Wire};

const CALENDAR: (&str, &str) = ("content-type", "text/calendar; charset=utf-8");

async fn send(client: &Client, query: &str, file: impl Into<Vec<u8>>, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [&[CALENDAR][..], headers].concat();
    client.raw(Method::POST, &format!("/api/v1/import{query}"), file.into(), &headers).await
}

fn club(title: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:club@example.org\r\n\
         DTSTART;TZID=\"W. Europe Standard Time\":20370305T190000\r\nDURATION:PT2H\r\n\
         RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:{title}\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:past\r\n\
         DTSTART:20190304T183000Z\r\nDTEND:20190304T193000Z\r\nSUMMARY:Past\r\nEND:VEVENT\r\n\
         END:VCALENDAR\r\n"
    )
}

/// The codes of the fields that are wrong.
fn codes(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["code"].as_str().unwrap_or_default().to_owned()).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_imported_over_http(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let planned = send(&ada, "?dry_run=true", club("Chess"), &[]).await.expect(200).json();
    assert_eq!((&planned["dry_run"], &planned["created"]), (&json!(true), &json!(1)));
    assert_eq!(planned["components"][0]["event_id"], Value::Null);
    let key = [("idempotency-key", "one")];
    let made = send(&ada, "?location=Library&capacity=8", club("Chess"), &key).await.expect(200).json();
    assert_eq!((&made["created"], &made["skipped"]), (&json!(1), &json!(1)), "{made}");
    assert_eq!(made["components"][1]["reason"]["code"], "past");
    assert_eq!(made["components"][1]["reason"]["line"], 10);
    let again = send(&ada, "?location=Library&capacity=8", club("Chess"), &key).await.expect(200).json();
    assert_eq!(again, made, "a repeat gets the same answer");
    let path = format!("/events/{}", made["components"][0]["event_id"].as_str().unwrap());
    let event = ada.get(&path).await.expect(200).json();
    assert_eq!(
        (&event["title"], &event["location"], &event["capacity"], &event["timezone"]),
        (&json!("Chess"), &json!("Library"), &json!(8), &json!("Europe/Berlin"))
    );
    assert_eq!(event["recurrence"]["rrule"], "FREQ=WEEKLY;COUNT=3");
    let occurrences = ada.occurrences(event["id"].as_str().unwrap()).await;
    bob.register(&occurrences[0], 2).await.expect(201);

    // Another edition moves it. Those who are registered are told.
    let moved = club("Chess club").replace("T190000", "T200000");
    let updated = send(&ada, "", moved, &[]).await.expect(200).json();
    assert_eq!((&updated["updated"], &updated["skipped"]), (&json!(1), &json!(1)), "{updated}");
    let event = ada.get(&path).await.expect(200).json();
    assert_eq!(event["title"], "Chess club");
    let told = bob.all("/notifications").await;
    assert!(told.iter().any(|told| told["kind"] == "event_changed"), "{told:?}");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_files_are_problems_that_name_the_line(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    let components = |n: usize| {
        format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", "BEGIN:VEVENT\nEND:VEVENT\n".repeat(n)).into_bytes()
    };
    for (file, code) in [
        (Vec::new(), "not_a_calendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n".to_vec(), "truncated"),
        (b"\xFF\xFEB\0E\0".to_vec(), "not_utf8"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:\xE9\nEND:VEVENT\nEND:VCALENDAR".to_vec(), "not_utf8"),
        (b"BEGIN:VCALENDAR\n".repeat(50_000), "unbalanced"),
        (components(20_001), "too_many_components"),
    ] {
        let refused = send(&ada, "", file, &[]).await.expect_problem(400, "invalid-input");
        assert_eq!(codes(&refused), [code]);
    }
    let unread = send(&ada, "", components(20_000), &[]).await.expect(200).json();
    assert_eq!(unread["skipped"], 20_000);
    let line = format!("{}DESCRIPTION:{}", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "x".repeat(100_000));
    let line = format!("{line}\nUID:1\nDTSTART:20370304T183000Z\nEND:VEVENT\nEND:VCALENDAR\n");
    let long = send(&ada, "", line, &[]).await.expect(200).json();
    assert_eq!(long["created"], 1, "{long}");

    let refused = send(&ada, "?capacity=0&past=maybe&colour=red&status=cancelled", club("x"), &[]).await;
    let mut fields = refused.expect_problem(400, "invalid-input").wrong();
    fields.sort();
    let fields: Vec<&str> = fields.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(fields, ["/capacity", "/colour", "/past", "/status"]);
    let json = [("content-type", "application/json")];
    let typed = ada.raw(Method::POST, "/api/v1/import", b"{}".to_vec(), &json).await;
    typed.expect_problem(415, "unsupported-media-type");
    send(&anyone, "", club("x"), &[]).await.expect_problem(401, "unauthenticated");
    let token = ada.post("/tokens", json!({"name": "r", "scope": "read"})).await.expect(201).json();
    let reader = ada.with_token(token["secret"].as_str().unwrap());
    send(&reader, "", club("x"), &[]).await.expect_problem(403, "forbidden");
    assert_eq!(daemon.db.number("SELECT count(*) FROM events").await, 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_is_refused_unread(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let before = daemon.peak_memory();
    let head = format!(
        "POST /api/v1/import HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: text/calendar\r\ncontent-length: 524288000\r\n\r\n",
        ada.token()
    );
    let mut wire = Wire::connect(daemon.address()).await;
    wire.send(head).await;
    let detail = wire.response().await.problem(413, "payload-too-large");
    assert_eq!(detail, "the body must be at most 10 MiB");
    let start = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTACH:".to_vec();
    let rest = vec![b'x'; (10 << 20) - 80];
    let most = [start, rest, b"\nEND:VEVENT\nEND:VCALENDAR\n".to_vec()].concat();
    send(&ada, "", most, &[]).await.expect(200);
    // Many small components take the most memory.
    let component = "BEGIN:VEVENT\nDTSTART:20370304\nRRULE:FREQ=DAILY;COUNT=1\nEND:VEVENT\n".repeat(19_999);
    let many = format!("BEGIN:VCALENDAR\n{component}END:VCALENDAR\n");
    let report = send(&ada, "?dry_run=true", many, &[]).await.expect(200).json();
    assert_eq!(report["components"].as_array().map(Vec::len), Some(19_999));
    let used = daemon.peak_memory() - before;
    assert!(used < 100, "{used} MiB");
}
