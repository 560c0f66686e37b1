//! What browsers may do with our pages: content security policies, framing, referrers.

use std::collections::BTreeMap;

use http::Method;
use tests::{Answer, Client, Daemon, Kind, new_event_in_2031};

async fn page(client: &Client, path: &str) -> Answer {
    client.raw(Method::GET, path, Vec::new(), &[]).await
}

/// The directives of a content security policy.
fn policy(answer: &Answer) -> BTreeMap<String, String> {
    let directives = answer.header("content-security-policy").split(';');
    let pair = |directive: &str| {
        let (name, sources) = directive.trim().split_once(' ').expect("sources");
        (name.to_owned(), sources.to_owned())
    };
    directives.map(pair).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_cannot_be_framed_and_load_only_what_is_ours() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let client = daemon.anonymous();
    let event = daemon.user("ada").await.post("/events", new_event_in_2031().json()).await.expect(201).id();
    let event = format!("/events/{event}");
    for path in [
        "/",
        "/docs",
        "/problems",
        "/problems/event-full",
        "/openapi.json",
        "/api/v1/events",
        "/nothing",
        &*event,
        "/tickets/x",
    ] {
        let answer = page(&client, path).await;
        let policy = policy(&answer);
        for (directive, sources) in
            [("default-src", "'none'"), ("frame-ancestors", "'none'"), ("base-uri", "'none'")]
        {
            assert_eq!(policy.get(directive).map(String::as_str), Some(sources), "{path} {directive}");
        }
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let scripts = policy.get("script-src").map_or("", String::as_str);
        assert!(!scripts.contains("unsafe"), "{path} {scripts}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_style_sheet_of_a_page_is_the_one_that_its_policy_allows() {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let daemon = Daemon::start(Kind::Sqlite).await;
    let answer = page(&daemon.anonymous(), "/").await.expect(200);
    let html = String::from_utf8(answer.bytes.to_vec()).expect("UTF-8");
    let sheet = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a sheet");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(sheet));
    assert_eq!(policy(&answer)["style-src"], format!("'sha256-{hash}'"));
    assert!(!html.contains(" style=") && !html.contains("<script"), "nothing else is inline");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_documentation_runs_under_its_policy_and_keeps_no_token() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let client = daemon.anonymous();
    let docs = page(&client, "/docs").await.expect(200);
    let policy = policy(&docs);
    assert_eq!((&*policy["script-src"], &*policy["connect-src"]), ("'self'", "'self'"));
    let html = String::from_utf8(docs.bytes.to_vec()).expect("UTF-8");
    assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/docs/").count(), "{html}");
    assert!(!html.contains("http"), "nothing is loaded from elsewhere: {html}");
    let start = page(&client, "/docs/start.js").await.expect(200);
    let start = String::from_utf8(start.bytes.to_vec()).expect("UTF-8");
    for setting in ["url: '/openapi.json'", "persistAuthorization: false", "validatorUrl: null"] {
        assert!(start.contains(setting), "{start}");
    }
}
