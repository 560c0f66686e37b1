//! Reading of request bodies: what was read can be sent back, what changes nothing is no change, and what
//! could be misunderstood is refused.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, Kind, new_event_in_2031};

async fn version_of(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await.expect(200);
    // A registration has no field of that name: its tag begins with the version.
    let tag = answer.header("etag").trim_matches('"').split('.').next().expect("a version").to_owned();
    let json = answer.json();
    json.get("version").cloned().unwrap_or(json!(tag))
}

fn pairs(violations: &[(&str, &str)]) -> Vec<(String, String)> {
    violations.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

/// An event of Ada's with a comment and a registration of Bob's.
struct Setting {
    daemon: Daemon,
    ada: Client,
    bob: Client,
    event: String,
    occurrence: String,
    registration: String,
    comment: String,
}

async fn world(kind: Kind) -> Setting {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let body = new_event_in_2031()
        .timezone("Europe/Berlin")
        .rule("FREQ=WEEKLY;COUNT=3")
        .tags(["rust", "evening"])
        .registration_closes_at("2031-03-01T12:00:00");
    let (event, occurrence) = ada.create_event(body).await;
    bob.register(&occurrence, 2).await.expect(201);
    let comments = format!("/events/{event}/comments");
    let comment = bob.post(&comments, json!({"body": "Good"})).await.expect(201).id();
    Setting {
        event: format!("/events/{event}"),
        registration: format!("/occurrences/{occurrence}/registration"),
        occurrence: format!("/occurrences/{occurrence}"),
        comment: format!("/comments/{comment}"),
        daemon,
        ada,
        bob,
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_changes_nothing_leaves_the_version(#[case] kind: Kind) {
    let world = world(kind).await;
    let Setting { daemon, ada, bob, event, occurrence, registration, comment, .. } = &world;
    let root = daemon.admin("root").await;
    let category = json!({"slug": "talk", "name": "Talk", "description": "Words", "colour": "#3366CC"});
    root.post("/categories", category).await.expect(201);
    // A category with a former slug.
    root.post("/categories", json!({"slug": "gig", "name": "Gig"})).await.expect(201);
    root.patch("/categories/gig", json!({"slug": "show"})).await.expect(200);
    ada.patch(event, json!({"category": "show"})).await.expect(200);

    for (client, path, same, other) in [
        (
            ada,
            &**event,
            json!({"title": " Evening ", "tags": ["#Evening", "rust"]}),
            json!({"title": "Night"}),
        ),
        (
            ada,
            event,
            json!({"starts_at": "2031-03-04T17:30:00.000Z", "duration": "PT60M"}),
            json!({"capacity": 5}),
        ),
        (ada, event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3"}}), json!({"tags": []})),
        (ada, event, json!({}), json!({"description": "x"})),
        (ada, event, json!({"category": "gig"}), json!({"category": null})),
        (ada, occurrence, json!({}), json!({"title": "Special"})),
        (ada, occurrence, json!({"title": "Special"}), json!({"title": null})),
        (ada, occurrence, json!({"title": null, "starts_at": null}), json!({"capacity": 9})),
        (
            bob,
            "/users/me",
            json!({"display_name": "bob", "timezone": "UTC"}),
            json!({"display_name": "Bob B"}),
        ),
        (&root, "/categories/talk", json!({"name": "Talk ", "colour": "#3366cc"}), json!({"name": "Speech"})),
        (bob, comment, json!({"body": "Good"}), json!({"body": "Better"})),
    ] {
        let before = client.get(path).await.expect(200).json();
        client.patch(path, same.clone()).await.expect(200);
        let after = client.get(path).await.expect(200).json();
        assert_eq!(after, before, "{path} {same}");
        client.patch(path, other.clone()).await.expect(200);
        let changed = version_of(client, path).await;
        assert_eq!(changed.as_i64(), before["version"].as_i64().map(|version| version + 1), "{path} {other}");
    }
    let before = version_of(bob, registration).await;
    bob.put(registration, json!({"party_size": 2})).await.expect(200);
    assert_eq!(version_of(bob, registration).await, before);
    bob.put(registration, json!({"party_size": 1})).await.expect(200);
    assert_ne!(version_of(bob, registration).await, before);
    daemon.check().await;
}

/// Puts back what `path` gives, after `change`.
async fn put_back(client: &Client, path: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = client.get(path).await.expect(200).json();
    change(&mut body);
    client.put(path, body).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_can_be_put_back(#[case] kind: Kind) {
    let world = world(kind).await;
    let Setting { daemon, ada, bob, event, registration, .. } = &world;
    let fair = new_event_in_2031().set("all_day", true).starts_at("2031-03-04").ends_at("2031-03-05");
    let fair = ada.post("/events", fair.timezone("Asia/Tokyo").json()).await.expect(201).id();
    let second_hour = new_event_in_2031().timezone("Europe/Berlin").starts_at("2031-10-26T02:30:00+01:00");
    let second_hour = ada.post("/events", second_hour.json()).await.expect(201).id();
    for path in [&**event, &format!("/events/{fair}"), &format!("/events/{second_hour}")] {
        let before = ada.get(path).await.expect(200).json();
        let after = put_back(ada, path, |_| ()).await.expect(200).json();
        assert_eq!(after, before, "{path}");
        // What changes by itself is not compared.
        put_back(ada, path, |body| body["next_occurrence"]["seats_taken"] = json!(99)).await.expect(200);
        let changed = put_back(ada, path, |body| body["title"] = json!("Changed")).await.expect(200).json();
        assert_eq!((&changed["title"], &changed["starts_at"]), (&json!("Changed"), &before["starts_at"]));
        let refused = put_back(ada, path, |body| {
            body["id"] = json!("01890000-0000-7000-8000-000000000000");
            body["version"] = json!(1);
            body["organizer"]["username"] = json!("eve");
            body["title"] = json!("");
            body["colour"] = json!("red");
        })
        .await
        .expect_problem(400, "invalid-input");
        let mut wrong = refused.wrong();
        wrong.sort();
        let expected = [
            ("/colour", "unknown_field"),
            ("/id", "read_only"),
            ("/organizer", "read_only"),
            ("/title", "required"),
            ("/version", "read_only"),
        ];
        assert_eq!(wrong, pairs(&expected));
        assert!(refused.json().to_string().contains("is read-only"));
    }

    let before = bob.get(registration).await.expect(200).json();
    assert_eq!(put_back(bob, registration, |_| ()).await.expect(200).json(), before);
    let larger = put_back(bob, registration, |body| body["party_size"] = json!(3)).await.expect(200).json();
    assert_eq!(larger["party_size"], 3);
    let refused = put_back(bob, registration, |body| {
        body["status"] = json!("attended");
        body["party_size"] = json!(0);
        body["seat"] = json!("A1");
    })
    .await;
    let mut wrong = refused.expect_problem(400, "invalid-input").wrong();
    wrong.sort();
    let expected = [("/party_size", "out_of_range"), ("/seat", "unknown_field"), ("/status", "read_only")];
    assert_eq!(wrong, pairs(&expected));
    // Nothing stands that a new registration could repeat.
    let cid = daemon.user("cid").await;
    let refused = cid.put(registration, before).await.expect_problem(400, "unknown-field").wrong();
    assert!(refused.contains(&("/id".to_owned(), "unknown_field".to_owned())), "{refused:?}");
    cid.get(registration).await.expect(404);
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_refuses_unknown_fields_also_if_they_are_null() {
    let world = world(Kind::Sqlite).await;
    let Setting { daemon, ada, bob, event, occurrence, comment, .. } = &world;
    let root = daemon.admin("root").await;
    root.post("/categories", json!({"slug": "talk", "name": "Talk"})).await.expect(201);
    for (client, path) in
        [(ada, &**event), (ada, occurrence), (bob, "/users/me"), (bob, comment), (&root, "/categories/talk")]
    {
        let before = version_of(client, path).await;
        let refused = client.patch(path, json!({"titel": null, "a/b": 1})).await;
        let mut wrong = refused.expect_problem(400, "unknown-field").wrong();
        wrong.sort();
        assert_eq!(wrong, pairs(&[("/a~1b", "unknown_field"), ("/titel", "unknown_field")]), "{path}");
        assert_eq!(version_of(client, path).await, before, "{path}");
    }
    for patch in [json!({"recurrence": {"rule": null}}), json!({"recurrence": {"exdates": null}})] {
        let wrong = ada.patch(event, patch.clone()).await.expect_problem(400, "unknown-field").wrong();
        assert_eq!((wrong.len(), &*wrong[0].1), (1, "unknown_field"), "{patch}");
    }
    ada.patch(event, json!({"description": null, "url": null})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instants_are_taken_as_javascript_prints_them() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let body = new_event_in_2031()
        .timezone("Europe/Berlin")
        .starts_at("2031-03-04T17:30:00.000Z")
        .ends_at("2031-03-04T19:30:00.123Z")
        .registration_opens_at("2030-01-01T00:00:00.000Z")
        .registration_closes_at("2031-03-01T00:00:00.999Z")
        .recurrence(json!({
            "rrule": "FREQ=WEEKLY;COUNT=3",
            "rdate": ["2031-03-05T17:30:00.000Z"],
            "exdate": ["2031-03-11T17:30:00.000Z", "2031-03-18T18:30:00.000"],
        }));
    let event = ada.post("/events", body.json()).await.expect(201).json();
    assert_eq!(event["starts_at"], "2031-03-04T18:30:00+01:00");
    assert_eq!(event["ends_at"], "2031-03-04T20:30:00+01:00");
    assert_eq!(event["registration_opens_at"], "2030-01-01T01:00:00+01:00");
    assert_eq!(event["occurrence_count"], 2);
    let id = event["id"].as_str().unwrap();
    let copy =
        ada.post(&format!("/events/{id}/duplicate"), json!({"starts_at": "2032-03-04T17:30:00.000Z"})).await;
    assert_eq!(copy.expect(201).json()["starts_at"], "2032-03-04T18:30:00+01:00");
    let occurrence = format!("/occurrences/{}", event["next_occurrence"]["id"].as_str().unwrap());
    let moved = ada.patch(&occurrence, json!({"starts_at": "2031-03-04T16:30:00.000Z"})).await.expect(200);
    assert_eq!(moved.json()["starts_at"], "2031-03-04T17:30:00+01:00");
    let rule = json!({"rrule": "FREQ=DAILY"});
    let from = "2031-03-06T00:00:00.000Z";
    let preview = json!({"starts_at": "2031-03-04T17:30:00.000Z", "from": from, "recurrence": rule});
    let preview = ada.post("/recurrence/preview", preview).await.expect(200).json();
    assert_eq!(preview["items"][0]["starts_at"], "2031-03-06T17:30:00Z");
    let listed = ada.get("/occurrences?from=2031-03-04T16:30:00.000Z&to=2031-03-04T16:30:00.001Z").await;
    assert_eq!(listed.expect(200).json()["items"].as_array().unwrap().len(), 1);
    let token = json!({"name": "t", "scope": "read", "expires_at": "2031-03-04T17:30:00.000Z"});
    ada.post("/tokens", token).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_names_in_json_are_refused_with_their_pointers() {
    let world = world(Kind::Sqlite).await;
    let Setting { ada, bob, event, registration, .. } = &world;
    let json = [("content-type", "application/json")];
    for (client, method, path, body, pointers) in [
        (bob, Method::PUT, registration, r#"{"party_size": 1, "party_size": 50}"#, &["/party_size"][..]),
        (
            ada,
            Method::PATCH,
            event,
            r#"{"title": "a", "recurrence": {"rdate": [], "rdate": []}, "title": "b"}"#,
            &["/recurrence/rdate", "/title"],
        ),
        (ada, Method::PUT, event, r#"{"title": "a", "tags": [{"a": 1, "\u0061": 2}]}"#, &["/tags/0/a"]),
        (
            bob,
            Method::POST,
            &"/auth/login".to_owned(),
            r#"{"login": "a", "login": "b", "password": "c"}"#,
            &["/login"],
        ),
    ] {
        let answer = client.raw(method, &format!("/api/v1{path}"), body.into(), &json).await;
        let wrong = answer.expect_problem(400, "invalid-input").wrong();
        let expected: Vec<(&str, &str)> = pointers.iter().map(|pointer| (*pointer, "repeated")).collect();
        assert_eq!(wrong, pairs(&expected), "{body}");
    }
}
