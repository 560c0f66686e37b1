//! The OpenAPI document as generators and readers take it.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind};

/// The operations of the document: method, path and declaration.
fn operations(document: &Value) -> Vec<(Method, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("operations").iter();
            methods.map(move |(method, operation)| {
                (method.to_uppercase().parse().expect("a method"), path.as_str(), operation)
            })
        })
        .collect()
}

async fn document(client: &Client) -> Value {
    client.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json()
}

/// All texts for readers below `part`, with their places.
fn texts(part: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match part {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if ["description", "summary", "title"].contains(&name.as_str()) => {
                        found.push((format!("{at}/{name}"), text.clone()));
                    }
                    _ => texts(field, &format!("{at}/{name}"), found),
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| texts(item, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

/// The names of all components that `part` refers to.
fn references(part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next());
            found.extend(name.map(str::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_written_for_readers_and_tools() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let document = document(&daemon.anonymous()).await;
    // OpenAPI 3.1 and openapi-generator want an SPDX expression or an address.
    assert_eq!(document["info"]["license"]["identifier"], "MIT OR Apache-2.0");
    let about = document["info"]["description"].as_str().expect("a description");
    for step in ["POST /api/v1/users", "POST /api/v1/auth/login", "Authorization: Bearer", "/auth/refresh"] {
        assert!(about.contains(step), "how to sign in: {step}");
    }

    let mut found = Vec::new();
    texts(&document, "", &mut found);
    assert!(found.len() > 300, "{} texts", found.len());
    let wrong: Vec<_> = found
        .iter()
        .filter(|(_, text)| ["```", "[`", "crate::", "Self::", "::"].iter().any(|sign| text.contains(sign)))
        .collect();
    assert!(wrong.is_empty(), "texts for readers of the source: {wrong:#?}");

    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let pages: Vec<_> = schemas.iter().filter(|(name, _)| name.starts_with("Page_")).collect();
    assert!(pages.len() > 8);
    for (name, page) in pages {
        let item = name.trim_start_matches("Page_");
        let expected = json!({"$ref": format!("#/components/schemas/{item}")});
        assert_eq!(page["properties"]["items"]["items"], expected, "{name}");
    }

    let mut used = BTreeSet::new();
    references(&document, &mut used);
    let all: BTreeSet<String> = schemas.keys().cloned().collect();
    assert_eq!(used, all, "every component is used, and every reference has its component");

    for (method, path, operation) in operations(&document) {
        for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let example = &content["example"];
            let is_right =
                if media_type.ends_with("json") { example.is_object() } else { example.is_string() };
            assert!(is_right, "{method} {path}: no example of {media_type}");
        }
    }
}

/// Sends what should cause a problem of this status. `None` if the status has causes that this test does not
/// make: conflicts, permissions, preconditions, large bodies and overload.
async fn provoke(
    (admin, anonymous): (&Client, &Client),
    status: &str,
    (method, path, operation): (&Method, &str, &Value),
) -> Option<tests::Answer> {
    let nobody = "01890000-0000-7000-8000-000000000000";
    let address: String = path
        .split('/')
        .map(|segment| match segment.split_once('}') {
            Some((_, rest)) => format!("{nobody}{rest}"),
            None => segment.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/");
    let has_id = path.contains('{');
    let content = operation["requestBody"]["content"].as_object();
    let (media_type, body) = content
        .and_then(|content| content.iter().next())
        .map(|(media_type, content)| {
            let example = &content["example"];
            (media_type.as_str(), example.as_str().map_or_else(|| example.to_string(), str::to_owned))
        })
        .unwrap_or_default();
    let mut headers = vec![("content-type", media_type)];
    let (mut address, mut body) = (address, body.into_bytes());
    let id = operation["operationId"].as_str().unwrap_or_default();
    match status {
        "400" => address += "?nonsense=1",
        "401" if id == "auth_login" => body = br#"{"login": "root", "password": "wrong"}"#.to_vec(),
        // The example has a placeholder.
        "401" if id == "auth_refresh" => {}
        "401" => headers.push(("authorization", "Bearer nonsense")),
        // `/metrics` is absent only where a listener of its own serves it.
        "404" if id == "service_metrics" => return None,
        "404" if has_id || id == "registrations_check_in_by_code" => {}
        "404" if path.ends_with("/calendar") => address = format!("{address}?month=2031-03&event={nobody}"),
        "404" => address = format!("{address}?event={nobody}"),
        // Of nothing, it is 404 whatever the client accepts.
        "406" if has_id && *method == Method::GET => return None,
        "406" => {
            if path.ends_with("/calendar") {
                address += "?month=2031-03";
            }
            headers.push(("accept", "image/x-none"));
        }
        "415" => headers[0].1 = "text/plain",
        _ => return None,
    }
    let client = if status == "401" { anonymous } else { admin };
    Some(client.raw(method.clone(), &address, body, &headers).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_problem_can_occur() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let (admin, anonymous) = (daemon.admin("root").await, daemon.anonymous());
    let document = document(&admin).await;
    let (mut without_cause, mut caused) = (Vec::new(), 0);
    for (method, path, operation) in operations(&document) {
        for status in operation["responses"].as_object().expect("responses").keys() {
            let Some(answer) = provoke((&admin, &anonymous), status, (&method, path, operation)).await else {
                continue;
            };
            caused += 1;
            if answer.status.as_str() != status {
                without_cause.push(format!("{method} {path}: {status}, but {}", answer.status));
            }
        }
    }
    assert!(caused > 250, "{caused}");
    assert!(without_cause.is_empty(), "documented, but without a cause: {without_cause:#?}");
}
