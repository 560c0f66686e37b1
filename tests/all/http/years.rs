//! Times outside the years 1 to 9999, at every place of the API that takes a text.

use http::Method;
use rstest::rstest;
use serde_json::{Map, Value, json};
use tests::{Answer, Client, Daemon, Kind, new_event_in_2031, url_encoded};

/// Outside the range, as dates, local times and instants.
const OUTSIDE: [&str; 10] = [
    "-262143-01-01",
    "+262142-12-31",
    "0000-12-31",
    "10000-01-01",
    "-262143-01-01T00:00:00",
    "+262142-12-31T23:59:59",
    "0000-12-31T23:59:59",
    "0000-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
];

/// At the edges of the range. Whether they are accepted depends on the field.
const EDGES: [&str; 7] = [
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59+14:00",
];

const ZONES: [&str; 4] = ["Pacific/Apia", "Pacific/Kiritimati", "America/New_York", "Etc/GMT+12"];

/// A place of a request that takes a text.
#[derive(Debug)]
enum TextPlace {
    /// A query parameter.
    Parameter(String),
    /// A field of the body by the names on the way to it, and whether it is in a list.
    Field(Vec<String>, bool),
}

impl TextPlace {
    /// Whether it takes a time, by its name.
    fn takes_time(&self) -> bool {
        match self {
            Self::Parameter(name) => ["from", "to"].contains(&&**name),
            Self::Field(path, _) => path
                .last()
                .is_some_and(|name| name.ends_with("_at") || ["from", "rdate", "exdate"].contains(&&**name)),
        }
    }
}

/// The fields of a schema that take texts.
fn text_fields(document: &Value, schema: &Value, path: &[String], found: &mut Vec<TextPlace>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).expect("a component");
        return text_fields(document, schema, path, found);
    }
    for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|parts| schema[parts].as_array()).flatten() {
        text_fields(document, part, path, found);
    }
    let takes =
        |schema: &Value| schema["type"] == "string" || schema["type"].to_string().contains("\"string\"");
    if takes(schema) && !path.is_empty() {
        found.push(TextPlace::Field(path.to_vec(), false));
    } else if takes(&schema["items"]) || schema["items"]["$ref"].is_string() {
        found.push(TextPlace::Field(path.to_vec(), true));
    }
    for (name, property) in schema["properties"].as_object().unwrap_or(&Map::new()) {
        text_fields(document, property, &[path, std::slice::from_ref(name)].concat(), found);
    }
}

/// An operation with its places.
struct Operation {
    method: Method,
    path: String,
    has_zone: bool,
    places: Vec<TextPlace>,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut places = Vec::new();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
            let names: Vec<&str> = query.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            places.extend(names.iter().map(|name| TextPlace::Parameter((*name).to_owned())));
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            text_fields(document, schema, &[], &mut places);
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                has_zone: names.contains(&"tz"),
                places,
            });
        }
    }
    operations
}

/// A body with a text at one place, and as much around it as its meaning needs.
fn body(operation: &Operation, path: &[String], in_list: bool, text: &str, zone: &str) -> Value {
    let mut body = json!({});
    if operation
        .places
        .iter()
        .any(|place| matches!(place, TextPlace::Field(path, _) if *path == ["timezone"]))
    {
        body["timezone"] = json!(zone);
        body["all_day"] = json!(text.len() < 15);
        let day = text.len() < 15;
        body["starts_at"] = json!(if day { "2031-03-04" } else { "2031-03-04T18:30:00" });
        body["recurrence"] = json!({"rrule": "FREQ=DAILY;COUNT=2"});
    }
    let value = if in_list { json!([text]) } else { json!(text) };
    let mut place = &mut body;
    for name in path {
        place = &mut place[name.as_str()];
    }
    *place = value;
    body
}

/// Asserts that an answer is none of a broken server.
fn assert_no_fault(answer: &Answer, what: &str) {
    assert!(answer.status.as_u16() < 500, "{what}: {answer:?}");
}

/// Asserts that an answer is none of a broken server, and that its times have years of four digits.
fn assert_sane(answer: &Answer, what: &str) {
    assert_no_fault(answer, what);
    let text = String::from_utf8_lossy(&answer.bytes);
    if answer.status.is_success() {
        for strange in ["\"+10000-", "\"-0001-", "\"0000-"] {
            assert!(!text.contains(strange), "{what}: {text}");
        }
    }
}

async fn send(
    client: &Client,
    operation: &Operation,
    ids: &[(&str, String)],
    place: &TextPlace,
    text: &str,
    zone: &str,
) -> Answer {
    let mut address = operation.path.clone();
    for (name, id) in ids {
        address = address.replace(name, id);
    }
    let missing = "01890000-0000-7000-8000-000000000000";
    let segments: Vec<&str> =
        address.split('/').map(|segment| if segment.starts_with('{') { missing } else { segment }).collect();
    let address = segments.join("/");
    match place {
        TextPlace::Parameter(name) => {
            let tz = if operation.has_zone && name != "tz" { format!("&tz={zone}") } else { String::new() };
            let address = format!("{address}?{name}={}{tz}", url_encoded(text));
            client.raw(operation.method.clone(), &address, Vec::new(), &[]).await
        }
        TextPlace::Field(path, in_list) => {
            let body = body(operation, path, *in_list, text, zone);
            let json = [("content-type", "application/json")];
            client.raw(operation.method.clone(), &address, body.to_string().into_bytes(), &json).await
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_outside_the_years_1_to_9999_are_refused_wherever_one_can_be_given(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let document: Value = ada.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json();
    let mut times = Vec::new();
    for operation in operations(&document) {
        // These would end the session or the account, and take no time.
        if ["/api/v1/auth/logout", "/api/v1/stream"].contains(&&*operation.path) {
            continue;
        }
        for place in &operation.places {
            // What was accepted at the edges of the years has changed the event.
            let (event, _) = ada.create_event(new_event_in_2031().rule("FREQ=DAILY;COUNT=3")).await;
            // The second: a series cannot be split at its first occurrence.
            let series = ada.get(&format!("/events/{event}/occurrences")).await.expect(200).json();
            let occurrence = series["items"][1]["id"].as_str().expect("three occurrences").to_owned();
            let ids = [("{event}", event), ("{occurrence}", occurrence)];
            let what = |text: &str| format!("{} {} {place:?} {text}", operation.method, operation.path);
            if !place.takes_time() {
                for text in [OUTSIDE[0], OUTSIDE[5]] {
                    assert_no_fault(&send(&ada, &operation, &ids, place, text, ZONES[0]).await, &what(text));
                }
                continue;
            }
            times.push(what(""));
            for text in OUTSIDE {
                for zone in ZONES {
                    let answer = send(&ada, &operation, &ids, place, text, zone).await;
                    assert_sane(&answer, &what(text));
                    assert_eq!(answer.status, 400, "{}: {answer:?}", what(text));
                    let pointer = match place {
                        TextPlace::Parameter(name) => format!("/{name}"),
                        TextPlace::Field(path, _) => format!("/{}", path.join("/")),
                    };
                    let wrong = answer.wrong();
                    assert!(
                        wrong.iter().any(|(at, _)| at.starts_with(&pointer)),
                        "{}: {wrong:?}",
                        what(text)
                    );
                }
            }
            for text in EDGES {
                for zone in ZONES {
                    assert_sane(&send(&ada, &operation, &ids, place, text, zone).await, &what(text));
                }
            }
        }
    }
    assert!(times.len() > 20, "{times:#?}");
    assert!(!daemon.log().contains("internal error"), "{}", daemon.log());
}

/// The rule of a series has times in its text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn previews_at_the_edges_of_the_range_have_times_of_four_digits() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let anonymous = daemon.anonymous();
    for zone in ZONES {
        for until in ["100000101", "-2621430101", "+26214212310", "00001231", "99991231", "99991231T235959Z"]
        {
            let rule = json!({"rrule": format!("FREQ=YEARLY;UNTIL={until}")});
            let body = json!({"starts_at": "2031-03-04T18:30:00", "timezone": zone, "recurrence": rule});
            let answer = anonymous.post("/recurrence/preview", body).await;
            assert_sane(&answer, until);
            assert_eq!(answer.status == 200, until.starts_with("9999"), "{until}: {answer:?}");
        }
        for (start, duration) in [
            ("9999-12-29T23:00:00", "PT1H"),
            ("9999-12-29T10:00:00", "P3660D"),
            ("9989-12-31T23:00:00", "P3660D"),
            ("1970-01-02T00:00:00", "PT1H"),
        ] {
            let body = json!({"starts_at": start, "timezone": zone, "duration": duration,
                "recurrence": {"rrule": "FREQ=HOURLY"}, "limit": 1000});
            assert_sane(&anonymous.post("/recurrence/preview", body.clone()).await, start);
            let mut late = body;
            late["from"] = json!("9999-12-29T12:00:00");
            assert_sane(&anonymous.post("/recurrence/preview", late).await, start);
        }
    }
}
