//! Hostile and mistaken input is refused with the documented problem, never with a 500, and changes nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, new_event_in_2031, sign_jwt};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn bodies(client: &Client) {
    let event = "/api/v1/events";
    let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
    for (body, headers, status, slug) in [
        (b"{\"title\": ".to_vec(), vec![JSON], 400, "malformed-json"),
        (b"".to_vec(), vec![JSON], 400, "malformed-json"),
        (b"\xff\xfe{}".to_vec(), vec![JSON], 400, "malformed-json"),
        (b"{\"title\": \"\xff\"}".to_vec(), vec![JSON], 400, "malformed-json"),
        (deep.into_bytes(), vec![JSON], 400, "malformed-json"),
        (b"[]".to_vec(), vec![JSON], 400, "invalid-input"),
        (b"null".to_vec(), vec![JSON], 400, "invalid-input"),
        (b"{}".to_vec(), vec![("content-type", "text/plain")], 415, "unsupported-media-type"),
        (b"{}".to_vec(), vec![], 415, "unsupported-media-type"),
        (vec![b' '; (1 << 20) + 1], vec![JSON], 413, "payload-too-large"),
        (b"{}".to_vec(), vec![JSON, ("accept", "text/html")], 406, "not-acceptable"),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = client.raw(Method::POST, event, body, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{shown}");
        answer.expect_problem(status, slug);
    }
}

async fn fields(client: &Client) {
    let good = new_event_in_2031().timezone("Europe/Berlin").json();
    for (changes, pointer, code) in [
        (json!({"title": "a\u{0}b"}), "/title", "control_character"),
        (json!({"title": "x".repeat(201)}), "/title", "too_long"),
        (json!({"title": {"a": 1}}), "/title", "wrong_type"),
        (json!({"description": "\u{0}"}), "/description", "control_character"),
        (json!({"capacity": "4"}), "/capacity", "wrong_type"),
        (json!({"capacity": 1e300}), "/capacity", "wrong_type"),
        (json!({"capacity": u64::MAX}), "/capacity", "wrong_type"),
        (json!({"starts_at": "2031-03-30T02:30:00"}), "/starts_at", "local_time_gap"),
        (json!({"starts_at": "2020-03-04T18:30:00"}), "/starts_at", "in_the_past"),
        (json!({"starts_at": "+999999-01-01T00:00:00Z"}), "/starts_at", "invalid"),
        (json!({"starts_at": 5}), "/starts_at", "wrong_type"),
        (json!({"duration": "P99999999999D"}), "/duration", "invalid"),
        (json!({"url": "javascript:alert(1)"}), "/url", "invalid"),
        (json!({"organizer": "me"}), "/organizer", "unknown_field"),
    ] {
        let event = EventBuilder::of(&good).with(&changes);
        let answer = client.post("/events", event.json()).await.expect(400);
        assert_eq!(answer.wrong(), [(pointer.to_owned(), code.to_owned())], "{changes}");
    }
    let all = client
        .post("/events", json!({"title": "", "capacity": 0, "colour": 1}))
        .await
        .expect_problem(400, "invalid-input");
    let pointers: Vec<String> = all.wrong().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(
        pointers,
        ["/colour", "/title", "/location", "/capacity", "/starts_at"],
        "every wrong field at once"
    );
    let mut unknown = good.clone();
    unknown["colour"] = json!("red");
    client.post("/events", unknown).await.expect_problem(400, "unknown-field");
    assert_eq!(
        client.get("/events?organizer=me").await.expect(200).json()["items"],
        json!([]),
        "nothing was half-written"
    );
}

/// A megabyte of unknown fields must not cost more than reading it.
async fn many_fields(client: &Client) {
    let fields = (0..90_000).map(|number| format!("\"{number:x}\":1")).collect::<Vec<_>>().join(",");
    let body = format!("{{{fields}}}").into_bytes();
    let begun = std::time::Instant::now();
    let answer = client.raw(Method::POST, "/api/v1/events", body, &[JSON]).await.expect(400);
    assert_eq!(answer.wrong().len(), 100);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

async fn addresses(client: &Client) {
    for path in [
        "/events/1",
        "/events/%00",
        "/events/../users",
        "/occurrences/x",
        "/users/not-an-id",
        "/nothing",
        "/events/0189/occurrences",
    ] {
        client.get(path).await.expect_problem(404, "not-found");
    }
    let nobody = "/events/01890000-0000-7000-8000-000000000000";
    client.get(nobody).await.expect_problem(404, "not-found");
    client.delete(nobody).await.expect_problem(404, "not-found");
    for (query, pointer, code) in [
        ("form=2031", "/form", "unknown_field"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("limit=x", "/limit", "invalid"),
        ("cursor=made-up", "/cursor", "invalid"),
        ("cursor=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/cursor", "invalid"),
        ("from=yesterday", "/from", "invalid"),
        ("from=99999-01-01", "/from", "invalid"),
        ("tz=Mars", "/tz", "invalid"),
        ("sort=title", "/sort", "invalid"),
        ("status=draft", "/status", "invalid"),
        ("event=7", "/event", "invalid"),
        ("title=%ff", "/title", "invalid"),
        ("title=%00", "/title", "control_character"),
        ("title=a&title=b", "/title", "repeated"),
        ("count=maybe", "/count", "invalid"),
    ] {
        let answer = client.get(&format!("/occurrences?{query}")).await.expect(400);
        assert_eq!(answer.wrong(), [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    let long = client.get(&format!("/occurrences?title={}", "x".repeat(10_000))).await.expect(400);
    assert_eq!(long.wrong(), [("/title".to_owned(), "too_long".to_owned())]);
}

async fn long_heads(client: &Client) {
    let long = |pairs| format!("/occurrences?title={}", "%C3%A4".repeat(pairs));
    for client in [client.clone(), client.over_http_2()] {
        client.get(&long(2_500)).await.expect_problem(400, "invalid-input");
        for pairs in [2_750, 5_000] {
            client.get(&long(pairs)).await.expect_problem(431, "head-too-large");
        }
        let filler = "x".repeat(17_000);
        let answer = client.call(Method::GET, "/occurrences", None, &[("x-filler", &filler)]).await;
        answer.expect_problem(431, "head-too-large");
        client.get("/occurrences").await.expect(200);
    }
}

async fn cursors_belong_to_their_list(client: &Client) {
    for i in 0..3 {
        let body = new_event_in_2031().title(format!("T{i}")).json();
        client.post("/events", body).await.expect(201);
    }
    let page = client.get("/occurrences?limit=1").await.expect(200).json();
    let cursor = page["next"].as_str().unwrap();
    client.get(&format!("/occurrences?limit=2&cursor={cursor}")).await.expect(200);
    for other in ["/occurrences?title=t&cursor=", "/occurrences?sort=-starts_at&cursor=", "/events?cursor="] {
        let answer = client.get(&format!("{other}{cursor}")).await.expect(400);
        assert_eq!(answer.wrong(), [("/cursor".to_owned(), "invalid".to_owned())], "{other}");
    }
}

fn forged(claims: &Value, algorithm: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": algorithm, "typ": "JWT"})), part(claims))
}

async fn tokens(daemon: &Daemon, client: &Client) {
    let anonymous = daemon.anonymous();
    let claims = json!({"iss": "eventcore", "sub": client.id(), "sid": client.id(), "iat": 0,
        "exp": 4_000_000_000_i64});
    let foreign = sign_jwt(&jsonwebtoken::Header::default(), "foreign", &claims);
    for token in [
        forged(&claims, "none"),
        forged(&claims, "HS256"),
        foreign,
        "x".to_owned(),
        "evc_x".to_owned(),
        "a.b.c".to_owned(),
        "ü".repeat(7_000),
    ] {
        let answer = anonymous
            .raw(
                Method::GET,
                "/api/v1/users/me",
                Vec::new(),
                &[("authorization", &format!("Bearer {token}"))],
            )
            .await;
        answer.expect_problem(401, "invalid-credentials");
    }
    for scheme in ["Basic YTpi", "Bearer", "Bearer "] {
        let answer =
            anonymous.raw(Method::GET, "/api/v1/occurrences", Vec::new(), &[("authorization", scheme)]).await;
        answer.expect_problem(401, "invalid-credentials");
    }
    anonymous.get("/users/me").await.expect_problem(401, "unauthenticated");
}

async fn expired(daemon: &Daemon) {
    let actor = daemon.db.user("sleeper").await;
    daemon
        .db
        .clock
        .set(eventcore::Clock::now(&eventcore::SystemClock).minus(std::time::Duration::from_hours(1)));
    let pair = daemon.db.core.open_session(&eventcore::Actor::System, tests::id_of(&actor)).await.unwrap();
    daemon
        .anonymous()
        .with_token(&pair.access_token)
        .get("/users/me")
        .await
        .expect_problem(401, "token-expired");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_input_is_refused_with_the_field_that_is_wrong(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    bodies(&ada).await;
    fields(&ada).await;
    many_fields(&ada).await;
    addresses(&ada).await;
    long_heads(&ada).await;
    cursors_belong_to_their_list(&ada).await;
    tokens(&daemon, &ada).await;
    expired(&daemon).await;
    assert!(!daemon.log().contains("internal error"), "{}", daemon.log());
    daemon.db.check().await;
}
