//! Calendars that organizers follow, on a server: what is asked for, what is read, and what is not.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{CalendarServer, Client, Daemon, Kind, TestDb, eventually, wait_until};

const ALLOWED: [&str; 2] = ["--webhook-allow-network", "127.0.0.1"];

fn club(title: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:club@example.org\r\n\
         DTSTART;TZID=Europe/Berlin:20370305T190000\r\nDURATION:PT2H\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n\
         END:VCALENDAR\r\n"
    )
}

/// Follows a URL; the path of the subscription.
async fn follow(client: &Client, url: &str) -> String {
    client.post("/subscriptions", json!({"url": url})).await.expect(201).location()
}

/// Waits until a subscription is as it should be.
async fn wait(client: &Client, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    eventually(async || {
        let found = client.get(path).await.expect(200).json();
        if is_there(&found) { Ok(found) } else { Err(found) }
    })
    .await
}

/// Reads a calendar again.
async fn refresh(client: &Client, path: &str) -> Value {
    let before = client.poke(&format!("{path}/refresh")).await.expect(200).json();
    wait(client, path, |found| found["checked_at"] != before["checked_at"]).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_on_a_server_is_followed_until_it_ends(#[case] kind: Kind) {
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &ALLOWED).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let server = CalendarServer::start("127.0.0.1", &club("Chess")).await;
    let path = follow(&ada, &server.url("/calendar.ics")).await;
    let read = wait(&ada, &path, |found| !found["report"].is_null()).await;
    assert_eq!((&read["report"]["created"], &read["events"]), (&json!(1), &json!(1)), "{read}");
    let event = ada.get("/events?q=chess").await.expect(200).json()["items"][0].clone();
    let event_path = format!("/events/{}", event["id"].as_str().unwrap());
    let occurrence = event["next_occurrence"]["id"].as_str().unwrap().to_owned();
    bob.register(&occurrence, 2).await.expect(201);
    let refused = ada.patch(&event_path, json!({"title": "Mine"})).await;
    refused.expect_problem(403, "subscribed-event");
    ada.delete(&event_path).await.expect_problem(403, "subscribed-event");
    ada.poke(&format!("/occurrences/{occurrence}/cancel")).await.expect_problem(403, "subscribed-event");

    // The second time nothing has changed, and then the title has.
    refresh(&ada, &path).await;
    let heads = server.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    assert!(heads[0].starts_with("get /calendar.ics http/1.1\r\n") && !heads[0].contains("if-none-match"));
    assert!(
        heads[1].contains("\r\nif-none-match: \"") && heads[1].contains("\r\nif-modified-since: mon, 01")
    );
    server.has(&club("Chess club"));
    let read = refresh(&ada, &path).await;
    assert_eq!(read["report"]["updated"], 1, "{read}");
    assert_eq!(ada.get(&event_path).await.expect(200).json()["title"], "Chess club");

    // It disappears.
    server.has("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n");
    refresh(&ada, &path).await;
    assert_eq!(ada.get(&event_path).await.expect(200).json()["status"], "published");
    refresh(&ada, &path).await;
    assert_eq!(bob.get(&event_path).await.expect(200).json()["status"], "cancelled");
    assert!(ada.all("/notifications").await.iter().any(|told| told["kind"] == "calendar_subscription"));

    bob.get(&path).await.expect_problem(404, "not-found");
    let listed = ada.get("/subscriptions").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let off = ada.patch(&path, json!({"enabled": false})).await.expect(200).json();
    assert_eq!(off["disabled_because"], "owner");
    ada.poke(&format!("{path}/refresh")).await.expect_problem(409, "subscription-disabled");
    ada.delete(&format!("{path}?events=burn")).await.expect_problem(400, "invalid-input");
    ada.delete(&format!("{path}?events=cancel")).await.expect(204);
    wait_until("it is ended", async || ada.get(&path).await.status == 404).await;
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_fail_or_never_end_are_left_with_a_reason(#[case] kind: Kind) {
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &ALLOWED).await;
    let ada = daemon.user("ada").await;
    let server = CalendarServer::start("127.0.0.1", &club("Chess")).await;
    // It is not in an allowed network.
    let inside = CalendarServer::start("127.0.0.2", &club("Secret")).await;
    let away = |server: &CalendarServer| format!("/away?{}", server.url("/calendar.ics"));
    let cases = [
        ("/status/404".to_owned(), "status 404"),
        ("/status/500".to_owned(), "status 500"),
        ("/status/304".to_owned(), "status 304"),
        ("/status/200".to_owned(), "it has no VCALENDAR"),
        ("/loop".to_owned(), "redirects more than 5 times"),
        (away(&inside), "a redirect leads to a URL that must lead to a public address"),
        ("/away?http://name.invalid/".to_owned(), "the name of the host"),
        ("/endless".to_owned(), "larger than 10 MiB"),
        ("/large".to_owned(), "larger than 10 MiB"),
        ("/slow".to_owned(), "within 30 seconds"),
        ("/silent".to_owned(), "within 30 seconds"),
    ];
    let mut paths = Vec::new();
    for (path, _) in &cases {
        paths.push(follow(&ada, &server.url(path)).await);
    }
    for ((asked, reason), path) in cases.iter().zip(&paths) {
        let failed = wait(&ada, path, |found| !found["failure"].is_null()).await;
        assert!(failed["failure"].as_str().unwrap().contains(reason), "{asked}: {failed}");
        assert_eq!((&failed["enabled"], &failed["events"]), (&json!(true), &json!(0)), "{asked}");
    }
    assert!(inside.heads().is_empty(), "the redirect was followed");
    let gone = follow(&ada, &server.url("/status/410")).await;
    let gone = wait(&ada, &gone, |found| found["enabled"] == false).await;
    assert_eq!(gone["disabled_because"], "gone");
    // A redirect on the same server is followed, and the daemon is as well as before.
    let moved = follow(&ada, &server.url("/to/calendar.ics")).await;
    let read = wait(&ada, &moved, |found| !found["report"].is_null()).await;
    assert_eq!(read["report"]["created"], 1, "{read}");
    assert!(daemon.peak_memory() < 400, "{} MiB", daemon.peak_memory());
    for url in ["http://10.0.0.1/a.ics", "https://127.0.0.2/", "ftp://example.org/", "https://a@example.org/"]
    {
        ada.post("/subscriptions", json!({"url": url})).await.expect_problem(400, "invalid-input");
    }
    daemon.check().await;
}
