//! Conditional requests (RFC 9110 13): lists of entity tags, tags of compressed representations, and what
//! caches may do with a response.

use eventcore::{Clock, SystemClock};
use http::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Answer, Client, Daemon, Kind, new_event_in_2031, wait_until};

/// A daemon with an event of Ada's that is long enough to be compressed; the path of the event.
async fn world(kind: Kind) -> (Daemon, Client, String) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let body = new_event_in_2031().description("long ".repeat(500)).json();
    let path = format!("/events/{}", ada.post("/events", body).await.expect(201).id());
    (daemon, ada, path)
}

async fn retitle(client: &Client, path: &str, title: &str, lines: &[&str]) -> Answer {
    let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("if-match", *line)).collect();
    client.call(Method::PATCH, path, Some(json!({"title": title})), &headers).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_match_takes_any_tag_of_its_list(#[case] kind: Kind) {
    let (_daemon, ada, path) = world(kind).await;
    retitle(&ada, &path, "Second version", &[]).await.expect(200);
    for (title, lines) in [
        ("b", &["\"1\", \"2\""][..]),
        ("c", &["\"3\", \"4\""]),
        ("d", &["\"1.aa\",\"4.bb\""]),
        ("e", &["\"4\"", "\"5\""]),
        ("f", &["*"]),
    ] {
        retitle(&ada, &path, title, lines).await.expect(200);
    }
    for stale in [&["\"1\", \"2\""][..], &["\"1\"", "\"2\""], &["W/\"7\""], &["\"x\""]] {
        retitle(&ada, &path, "g", stale).await.expect_problem(412, "version-mismatch");
    }
    for invalid in ["7", "\"7", "*, \"7\"", ""] {
        retitle(&ada, &path, "g", &[invalid]).await.expect_problem(400, "invalid-input");
    }
    assert_eq!(ada.get(&path).await.expect(200).json()["title"], "f");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_match_refuses_a_change_of_what_does_not_exist() {
    let (_daemon, ada, path) = world(Kind::Sqlite).await;
    let occurrence = ada.get(&path).await.expect(200).json()["next_occurrence"]["id"].clone();
    let mine = format!("/occurrences/{}/registration", occurrence.as_str().unwrap());
    for condition in ["*", "\"1\""] {
        let answer = ada.call(Method::PUT, &mine, Some(json!({})), &[("if-match", condition)]).await;
        answer.expect_problem(412, "version-mismatch");
    }
    ada.get(&mine).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_content_coding_has_its_own_tag_and_every_condition_takes_each() {
    let (daemon, ada, path) = world(Kind::Sqlite).await;
    let bob = daemon.anonymous();
    let mut tags = Vec::new();
    for coding in ["identity", "gzip", "br"] {
        let read = bob.call(Method::GET, &path, None, &[("accept-encoding", coding)]).await.expect(200);
        let tag = read.header("etag").to_owned();
        assert!(tag.starts_with('"') && !tags.contains(&tag), "{coding} {tag} {tags:?}");
        tags.push(tag);
    }
    for tag in &tags {
        for coding in ["identity", "gzip"] {
            let headers = [("accept-encoding", coding), ("if-none-match", tag.as_str())];
            let known = bob.call(Method::GET, &path, None, &headers).await.expect(304);
            assert_eq!(known.header("etag"), tag);
            for dimension in ["accept-encoding", "authorization"] {
                assert!(known.header("vary").contains(dimension), "{}", known.header("vary"));
            }
        }
    }
    for (title, coding) in [("Dusk", "identity"), ("Night", "gzip"), ("Dawn", "br")] {
        let read = bob.call(Method::GET, &path, None, &[("accept-encoding", coding)]).await.expect(200);
        retitle(&ada, &path, title, &[read.header("etag")]).await.expect(200);
    }
    for tag in &tags {
        bob.call(Method::GET, &path, None, &[("if-none-match", tag)]).await.expect(200);
        retitle(&ada, &path, "Morning", &[tag]).await.expect_problem(412, "version-mismatch");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cache_may_keep_what_depends_on_the_caller() {
    let (daemon, ada, path) = world(Kind::Sqlite).await;
    for personal in ["/users/me", "/registrations", "/sessions", "/tokens", &path, "/occurrences"] {
        let answer = ada.get(personal).await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store", "{personal}");
    }
    let tag = ada.get(&path).await.expect(200).header("etag").to_owned();
    let known = ada.call(Method::GET, &path, None, &[("if-none-match", &tag)]).await.expect(304);
    assert_eq!(known.header("cache-control"), "no-store");

    let bob = daemon.anonymous();
    let account = json!({"username": "eve", "email": "eve@example.org", "password": "correct horse 7"});
    let created = bob.post("/users", account).await.expect(201);
    assert_eq!(created.header("cache-control"), "no-store");
    let tokens = bob.post("/auth/login", json!({"login": "eve", "password": "correct horse 7"})).await;
    assert_eq!(tokens.expect(200).header("cache-control"), "no-store");
    // A hidden event may become visible: its absence must not be remembered.
    assert_eq!(bob.get("/events/none").await.expect(404).header("cache-control"), "no-store");
    for public in [&*path, "/occurrences", "/categories"] {
        let answer = bob.get(public).await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-cache", "{public}");
        assert!(answer.header("vary").contains("authorization"), "{public} {}", answer.header("vary"));
    }
}

/// The date of a response in seconds since 1970.
fn modified(answer: &Answer) -> i64 {
    let date = answer.header("last-modified");
    chrono::DateTime::parse_from_rfc2822(date).unwrap_or_else(|_| panic!("{date:?}")).timestamp()
}

/// Waits until the clock of the daemon shows the next second: dates have no fractions.
async fn next_second() {
    let second = || SystemClock.now().as_micros() / 1_000_000;
    let now = second();
    wait_until("the next second", async || second() != now).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_modified_covers_all_that_changes_and_never_goes_back(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let series = new_event_in_2031().rule("FREQ=WEEKLY;COUNT=3");
    let (event, occurrence) = ada.create_event(series).await;
    let paths = [
        format!("/events/{event}"),
        format!("/occurrences/{occurrence}"),
        format!("/events/{event}.ics"),
        format!("/occurrences/{occurrence}.ics"),
    ];
    let read = async || {
        let mut found = Vec::new();
        for path in &paths {
            let answer = ada.get(path).await.expect(200);
            found.push((answer.header("etag").to_owned(), modified(&answer)));
        }
        found
    };
    let patch = |path: &str, body| {
        let (ada, path) = (ada.clone(), path.to_owned());
        async move { ada.patch(&path, body).await.expect(200) }
    };
    let mine = format!("/occurrences/{occurrence}/registration");
    let mut before = read().await;
    for step in ["register", "override", "restore", "cancel", "rename", "retitle"] {
        next_second().await;
        match step {
            "register" => drop(bob.put(&mine, json!({})).await.expect(201)),
            "override" => drop(patch(&paths[1], json!({"title": "Special"})).await),
            "restore" => drop(patch(&paths[1], json!({"title": null})).await),
            "cancel" => drop(bob.delete(&mine).await.expect(204)),
            "rename" => drop(patch("/users/me", json!({"display_name": "Countess"})).await),
            _ => drop(patch(&paths[0], json!({"title": "Changed"})).await),
        }
        let after = read().await;
        for ((path, (old_tag, old)), (tag, new)) in paths.iter().zip(&before).zip(&after) {
            assert!(new >= old, "{step} {path}: {old} to {new}");
            assert!(tag == old_tag || new > old, "{step} {path} changed, and has the same date");
        }
        before = after;
    }
    daemon.check().await;
}
