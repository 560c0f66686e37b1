//! Registrations over HTTP where people and programs come too late: changed meanwhile, nobody to check in; and in which form lists come.

use http::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Daemon, Kind, command, new_event_in_2031};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_match_guards_registrations(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (_, date) = ada.create_event(new_event_in_2031()).await;
    let mine = format!("/occurrences/{date}/registration");
    let put = async |party: i64, tag: &str| {
        bob.call(Method::PUT, &mine, Some(json!({"party_size": party})), &[("if-match", tag)]).await
    };
    put(1, "\"1\"").await.expect_problem(412, "version-mismatch");
    bob.get(&mine).await.expect(404);
    let first = bob.put(&mine, json!({})).await.expect(201);
    let (id, old) = (first.id(), first.header("etag").to_owned());
    let new = put(2, &old).await.expect(200).header("etag").to_owned();
    put(3, &old).await.expect_problem(412, "version-mismatch");
    assert_eq!(bob.get(&mine).await.expect(200).header("etag"), new);
    bob.call(Method::DELETE, &mine, None, &[("if-match", &old)])
        .await
        .expect_problem(412, "version-mismatch");
    let (door, one) =
        (format!("/registrations/{id}/check-in"), format!("/occurrences/{date}/registrations/{id}"));
    let guarded = async |method: Method, path: &str, tag: &str| {
        ada.call(method, path, None, &[("if-match", tag)]).await
    };
    guarded(Method::POST, &door, &old).await.expect_problem(412, "version-mismatch");
    guarded(Method::POST, &door, &new).await.expect(200);
    guarded(Method::DELETE, &door, &new).await.expect_problem(412, "version-mismatch");
    guarded(Method::DELETE, &one, &new).await.expect_problem(412, "version-mismatch");
    let now = bob.get(&mine).await.expect(200);
    assert_eq!(now.json()["status"], "attended");
    guarded(Method::DELETE, &door, now.header("etag")).await.expect(204);
    let now = bob.get(&mine).await.expect(200).header("etag").to_owned();
    guarded(Method::DELETE, &one, &now).await.expect(204);
    guarded(Method::DELETE, &one, &now).await.expect_problem(412, "version-mismatch");
    ada.delete(&one).await.expect(204);
    bob.call(Method::DELETE, &mine, None, &[("if-match", &now)])
        .await
        .expect_problem(412, "version-mismatch");
    bob.delete(&mine).await.expect(204);
    let again = bob.put(&mine, json!({})).await.expect(201).header("etag").to_owned();
    bob.call(Method::DELETE, &mine, None, &[("if-match", &again)]).await.expect(204);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_place_is_not_checked_in(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let (_, date) = ada.create_event(new_event_in_2031().capacity(1)).await;
    let mine = format!("/occurrences/{date}/registration");
    let sits = bob.put(&mine, json!({})).await.expect(201).id();
    let waits = cid.put(&mine, json!({})).await.expect(201).id();
    let refused = ada
        .poke(&format!("/registrations/{waits}/check-in"))
        .await
        .expect_problem(409, "not-confirmed")
        .json();
    assert!(refused["detail"].as_str().unwrap().starts_with("they wait"), "{refused}");
    bob.delete(&mine).await.expect(204);
    let refused = ada
        .poke(&format!("/registrations/{sits}/check-in"))
        .await
        .expect_problem(409, "not-confirmed")
        .json();
    assert_eq!(refused["detail"], "they gave the place up");
    ada.raw(Method::GET, "/problems/not-confirmed", Vec::new(), &[]).await.expect(200);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_come_in_the_form_that_is_wanted(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let (_, date) = ada.create_event(new_event_in_2031()).await;
    let all = format!("/occurrences/{date}/registrations");
    for (accept, kind) in [
        ("text/csv", Some("text/csv")),
        ("text/csv, application/json;q=0.1", Some("text/csv")),
        ("application/json, text/csv;q=0.9", Some("application/json")),
        ("text/csv;q=0, */*", Some("application/json")),
        ("text/csv, */*", Some("text/csv")),
        ("*/*", Some("application/json")),
        ("text/csv;q=0", None),
    ] {
        let answer = ada.call(Method::GET, &all, None, &[("accept", accept)]).await;
        match kind {
            Some(kind) => assert!(answer.expect(200).header("content-type").starts_with(kind), "{accept}"),
            None => drop(answer.expect_problem(406, "not-acceptable")),
        }
    }
    ada.call(Method::GET, "/registrations", None, &[("accept", "text/csv")])
        .await
        .expect_problem(406, "not-acceptable");
    ada.call(Method::GET, "/registrations", None, &[("accept", "text/csv, application/json")])
        .await
        .expect(200);
}

/// Whoever mistypes a name is told so, and finds no new file there.
#[tokio::test]
async fn looking_at_a_database_makes_none() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/evnets.db", dir.path().display());
    for arguments in [&["check", "--database", &url][..], &["migrate", "--check", "--database", &url]] {
        let said = command(arguments).output().await.unwrap();
        let text = String::from_utf8(said.stderr).unwrap();
        assert!(!said.status.success() && text.contains("evnets.db is not there"), "{text}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
