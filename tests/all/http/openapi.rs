//! The OpenAPI document matches the server.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind, new_event_in_2031};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_route_exists_and_other_methods_are_refused() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let client = daemon.anonymous();
    let document: Value = client.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20);
    for (path, item) in paths {
        let address = path.replace("{slug}", "not-found");
        let address: String = address
            .split('/')
            .map(|segment| match segment.split_once('}') {
                Some((_, rest)) => format!("01890000-0000-7000-8000-000000000000{rest}"),
                None => segment.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("/");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let documented = item.get(method.as_str().to_lowercase()).is_some();
            let answer = client.raw(method.clone(), &address, Vec::new(), &[]).await;
            if documented {
                assert_ne!(answer.status, 405, "{method} {path}");
                let known = item[method.as_str().to_lowercase()]["responses"].as_object().unwrap();
                assert!(
                    known.contains_key(answer.status.as_str()),
                    "{method} {path} answers {}",
                    answer.status
                );
            } else {
                let answer = answer.expect_problem(405, "method-not-allowed");
                let allow = answer.header("allow").to_owned();
                assert!(
                    allow.split(", ").all(|m| item.get(m.to_lowercase()).is_some()),
                    "{method} {path}: {allow}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn html_pages_load_nothing_from_other_hosts() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let client = daemon.anonymous();
    for path in [
        "/",
        "/docs",
        "/docs/start.js",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
        "/problems",
        "/problems/event-full",
    ] {
        let page = client.raw(Method::GET, path, Vec::new(), &[]).await.expect(200);
        assert!(!page.bytes.is_empty());
        if page.header("content-type").starts_with("text/html") {
            let text = String::from_utf8(page.bytes.to_vec()).unwrap();
            assert!(!text.contains("src=\"http") && !text.contains("href=\"http"), "{path}");
        }
    }
    client.raw(Method::GET, "/problems/nonsense", Vec::new(), &[]).await.expect_problem(404, "not-found");
}

/// All properties that the schema requires and the response lacks. A schema with `allOf` requires those of
/// each part.
fn lacking(document: &Value, schema: &Value, answer: &Value, at: &str, lacking_at: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).expect("a component");
        return lacking(document, schema, answer, at, lacking_at);
    }
    let parts = ["allOf", "oneOf"].map(|parts| schema[parts].as_array().cloned().unwrap_or_default());
    for part in parts.iter().flatten().filter(|_| !answer.is_null()) {
        lacking(document, part, answer, at, lacking_at);
    }
    if let Some(items) = answer.as_array() {
        return items.iter().for_each(|item| lacking(document, &schema["items"], item, at, lacking_at));
    }
    let Some(fields) = answer.as_object() else { return };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for name in required.iter().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
        lacking_at.push(format!("{at}/{name}"));
    }
    for (name, value) in fields {
        lacking(document, &schema["properties"][name], value, &format!("{at}/{name}"), lacking_at);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn required_properties_are_always_present(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, bob, admin) = (daemon.user("ada").await, daemon.user("bob").await, daemon.admin("root").await);
    let document: Value = ada.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json();
    let of = |path: &str, method: &str, status: &str| {
        let response = &document["paths"][format!("/api/v1{path}")][method]["responses"][status];
        response["content"]["application/json"]["schema"].clone()
    };
    let required = |name: &str| document["components"]["schemas"][name]["required"].to_string();
    let always: [(&str, &[&str]); 5] = [
        ("Registration", &["position", "ticket_code", "checked_in_at"]),
        ("Feedback", &["answer", "answered_at"]),
        ("Comment", &["parent_id", "author", "body", "edited_at"]),
        ("Event", &["url", "category", "recurrence", "next_occurrence", "max_party_size"]),
        ("Page_Comment", &["next", "previous"]),
    ];
    for (schema, fields) in always {
        for field in fields {
            assert!(required(schema).contains(&format!("\"{field}\"")), "{schema}: {field}");
        }
    }
    for (schema, field) in
        [("Comment", "body_html"), ("Comment", "replies"), ("Page_Comment", "total"), ("NewEvent", "url")]
    {
        assert!(!required(schema).contains(&format!("\"{field}\"")), "{schema}: {field}");
    }
    assert_eq!(document["components"]["schemas"]["PartyInput"]["additionalProperties"], false);
    for path in ["facets", "calendar"] {
        let responses = &document["paths"][format!("/api/v1/occurrences/{path}")]["get"]["responses"];
        assert!(responses["404"].is_object(), "{path}");
    }

    // All required properties are present.
    let event = new_event_in_2031().json();
    let event = ada.post("/events", event).await.expect(201).json();
    let (id, occurrence) = (event["id"].as_str().unwrap(), event["next_occurrence"]["id"].as_str().unwrap());
    let place =
        bob.put(&format!("/occurrences/{occurrence}/registration"), json!({})).await.expect(201).json();
    let said = bob.post(&format!("/events/{id}/comments"), json!({"body": "Nice"})).await.expect(201).json();
    let hook = json!({"url": "https://hooks.example.org/", "kinds": ["comment.posted"]});
    let hook = ada.post("/webhooks", hook).await.expect(201).json();
    let webhook = hook["id"].as_str().unwrap();
    let followed = json!({"url": "https://calendar.example.org/a.ics", "enabled": false});
    let followed = ada.post("/subscriptions", followed).await.expect(201).json();
    let subscription = followed["id"].as_str().unwrap();
    let test = ada.poke(&format!("/webhooks/{webhook}/test")).await.expect(201).json();
    let delivery = test["id"].as_str().unwrap();
    let mut wrong = Vec::new();
    for (path, status, answer) in [
        ("/occurrences/{occurrence}/registration", "201", &place),
        ("/events/{event}/comments", "201", &said),
        ("/webhooks", "201", &hook),
        ("/subscriptions", "201", &followed),
        ("/webhooks/{webhook}/test", "201", &test),
    ] {
        let method = if path.ends_with("registration") { "put" } else { "post" };
        lacking(&document, &of(path, method, status), answer, path, &mut wrong);
    }
    daemon.db.pass(occurrence, "2024-03-04T18:30:00Z").await;
    bob.put(&format!("/occurrences/{occurrence}/feedback"), json!({"rating": 4})).await.expect(201);
    for (client, path) in [
        (&ada, "/events/{event}"),
        (&ada, "/events/{event}/occurrences"),
        (&ada, "/events/{event}/organizers"),
        (&ada, "/events/{event}/comments"),
        (&ada, "/events/{event}/feedback"),
        (&ada, "/events/{event}/insights"),
        (&ada, "/users/me/insights"),
        (&ada, "/events"),
        (&ada, "/occurrences"),
        (&ada, "/occurrences/{occurrence}"),
        (&ada, "/occurrences/{occurrence}/registrations"),
        (&bob, "/occurrences/{occurrence}/registration"),
        (&bob, "/occurrences/{occurrence}/feedback"),
        (&bob, "/occurrences/facets"),
        (&bob, "/occurrences/calendar"),
        (&bob, "/registrations"),
        (&bob, "/occurrences/{occurrence}/registration/reminders"),
        (&bob, "/notifications"),
        (&bob, "/notifications/preferences"),
        (&bob, "/events/{event}/mute"),
        (&bob, "/categories"),
        (&bob, "/tags"),
        (&bob, "/sessions"),
        (&bob, "/tokens"),
        (&ada, "/subscriptions"),
        (&ada, "/subscriptions/{subscription}"),
        (&ada, "/webhooks"),
        (&ada, "/webhooks/{webhook}"),
        (&ada, "/webhooks/{webhook}/deliveries"),
        (&ada, "/webhooks/{webhook}/deliveries/{delivery}"),
        (&ada, "/users/me/export"),
        (&bob, "/users/me/export"),
        (&bob, "/users/{user}"),
        (&admin, "/users"),
    ] {
        let asked = path
            .replace("{event}", id)
            .replace("{occurrence}", occurrence)
            .replace("{webhook}", webhook)
            .replace("{subscription}", subscription)
            .replace("{delivery}", delivery)
            .replace("{user}", &ada.id().to_string());
        let asked = if path.ends_with("calendar") { format!("{asked}?month=2031-03") } else { asked };
        let answer = client.get(&asked).await;
        let schema = of(path, "get", "200");
        assert!(schema.is_object(), "{path} has a schema");
        lacking(&document, &schema, &answer.expect(200).json(), path, &mut wrong);
    }
    assert_eq!(wrong, Vec::<String>::new());
}
