//! Webhooks over HTTP: from the form of an organizer to the receiver, and back to the list of deliveries.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::db::{Queries, Sql};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use standardwebhooks::Webhook as Verifier;
use tests::{
    Client, Daemon, HttpReceiver, Kind, ReceivedRequest, Reply, TestDb, eventually, mails_in,
    new_event_in_2031,
};

/// A daemon that may send to the loopback network.
async fn daemon(kind: Kind) -> Daemon {
    let arguments = ["--webhook-allow-network", "127.0.0.0/8"];
    Daemon::on(TestDb::in_real_time(kind).await, &arguments).await
}

/// Creates a webhook; its path and its secret.
async fn create(client: &Client, url: &str, kinds: &[&str]) -> (String, String) {
    let created = client.post("/webhooks", json!({"url": url, "kinds": kinds})).await.expect(201);
    (created.location(), created.json()["secret"].as_str().expect("a secret").to_owned())
}

/// Waits until a delivery has been attempted so many times, or more.
async fn attempted(client: &Client, delivery: &str, times: i64) -> Value {
    eventually(async || {
        let found = client.get(delivery).await.expect(200).json();
        let is_attempted = found["attempts"].as_i64().is_some_and(|attempts| attempts >= times);
        if is_attempted { Ok(found) } else { Err(found) }
    })
    .await
}

fn verifies(secret: &str, request: &ReceivedRequest) -> bool {
    Verifier::new(secret).expect("a secret").verify(request.body.as_bytes(), &request.headers).is_ok()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_gets_what_attendees_do_signed_and_the_organizer_sees_its_answers(#[case] kind: Kind) {
    let daemon = daemon(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 6\r\n\r\nqueued".to_vec();
    let mut receiver = HttpReceiver::start("127.0.0.1", Reply::Bytes(answer)).await;
    let url = receiver.url("/hook?for=badges");
    let (webhook, secret) = create(&ada, &url, &["registration.confirmed"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031().title("Fest")).await;
    let registration = bob.register(&occurrence, 2).await.expect(201).id();

    let request = receiver.next().await;
    assert_eq!(request.line, "POST /hook?for=badges HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["host"], receiver.address().to_string());
    assert!(verifies(&secret, &request));
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(body["type"], "registration.confirmed");
    assert_eq!(body["data"]["event"]["title"], "Fest");
    assert_eq!(body["data"]["registration"]["id"], registration);
    assert_eq!(body["data"]["registration"]["party_size"], 2);

    let id = request.headers["webhook-id"].to_str().unwrap().to_owned();
    let delivery = attempted(&ada, &format!("{webhook}/deliveries/{id}"), 1).await;
    for (field, value) in [
        ("kind", json!("registration.confirmed")),
        ("state", json!("delivered")),
        ("attempts", json!(1)),
        ("status", json!(202)),
        ("answer", json!("queued")),
        ("error", json!(null)),
        ("happened_at", body["timestamp"].clone()),
    ] {
        assert_eq!(delivery[field], value, "{field}");
    }
    assert!(delivery["attempted_at"].is_string());

    let repeated = ada.poke(&format!("{webhook}/deliveries/{id}/redeliver")).await.expect(200).json();
    assert_eq!(repeated["state"], "waiting");
    let again = receiver.next().await;
    assert_eq!(again.headers["webhook-id"], id.as_str());
    assert!(verifies(&secret, &again));
    attempted(&ada, &format!("{webhook}/deliveries/{id}"), 2).await;
    let test = ada.poke(&format!("{webhook}/test")).await.expect(201);
    assert_eq!(test.location(), format!("{webhook}/deliveries/{}", test.id()));
    let request = receiver.next().await;
    assert_eq!(serde_json::from_str::<Value>(&request.body).expect("JSON")["type"], "webhook.test");
    attempted(&ada, &test.location(), 1).await;

    let all = ada.get(&format!("{webhook}/deliveries?count=true&limit=1")).await.expect(200).json();
    assert_eq!((&all["total"], &all["items"][0]["id"]), (&json!(2), &json!(test.id())));
    assert_eq!(ada.all(&format!("{webhook}/deliveries?state=delivered")).await.len(), 2);
    assert!(ada.all(&format!("{webhook}/deliveries?state=failed")).await.is_empty());
    ada.get(&format!("{webhook}/deliveries?state=lost")).await.expect_problem(400, "invalid-input");
    assert!(receiver.is_empty());
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_read_changed_and_deleted_by_its_owner_alone(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ([ada, bob], root) = (daemon.users(["ada", "bob"]).await, daemon.admin("root").await);
    let new = json!({"url": "https://Hooks.Example.org", "kinds": ["event.created", "comment.posted"]});
    let key = [("idempotency-key", "once")];
    let created = ada.call(Method::POST, "/webhooks", Some(new.clone()), &key).await.expect(201);
    let repeated = ada.call(Method::POST, "/webhooks", Some(new.clone()), &key).await.expect(201);
    assert_eq!(created.json(), repeated.json(), "the secret too");
    let (path, webhook) = (created.location(), created.json());
    assert_eq!(webhook["url"], "https://hooks.example.org/");
    assert!(webhook["secret"].as_str().unwrap().starts_with("whsec_"));

    let read = ada.get(&path).await.expect(200);
    let mut without_secret = webhook.clone();
    without_secret.as_object_mut().unwrap().remove("secret");
    assert_eq!(read.json(), without_secret);
    assert_eq!(ada.get("/webhooks").await.expect(200).json()["items"], json!([without_secret]));
    let etag = read.header("etag").to_owned();
    ada.call(Method::GET, &path, None, &[("if-none-match", &etag)]).await.expect(304);

    let expected = [("if-match", etag.as_str())];
    let patch = json!({"description": "Badges", "enabled": false});
    let changed = ada.call(Method::PATCH, &path, Some(patch.clone()), &expected).await.expect(200);
    assert_eq!(changed.json()["disabled_because"], "owner");
    assert_eq!(changed.json()["version"], 2);
    let outdated = ada.call(Method::PATCH, &path, Some(json!({"enabled": true})), &expected).await;
    outdated.expect_problem(412, "version-mismatch");
    ada.call(Method::DELETE, &path, None, &expected).await.expect_problem(412, "version-mismatch");
    let read_only = ada.patch(&path, json!({"version": 7, "secret": "x", "kinds": []})).await;
    let wrong: BTreeSet<String> =
        read_only.expect_problem(400, "invalid-input").wrong().into_iter().map(|(at, _)| at).collect();
    assert_eq!(wrong, BTreeSet::from(["/kinds", "/secret", "/version"].map(str::to_owned)));
    let rotated = ada.poke(&format!("{path}/rotate-secret")).await.expect(200).json();
    assert_ne!(rotated["secret"], webhook["secret"]);
    let until = ada.get(&path).await.expect(200).json()["former_secret_expires_at"].clone();
    assert_eq!(rotated["former_secret_expires_at"], until);
    let test = ada.poke(&format!("{path}/test")).await.expect(201).location();

    let hidden = (404, "not-found");
    for (other, status) in [(&bob, hidden), (&root, hidden), (&daemon.anonymous(), (401, "unauthenticated"))]
    {
        for (method, suffix) in [
            (Method::GET, ""),
            (Method::PATCH, ""),
            (Method::DELETE, ""),
            (Method::POST, "/rotate-secret"),
            (Method::POST, "/test"),
            (Method::GET, "/deliveries"),
        ] {
            let body = (method == Method::PATCH).then(|| json!({"enabled": true}));
            let answer = other.call(method, &format!("{path}{suffix}"), body, &[]).await;
            answer.expect_problem(status.0, status.1);
        }
        other.get(&test).await.expect_problem(status.0, status.1);
        other.poke(&format!("{test}/redeliver")).await.expect_problem(status.0, status.1);
    }
    let all = json!({"url": "https://hooks.example.org/", "kinds": ["event.created"], "all_events": true});
    ada.post("/webhooks", all.clone()).await.expect_problem(403, "forbidden");
    root.post("/webhooks", all.clone()).await.expect(201);
    // A token is not an admin, and one that only reads changes nothing.
    let secret = async |scope: &str| {
        let new = json!({"name": scope, "scope": scope});
        root.post("/tokens", new).await.expect(201).json()["secret"].as_str().unwrap().to_owned()
    };
    root.with_token(&secret("write").await).post("/webhooks", all).await.expect_problem(403, "forbidden");
    root.with_token(&secret("read").await).post("/webhooks", new).await.expect_problem(403, "forbidden");

    ada.delete(&path).await.expect(204);
    ada.get(&path).await.expect_problem(404, "not-found");
    ada.get(&test).await.expect_problem(404, "not-found");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_for_a_day_is_disabled_and_its_owner_is_told(#[case] kind: Kind) {
    let daemon = daemon(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let mut receiver = HttpReceiver::start("127.0.0.1", Reply::status(503)).await;
    let (webhook, _) = create(&ada, &receiver.url("/secret-path"), &["registration.confirmed"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.register(&occurrence, 1).await.expect(201);
    let id = receiver.next().await.headers["webhook-id"].to_str().unwrap().to_owned();
    let delivery = format!("{webhook}/deliveries/{id}");
    let first = attempted(&ada, &delivery, 1).await;
    assert_eq!((&first["state"], &first["status"]), (&json!("waiting"), &json!(503)));
    assert!(first["next_attempt_at"].is_string());
    ada.poke(&format!("{delivery}/redeliver")).await.expect_problem(409, "delivery-waiting");

    // As if a day had passed.
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    let now = daemon.db.core.now();
    let day_ago = now.minus(Duration::from_hours(24));
    let earlier = Sql::portable("UPDATE webhook_deliveries SET created_at = $1 WHERE state = 'waiting'");
    tx.query(earlier).bind(day_ago).execute().await.unwrap();
    let due = Sql::portable("UPDATE jobs SET due_at = $1 WHERE kind = 'send_webhook' AND state = 'waiting'");
    tx.query(due).bind(now).execute().await.unwrap();
    tx.commit().await.unwrap();

    let mails = mails_in(&daemon.db.mail_dir(), 1).await;
    let mail = mails.iter().find(|mail| mail.subject == "A webhook of yours is disabled").expect("a mail");
    assert_eq!(mail.to, "ada@example.org");
    assert!(mail.text.contains("Receiver: 127.0.0.1") && !mail.text.contains("secret-path"));
    let disabled = ada.get(&webhook).await.expect(200).json();
    assert_eq!((&disabled["enabled"], &disabled["disabled_because"]), (&json!(false), &json!("failing")));
    let told = ada.get("/notifications").await.expect(200).json()["items"].clone();
    let told = told.as_array().unwrap().iter().find(|told| told["kind"] == "webhook_disabled").cloned();
    let told = told.expect("a notification");
    assert_eq!(told["webhook_id"], disabled["id"]);
    assert!(told["text"].as_str().unwrap().contains("127.0.0.1 took nothing for 24 hours"), "{told}");
    let muted = json!({"kinds": [{"kind": "webhook_disabled", "email": false}]});
    ada.put("/notifications/preferences", muted).await.expect_problem(400, "invalid-input");
    let ended = ada.get(&delivery).await.expect(200).json();
    assert_eq!((&ended["state"], &ended["next_attempt_at"]), (&json!("failed"), &json!(null)));

    let enabled = ada.patch(&webhook, json!({"enabled": true})).await.expect(200).json();
    assert_eq!((&enabled["enabled"], &enabled["disabled_because"]), (&json!(true), &json!(null)));
    daemon.check().await;
}
