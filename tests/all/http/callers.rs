//! Operations that find out who calls in a statement of their own work.

use eventcore::Actor;
use rstest::rstest;
use serde_json::json;
use tests::{Client, Daemon, Kind, TestDb, eventd_check, new_event_in_2031};

/// Asserts that a client whose session has ended can neither register nor cancel nor read, whatever else is
/// wrong with the request.
async fn must_be_refused(client: &Client, occurrence: &str) {
    let nowhere = "00000000-0000-7000-8000-000000000000";
    for (path, body) in [
        (occurrence, json!({"party_size": 1})),
        (occurrence, json!({"party_size": 0})),
        (occurrence, json!({"party_size": "two", "colour": "red"})),
        (occurrence, json!([])),
        (nowhere, json!({})),
        ("no-id", json!({})),
    ] {
        let mine = format!("/occurrences/{path}/registration");
        client.put(&mine, body).await.expect_problem(401, "invalid-credentials");
        client.delete(&mine).await.expect_problem(401, "invalid-credentials");
        client.get(&mine).await.expect_problem(401, "invalid-credentials");
        client.get(&format!("/occurrences/{path}")).await.expect_problem(401, "invalid-credentials");
        client.get(&format!("/events/{path}")).await.expect_problem(401, "invalid-credentials");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_session_ends_registering_at_once_in_every_process(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &[]).await;
    let ada = daemons[0].user("ada").await;
    let (_, occurrence) = ada.create_event(new_event_in_2031().capacity(40)).await;
    let mine = format!("/occurrences/{occurrence}/registration");
    let [bob, cid, dan] = daemons[0].users(["bob", "cid", "dan"]).await;
    for (who, party) in [&bob, &cid, &dan].into_iter().zip(1..) {
        for daemon in &daemons {
            let there = daemon.again(who);
            there.register(&occurrence, party).await;
            there.delete(&mine).await.expect(204);
        }
        who.register(&occurrence, party).await.expect(201);
    }
    let session = bob.get("/sessions").await.expect(200).json()["items"][0]["id"].clone();
    bob.delete(&format!("/sessions/{}", session.as_str().unwrap())).await.expect(204);
    db.core.set_user_disabled(&Actor::System, "cid", true).await.unwrap();
    db.core.delete_user(&Actor::System, dan.id(), None).await.unwrap();
    for daemon in &daemons {
        for who in [&bob, &cid, &dan] {
            must_be_refused(&daemon.again(who), &occurrence).await;
        }
    }
    assert_eq!(ada.board(&occurrence).await, "bob 1, cid 2");
    eventd_check(&db).await;
}
